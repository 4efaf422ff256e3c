"""The people of the demo: an exchange and two verified agencies, made by the same operations as real ones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from entraide.access.api import demo
from entraide.agencies import acts, operations
from entraide.agencies.enrolment import known_of
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.models import Agency
from entraide.agencies.states import AgencyCheck
from entraide.database import reading_as
from entraide.kernel.actors import Actor, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCast:
    """Everybody in the demo, as actors."""

    otto: Actor  # officer
    sabine: Actor  # his supervisor
    ada: Actor  # administrator of their agency
    ivo: Actor  # officer of another agency
    ines: Actor  # its administrator
    anouk: Actor  # analyst
    marc: Actor  # approver
    aude: Actor  # auditor
    dora: Actor  # desk administrator


def load(*, now: datetime) -> DemoCast:
    """Let everybody in, as an installer, administrators and officers would; both officers name their age keys.

    Raises
    ------
    NotFound
        If this is no demo.
    NotPossible
        If it has people already.
    """
    dora, marc = demo.invite_and_enrol_first(
        [("Dora Lindt", "dora.lindt@aurelia.example"), ("Marc Oliveira", "marc.oliveira@aurelia.example")], now=now
    )
    marc = demo.grant(marc, Role.APPROVER, by=dora, now=now)
    exchange_id = _tenant(dora)
    anouk = _invited(exchange_id, "Anouk Berger", "anouk.berger@aurelia.example", Role.ANALYST, by=dora, now=now)
    aude = _invited(exchange_id, "Aude Petit", "aude.petit@aurelia.example", Role.AUDITOR, by=dora, now=now)

    german = _verified_agency(
        "Polizei Musterstadt", "DE", "Criminal police", "polizei.example", "+49 30 5550100", by=(dora, marc), now=now
    )
    ada = _invited(german, "Ada Lorenz", "ada.lorenz@polizei.example", Role.AGENCY_ADMINISTRATOR, by=dora, now=now)
    sabine = _invited(german, "Sabine Keller", "sabine.keller@polizei.example", Role.SUPERVISOR, by=dora, now=now)
    otto = _invited(german, "Otto Brandt", "otto.brandt@polizei.example", Role.OFFICER, by=ada, now=now)

    spanish = _verified_agency(
        "Policía de Villaejemplo",
        "ES",
        "Judicial police",
        "policia.example",
        "+34 91 5550100",
        by=(dora, marc),
        now=now,
    )
    ines = _invited(spanish, "Inés Robles", "ines.robles@policia.example", Role.AGENCY_ADMINISTRATOR, by=dora, now=now)
    ivo = _invited(spanish, "Ivo Marín", "ivo.marin@policia.example", Role.OFFICER, by=ines, now=now)

    for officer in (otto, ivo):
        demo.make_age_key(by=officer, now=now)
    return DemoCast(otto=otto, sabine=sabine, ada=ada, ivo=ivo, ines=ines, anouk=anouk, marc=marc, aude=aude, dora=dora)


def _invited(organisation_id: UUID, name: str, email: str, role: Role, *, by: Actor, now: datetime) -> Actor:
    return demo.invite_and_enrol(organisation_id=organisation_id, name=name, email=email, roles=[role], by=by, now=now)


def _verified_agency(
    name: str, country: str, function: str, domain: str, switchboard: str, *, by: tuple[Actor, Actor], now: datetime
) -> UUID:
    first, second = by
    facts = AgencyFacts(country=country, function=function, domains=(domain,), switchboard=switchboard)
    step_up_id, assertion = demo.sign(acts.enter(facts, name=name), by=first, now=now)
    agency_id = operations.enter(facts, name=name, step_up_id=step_up_id, assertion=assertion, actor=first, now=now).id
    with reading_as(first):
        known = known_of(Agency.objects.get(pk=agency_id))
    checks = [AgencyCheck.CALL_BACK.value, AgencyCheck.DIRECTORY.value]
    step_up_id, assertion = demo.sign(
        acts.propose(organisation_id=agency_id, known=known, checked=checks), by=first, now=now
    )
    operations.propose(agency_id, checks, step_up_id=step_up_id, assertion=assertion, actor=first, now=now)
    step_up_id, assertion = demo.sign(
        acts.verify(organisation_id=agency_id, known=known, checked=checks), by=second, now=now
    )
    operations.verify(agency_id, checks, step_up_id=step_up_id, assertion=assertion, actor=second, now=now)
    return agency_id


def _tenant(actor: Actor) -> UUID:
    assert actor.organisation_id is not None, "whoever was enrolled belongs to an organisation"
    return actor.organisation_id
