"""The cast: made-up people of the exchange and of two agencies, each with a key that signs like a passkey.

OTTO (officer), SABINE (his supervisor) and ADA (administrator) belong to one agency, IVO (officer) to another; ANOUK
(analyst), MARC (approver), AUDE (auditor) and DORA (desk administrator) to the exchange.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from entraide.evidence.signed_acts import from_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.acts import Act

if TYPE_CHECKING:
    from entraide.access.models import Person
    from tests.plugins.desk import Desk

INSTALLER = Actor.system("setup")

AGENCY, OTHER_AGENCY, EXCHANGE = "Polizei Musterstadt", "Policía de Villaejemplo", "Aurelia Exchange"
ROLES = {
    "OTTO": (AGENCY, "Otto Brandt", "otto.brandt@polizei.example", Role.OFFICER),
    "SABINE": (AGENCY, "Sabine Keller", "sabine.keller@polizei.example", Role.SUPERVISOR),
    "ADA": (AGENCY, "Ada Lorenz", "ada.lorenz@polizei.example", Role.AGENCY_ADMINISTRATOR),
    "IVO": (OTHER_AGENCY, "Ivo Marín", "ivo.marin@policia.example", Role.OFFICER),
    "ANOUK": (EXCHANGE, "Anouk Berger", "anouk@aurelia.example", Role.ANALYST),
    "MARC": (EXCHANGE, "Marc Oliveira", "marc@aurelia.example", Role.APPROVER),
    "AUDE": (EXCHANGE, "Aude Petit", "aude@aurelia.example", Role.AUDITOR),
    "DORA": (EXCHANGE, "Dora Lindt", "dora@aurelia.example", Role.DESK_ADMINISTRATOR),
}


@dataclass(frozen=True)
class Player:
    """One of the cast: an actor, and the key that signs as this person."""

    id: UUID
    handle: bytes
    actor: Actor
    key: SoftwareKey
    email: str

    def sign(self, act: Act, now: datetime, actor: Actor | None = None) -> tuple[UUID, str]:
        """Step up for `act`; return what an operation wants: the attempt, and the assertion as JSON."""
        from entraide.access.api import begin_step_up

        begun = begin_step_up(act, actor=actor or self.actor, now=now)
        return begun.id, self.answer(begun.options["challenge"])

    def answer(self, challenge: str) -> str:
        """Return the assertion over a challenge, as a browser sends it."""
        from django.conf import settings

        answer = self.key.assertion_json(
            from_base64url(challenge), origin=settings.ORIGIN, rp_id=settings.RP_ID, user_handle=self.handle
        )
        return json.dumps(answer)

    def signed_in(self, now: datetime) -> tuple["Player", str]:
        """Sign in; return this person within that sign-in, and the cookie's value."""
        from entraide.access.operations import sign_ins

        begun = sign_ins.begin_sign_in(actor=sign_ins.DOOR, now=now)
        answer = self.answer(begun.options["challenge"])
        started = sign_ins.sign_in(ceremony_id=begun.id, assertion=answer, device="Firefox on Linux", now=now)
        return replace(self, actor=started.actor), started.token


@dataclass(frozen=True)
class Cast:
    """Everybody, by the name the tests use."""

    OTTO: Player
    SABINE: Player
    ADA: Player
    IVO: Player
    ANOUK: Player
    MARC: Player
    AUDE: Player
    DORA: Player

    def __iter__(self) -> Iterator[Player]:
        return (getattr(self, name) for name in ROLES)

    @property
    def agency_id(self) -> UUID:
        """The agency of OTTO, SABINE and ADA."""
        return _tenant(self.OTTO)

    @property
    def other_agency_id(self) -> UUID:
        """The agency of IVO."""
        return _tenant(self.IVO)

    @property
    def exchange_id(self) -> UUID:
        """The exchange's own organisation."""
        return _tenant(self.DORA)


@pytest.fixture
def cast(desk: "Desk") -> Cast:
    """Return the cast, enrolled on an empty desk; both agencies are verified."""
    players = _enrol_everybody(actor=INSTALLER, now=desk.now)
    _verify_agencies(players, desk.now)
    return players


def _enrol_everybody(*, actor: Actor, now: datetime) -> Cast:
    """Enrol everybody in one transaction: rows and entries as by ordinary operations, in a tenth of the time."""
    from entraide.access import enrolment
    from entraide.access.states import OrganisationKind
    from entraide.database import operation

    @operation
    def enrol(*, actor: Actor, now: datetime) -> Cast:
        kinds = {EXCHANGE: OrganisationKind.EXCHANGE}
        organisations = {
            name: enrolment.open_organisation(kinds.get(name, OrganisationKind.AGENCY), name=name, actor=actor, now=now)
            for name in (EXCHANGE, AGENCY, OTHER_AGENCY)
        }
        players = {}
        for name, (organisation, full_name, email, role) in ROLES.items():
            row = enrolment.enter_person(
                organisations[organisation],
                name=full_name,
                email=email,
                language="en",
                roles=[role],
                actor=actor,
                now=now,
            )
            players[name] = player_of(row, role, now=now)
        return Cast(**players)

    return enrol(actor=actor, now=now)


def player_of(row: "Person", role: Role, *, now: datetime) -> Player:
    """Give an entered person a passkey, inside the caller's operation, and return who may act with it."""
    from entraide.access import enrolment
    from entraide.access.states import CredentialKind

    key = SoftwareKey.generate()
    person = Actor(
        face=_face(row.face),
        name=row.name,
        roles=frozenset([role]),
        person_id=row.pk,
        organisation_id=row.organisation_id,
    )
    enrolment.register(
        row,
        credential_id=key.credential_id,
        public_key=key.public_key,
        kind=CredentialKind.PASSKEY,
        label="",
        actor=person,
        now=now,
    )
    return Player(row.pk, bytes(row.handle), person, key, row.email)


def _verify_agencies(players: Cast, now: datetime) -> None:
    """Verify both agencies, where the room that does it is installed."""
    from django.apps import apps

    if not apps.is_installed("entraide.agencies"):
        return
    _enter_agencies(players, actor=INSTALLER, now=now)


def _enter_agencies(players: Cast, *, actor: Actor, now: datetime) -> None:
    """Enter both agencies as verified by DORA and MARC, without their signatures: their rows and entries only."""
    from entraide.agencies import enrolment
    from entraide.agencies.facts import AgencyFacts
    from entraide.agencies.states import AgencyState
    from entraide.database import operation

    known = {
        players.agency_id: ("DE", "Criminal police", "polizei.example"),
        players.other_agency_id: ("ES", "Policía judicial", "policia.example"),
    }

    @operation
    def enter(*, actor: Actor, now: datetime) -> None:
        for organisation_id, (country, function, domain) in known.items():
            facts = AgencyFacts(country=country, function=function, domains=(domain,), switchboard="+49 30 000")
            row, _entry = enrolment.enter(organisation_id, facts, actor=actor, now=now)
            row.state, row.verified_at = AgencyState.VERIFIED.value, now
            row.proposed_by_id, row.verified_by_id = players.DORA.id, players.MARC.id
            row.save(update_fields=["state", "verified_at", "proposed_by", "verified_by"])

    enter(actor=actor, now=now)


def _face(face: str) -> Face:
    return Face(face)


def _tenant(player: Player) -> UUID:
    organisation_id = player.actor.organisation_id
    assert organisation_id is not None
    return organisation_id
