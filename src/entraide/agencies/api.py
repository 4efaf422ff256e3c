"""The door of this room: agencies as values, inside the caller's door of the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.agencies import demo, policies
from entraide.agencies.enrolment import facts_of, known_of
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.models import Agency
from entraide.agencies.rules import is_countersigned, is_of_domain
from entraide.agencies.states import AgencyCheck, AgencyState, AgencyVerb
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotFound, Text
from entraide.ui.words import day_in_words

__all__ = [
    "AgencyView",
    "ChangeView",
    "Signal",
    "Vouched",
    "agency",
    "all_agencies",
    "authenticity_signals",
    "countersignature_needed",
    "demo",
    "waiting_for",
]
NEW_PASSKEY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who of the exchange vouched for an agency, and what this person checked before."""

    person_id: UUID
    checks: tuple[AgencyCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """Facts that wait for a second person, and who asked for them."""

    facts: AgencyFacts
    by: Vouched


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyView:
    """One agency as the exchange knows it."""

    id: UUID
    name: str
    facts: AgencyFacts
    state: AgencyState
    is_verified: bool
    verified_at: datetime | None
    entered_at: datetime
    vouched: tuple[Vouched, ...]
    countersigned_categories: frozenset[str]
    number_since: datetime | None
    change: ChangeView | None
    known: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that speaks for or against the authenticity of a request; `tone` is good, warn, bad or info."""

    code: str
    tone: str
    sentence: Text
    reason: Text


def agency(organisation_id: UUID) -> AgencyView:
    """Return an agency; raises `NotFound` where the reader has none of that name."""
    row = Agency.objects.select_related("organisation").filter(pk=organisation_id).first()
    if row is None:
        raise NotFound(_("This agency"), why=_("there is none, or it is not yours to see"))
    return _view(row)


def all_agencies() -> list[AgencyView]:
    """Return every agency the reader may see, by name."""
    return [_view(row) for row in Agency.objects.select_related("organisation").order_by("organisation__name")]


def waiting_for(actor: Actor) -> list[AgencyView]:
    """Return the agencies that wait for `actor` as the second person, to be verified or for changed facts.

    Empty for whoever may not vouch.
    """
    waits = Q(state=AgencyState.PROPOSED.value) | Q(change__isnull=False)
    found = Agency.objects.select_related("organisation").filter(waits)
    return [
        _view(row)
        for row in found.order_by("organisation__name")
        if not policies.why_not_vouch(
            actor, AgencyVerb.VERIFY, row.proposed_by_id if row.state == AgencyState.PROPOSED else row.change_by_id
        )
    ]


def countersignature_needed(organisation_id: UUID, categories: set[str], urgency: str) -> bool:
    """Say whether a request waits for the agency's supervisor before the desk sees it."""
    return is_countersigned(agency(organisation_id).countersigned_categories, categories, str(urgency))


def authenticity_signals(organisation_id: UUID, officer_id: UUID, *, at: datetime) -> list[Signal]:
    """Return what speaks for and against that this agency and this officer are who they say they are.

    Parameters
    ----------
    at : datetime
        When the officer acted: a passkey is new or known as of then.
    """
    view = agency(organisation_id)
    return [_signal_of_agency(view), *_signals_of_officer(view, access.person(officer_id), at)]


def _signal_of_agency(view: AgencyView) -> Signal:
    if view.is_verified and view.verified_at is not None:
        return Signal(
            code="agency_verified",
            tone="good",
            sentence=_("Two people of the exchange verified this agency"),
            reason=_("on %(date)s") % {"date": day_in_words(view.verified_at.date())},
        )
    return Signal(
        code="agency_not_verified",
        tone="bad",
        sentence=_("This agency is not verified"),
        reason=_("its state is: %(state)s") % {"state": view.state.label},
    )


def _signals_of_officer(view: AgencyView, officer: access.PersonView, at: datetime) -> Iterator[Signal]:
    yield _signal_of_domain(view, officer)
    keys = [key.registered_at for key in access.passkeys_of(officer.id) if key.disabled_at is None]
    if keys:
        yield _signal_of_passkey(max(keys), at)
    sign_ins = access.sign_ins_of(officer.id)
    if sign_ins and sign_ins[0].device not in {one.device for one in sign_ins[1:]}:
        yield Signal(
            code="new_device",
            tone="info" if len(sign_ins) == 1 else "warn",
            sentence=_("The officer signed in from a browser not seen before"),
            reason=sign_ins[0].device,
        )


def _signal_of_domain(view: AgencyView, officer: access.PersonView) -> Signal:
    domain = officer.email.rpartition("@")[2]
    if is_of_domain(officer.email, view.facts.domains):
        sentence = _("The officer's address is of the agency's domain")
        return Signal(code="domain_matches", tone="good", sentence=sentence, reason=domain)
    sentence = _("The officer's address is not of the agency's domain")
    return Signal(code="domain_differs", tone="warn", sentence=sentence, reason=domain)


def _signal_of_passkey(newest: datetime, at: datetime) -> Signal:
    reason = _("the newest is of %(date)s") % {"date": day_in_words(newest.date())}
    if at - newest < NEW_PASSKEY:
        sentence = _("A passkey of the officer was less than a day old")
        return Signal(code="new_passkey", tone="warn", sentence=sentence, reason=reason)
    return Signal(code="known_passkey", tone="good", sentence=_("The officer's passkeys are known"), reason=reason)


def _change(row: Agency) -> ChangeView | None:
    if row.change is None or row.change_by_id is None:
        return None
    return ChangeView(
        facts=AgencyFacts.of(**row.change), by=Vouched(row.change_by_id, tuple(map(AgencyCheck, row.change_checks)))
    )


def _view(row: Agency) -> AgencyView:
    vouched = ((row.proposed_by_id, row.proposal_checks), (row.verified_by_id, row.verification_checks))
    return AgencyView(
        id=row.organisation_id,
        name=row.organisation.name,
        facts=facts_of(row),
        state=AgencyState(row.state),
        is_verified=row.state == AgencyState.VERIFIED,
        verified_at=row.verified_at,
        entered_at=row.entered_at,
        vouched=tuple(Vouched(one, tuple(map(AgencyCheck, checks))) for one, checks in vouched if one is not None),
        countersigned_categories=frozenset(row.countersigned_categories),
        number_since=row.number_since,
        change=_change(row),
        known=known_of(row),
    )
