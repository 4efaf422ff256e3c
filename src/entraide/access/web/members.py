"""The people of an organisation, for its administrators."""

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from entraide.access import acts, policies
from entraide.access.models import Organisation
from entraide.access.operations import members
from entraide.access.operations.signing import begin_step_up
from entraide.access.people import (
    OpenInvitation,
    OrganisationView,
    PersonView,
    open_invitations,
    organisations,
    passkeys_of,
    people_of,
    person,
)
from entraide.access.states import ROLE_NAMES, roles_in_words
from entraide.access.web import receipts
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.signing import answer_of, is_signed, signature
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import FACE_OF_ROLE, Actor, Role
from entraide.kernel.acts import Act
from entraide.kernel.errors import Invalid, NotFound, Text
from entraide.ui.components import Column, Fact, Link, Moment, Row, Table


class Asked(TypedDict):
    """Whom to invite, as the form said it."""

    organisation_id: UUID
    name: str
    email: str
    language: str
    roles: list[Role]


ADMINISTRATORS = (Role.DESK_ADMINISTRATOR, Role.AGENCY_ADMINISTRATOR)


@requires(*ADMINISTRATORS)
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Show who is there, by organisation."""
    actor = actor_of(request)
    with reading_as(actor):
        groups = [
            {"organisation": one, "people": [_row(view) for view in people_of(one.id)]} for one in _visible(actor)
        ]
        invitations = open_invitations(now=clock.now())
    context = {
        "groups": groups,
        "invitations": _invitations(invitations) if invitations else None,
        "linked": {one.person.id for one in invitations},
    }
    return render(request, "access/people.html", context)


@requires(*ADMINISTRATORS)
@require_GET
def member(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show one person with roles and passkeys, and what may be done."""
    actor = actor_of(request)
    with reading_as(actor):
        view = person(person_id)
        grantable = _grantable(actor, view.organisation_id)
        keys = [key for key in passkeys_of(person_id) if key.disabled_at is None]
    is_self = actor.person_id == person_id
    context = {
        "member": view,
        "row": _row(view),
        "passkeys": keys,
        "held": [(role.value, ROLE_NAMES[role], role in grantable and not is_self) for role in sorted(view.roles)],
        "grantable": [(role.value, ROLE_NAMES[role]) for role in grantable if role not in view.roles and not is_self],
        "is_self": is_self,
    }
    return render(request, "access/member.html", context)


