"""The story with the desk's real processes, a real exchange and a real database, each of them killed on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from entraide.kernel import clock, faults
from tests.faults.keeping import a_keeper
from tests.faults.walking import (
    ACCOUNTS_FOUND,
    AFTER_IT,
    BEFORE_THE_ANSWER,
    FETCH,
    RELEASED,
    Walk,
    WebAct,
    in_a_process,
)
from tests.plugins.desk import close_connections
from tests.plugins.postgres import PostgresForTests
from tests.reference_exchange.process import ReferenceExchange, new_database, run
from tests.requests.material import ADDRESS

EVERYTHING_PLACED = "SELECT 1 WHERE (SELECT max(size) FROM audit_checkpoint) = (SELECT count(*) FROM audit_entry)"
LOOKED_UP_IN_VAIN = "SELECT 1 FROM requests_lookup WHERE state = 'failed'"
ALL_CLOSED = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox_effect WHERE state <> 'confirmed')"
SOME: dict[str, Sequence[str]] = {
    "signer": ["signer.after_save"],
    "sequencer": ["sequencer.before_checkpoint"],
    "worker": ["requests.after_lookup", "disclosure.sealed"],
}
ALL: dict[str, Sequence[str]] = {
    "signer": ["signer.after_save"] * 3,
    "sequencer": ["sequencer.before_commit", "sequencer.before_checkpoint"] * 3,
    "worker": [
        "outbox.after_claim", "requests.after_lookup", "audit.before_entry", "operation.before_commit",
        "package.part_written", "disclosure.segment_written", "disclosure.segment_noted", "disclosure.sealed",
        "package.bag", "disclosure.archived", "package.encrypted", "disclosure.encrypted", "outbox.during_call",
        "outbox.before_store",
    ],
}  # fmt: skip


@pytest.fixture
def exchange(postgres: PostgresForTests, tmp_path: Path) -> Iterator[ReferenceExchange]:
    """Return the reference exchange with a customer who uses the address of the story; it is not running yet."""
    url = new_database(postgres, "reference_exchange_faults")
    planted = tmp_path / "planted"
    planted.write_text(f"{ADDRESS}\n")
    until = clock.now().replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
    made = run(url, "generate", "--customers", "3", "--until", until, "--addresses", str(planted))
    assert made.returncode == 0, made.stdout
    exchange = ReferenceExchange(url)
    yield exchange
    exchange.__exit__(None, None, None)


@pytest.mark.parametrize("deaths", [SOME, pytest.param(ALL, marks=pytest.mark.long)], ids=["some", "all"])
def test_f01_to_f11_f45_every_process_dies_on_the_way_and_one_package_is_delivered(
    walk: Walk, exchange: ReferenceExchange, deaths: dict[str, Sequence[str]]
) -> None:
    with a_keeper(walk.story.desk, exchange, deaths) as keeper:
        do(walk, *BEFORE_THE_ANSWER)
        keeper.keep_until(walk, LOOKED_UP_IN_VAIN)  # the exchange is down: the request says so
        exchange.__enter__()
        keeper.keep_until(walk, ACCOUNTS_FOUND)
        do(walk, *AFTER_IT)
        cut_every_connection(walk)  # F45
        exchange.process.kill()  # and the exchange dies before its records were fetched
        exchange.process.wait()
        keeper.look_after()
        exchange.__enter__()
        keeper.keep_until(walk, RELEASED)
        keeper.kill_all()  # everything at once
        do(walk, FETCH)
        keeper.keep_until(walk, ALL_CLOSED)
        keeper.keep_until(walk, EVERYTHING_PLACED)

        assert {name: keeper.killed(name) >= len(points) for name, points in deaths.items()} == dict.fromkeys(
            deaths, True
        ), keeper.ended
        walk.assert_nothing_lost_and_nothing_doubled()
        assert log_verify_exits_with(walk) == 0


def do(walk: Walk, *acts: WebAct) -> None:
    for act in acts:
        act.do(walk, **act.prepare(walk))


def cut_every_connection(walk: Walk) -> None:
    """End every session of the desk's roles, as a failover does."""
    walk.story.desk.superuser_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('entraide_worker', "
        "'entraide_sequencer') AND datname = current_database()"
    )


def log_verify_exits_with(walk: Walk) -> int:
    """Run ``entraide log verify`` as an auditor would, and return its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "entraide", "log", "verify"],
        env={**walk.story.desk.environment(), "ENTRAIDE_PROCESS": "auditor"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize(
    "point", [pytest.param("audit.entry_ready", marks=pytest.mark.long), "operation.before_commit"]
)
def test_f38_f45_the_database_is_killed_in_the_middle_of_an_act_and_the_story_goes_on(
    walk: Walk, postgres: PostgresForTests, point: str
) -> None:
    """The act is whole or never was; the connections that broke are not met again."""
    for act in BEFORE_THE_ANSWER:
        signed = act.prepare(walk)
        before = walk.story.events()
        close_connections()
        assert postgres.server.process is not None
        number = postgres.server.process.pid

        def kill_the_database(name: str, number: int = number) -> None:
            os.kill(number, signal.SIGKILL)

        def act_as_the_database_dies(act: WebAct = act, signed: dict[str, object] = signed) -> None:
            faults.arm(point, kill_the_database)
            with suppress(Exception):  # the person reads that it went wrong, or nothing at all
                act.do(walk, **signed)
            os._exit(0)

        try:
            assert in_a_process(act_as_the_database_dies)
        finally:
            postgres.server.process.wait(60)
            postgres.server.release()
            postgres.server.start()

        assert walk.story.events() in (before, [*before, act.entry])
        if walk.story.events() == before:
            act.do(walk, **signed)
        assert walk.story.events() == [*before, act.entry]
    walk.carry_on(until=ACCOUNTS_FOUND)
    do(walk, *AFTER_IT)
    walk.carry_on(until=RELEASED)
    do(walk, FETCH)
    walk.story.desk.sequence()
    walk.assert_nothing_lost_and_nothing_doubled()
