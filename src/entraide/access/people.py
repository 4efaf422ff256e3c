"""What crosses the door: people, organisations, keys as values; called inside a door of the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from entraide.access.models import AgeKey, Credential, Invitation, Organisation, Person, RoleGrant, SignIn
from entraide.access.queries import in_force
from entraide.access.states import Purpose
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationView:
    """The exchange or an agency."""

    id: UUID
    kind: str
    name: str
    stream_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person with the roles that are in force."""

    id: UUID
    name: str
    face: Face
    organisation_id: UUID
    organisation_name: str
    roles: frozenset[Role]
    email: str
    language: str
    time_zone: str
    is_active: bool
    is_demo: bool
    has_passkey: bool
    invited_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyView:
    """One key of a person."""

    id: UUID
    label: str
    kind: str
    registered_at: datetime
    last_used_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """One sign-in of a person."""

    id: UUID
    device: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeKeyView:
    """The key that packages for a person are encrypted to."""

    recipient: str
    registered_at: datetime


def person(person_id: UUID) -> PersonView:
    """Return a person; raises `NotFound` where the reader has none of that name."""
    found = people_by_ids([person_id])
    if person_id not in found:
        raise _nobody()
    return found[person_id]


def people_by_ids(ids: Iterable[UUID]) -> dict[UUID, PersonView]:
    """Return several people by identifier, in three queries however many there are."""
    return {view.id: view for view in _views(Person.objects.filter(pk__in=list(ids)))}


def people_of(organisation_id: UUID) -> list[PersonView]:
    """Return the people of an organisation by name, disabled ones too."""
    return _views(Person.objects.filter(organisation_id=organisation_id).order_by("name", "pk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """A link that enrols somebody and was not used yet."""

    person: PersonView
    made_at: datetime
    expires_at: datetime


def open_invitations(*, now: datetime) -> list[OpenInvitation]:
    """Return the enrolment links the reader may see that still work, the one that ends first before the others."""
    links = list(
        Invitation.objects.filter(
            purpose=Purpose.ENROL.value, used_at__isnull=True, expires_at__gt=now, person__is_active=True
        ).order_by("expires_at", "pk")
    )
    people = people_by_ids(link.person_id for link in links)
    return [
        OpenInvitation(person=people[link.person_id], made_at=link.made_at, expires_at=link.expires_at)
        for link in links
    ]


def people_with(role: Role, organisation_id: UUID | None = None, *, now: datetime | None = None) -> list[PersonView]:
    """Return active people who hold `role`, by name; everywhere, or in one organisation."""
    at = now or clock.now()
    return _views(Person.objects.holding(role, at=at, organisation_id=organisation_id).order_by("name", "pk"), at=at)


def organisation(organisation_id: UUID) -> OrganisationView:
    """Return an organisation; raises `NotFound` where the reader has none of that name."""
    row = Organisation.objects.filter(pk=organisation_id).first()
    if row is None:
        raise NotFound(_("This organisation"), why=_("there is none, or it is not yours to see"))
    return _organisation(row)


def exchange() -> OrganisationView | None:
    """Return the exchange's own organisation; None on an empty desk."""
    row = Organisation.objects.filter(kind="exchange").first()
    return _organisation(row) if row else None


def organisations() -> list[OrganisationView]:
    """Return every organisation the reader may see, by name."""
    return [_organisation(row) for row in Organisation.objects.order_by("name", "pk")]


def passkeys_of(person_id: UUID) -> list[PasskeyView]:
    """Return the keys of a person, oldest first, disabled ones too."""
    return [
        PasskeyView(
            id=row.pk,
            label=row.label,
            kind=row.kind,
            registered_at=row.registered_at,
            last_used_at=row.last_used_at,
            disabled_at=row.disabled_at,
        )
        for row in Credential.objects.filter(person_id=person_id).order_by("registered_at", "pk")
    ]


def sign_ins_of(person_id: UUID) -> list[SignInView]:
    """Return the last fifty sign-ins of a person, newest first."""
    return [
        SignInView(
            id=row.pk,
            device=row.device,
            started_at=row.started_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
        )
        for row in SignIn.objects.filter(person_id=person_id).order_by("-started_at", "pk")[:50]
    ]


def age_key_of(person_id: UUID) -> AgeKeyView | None:
    """Return the key that packages for a person are encrypted to; None while there is none."""
    row = AgeKey.objects.filter(person_id=person_id, replaced_at__isnull=True).first()
    return AgeKeyView(recipient=row.recipient, registered_at=row.registered_at) if row else None


def held_by(row: Person, at: datetime) -> frozenset[Role]:
    """Return the roles of a person that are in force at a moment."""
    return frozenset(Role(grant.role) for grant in RoleGrant.objects.filter(in_force(at), person=row))


def actor_for(row: Person, *, at: datetime, sign_in_id: UUID | None) -> Actor:
    """Return a person as an actor."""
    return Actor(
        face=Face(row.face),
        name=row.name,
        roles=held_by(row, at),
        person_id=row.pk,
        organisation_id=row.organisation_id,
        sign_in_id=sign_in_id,
    )


def _views(rows: Iterable[Person], at: datetime | None = None) -> list[PersonView]:
    people = list(rows.select_related("organisation"))  # type: ignore[attr-defined]  # a query set of this room
    ids = [row.pk for row in people]
    roles: dict[UUID, set[Role]] = {}
    for grant in RoleGrant.objects.filter(in_force(at or clock.now()), person_id__in=ids):
        roles.setdefault(grant.person_id, set()).add(Role(grant.role))
    keyed = set(
        Credential.objects.filter(person_id__in=ids, disabled_at__isnull=True).values_list("person_id", flat=True)
    )
    return [
        PersonView(
            id=row.pk,
            name=row.name,
            face=Face(row.face),
            organisation_id=row.organisation_id,
            organisation_name=row.organisation.name,
            roles=frozenset(roles.get(row.pk, ())),
            email=row.email,
            language=row.language,
            time_zone=row.time_zone,
            is_active=row.is_active,
            is_demo=row.is_demo,
            has_passkey=row.pk in keyed,
            invited_at=row.invited_at,
        )
        for row in people
    ]


def _organisation(row: Organisation) -> OrganisationView:
    return OrganisationView(id=row.pk, kind=row.kind, name=row.name, stream_id=row.stream_id)


def _nobody() -> NotFound:
    return NotFound(_("This person"), why=_("there is none, or it is not yours to see"))
