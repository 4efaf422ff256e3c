"""Loading the demo: as far as was asked, whole or not at all, at moments that can be, with nothing real in it."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pikepdf
import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from entraide import identifiers
from entraide.audit import api as audit
from entraide.desk.demo import __main__ as demo
from entraide.desk.demo import papers, story
from entraide.desk.demo.story import Days, Stage
from entraide.kernel import faults
from entraide.kernel.errors import NotFound, NotPossible
from entraide.requests.examining import examine
from tests.desk.loading import PLANTED, build_packages, empty_demo, planted
from tests.plugins.desk import Desk, DeskDatabase


@pytest.fixture
def empty(desk_database: DeskDatabase) -> Iterator[Desk]:
    """Return a demo's desk that nothing was loaded into."""
    with empty_demo(desk_database) as desk:
        yield desk
    faults.disarm()


@pytest.mark.parametrize(("stage", "state"), [("filed", "submitted"), ("decision", "in_decision")])
def test_a_stage_brings_the_main_story_exactly_so_far(empty: Desk, stage: str, state: str) -> None:
    demo.load(stage, now=empty.now)

    assert dict(empty.superuser_sql("SELECT agency_reference, state FROM requests_legalrequest")) == {
        "MS-4711/26": state,
        "MS-4390/26": "approved",
        "MS-4823/26": "awaiting_countersignature",
        "MS-4655/26": "in_decision",
        "MS-4702/26": "question_asked",
        "MS-4840/26": "draft",
        "VE-208/26": "submitted",
        "VE-197/26": "returned_for_correction",
    }


def test_the_stage_delivered_delivers_the_main_story(empty: Desk) -> None:
    demo.load("delivered", now=empty.now)
    build_packages(empty)

    [(state,)] = empty.superuser_sql("SELECT state FROM requests_legalrequest WHERE agency_reference = 'MS-4711/26'")
    assert state == "delivered"


# ----------------------------------------------------------------------------------------------------- whole or void


@pytest.mark.parametrize("point", ["demo.people_came", "requests.after_filing", "demo.story_told"])
def test_a_demo_cut_while_loading_has_no_mark_of_its_end_and_is_not_gone_on_with(empty: Desk, point: str) -> None:
    faults.arm(point, "raise")
    with pytest.raises(faults.FaultInjected):
        demo.load("triage", now=empty.now)
    faults.disarm()

    assert not (Path(settings.HOME) / "demo" / "loaded").exists()
    assert audit.instance().demo_loaded_at is None
    with pytest.raises(NotPossible):
        demo.load("triage", now=empty.now)


def test_H6_no_other_kind_of_desk_loads_a_demo(empty: Desk) -> None:
    with override_settings(KIND="trial"), pytest.raises(NotFound):
        demo.load("triage", now=empty.now)
    assert empty.superuser_sql("SELECT count(*) FROM access_person") == [(0,)]


# ------------------------------------------------------------------------------------------------------------ moments


@given(
    now=st.integers(0, 15 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    stage=st.sampled_from(Stage),
)
def test_whenever_a_demo_is_loaded_nothing_lies_in_the_future_and_each_request_goes_forward(
    now: datetime, stage: Stage
) -> None:
    somebody = SimpleNamespace(organisation_id=None)
    cast_of_nobody = cast(Any, SimpleNamespace(**dict.fromkeys(_NAMES, somebody)))

    for chapter in story._CHAPTERS:
        moments = [moment for moment, _step in chapter(cast_of_nobody, stage, Days(now))]
        assert moments == sorted(moments), chapter.__name__
        assert now - story.PEOPLE_CAME < moments[0] and moments[-1] < now, chapter.__name__
    assert story.PEOPLE_CAME < story.DESK_WAS_MADE


_NAMES = ("otto", "sabine", "ada", "ivo", "ines", "anouk", "marc", "aude", "dora")


# ------------------------------------------------------------------------------------------------- what is made up


def test_every_planted_identifier_is_valid_and_the_story_asks_about_it() -> None:
    source = Path(story.__file__).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in PLANTED.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    values = [line[name] for line in lines for name in ("address", "txid", "email") if name in line]

    found = {value: [one for one in identifiers.extract(value) if one.value == value] for value in values}

    assert len(values) >= 14
    assert [value for value in values if value not in source] == []
    assert [value for value, hits in found.items() if not hits or not hits[0].valid] == []
    assert len(planted(datetime.now(UTC))) == len(lines)


def test_what_is_planted_happened_within_the_period_the_story_asks_about() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    first, last = now - timedelta(days=89), now - timedelta(days=11)

    assert [item.line for item in planted(now) if item.at and not first < item.at < last] == []


def test_the_statement_of_the_draft_is_as_messy_as_the_ones_people_bring() -> None:
    found = [one for one in identifiers.extract(story.STATEMENT) if one.kind in ("address", "txid")]

    assert [one.valid for one in found] == [True, False, False, True, True, True]
    assert {network for one in found for network in one.networks[:1]} >= {"evm", "bitcoin", "litecoin"}
    assert [str(one.kind) for one in found].count("txid") == 1


def test_the_orders_say_of_themselves_that_they_are_none() -> None:
    words = {"authority": "Amtsgericht Musterstadt", "title": "European Production Order", "reference": "MS-1/26"}
    one = papers.order(**words, day="2026-11-20", paragraphs=["Ordered (as asked)."])

    with pikepdf.open(io.BytesIO(one)) as pdf:
        drawn = pdf.pages[0].Contents.read_bytes()
    assert b"DEMO: not a real order" in drawn and b"Ordered \\(as asked\\)." in drawn
    assert papers.order(**words, day="2026-11-20", paragraphs=["Ordered (as asked)."]) == one
    assert papers.order(**words, day="2026-11-21", paragraphs=["Ordered (as asked)."]) != one
    assert examine(one).n_pages == 1
