"""The pages in front of the desk: signing in and out, and accepting an invitation."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access.operations import limits, passkeys, sign_ins
from entraide.access.operations.limits import TooMany
from entraide.access.operations.sign_ins import DOOR
from entraide.access.web import browser
from entraide.access.web.guards import actor_of, public, requires
from entraide.kernel import clock
from entraide.kernel.errors import Invalid, NotPermitted, Refusal
from entraide.ui import errors


@public
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the one button there is, and take the passkey's answer."""
    if request.method == "GET":
        if getattr(request, "actor", None) is not None:
            return HttpResponseRedirect(browser.safe_next(request))
        return _sign_in_page(request, None)
    now, address = clock.now(), browser.address_of(request)
    try:
        limits.check_attempts("sign-in-failed", address, actor=DOOR, now=now)
        started = sign_ins.sign_in(
            ceremony_id=browser.ceremony_of(request),
            assertion=request.POST.get("credential", ""),
            device=browser.device_of(request),
            now=now,
        )
    except TooMany as refusal:
        return _too_many(request, refusal)
    except NotPermitted as refusal:
        limits.count_attempt("sign-in-failed", address, actor=DOOR, now=now)
        return _sign_in_page(request, refusal)
    return browser.remember_sign_in(HttpResponseRedirect(browser.safe_next(request)), started)


@public
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    """Give out a challenge to this browser."""
    now = clock.now()
    try:
        limits.count_attempt("sign-in", browser.address_of(request), actor=DOOR, now=now)
    except TooMany:
        return JsonResponse({"error": "too many"}, status=429)
    begun = sign_ins.begin_sign_in(actor=DOOR, now=now)
    return browser.remember_ceremony(JsonResponse({"options": begun.options}), begun.id)


@requires()
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this sign-in."""
    actor = actor_of(request)
    if actor.sign_in_id is not None:
        sign_ins.end_sign_in(actor.sign_in_id, actor=actor, now=clock.now())
    return browser.forget_sign_in(HttpResponseRedirect(reverse("access:sign_in")))


@public
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invited person what they are invited to, and take their passkey."""
    now = clock.now()
    try:
        limits.count_attempt("invitation", browser.address_of(request), actor=DOOR, now=now)
    except TooMany as refusal:
        return _too_many(request, refusal)
    found = passkeys.look_at_invitation(token, now=now)
    if request.method == "GET":
        return render(request, "access/invitation.html", {"invitation": found, "token": token})
    try:
        started = passkeys.finish_enrolment(
            token,
            ceremony_id=browser.ceremony_of(request),
            credential=request.POST.get("credential", ""),
            label=browser.device_of(request),
            device=browser.device_of(request),
            name=request.POST.get("name", ""),
            email=request.POST.get("email", ""),
            now=now,
        )
    except (NotPermitted, Invalid) as refusal:
        context = {"invitation": found, "token": token, "refusal": refusal}
        return render(request, "access/invitation.html", context, status=422)
    return browser.remember_sign_in(HttpResponseRedirect(reverse("access:account")), started)


@public
@require_POST
def invitation_options(request: HttpRequest, token: str) -> HttpResponse:
    """Give out the challenge under which an invited person makes their passkey."""
    now = clock.now()
    try:
        limits.count_attempt("invitation", browser.address_of(request), actor=DOOR, now=now)
    except TooMany:
        return JsonResponse({"error": "too many"}, status=429)
    begun = passkeys.begin_enrolment(token, actor=DOOR, now=now)
    return browser.remember_ceremony(JsonResponse({"options": begun.options}), begun.id)


@public
@require_GET
def no_password(request: HttpRequest) -> HttpResponse:
    """Say what a passkey is and what to do when it is lost."""
    return render(request, "access/no_password.html")


def _sign_in_page(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    context = {"next": browser.safe_next(request), "refusal": refusal, "elsewhere": _elsewhere()}
    return render(request, "access/sign_in.html", context, status=403 if refusal else 200)


def _elsewhere() -> str:
    """Return who signs in at another address, and which; said to everybody, so that it tells nobody who exists.

    Empty where this process serves both faces.
    """
    match settings.FACES:
        case ("agency",):
            text = _("This address is for agencies. Whoever works for the exchange signs in at %(origin)s.")
            return text % {"origin": settings.ORIGINS["staff"]}
        case ("staff",):
            text = _("This address is for people who work for the exchange. Agencies sign in at %(origin)s.")
            return text % {"origin": settings.ORIGINS["agency"]}
        case _:
            return ""


def _too_many(request: HttpRequest, refusal: TooMany) -> HttpResponse:
    return errors.page(request, 429, what=_("Too many attempts"), why=refusal.why, do=refusal.do)
