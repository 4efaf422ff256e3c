"""Effects once, news to everyone, and workers that die at the worst moment."""

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from entraide.audit import api as audit
from entraide.database import acting_in, operation, reading_as
from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import NotPermitted, Unavailable
from entraide.kernel.ids import uuid7
from entraide.outbox import api as outbox
from entraide.outbox import loop, registry
from entraide.outbox.states import DONE, EFFECT, OPEN
from tests.outbox.far_side import FarSide
from tests.plugins.desk import NOON, Desk

POLICE = UUID(int=1)
ANOUK = Actor(face=Face.STAFF, name="Anouk Analyst", person_id=UUID(int=13), organisation_id=UUID(int=3))
OTTO = Actor(face=Face.AGENCY, name="Otto Officer", person_id=UUID(int=11), organisation_id=POLICE)
IVO = Actor(face=Face.AGENCY, name="Ivo Other", person_id=UUID(int=12), organisation_id=UUID(int=2))


@pytest.fixture
def far_side(tmp_path: Path) -> FarSide:
    return FarSide(tmp_path / "far.db")


@pytest.fixture(autouse=True)
def registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test registers is there: the rooms' own handlers are theirs to test."""
    monkeypatch.setattr(registry, "_is_discovered", True)
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_reactions", {})


@operation
def ask(
    order: str = "R-1", *, actor: Actor = ANOUK, version: int = 1, case_id: UUID | None = None, fail: bool = False
) -> UUID:
    effect = outbox.Effect(
        order=order,
        action="tests:hold:place",
        version=version,
        request={"amount": "150000", "account": "secret-account"},
        act_hash=b"h" * 32,
        case_id=case_id,
        organisation_id=POLICE,
    )
    asked = outbox.ask(effect, now=NOON)
    if fail:
        raise RuntimeError("rolled back")
    return asked


def work() -> int:
    with acting_in("worker"):
        return loop.drain()


def due_now(desk: Desk) -> None:
    desk.superuser_sql("UPDATE outbox_effect SET due_at = clock_timestamp() WHERE finished_at IS NULL")


