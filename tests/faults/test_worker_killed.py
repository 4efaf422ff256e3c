"""F06–F09, F11: the worker killed at each point it passes between the filing and the released package."""

from collections.abc import Iterator

import pytest

from entraide.kernel import faults
from tests.faults.forge import Forge, a_forge
from tests.faults.walking import (
    ACCOUNTS_FOUND,
    AFTER_IT,
    BEFORE_THE_ANSWER,
    FETCH,
    RELEASED,
    Death,
    Walk,
    WebAct,
)
from tests.plugins.desk import DeskDatabase

# Every point the worker passes; where it dies first says which fault of the list it is.
OUTBOX = ["outbox.after_claim", "outbox.during_call", "outbox.before_store", "outbox.after_store"]
LOOKING_UP = ["outbox.after_claim", "requests.after_lookup", "outbox.before_store"]
PACKAGE = [
    "disclosure.segment_written", "disclosure.segment_noted", "package.part_written", "package.part_done",
    "disclosure.sealed", "package.bag", "disclosure.archived", "package.encrypted", "disclosure.encrypted",
    "disclosure.assembled",
]  # fmt: skip
TRANSACTION = [
    "operation.begun", "audit.before_entry", "audit.entry_ready", "operation.before_commit", "operation.after_commit",
]  # fmt: skip


def do(walk: Walk, *acts: WebAct) -> None:
    for act in acts:
        act.do(walk, **act.prepare(walk))


@pytest.fixture(scope="module")
def forge(desk_database: DeskDatabase) -> Iterator[Forge]:
    """Return what makes the workers of these tests."""
    with a_forge(desk_database) as forge:
        yield forge


@pytest.fixture
def walk(walk: Walk, forge: Forge) -> Walk:
    """Return the story; its workers are processes of their own."""
    walk.forge = forge
    return walk


def work_until(walk: Walk, is_done: str, death: Death | None, *, every: bool) -> int:
    """Start workers until the story is as far as `is_done` says; kill them; return how many died.

    The first is killed at `death`; with `every`, the next at its next passing, and so on until one passes it no more.
    Between two of them the sequencer does its round and the time passes that leases and back-offs wait for.
    """
    n_died = 0
    for _ in range(60):
        if not walk.worker(death):
            n_died += 1
            death = death.then(death.at + 1) if death and every else None
        walk.story.desk.sequence()
        walk.minutes_pass()
        walk.sweep()
        if walk.story.desk.superuser_sql(is_done):
            break
    else:
        raise AssertionError("the story did not go on")
    walk.worker()  # what a worker killed after its commit left to be closed
    walk.story.desk.sequence()
    return n_died


def test_every_point_named_here_is_one_that_a_worker_passes(walk: Walk) -> None:
    points = {*OUTBOX, *LOOKING_UP, *PACKAGE, *TRANSACTION}
    passed: set[str] = set()
    for point in points:
        faults.arm(point, passed.add)
    walk.forge = None  # the worker in this process, where its passing is seen

    do(walk, *BEFORE_THE_ANSWER)
    passed.clear()  # what a page passes too must be passed again
    walk.carry_on(until=ACCOUNTS_FOUND)
    do(walk, *AFTER_IT)
    walk.carry_on(until=RELEASED)

    assert passed == points


@pytest.mark.parametrize("point", LOOKING_UP)
def test_f06_f08_a_worker_killed_while_it_looks_accounts_up_gives_one_answer(walk: Walk, point: str) -> None:
    do(walk, *BEFORE_THE_ANSWER)

    assert work_until(walk, ACCOUNTS_FOUND, Death(point), every=False) == 1

    assert walk.story.events().count("requests:lookup:answered") == 1
    assert len(walk.accounts()) == 1
    finish(walk)


@pytest.mark.parametrize("point", [*OUTBOX, "disclosure.segment_noted", "disclosure.sealed", "disclosure.encrypted"])
def test_f06_to_f09_f11_a_worker_killed_on_the_way_to_the_package_releases_one(walk: Walk, point: str) -> None:
    do(walk, *BEFORE_THE_ANSWER)
    walk.carry_on(until=ACCOUNTS_FOUND)
    do(walk, *AFTER_IT)

    assert work_until(walk, RELEASED, Death(point), every=False) == 1

    do(walk, FETCH)
    walk.story.desk.sequence()
    walk.assert_nothing_lost_and_nothing_doubled()


def finish(walk: Walk) -> None:
    do(walk, *AFTER_IT)
    walk.carry_on(until=RELEASED)
    do(walk, FETCH)
    walk.story.desk.sequence()
    walk.assert_nothing_lost_and_nothing_doubled()


@pytest.mark.long
@pytest.mark.parametrize("point", [*OUTBOX, *PACKAGE, *TRANSACTION])
def test_f06_to_f09_f11_a_worker_killed_at_every_passing_of_a_point_still_releases_one(walk: Walk, point: str) -> None:
    """Killed again and again, each time one step further, through the whole story."""
    do(walk, *BEFORE_THE_ANSWER)
    n_died = work_until(walk, ACCOUNTS_FOUND, Death(point), every=True)
    do(walk, *AFTER_IT)
    n_died += work_until(walk, RELEASED, Death(point), every=True)

    assert n_died >= 1
    do(walk, FETCH)
    walk.story.desk.sequence()
    walk.assert_nothing_lost_and_nothing_doubled()