@requires(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Ask whom to invite, have it signed, and show the link once."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        organisation = next((one for one in _visible(actor) if one.id == organisation_id), None)
        grantable = _grantable(actor, organisation_id) if organisation else ()
    if organisation is None:
        raise NotFound(_("This organisation"), why=_("there is none, or it is not yours to see"))
    context = {
        "organisation": organisation,
        "roles": [(role.value, ROLE_NAMES[role]) for role in grantable],
        "languages": settings.LANGUAGES,
        "sent": request.POST,
        "chosen": request.POST.getlist("roles"),
    }
    if request.method == "GET":
        return render(request, "access/invite.html", context)
    try:
        asked = _asked(request, organisation_id)
        if is_signed(request):
            answer = answer_of(request)
            invited = members.invite(
                **asked, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
            )
            receipts.tell(request, invited.entry_id)
            return render(request, "access/invited.html", {"invited": invited, "organisation": organisation})
    except Invalid as refusal:
        return render(request, "access/invite.html", context | {"refusal": refusal}, status=422)
    form = signature(
        begin_step_up(acts.invite(**asked), actor=actor, now=now),
        title=_("Invite this person"),
        button=_("Sign and invite"),
        action=request.path,
        facts=[
            Fact(label=_("Name"), value=asked["name"]),
            Fact(label=_("E-mail"), value=asked["email"]),
            Fact(label=_("Organisation"), value=organisation.name),
            Fact(label=_("Roles"), value=roles_in_words(asked["roles"])),
        ],
        hidden={"name": asked["name"], "email": asked["email"], "language": asked["language"]}
        | {"roles_signed": ",".join(role.value for role in asked["roles"])},
    )
    return _confirm(request, _("Check and sign"), form, back=request.path)


@requires(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, person_id: UUID, verb: str, role: str = "") -> HttpResponse:
    """Grant or revoke a role, invite anew, or disable: show it, have it signed, do it."""
    actor, now = actor_of(request), clock.now()
    act, title, words = _change(person_id, verb, role)
    with reading_as(actor):
        view = person(person_id)
    if is_signed(request):
        answer = answer_of(request)
        signed = {"step_up_id": answer.step_up_id, "assertion": answer.assertion, "actor": actor, "now": now}
        done = _do(person_id, verb, role, signed)
        receipts.tell(request, done.entry_id if isinstance(done, members.Invited) else done)
        if isinstance(done, members.Invited):
            return render(request, "access/invited.html", {"invited": done})
        return HttpResponseRedirect(reverse("access:member", args=[person_id]))
    form = signature(
        begin_step_up(act, actor=actor, now=now),
        title=title,
        button=_("Sign"),
        action=request.path,
        facts=[
            Fact(label=_("Person"), value=view.name),
            Fact(label=_("Organisation"), value=view.organisation_name),
            Fact(label=_("What changes"), value=words),
        ],
    )
    return _confirm(request, str(title), form, back=reverse("access:member", args=[person_id]))


def _change(person_id: UUID, verb: str, role: str) -> tuple[Act, Text, Text]:
    match verb:
        case "grant":
            return acts.grant_role(person_id=person_id, role=_role(role)), _("Grant a role"), ROLE_NAMES[_role(role)]
        case "revoke":
            return acts.revoke_role(person_id=person_id, role=_role(role)), _("Revoke a role"), ROLE_NAMES[_role(role)]
        case "invite-again":
            words = _("Every passkey this person had is disabled; a new link enrols one")
            return acts.invite_again(person_id=person_id), _("Invite again"), words
        case _:
            words = _("All sign-ins and links of this person end")
            return acts.disable_person(person_id=person_id), _("Disable this person"), words


def _do(person_id: UUID, verb: str, role: str, signed: dict[str, object]) -> members.Invited | UUID:
    match verb:
        case "grant":
            return members.grant_role(person_id, _role(role), **signed)  # type: ignore[arg-type]  # the four of a signature
        case "revoke":
            return members.revoke_role(person_id, _role(role), **signed)  # type: ignore[arg-type]
        case "invite-again":
            return members.invite_again(person_id, **signed)  # type: ignore[arg-type]
        case _:
            return members.disable_person(person_id, **signed)  # type: ignore[arg-type]


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise NotFound(_("This role"), why=_("there is none")) from None


def _asked(request: HttpRequest, organisation_id: UUID) -> Asked:
    """Return what the form says, field by field: nothing else of what was sent counts."""
    language = request.POST.get("language", "en")
    words = request.POST.getlist("roles") or request.POST.get("roles_signed", "").split(",")
    name, email = members.checked_name(request.POST.get("name", ""), request.POST.get("email", ""), language)
    roles = [Role(word) for word in words if word in set(Role)]
    if not roles:
        why = _("Choose at least one role")
        raise Invalid(_("Inviting a person"), why=_("no role was chosen"), do="", fields={"roles": why})
    return {"organisation_id": organisation_id, "name": name, "email": email, "language": language, "roles": roles}


def _visible(actor: Actor) -> list[OrganisationView]:
    return [one for one in organisations() if actor.has(Role.DESK_ADMINISTRATOR) or one.id == actor.organisation_id]


def _grantable(actor: Actor, organisation_id: UUID) -> tuple[Role, ...]:
    row = Organisation.objects.visible_to(actor).filter(pk=organisation_id).first()
    return policies.grantable_roles(actor, row) if row else ()


def _invitations(invitations: Sequence[OpenInvitation]) -> Table:
    return Table(
        caption=_("Open invitations"),
        hide_caption=True,
        columns=[
            Column(label=_("Name"), is_heading=True),
            Column(label=_("Organisation")),
            Column(label=_("Roles")),
            Column(label=pgettext("moment", "Invited")),
            Column(label=_("Link ends")),
        ],
        rows=[
            Row(
                cells=[
                    Link(label=one.person.name, href=reverse("access:member", args=[one.person.id])),
                    one.person.organisation_name,
                    roles_in_words(one.person.roles),
                    Moment(at=one.made_at, compact=True),
                    Moment(at=one.expires_at, compact=True),
                ]
            )
            for one in invitations
        ],
        empty="",
    )


def _row(view: PersonView) -> dict[str, object]:
    return {
        "view": view,
        "roles": roles_in_words(view.roles),
        "face": {FACE_OF_ROLE[role] for role in view.roles},
    }


def _confirm(request: HttpRequest, heading: str, form: object, *, back: str) -> HttpResponse:
    return render(request, "access/confirm.html", {"heading": heading, "signature": form, "back_href": back})