def states(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.superuser_sql("SELECT key, state, attempt FROM outbox_effect ORDER BY key")


def honours_keys(far_side: FarSide) -> None:
    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        far_side.place(effect.key)
        return outbox.Confirmed({"held": effect.request["amount"]})


def test_an_effect_is_done_after_the_commit_with_its_key_and_its_outcome_is_in_the_log(
    desk: Desk, far_side: FarSide
) -> None:
    honours_keys(far_side)
    case_id = uuid7()

    @operation
    def open_case(*, actor: Actor) -> UUID:
        return audit.open_stream(audit.StreamKind.CASE, organisation_id=POLICE, case_id=case_id, now=NOON)

    stream = open_case(actor=ANOUK)
    ask(actor=ANOUK, case_id=case_id)
    assert far_side.effects() == []

    assert work() == 1

    assert far_side.effects() == [("R-1/tests:hold:place/1", 1)]
    with reading_as(ANOUK):
        [entry] = audit.entries_of(stream)
        assert entry.kind == "outbox:effect:confirmed"
        assert entry.payload == {"key": "R-1/tests:hold:place/1", "attempt": 1, "answer": {"held": "150000"}}
        assert entry.act_hash == (b"h" * 32).hex()
        [view] = outbox.effects_of_case(case_id)
    assert (view.state, view.attempts) == (outbox.EffectState.CONFIRMED, 1)


def test_what_is_rolled_back_is_never_done(desk: Desk, far_side: FarSide) -> None:
    honours_keys(far_side)
    with pytest.raises(RuntimeError):
        ask(actor=ANOUK, fail=True)

    assert work() == 0
    assert far_side.effects() == []


def test_the_same_version_of_an_order_cannot_be_asked_for_twice(desk: Desk) -> None:
    ask(actor=ANOUK)
    with pytest.raises(IntegrityError):
        ask(actor=ANOUK)


def test_the_request_reaches_the_database_as_ciphertext(desk: Desk) -> None:
    ask(actor=ANOUK)

    [(row,)] = desk.superuser_sql("SELECT outbox_effect::text FROM outbox_effect")

    assert b"secret-account" not in bytes.fromhex(row.split("\\x")[1].split('"')[0])
    assert "secret-account" not in row


def test_no_answer_is_unknown_and_asked_again_with_the_same_key(desk: Desk, far_side: FarSide) -> None:
    attempts: list[tuple[str, bool]] = []

    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        attempts.append((effect.key, effect.is_repeat))
        far_side.place(effect.key)
        if len(attempts) == 1:
            raise Unavailable("Holding", why="the exchange did not answer in time")
        return outbox.Confirmed()

    ask(actor=ANOUK)
    assert work() == 1
    assert states(desk) == [("R-1/tests:hold:place/1", "unknown", 1)]
    assert work() == 0  # not before the back-off is over
    due_now(desk)
    assert work() == 1

    assert attempts == [("R-1/tests:hold:place/1", False), ("R-1/tests:hold:place/1", True)]
    assert far_side.effects() == [("R-1/tests:hold:place/1", 2)]  # called twice, done once
    assert states(desk) == [("R-1/tests:hold:place/1", "confirmed", 2)]


def test_a_fault_in_a_handler_is_not_an_answer(desk: Desk) -> None:
    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        raise ZeroDivisionError(effect.request["account"])

    ask(actor=ANOUK)
    work()

    assert states(desk) == [("R-1/tests:hold:place/1", "unknown", 1)]
    assert desk.superuser_sql("SELECT last_problem FROM outbox_effect") == [("ZeroDivisionError",)]


def test_a_refusal_of_the_other_side_is_final_and_noted_with_the_outcome(desk: Desk) -> None:
    noted: list[str] = []

    def note(effect: outbox.EffectToDo, outcome: outbox.Outcome, *, actor: Actor, now: Any) -> None:
        assert isinstance(outcome, outbox.Refused)
        noted.append(outcome.reason)

    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT, note=note)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        return outbox.Refused("no such account")

    ask(actor=ANOUK)
    work()
    due_now(desk)

    assert (work(), noted) == (0, ["no such account"])
    assert states(desk) == [("R-1/tests:hold:place/1", "refused", 1)]


def test_a_note_that_fails_keeps_the_outcome_from_being_stored(desk: Desk, far_side: FarSide) -> None:
    failures = iter([True, False])

    def note(effect: outbox.EffectToDo, outcome: outbox.Outcome, *, actor: Actor, now: Any) -> None:
        if next(failures):
            raise RuntimeError

    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT, note=note)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        far_side.place(effect.key)
        return outbox.Confirmed()

    ask(actor=ANOUK)
    work()
    due_now(desk)
    work()

    assert far_side.effects() == [("R-1/tests:hold:place/1", 2)]
    assert states(desk) == [("R-1/tests:hold:place/1", "confirmed", 2)]


def test_an_effect_whose_signatures_do_not_hold_is_never_done(desk: Desk, far_side: FarSide) -> None:
    def refuse(effect: outbox.EffectToDo) -> None:
        raise NotPermitted("Holding", why="the second signature is not over this act")

    @outbox.handler("tests:hold:place", verifies=refuse)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        far_side.place(effect.key)
        return outbox.Confirmed()

    ask(actor=ANOUK)
    work()

    assert far_side.effects() == []
    assert states(desk) == [("R-1/tests:hold:place/1", "refused", 1)]
    with reading_as(ANOUK):
        assert audit.entries_of(audit.instance_stream())[-1].kind == "outbox:effect:blocked"


