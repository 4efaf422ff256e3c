"""The law as arithmetic: when an answer is owed, and what a machine can say about a request before a person reads it.

Pure: everything comes in as values, nothing asks the clock or the database.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import Category
from entraide.kernel.errors import Text
from entraide.requests.labels import problem_sentence
from entraide.requests.law import (
    AUTHORITY_LABELS,
    CATEGORIES,
    LANGUAGES,
    PRACTICE,
    PROFILES,
    AuthorityKind,
    Clock,
    Count,
    Group,
    LegalBasis,
    LegalProfile,
    Urgency,
    regulation,
)

# ------------------------------------------------------------------------------------------------------------ deadlines


@dataclass(frozen=True, slots=True)
class Stop:
    """A stretch in which the clock stands still, because an answer of the agency is missing."""

    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """Where a clock stands.

    Parameters
    ----------
    due_at : datetime | None
        When the answer is owed; None while the clock stands still.
    stopped_at : datetime | None
        Since when it stands still.
    left : timedelta | None
        While it stands still: what will be left of the period once it goes on.
    """

    due_at: datetime | None
    stopped_at: datetime | None
    left: timedelta | None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether the answer is owed already."""
        return self.due_at is not None and now > self.due_at


def end_of(clock: Clock, start: datetime, *, zone: tzinfo = UTC) -> datetime:
    """Return when a period that an event at `start` set going ends.

    Hours run from the moment.  Of calendar days the one of the event is not counted, and the period ends when its last
    day does (Regulation (EEC, Euratom) 1182/71, Article 3).  It is not prolonged over weekends and holidays: an answer
    given sooner is never late.
    """
    if clock.count is Count.HOURS:
        return start + clock.length
    last_day = start.astimezone(zone).date() + clock.length
    return datetime.combine(last_day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def due_at(
    received_at: datetime,
    basis: LegalBasis,
    urgency: Urgency,
    *,
    stops: Iterable[Stop] = (),
    zone: tzinfo = UTC,
) -> datetime | None:
    """Return when the answer is owed, or None while the clock stands still."""
    return read_clock(received_at, basis, urgency, stops=stops, zone=zone).due_at


def read_clock(
    received_at: datetime,
    basis: LegalBasis,
    urgency: Urgency,
    *,
    stops: Iterable[Stop] = (),
    zone: tzinfo = UTC,
) -> ClockReading:
    """Return where the clock of a request stands; each finished stop moves the end by its own length."""
    end = end_of(PROFILES[basis].clocks[urgency], received_at, zone=zone)
    standing: datetime | None = None
    for stop in sorted(stops, key=lambda one: one.started_at):
        if stop.ended_at is None:
            standing = stop.started_at
        else:
            end += stop.ended_at - stop.started_at
    if standing is None:
        return ClockReading(due_at=end, stopped_at=None, left=None)
    return ClockReading(due_at=None, stopped_at=standing, left=end - standing)


def answer_due_at(asked_at: datetime, basis: LegalBasis, *, zone: tzinfo = UTC) -> datetime:
    """Return when the agency's clarification is owed."""
    return end_of(PROFILES[basis].clarification, asked_at, zone=zone)


# ------------------------------------------------------------------------------------------------------------- findings


class Weight(StrEnum):
    """How heavy a finding is.  None refuses by itself: a person decides."""

    GOOD = "good"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a machine noticed, with the reason and where it is written.

    Parameters
    ----------
    field : str
        The question of the request it concerns, as `document` names them; empty: the request as a whole.
    about : str
        The target (by its number) or category concerned, where it is one of several.
    """

    code: str
    weight: Weight
    text: Text
    field: str = ""
    about: str = ""
    source: Text = ""


Document = Mapping[str, Any]
Check = Callable[[Document, date], Iterator[Finding]]


def intake_findings(document: Document, today: date) -> tuple[Finding, ...]:
    """Return everything the request document alone shows, the heaviest first.

    The same checks speak to the officer before she files and to the desk afterwards.
    """
    found = [finding for check in _CHECKS for finding in check(document, today)]
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.weight]))


_ORDER = {Weight.BAD: 0, Weight.WARN: 1, Weight.INFO: 2, Weight.GOOD: 3}


def _profile(document: Document) -> LegalProfile:
    return PROFILES[LegalBasis(document["legal_basis"])]


def _groups(document: Document) -> dict[Group, list[str]]:
    groups: dict[Group, list[str]] = {}
    for code in document["categories"]:
        groups.setdefault(CATEGORIES[Category(code)].group, []).append(code)
    return groups


def _may_issue(profile: LegalProfile, group: Group, authority: Mapping[str, Any]) -> bool:
    if AuthorityKind(authority["kind"]) in profile.may_order[group]:
        return True
    validated_by = authority["validated_by"]
    return validated_by is not None and AuthorityKind(validated_by["kind"]) in profile.may_validate[group]


def authority_may_order(document: Document, today: date) -> Iterator[Finding]:
    """Compare who issued or validated the instrument with who may, category by category."""
    profile, authority = _profile(document), document["authority"]
    is_emergency = document["urgency"] == Urgency.EMERGENCY
    for group, codes in _groups(document).items():
        if _may_issue(profile, group, authority):
            continue
        if is_emergency and group in profile.unvalidated_emergency and authority["validated_by"] is None:
            yield Finding(
                code="validation_to_follow", weight=Weight.WARN, field="validating_kind", about=", ".join(codes),
                text=_("An emergency order not yet validated: the validation must follow within 48 hours"),
                source=regulation("4(5)"),
            )  # fmt: skip
            continue
        yield Finding(
            code="authority_not_competent", weight=Weight.BAD, field="authority_kind", about=", ".join(codes),
            text=_("%(authority)s: not competent to order this data without validation")
            % {"authority": AUTHORITY_LABELS[AuthorityKind(authority["kind"])]},
            source=profile.authority_source,
        )  # fmt: skip


def offence_reaches_threshold(document: Document, today: date) -> Iterator[Finding]:
    """Compare the offence with the threshold for traffic and content data."""
    profile, offence = _profile(document), document["offence"]
    deep = [code for group, codes in _groups(document).items() if group is not Group.SUBSCRIBER for code in codes]
    if profile.offence_years_min is None or not deep or offence["is_listed"]:
        return
    years = offence["maximum_years"]
    if years is None or years < profile.offence_years_min:
        yield Finding(
            code="offence_below_threshold", weight=Weight.BAD, field="offence_years", about=", ".join(deep),
            text=_("The offence does not reach the threshold for this data, and is not said to be a listed one"),
            source=profile.offence_source,
        )  # fmt: skip


def country_takes_part(document: Document, today: date) -> Iterator[Finding]:
    """Say whether such an order can come from that country at all."""
    profile = _profile(document)
    if profile.countries and document["authority"]["country"] not in profile.countries:
        yield Finding(
            code="country_not_bound", weight=Weight.BAD, field="authority_country",
            text=_("Such an order cannot come from this country"), source=profile.source,
        )  # fmt: skip


def instrument_date_is_plausible(document: Document, today: date) -> Iterator[Finding]:
    """Look at the date the instrument was issued."""
    issued = date.fromisoformat(document["authority"]["issued_on"])
    if today - issued > _INSTRUMENT_OLD:
        yield Finding(
            code="instrument_old", weight=Weight.WARN, field="issued_on",
            text=_("The instrument is older than six months"), source=PRACTICE,
        )  # fmt: skip


def targets_are_usable(document: Document, today: date) -> Iterator[Finding]:
    """Look at every identifier and its period."""
    for target in document["targets"]:
        about = str(target["n"])
        if target["problem"]:
            yield Finding(
                code="identifier_unusable", weight=Weight.BAD, field="targets", about=about,
                text=problem_sentence(target["problem"]),
            )  # fmt: skip
        start = datetime.fromisoformat(target["period"]["start"])
        end = datetime.fromisoformat(target["period"]["end"])
        if start.date() > today:
            yield Finding(
                code="period_in_future", weight=Weight.BAD, field="targets", about=about,
                text=_("The period has not begun yet"),
            )  # fmt: skip
        elif end - start > _PERIOD_LONG:
            yield Finding(
                code="period_long", weight=Weight.WARN, field="targets", about=about,
                text=_("The period is longer than five years: is all of it necessary?"),
                source=regulation("5(2)"),
            )  # fmt: skip


def non_disclosure_holds(document: Document, today: date) -> Iterator[Finding]:
    """Say whether an order not to inform the person is there and still in force."""
    until = document["non_disclosure_until"]
    if until is None:
        yield Finding(
            code="no_non_disclosure", weight=Weight.INFO, field="non_disclosure_until",
            text=_("No order not to inform the person"),
        )  # fmt: skip
    elif date.fromisoformat(until) < today:
        yield Finding(
            code="non_disclosure_expired", weight=Weight.WARN, field="non_disclosure_until",
            text=_("The order not to inform the person has expired"),
        )  # fmt: skip


def language_is_accepted(document: Document, today: date) -> Iterator[Finding]:
    """Say whether the desk reads the language of the instrument."""
    if document["language"] not in LANGUAGES:
        yield Finding(
            code="language_not_accepted", weight=Weight.WARN, field="language",
            text=_("The desk does not read this language: a translation is needed"),
        )  # fmt: skip


_INSTRUMENT_OLD = timedelta(days=183)
_PERIOD_LONG = timedelta(days=5 * 366)

_CHECKS: Sequence[Check] = (
    authority_may_order,
    offence_reaches_threshold,
    country_takes_part,
    instrument_date_is_plausible,
    targets_are_usable,
    non_disclosure_holds,
    language_is_accepted,
)
