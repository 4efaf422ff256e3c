"""My account: passkeys, sign-ins, language and time zone, the key that packages are encrypted to."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access import acts
from entraide.access.operations import members, passkeys, sign_ins
from entraide.access.operations.signing import begin_step_up
from entraide.access.people import age_key_of, passkeys_of, person, sign_ins_of
from entraide.access.states import roles_in_words
from entraide.access.web import browser, receipts
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.signing import answer_of, is_signed, signature
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import NotFound
from entraide.ui.components import Fact, Identifier
from entraide.ui.places import time_zones


@requires()
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Show everything about oneself."""
    actor = actor_of(request)
    with reading_as(actor):
        person_id = _own_id(actor)
        context = {
            "member": person(person_id),  # `me` is the chip at the head of every page
            "roles": roles_in_words(actor.roles),
            "passkeys": [key for key in passkeys_of(person_id) if key.disabled_at is None],
            "sign_ins": [one for one in sign_ins_of(person_id) if one.ended_at is None],
            "this_sign_in": actor.sign_in_id,
            "age_key": age_key_of(person_id),
            "is_officer": actor.has(Role.OFFICER),
            "sends_mail": settings.SENDS_MAIL,
            "languages": settings.LANGUAGES,
            "time_zones": sorted({*time_zones(), person(person_id).time_zone}),
        }
    return render(request, "access/account.html", context)


@requires()
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep language and time zone."""
    language = request.POST.get("language", "")
    entry_id = members.set_preferences(
        language=language,
        time_zone=request.POST.get("time_zone", ""),
        actor=actor_of(request),
        now=clock.now(),
    )
    receipts.tell(request, entry_id)
    response = HttpResponseRedirect(reverse("access:account"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", secure=settings.IS_SECURE
    )
    return response


@requires()
@require_POST
def end_sign_in(request: HttpRequest, sign_in_id: UUID) -> HttpResponse:
    """End one of one's own sign-ins."""
    actor = actor_of(request)
    entry_id = sign_ins.end_sign_in(sign_in_id, actor=actor, now=clock.now())
    if sign_in_id != actor.sign_in_id:  # or the receipt would wait for whoever signs in next in this browser
        receipts.tell(request, entry_id)
    return HttpResponseRedirect(reverse("access:account"))


@requires()
@require_http_methods(["GET", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Have an earlier passkey let in a further one, then make it."""
    actor, now = actor_of(request), clock.now()
    if is_signed(request):
        answer = answer_of(request)
        begun = passkeys.begin_another_passkey(
            step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        response = render(request, "access/add_passkey.html", {"options": begun.options})
        return browser.remember_ceremony(response, begun.id)
    step_up = begin_step_up(acts.add_passkey(person_id=_own_id(actor)), actor=actor, now=now)
    form = signature(
        step_up,
        title=_("Let in another passkey"),
        button=_("Sign with a passkey you have"),
        action=request.path,
        facts=[Fact(label=_("You let in"), value=_("one more passkey of your own, made in the next five minutes"))],
    )
    return _confirm(request, _("Add a passkey"), form)


@requires()
@require_POST
def finish_passkey(request: HttpRequest) -> HttpResponse:
    """Register the passkey that was just made."""
    entry_id = passkeys.finish_another_passkey(
        ceremony_id=browser.ceremony_of(request),
        credential=request.POST.get("credential", ""),
        label=browser.device_of(request),
        actor=actor_of(request),
        now=clock.now(),
    )
    receipts.tell(request, entry_id)
    return HttpResponseRedirect(reverse("access:account"))


@requires()
@require_http_methods(["GET", "POST"])
def disable_passkey(request: HttpRequest, credential_id: UUID) -> HttpResponse:
    """Disable a passkey, one's own or, as administrator, another person's."""
    actor, now = actor_of(request), clock.now()
    if is_signed(request):
        answer = answer_of(request)
        entry_id = passkeys.disable_credential(
            credential_id, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        receipts.tell(request, entry_id)
        return HttpResponseRedirect(reverse("access:account"))
    with reading_as(actor):
        found = next((key for key in passkeys_of(_own_id(actor)) if key.id == credential_id), None)
    if found is None or found.disabled_at is not None:
        raise NotFound(_("This passkey"), why=_("there is none, or it is not yours to see"))
    step_up = begin_step_up(acts.disable_credential(credential_id=credential_id), actor=actor, now=now)
    form = signature(
        step_up,
        title=_("Disable a passkey"),
        button=_("Sign and disable"),
        action=request.path,
        facts=[Fact(label=_("You disable"), value=found.label or _("a passkey"))],
    )
    return _confirm(request, _("Disable a passkey"), form)


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
def age_key(request: HttpRequest) -> HttpResponse:
    """Name the key that packages are encrypted to: made in this page, or the officer's own."""
    actor, now = actor_of(request), clock.now()
    recipient = request.POST.get("recipient", "").strip()
    if is_signed(request):
        answer = answer_of(request)
        entry_id = passkeys.register_age_key(
            recipient, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        receipts.tell(request, entry_id)
        return HttpResponseRedirect(reverse("access:account"))
    if request.method == "GET":
        return render(request, "access/age_key.html")
    recipient = passkeys.age_recipient(recipient)
    act = acts.register_age_key(person_id=_own_id(actor), recipient=recipient)
    form = signature(
        begin_step_up(act, actor=actor, now=now),
        title=_("The key for your packages"),
        button=_("Sign and register"),
        action=request.path,
        facts=[Fact(label=_("Packages are encrypted to"), value=Identifier(value=recipient))],
        hidden={"recipient": recipient},
    )
    return _confirm(request, _("The key for your packages"), form)


def _own_id(actor: Actor) -> UUID:
    assert actor.person_id is not None, "whoever is signed in is a person"
    return actor.person_id


def _confirm(request: HttpRequest, heading: str, form: object) -> HttpResponse:
    back = reverse("access:account")
    return render(request, "access/confirm.html", {"heading": heading, "signature": form, "back_href": back})
