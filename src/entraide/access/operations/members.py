"""Inviting people, granting and revoking roles, disabling people; each signed by whoever decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from entraide.access import acts, enrolment, policies
from entraide.access.models import Credential, Invitation, Organisation, Person, RoleGrant, SignIn
from entraide.access.operations.passkeys import disable_all
from entraide.access.operations.sign_ins import end_all
from entraide.access.operations.signing import SignedActView, sign_own
from entraide.access.people import held_by
from entraide.access.rules import secrets_in
from entraide.access.states import OrganisationKind
from entraide.audit.api import Entry, record
from entraide.database import operation
from entraide.kernel.actors import Actor, Role
from entraide.kernel.acts import Act
from entraide.kernel.errors import Invalid, NotFound, NotPossible

INSTALLER = Actor.system("installer")
FIRST_ROLES = (Role.DESK_ADMINISTRATOR,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A person and the link that enrols them, which is shown once and kept nowhere."""

    person_id: UUID
    name: str
    link: str
    entry_id: UUID


@operation
def invite(
    *,
    organisation_id: UUID,
    name: str,
    email: str,
    language: str,
    roles: Sequence[Role],
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> Invited:
    """Invite a person with roles into an organisation.

    Raises
    ------
    NotFound
        If the reader has no such organisation.
    NotPermitted
        If `actor` may not let people into one of the roles.
    Invalid
        If name, address or language cannot be used.
    """
    organisation = _organisation(organisation_id, actor)
    policies.check_may_invite(actor, organisation, roles)
    name, email = checked_name(name, email, language)
    act = acts.invite(organisation_id=organisation_id, name=name, email=email, language=language, roles=roles)
    signed = _signed(act, step_up_id, assertion, actor=actor, now=now)
    person = enrolment.enter_person(
        organisation,
        name=name,
        email=email,
        language=language,
        roles=roles,
        actor=actor,
        now=now,
        act_hash=signed.act_hash,
        signed_act_id=signed.id,
    )
    entry, token = enrolment.invite(person, actor=actor, now=now, act_hash=signed.act_hash, signed_act_id=signed.id)
    return Invited(person_id=person.pk, name=name, link=link_to_enrol(person, token), entry_id=entry.id)


@operation
def invite_again(person_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Invited:
    """Make a new enrolment link for a person who lost every passkey, after proofing them anew.

    What was lost may be in other hands: every passkey they had is disabled, every sign-in ends, former links too.
    """
    person = _person(person_id, actor)
    policies.check_may_invite_again(actor, person, held_by(person, now))
    signed = _signed(acts.invite_again(person_id=person_id), step_up_id, assertion, actor=actor, now=now)
    Invitation.objects.filter(person=person, used_at__isnull=True).update(used_at=now)
    keys = Credential.objects.select_for_update(of=("self",)).select_related("person__organisation")
    lost = list(keys.filter(person=person, disabled_at__isnull=True))
    disable_all(lost, actor=actor, now=now, act_hash=signed.act_hash)
    entry, token = enrolment.invite(person, actor=actor, now=now, act_hash=signed.act_hash, signed_act_id=signed.id)
    return Invited(person_id=person.pk, name=person.name, link=link_to_enrol(person, token), entry_id=entry.id)


@operation
def grant_role(person_id: UUID, role: Role, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Grant a role to a person who does not hold it, and return the entry; a lapsed grant is renewed."""
    person = _person(person_id, actor)
    held = held_by(person, now)
    policies.check_may_grant(actor, person, role, held)
    if role in held:
        raise NotPossible(_("Granting a role"), why=_("the person holds it already"), do="")
    signed = _signed(acts.grant_role(person_id=person_id, role=role), step_up_id, assertion, actor=actor, now=now)
    for lapsed in RoleGrant.objects.filter(person=person, role=role.value, revoked_at__isnull=True):
        _revoke(lapsed, person, actor=actor, now=now, act_hash=signed.act_hash)
    return enrolment.grant(person, role, actor=actor, now=now, act_hash=signed.act_hash).id


@operation
def revoke_role(person_id: UUID, role: Role, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Revoke a role, and return the entry; it counts from the person's next request on."""
    person = _person(person_id, actor)
    policies.check_may_revoke(actor, person, role)
    grants = list(RoleGrant.objects.select_for_update().filter(person=person, role=role.value, revoked_at=None))
    if not grants:
        raise NotPossible(_("Revoking a role"), why=_("the person does not hold it"), do="")
    signed = _signed(acts.revoke_role(person_id=person_id, role=role), step_up_id, assertion, actor=actor, now=now)
    return [_revoke(row, person, actor=actor, now=now, act_hash=signed.act_hash) for row in grants][-1].id


@operation
def disable_person(person_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Disable a person, and return the entry: every sign-in and link ends at the next request."""
    person = _person(person_id, actor)
    policies.check_may_disable(actor, person)
    if not person.is_active:
        raise NotPossible(_("Disabling a person"), why=_("the person is disabled already"), do="")
    signed = _signed(acts.disable_person(person_id=person_id), step_up_id, assertion, actor=actor, now=now)
    person.is_active, person.disabled_at = False, now
    person.save(update_fields=["is_active", "disabled_at"])
    Invitation.objects.filter(person=person, used_at__isnull=True).update(used_at=now)
    entry = record(
        "access:person:disabled",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=person,
        payload={"person": str(person.pk)},
        act_hash=signed.act_hash,
    )
    ends = SignIn.objects.select_for_update(of=("self",)).select_related("person__organisation")
    end_all(list(ends.filter(person=person, ended_at__isnull=True)), actor=actor, now=now)
    return entry.id


@operation
def set_preferences(*, language: str, time_zone: str, actor: Actor, now: datetime) -> UUID:
    """Change one's own language and time zone, and return the entry."""
    person_id, _organisation_id = policies.check_is_person(actor)
    _check_language(language)
    if time_zone not in available_timezones():
        words = _("Select the time zone")
        why = _("there is no such time zone")
        raise Invalid(_("Changing preferences"), why=why, do=words, fields={"time_zone": words})
    person = Person.objects.select_related("organisation").get(pk=person_id)
    person.language, person.time_zone = language, time_zone
    person.save(update_fields=["language", "time_zone"])
    return record(
        "access:person:preferences-changed",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=person,
        payload={"person": str(person_id), "language": language, "time_zone": time_zone},
    ).id


def invite_first(*, now: datetime) -> list[Invited]:
    """Make the first two enrolments of an empty desk; never again.

    Two desk administrators: each lets in everybody else, and the other's further roles; neither can be locked out.
    They say who they are when they enrol.

    Raises
    ------
    NotPossible
        If anybody was ever let in.
    """
    try:
        return _invite_first(actor=INSTALLER, now=now)
    except IntegrityError as error:  # two at once: the database lets one of them through
        raise _not_first() from error


@operation
def _invite_first(*, actor: Actor, now: datetime) -> list[Invited]:
    if Person.objects.exists() or Invitation.objects.exists():
        raise _not_first()
    organisation = Organisation.objects.filter(kind=OrganisationKind.EXCHANGE.value).first()
    if organisation is None:
        name = settings.EXCHANGE_NAME
        organisation = enrolment.open_organisation(OrganisationKind.EXCHANGE, name=name, actor=actor, now=now)
    invited = []
    for number, name in ((1, "First desk administrator"), (2, "Second desk administrator")):
        person = enrolment.enter_person(
            organisation,
            name=name,
            email="",
            language="en",
            roles=FIRST_ROLES,
            event="access:person:first-invited",
            actor=actor,
            now=now,
        )
        entry, token = enrolment.invite(person, actor=actor, now=now, first=number)
        invited.append(Invited(person_id=person.pk, name=name, link=link_to_enrol(person, token), entry_id=entry.id))
    return invited


def link_to_enrol(person: Person, token: str) -> str:
    """Return the address at which a token enrols a passkey: where people of this person's face sign in."""
    return f"{settings.ORIGINS[person.face]}/invitation/{token}/"


def checked_name(name: str, email: str, language: str) -> tuple[str, str]:
    """Return name and address of a person to invite, in their one form; raises `Invalid`."""
    name, email = " ".join(name.split()), email.strip()
    fields = {}
    if not name or len(name) > 200:
        fields["name"] = _("Enter a name of at most 200 characters")
    if not 3 <= len(email) <= 254 or "@" not in email[1:-1] or any(character.isspace() for character in email):
        fields["email"] = _("Enter an e-mail address")
    fields |= secrets_in(name=name, email=email)
    if fields:
        raise Invalid(_("Inviting a person"), why=_("something is missing"), do="", fields=fields)
    _check_language(language)
    return name, email


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        why = _("there is no such language here")
        raise Invalid(_("Choosing a language"), why=why, do=_("Choose one"), fields={"language": why})


def _signed(act: Act, step_up_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> SignedActView:
    return sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)


def _revoke(row: RoleGrant, person: Person, *, actor: Actor, now: datetime, act_hash: bytes) -> Entry:
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    return record(
        "access:role:revoked",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=row,
        payload={"person": str(person.pk), "role": row.role},
        act_hash=act_hash,
    )


def _organisation(organisation_id: UUID, actor: Actor) -> Organisation:
    row = Organisation.objects.visible_to(actor).filter(pk=organisation_id).first()
    if row is None:
        raise NotFound(_("This organisation"), why=_("there is none, or it is not yours to see"))
    return row


def _person(person_id: UUID, actor: Actor) -> Person:
    rows = Person.objects.visible_to(actor).select_related("organisation").select_for_update(of=("self",))
    row = rows.filter(pk=person_id).first()
    if row is None:
        raise NotFound(_("This person"), why=_("there is none, or it is not yours to see"))
    return row


def _not_first() -> NotPossible:
    return NotPossible(
        _("Inviting the first two people"),
        why=_("this desk has people already"),
        do=_("Sign in and invite people on the page “People”"),
    )
