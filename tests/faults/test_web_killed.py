"""F01–F05: the web program killed at each step of each act that people do, from filing to download."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from entraide.kernel.errors import Refusal
from tests.faults.walking import (
    ACCEPT,
    ACCOUNTS_FOUND,
    AFTER_IT,
    BEFORE_THE_ANSWER,
    FETCH,
    RELEASED,
    Death,
    Walk,
    WebAct,
    in_a_process,
)

# F01 before anything is done, F02 state changed but no entry, F03 entry but no news, F04 all of it but no COMMIT.
BEFORE = ["operation.begun", "audit.before_entry", "audit.entry_ready", "operation.before_commit"]
AFTER = "operation.after_commit"  # F05: done, and nobody was told


@pytest.mark.parametrize("point", [*BEFORE, AFTER])
def test_f01_to_f05_each_act_of_a_person_is_whole_or_never_was_when_the_web_program_is_killed(
    walk: Walk, point: str
) -> None:
    for act in _acts_in_their_order(walk):
        signed = act.prepare(walk)
        before = walk.story.events()
        assert act.entry not in before

        deaths = _kill_at_every_passing(walk, act, signed, point, before)

        assert deaths >= 1
        assert walk.story.events() == [*before, act.entry]
        with suppress(Refusal):  # the person saw no answer, and sends the same once more
            act.do(walk, **signed)
        assert walk.story.events() == [*before, act.entry]

    walk.story.desk.sequence()
    walk.assert_nothing_lost_and_nothing_doubled()


def _kill_at_every_passing(walk: Walk, act: WebAct, signed: dict[str, Any], point: str, before: list[str]) -> int:
    """Kill the act at the first passing of the point, then the second, until one attempt lives; count the deaths."""
    for n in range(1, 20):
        if in_a_process(lambda: act.do(walk, **signed), Death(point, n)):
            return n - 1
        if point == AFTER:
            return n  # it was done: only the answer was lost
        assert walk.story.events() == before
    raise AssertionError("it never lived")


def _acts_in_their_order(walk: Walk) -> Iterator[WebAct]:
    yield from BEFORE_THE_ANSWER
    walk.carry_on(until=ACCOUNTS_FOUND)
    yield from AFTER_IT
    walk.carry_on(until=RELEASED)
    yield FETCH


def test_f03_a_filing_whose_news_was_not_written_is_no_filing(walk: Walk) -> None:
    """The entry and the news to the worker go together, whatever the web program's last moment was."""
    for act in BEFORE_THE_ANSWER[:2]:
        act.do(walk, **act.prepare(walk))
    n_news = len(walk.story.desk.superuser_sql("SELECT 1 FROM outbox_effect"))

    assert not in_a_process(lambda: ACCEPT.do(walk), Death("audit.entry_ready"))

    assert len(walk.story.desk.superuser_sql("SELECT 1 FROM outbox_effect")) == n_news
    assert "requests:request:accepted" not in walk.story.events()
