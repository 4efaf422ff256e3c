"""Every way an agency changes on this desk; each signed by whoever decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.agencies import acts, enrolment, policies
from entraide.agencies.facts import AgencyFacts, check_facts
from entraide.agencies.models import Agency
from entraide.agencies.states import AGENCY, AgencyCheck, AgencyState, AgencyVerb
from entraide.database import operation
from entraide.exchange.port import Category
from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible

VOUCHED = [
    "state",
    "proposed_by",
    "proposal_act",
    "proposal_checks",
    "verified_by",
    "verification_act",
    "verification_checks",
    "verified_at",
]
CHANGED = ["change", "change_by", "change_act", "change_checks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """An agency that was entered, by the identifier of its organisation, and the entry in the log that says so."""

    id: UUID
    entry_id: UUID


@operation
def enter(facts: AgencyFacts, *, name: str, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Entered:
    """Enter an agency, not verified yet."""
    policies.check_may_enter(actor)
    check_facts(facts, name=name)
    act = acts.enter(facts, name=name)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    organisation = access.open_organisation(access.OrganisationKind.AGENCY, name=name, actor=actor, now=now)
    _agency, entry = enrolment.enter(organisation.pk, facts, actor=actor, now=now, act_hash=signed.act_hash)
    return Entered(id=organisation.pk, entry_id=entry.id)


@operation
def propose(
    organisation_id: UUID,
    checked: Sequence[str],
    *,
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Vouch for an agency as the first of two, after checking it out of band; return the entry.

    Parameters
    ----------
    checked : sequence of AgencyCheck values
        What the person checked, outside of this desk; at least one thing.
    """
    policies.check_may_vouch(actor)
    row = _row(organisation_id)
    row.state = AGENCY.step(AgencyState(row.state), AgencyVerb.PROPOSE).target.value
    checks = checks_of(checked)
    policies.check_number_is_settled(checks, row.number_since, now)
    act = acts.propose(organisation_id=organisation_id, known=enrolment.known_of(row), checked=checks)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    row.proposed_by_id, row.proposal_act_id = actor.person_id, signed.id
    row.proposal_checks, row.verification_checks = checks, []
    row.verified_by_id = row.verification_act_id = row.verified_at = None
    row.save(update_fields=VOUCHED)
    return enrolment.note("agencies:agency:proposed", row, actor=actor, now=now, act_hash=signed.act_hash).id