def test_signatures_that_cannot_be_checked_now_delay_the_effect(desk: Desk, far_side: FarSide) -> None:
    answers = iter([Unavailable("Checking", why="the key store is down"), None])

    def check(effect: outbox.EffectToDo) -> None:
        problem = next(answers)
        if problem:
            raise problem

    @outbox.handler("tests:hold:place", verifies=check)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        far_side.place(effect.key)
        return outbox.Confirmed()

    ask(actor=ANOUK)
    work()
    assert far_side.effects() == []
    due_now(desk)
    work()
    assert far_side.effects() == [("R-1/tests:hold:place/1", 1)]


def test_a_handler_cannot_be_registered_in_silence_about_signatures() -> None:
    with pytest.raises(TypeError, match="verifies"):
        outbox.handler("tests:hold:place")  # type: ignore[call-arg]


def test_an_older_version_is_not_sent_after_a_newer_one_was_asked_for(desk: Desk, far_side: FarSide) -> None:
    honours_keys(far_side)
    ask(actor=ANOUK, version=1)
    ask(actor=ANOUK, version=2)

    assert work() == 2

    assert far_side.effects() == [("R-1/tests:hold:place/2", 1)]
    assert [state for _, state, _ in states(desk)] == ["refused", "confirmed"]


def test_a_slow_worker_whose_row_was_taken_over_changes_nothing(desk: Desk, far_side: FarSide) -> None:
    """F51: the first worker comes back after the second has finished."""
    calls: list[int] = []

    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        calls.append(effect.attempt)
        far_side.place(effect.key)
        if len(calls) == 1:
            due_now(desk)  # the lease runs out while this one is still at it
            assert work_alone() == 1
            return outbox.Refused("too late")
        return outbox.Confirmed()

    ask(actor=ANOUK)
    work()

    assert calls == [1, 2]
    assert states(desk) == [("R-1/tests:hold:place/1", "confirmed", 2)]


def work_alone() -> int:
    from concurrent.futures import ThreadPoolExecutor

    from tests.plugins.desk import close_connections

    def other() -> int:
        try:
            return work()
        finally:
            close_connections()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(other).result()


def test_two_workers_never_have_the_same_row(desk: Desk, far_side: FarSide) -> None:
    """F51"""
    from concurrent.futures import ThreadPoolExecutor

    honours_keys(far_side)
    for number in range(20):
        ask(f"R-{number}", actor=ANOUK)

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: work_alone(), range(4)))

    assert done == 20
    assert sorted(count for _, count in far_side.effects()) == [1] * 20


def test_news_reach_every_reaction_once_and_a_failing_one_repeats_alone(desk: Desk) -> None:
    heard: list[str] = []

    @outbox.reaction("tests:thing:done")
    def first(news: outbox.News, *, actor: Actor, now: Any) -> None:
        heard.append(f"first {news.subject_id}")

    @outbox.reaction("tests:thing:done")
    def second(news: outbox.News, *, actor: Actor, now: Any) -> None:
        heard.append("second")
        if heard.count("second") == 1:
            raise RuntimeError

    @operation
    def announce(*, actor: Actor) -> None:
        outbox.announce("tests:thing:done", subject_id=UUID(int=7), organisation_id=POLICE, case_id=None, now=NOON)

    announce(actor=OTTO)  # the agency's own role may announce
    work()
    due_now(desk)
    work()

    assert sorted(heard) == [f"first {UUID(int=7)}", "second", "second"]
    assert [state for _, state, _ in states(desk)] == ["confirmed"] * 3


def test_an_agency_does_not_see_the_effects_of_another(desk: Desk) -> None:
    ask(actor=ANOUK)

    with reading_as(OTTO):
        assert outbox.effect_of("R-1", "tests:hold:place") is not None
    with reading_as(IVO):
        assert outbox.effect_of("R-1", "tests:hold:place") is None


def test_the_states_and_the_statements_agree() -> None:
    assert set(EFFECT.states()) == {*OPEN, *DONE}
    assert {step.source for step in EFFECT.steps if step.verb == "claim"} == set(OPEN)
    assert {state for state in EFFECT.states() if not list(EFFECT.verbs_from(state))} == set(DONE)


