"""Deadlines with their stops, and what a machine says about a request before a person reads it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from entraide.exchange.port import Category
from entraide.requests import law, rules
from entraide.requests.law import AuthorityKind, LegalBasis, Urgency
from entraide.requests.rules import Stop, Weight
from tests.requests.material import filled, request_document

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_day_of_receipt_is_not_counted_and_the_last_day_is_whole():
    assert rules.due_at(NOON, LegalBasis.EPOC, Urgency.STANDARD) == datetime(2026, 3, 13, tzinfo=UTC)
    just_after_midnight = datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)
    assert rules.due_at(just_after_midnight, LegalBasis.EPOC, Urgency.STANDARD) == datetime(2026, 3, 13, tzinfo=UTC)


def test_days_are_those_of_the_place():
    late_in_utc = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # the 3rd in Paris
    due = rules.due_at(late_in_utc, LegalBasis.EPOC, Urgency.STANDARD, zone=ZoneInfo("Europe/Paris"))
    assert due == datetime(2026, 3, 13, 23, 0, tzinfo=UTC)


def test_an_emergency_order_runs_eight_hours_from_the_moment():
    assert rules.due_at(NOON, LegalBasis.EPOC, Urgency.EMERGENCY) == NOON + timedelta(hours=8)


def test_ten_days_hold_across_the_change_to_summer_time():
    start = datetime(2026, 3, 25, 9, 0, tzinfo=UTC)
    due = rules.due_at(start, LegalBasis.EPOC, Urgency.STANDARD, zone=ZoneInfo("Europe/Paris"))
    assert due == datetime(2026, 4, 4, 22, 0, tzinfo=UTC)  # midnight in Paris, which is UTC+2 by then


def test_while_a_question_is_open_nothing_is_owed_and_what_is_left_is_kept():
    reading = rules.read_clock(NOON, LegalBasis.EPOC, Urgency.EMERGENCY, stops=[Stop(NOON + timedelta(hours=3))])
    assert reading.due_at is None
    assert reading.left == timedelta(hours=5)
    assert not reading.is_overdue(NOON + 30 * DAY)


def test_overdue_begins_after_the_moment_itself():
    reading = rules.read_clock(NOON, LegalBasis.EPOC, Urgency.EMERGENCY)
    assert not reading.is_overdue(NOON + timedelta(hours=8))
    assert reading.is_overdue(NOON + timedelta(hours=8, microseconds=1))


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), max_size=6))
def test_each_stop_moves_the_end_by_exactly_its_length(minutes):
    stops, at = [], NOON
    for run, stand in minutes:
        at += timedelta(minutes=run)
        stops.append(Stop(at, at + timedelta(minutes=stand)))
        at += timedelta(minutes=stand)
    plain = rules.due_at(NOON, LegalBasis.EPOC, Urgency.STANDARD)
    stood = sum((stop.ended_at - stop.started_at for stop in stops), timedelta())
    assert rules.due_at(NOON, LegalBasis.EPOC, Urgency.STANDARD, stops=stops[::-1]) == plain + stood


def test_a_clarification_is_owed_in_five_days_under_the_regulation():
    assert rules.answer_due_at(NOON, LegalBasis.EPOC) == datetime(2026, 3, 8, tzinfo=UTC)


def codes(document, today=date(2026, 3, 2)):
    return {finding.code for finding in rules.intake_findings(document, today)}


def test_a_sound_request_has_nothing_against_it():
    findings = rules.intake_findings(request_document(), date(2026, 3, 2))
    assert {finding.weight for finding in findings} <= {Weight.INFO, Weight.GOOD}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"authority_kind": "prosecutor", "categories": ["T2"]}, "authority_not_competent"),
        ({"authority_kind": "police", "categories": ["S1"]}, "authority_not_competent"),
        ({"offence_years": "2", "categories": ["T2"]}, "offence_below_threshold"),
        ({"offence_years": "", "categories": ["C1"]}, "offence_below_threshold"),
        ({"authority_country": "DK"}, "country_not_bound"),
        ({"issued_on": "2025-01-01"}, "instrument_old"),
        ({"non_disclosure_until": "2026-03-01"}, "non_disclosure_expired"),
        ({"non_disclosure_until": ""}, "no_non_disclosure"),
        ({"language": "de"}, "language_not_accepted"),
        (
            {
                "authority_kind": "police", "categories": ["S1"], "urgency": "emergency",
                "emergency_reason": "A person is held.",
            },
            "validation_to_follow",
        ),
    ],
)  # fmt: skip
def test_each_check_finds_its_case_and_nothing_else(changes, code):
    assert codes(request_document()) == set()
    assert codes(request_document(**changes)) == {code}


def test_validation_by_a_judge_makes_a_prosecutors_order_for_traffic_good():
    document = request_document(
        authority_kind="prosecutor", categories=["T2"], validating_kind="judge", validating_name="Tribunal"
    )
    assert codes(document) == set()


def test_a_listed_offence_needs_no_threshold():
    assert codes(request_document(offence_years="1", offence_is_listed=True, categories=["T2"])) == set()


def test_targets_are_looked_at_one_by_one():
    targets = filled()["targets"]
    targets.append({**targets[0], "value": targets[0]["value"][:-1] + "x", "as_written": True})
    targets.append({**targets[0], "period_from": "2027-01-01", "period_to": "2027-02-01"})
    targets.append({**targets[0], "period_from": "2015-01-01", "period_to": "2026-02-01"})
    findings = rules.intake_findings(request_document(targets=targets), date(2026, 3, 2))
    assert {(one.code, one.about) for one in findings} == {
        ("identifier_unusable", "2"), ("period_in_future", "3"), ("period_long", "4"),
    }  # fmt: skip


def test_every_basis_has_a_row_with_its_clocks_and_every_category_a_group():
    assert set(law.PROFILES) == set(LegalBasis)
    for profile in law.PROFILES.values():
        assert set(profile.clocks) == set(Urgency)
        assert all(clock.source for clock in profile.clocks.values())
        assert set(profile.may_order) == set(law.Group)
        assert profile.grounds()
    assert set(law.CATEGORIES) == set(Category)
    assert set(law.AUTHORITY_LABELS) == set(AuthorityKind)


@pytest.mark.parametrize(
    ("language", "act"),
    [("en", "Regulation (EU)"), ("fr", "Règlement (UE)"), ("es", "Reglamento (UE)"), ("ar", "اللائحة")],
)
def test_a_citation_is_said_in_the_language_of_its_reader(language: str, act: str) -> None:
    source = law.PROFILES[LegalBasis.EPOC].clarification.source
    with translation.override(language):
        assert str(source).startswith(act)
        assert "10(6)" in str(source)