@operation
def verify(
    organisation_id: UUID,
    checked: Sequence[str],
    *,
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Verify an agency as the second of two, and return the entry; from now on its requests are taken in.

    Raises
    ------
    NotPermitted
        If `actor` vouched first.
    Invalid
        If neither of the two called the agency back.
    """
    policies.check_may_vouch(actor)
    row = _row(organisation_id)
    policies.check_is_second(actor, row.proposed_by_id)
    step = AGENCY.step(AgencyState(row.state), AgencyVerb.VERIFY, approvers=[actor.person_id])
    checks = checks_of(checked)
    policies.check_number_is_settled(checks, row.number_since, now)
    policies.check_was_called_back({*row.proposal_checks, *checks})
    act = acts.verify(organisation_id=organisation_id, known=enrolment.known_of(row), checked=checks)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    row.state, row.verified_at = step.target.value, now
    row.verified_by_id, row.verification_act_id = actor.person_id, signed.id
    row.verification_checks = checks
    row.save(update_fields=VOUCHED)
    return enrolment.note("agencies:agency:verified", row, actor=actor, now=now, act_hash=signed.act_hash).id


@operation
def suspend(organisation_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Take no requests of this agency any more, until two people verify it anew; return the entry."""
    policies.check_may_enter(actor)
    row = _row(organisation_id)
    row.state = AGENCY.step(AgencyState(row.state), AgencyVerb.SUSPEND).target.value
    act = acts.suspend(organisation_id=organisation_id)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    row.save(update_fields=VOUCHED)
    return enrolment.note("agencies:agency:suspended", row, actor=actor, now=now, act_hash=signed.act_hash).id


@operation
def set_countersigned(
    organisation_id: UUID,
    categories: Sequence[str],
    *,
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Say for which categories an agency's supervisor signs as well, and return the entry.

    An agency makes itself stricter; only the desk takes a category away, or a stolen administrator's account would.
    """
    policies.check_may_set_countersigned(actor, organisation_id)
    row = _row(organisation_id)
    chosen = sorted({Category(one).value for one in categories})
    if actor.face is Face.AGENCY and not set(chosen) >= set(row.countersigned_categories):
        raise NotPermitted(
            _("Changing the second signature"),
            why=_("only the desk takes a category away"),
            do=_("Ask the desk's administrator"),
        )
    act = acts.set_countersigned(organisation_id=organisation_id, categories=chosen)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    row.countersigned_categories = chosen
    row.save(update_fields=["countersigned_categories"])
    return enrolment.note(
        "agencies:agency:countersignature-changed", row, actor=actor, now=now, act_hash=signed.act_hash
    ).id


@operation
def propose_change(
    organisation_id: UUID,
    facts: AgencyFacts,
    checked: Sequence[str],
    *,
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Ask, as the first of two, for other facts of an agency, and return the entry.

    Those in force stay in force until a second person agrees.  A change that waits already is replaced.

    Raises
    ------
    NotPossible
        If nothing would change, somebody is vouching for the facts now, or the number called is too young.
    """
    policies.check_may_vouch(actor)
    row = _row(organisation_id)
    policies.check_may_change_now(AgencyState(row.state))
    check_facts(facts, name=access.organisation(organisation_id).name)
    check_changes(facts, enrolment.facts_of(row))
    checks = checks_of(checked)
    policies.check_number_is_settled(checks, row.number_since, now)
    act = acts.propose_change(facts, organisation_id=organisation_id, known=enrolment.known_of(row), checked=checks)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    row.change, row.change_checks = facts.content, checks
    row.change_by_id, row.change_act_id = actor.person_id, signed.id
    row.save(update_fields=CHANGED)
    more = {"change": facts.content, "change_checked": checks}
    event = "agencies:agency:change-proposed"
    return enrolment.note(event, row, actor=actor, now=now, act_hash=signed.act_hash, more=more).id


@operation
def confirm_change(
    organisation_id: UUID,
    checked: Sequence[str],
    *,
    step_up_id: UUID,
    assertion: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Put changed facts in force as the second of two, and return the entry.

    One of the two called the agency back, on the number in force and not on the new one.  A new number verifies nothing
    for three days.

    Raises
    ------
    NotPermitted
        If `actor` asked for the change.
    Invalid
        If neither of the two called the agency back.
    """
    policies.check_may_vouch(actor)
    row, facts = _with_change(organisation_id)
    policies.check_is_second(actor, row.change_by_id)
    policies.check_may_change_now(AgencyState(row.state))
    checks = checks_of(checked)
    policies.check_number_is_settled(checks, row.number_since, now)
    policies.check_was_called_back({*row.change_checks, *checks})
    act = acts.confirm_change(facts, organisation_id=organisation_id, known=enrolment.known_of(row), checked=checks)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    if facts.switchboard != row.switchboard:
        row.number_since = now
    enrolment.put(facts, row)
    more = {"change_checked": {"first": row.change_checks, "second": checks}}
    _forget_change(row)
    row.save(update_fields=[*CHANGED, *facts.content, "number_since"])
    return enrolment.note("agencies:agency:changed", row, actor=actor, now=now, act_hash=signed.act_hash, more=more).id


@operation
def drop_change(organisation_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Drop a change that waits for a second person, and return the entry."""
    policies.check_may_vouch(actor)
    row, facts = _with_change(organisation_id)
    act = acts.drop_change(facts, organisation_id=organisation_id)
    signed = access.sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    _forget_change(row)
    row.save(update_fields=CHANGED)
    return enrolment.note("agencies:agency:change-dropped", row, actor=actor, now=now, act_hash=signed.act_hash).id


def check_changes(asked: AgencyFacts, known: AgencyFacts) -> None:
    """Refuse a change that changes nothing."""
    if asked == known:
        raise NotPossible(
            _("Changing what is known of an agency"), why=_("nothing would change"), do=_("Write what shall be known")
        )


def _with_change(organisation_id: UUID) -> tuple[Agency, AgencyFacts]:
    row = _row(organisation_id)
    if row.change is None:
        raise NotPossible(_("This change"), why=_("none waits any more"), do=_("Look at the agency again"))
    return row, AgencyFacts.of(**row.change)


def _forget_change(row: Agency) -> None:
    row.change = row.change_by_id = row.change_act_id = None
    row.change_checks = []


def _row(organisation_id: UUID) -> Agency:
    row = Agency.objects.select_for_update().filter(pk=organisation_id).first()
    if row is None:
        raise NotFound(_("This agency"), why=_("there is none, or it is not yours to see"))
    return row


def checks_of(words: Sequence[str]) -> list[str]:
    """Return what was checked as it is signed and kept; raises `Invalid` where nothing known was checked."""
    checks = sorted({word for word in words if word in set(AgencyCheck)})
    if not checks:
        why = _("Say what you checked")
        raise Invalid(_("Vouching for an agency"), why=_("nothing was checked"), do=why, fields={"checked": why})
    return checks