POINTS = [
    "outbox.after_claim",
    "outbox.during_call",
    "far_side.after_effect",
    "outbox.before_store",
    "outbox.after_store",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_loses_nothing_and_doubles_nothing(
    desk: Desk, far_side: FarSide, point: str
) -> None:
    """F06–F09."""
    for number in range(3):
        ask(f"R-{number}", actor=ANOUK)

    killed = worker_process(desk, far_side, f"{point}=kill")
    assert killed.returncode == -9
    due_now(desk)
    assert worker_process(desk, far_side, "").returncode == 0

    assert [key for key, _ in far_side.effects()] == [f"R-{number}/tests:hold:place/1" for number in range(3)]
    assert [state for _, state, _ in states(desk)] == ["confirmed"] * 3
    assert desk.superuser_sql("SELECT count(*) FROM audit_entry WHERE kind = 'outbox:effect:confirmed'") == [(3,)]
    desk.sequence()


def worker_process(desk: Desk, far_side: FarSide, faults: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {**desk.environment(), "ENTRAIDE_PROCESS": "worker", "ENTRAIDE_FAULTS": faults}
    command = [sys.executable, "-m", "tests.outbox.far_side", str(far_side.path)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)


def test_progress_is_seen_while_the_work_is_not_committed_and_survives_a_kill(desk: Desk) -> None:
    subject = uuid7()
    with acting_in("worker"):
        with (
            pytest.raises(ZeroDivisionError),
            outbox.Progress("tests:work", subject_id=subject, organisation_id=POLICE) as progress,
        ):
            progress.report(5, 10, "rows", cursor={"after": 5})
            raise ZeroDivisionError
        with reading_as(OTTO):
            view = outbox.progress_of("tests:work", subject)
            assert view is not None
            assert (view.state, view.done, view.total, view.note, view.share) == (
                "failed",
                5,
                10,
                "ZeroDivisionError",
                0.5,
            )
        with outbox.Progress("tests:work", subject_id=subject, organisation_id=POLICE) as progress:
            assert (progress.cursor, progress.done) == ({"after": 5}, 5)
    with reading_as(ANOUK):
        view = outbox.progress_of("tests:work", subject)
    assert view is not None
    assert view.state == "finished"


def test_work_stops_when_it_is_cancelled(desk: Desk) -> None:
    subject = uuid7()

    @operation
    def cancel(*, actor: Actor) -> bool:
        return outbox.ask_to_cancel("tests:work", subject)

    with (
        acting_in("worker"),
        pytest.raises(outbox.Cancelled),
        outbox.Progress("tests:work", subject_id=subject, organisation_id=POLICE) as progress,
    ):
        progress.check()
        desk.superuser_sql("UPDATE outbox_progress SET is_cancel_asked = true")
        progress.report(1, cursor={})
        progress.check()
    assert not cancel(actor=ANOUK)
    with reading_as(ANOUK):
        view = outbox.progress_of("tests:work", subject)
    assert view is not None
    assert view.state == "cancelled"


def test_a_job_queued_in_an_operation_goes_with_it(desk: Desk) -> None:
    from entraide.outbox.jobs import sweep

    @operation
    def queue(*, actor: Actor, fail: bool) -> None:
        outbox.later(sweep.name, timestamp=0)
        if fail:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        queue(actor=ANOUK, fail=True)
    with acting_in("worker"), pytest.raises(RuntimeError):
        queue(actor=Actor.system("worker"), fail=True)
    with pytest.raises(Exception, match="announces news"):
        queue(actor=OTTO, fail=False)
    assert desk.superuser_sql("SELECT count(*) FROM procrastinate_jobs") == [(0,)]

    queue(actor=ANOUK, fail=False)
    assert desk.superuser_sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == [(1,)]
    assert desk.work() >= 1
    assert set(desk.superuser_sql("SELECT status FROM procrastinate_jobs")) == {("succeeded",)}
