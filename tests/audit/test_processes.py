"""Signer, sequencer and worker as processes of their own, killed and started again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from entraide.audit import api as audit
from entraide.audit import sequencing
from entraide.audit.sequencing import Sequencer
from entraide.audit.signer import Signer
from entraide.audit.signing import SignerClient
from entraide.audit.verification import newest_checkpoint, verify
from entraide.database import operation
from entraide.evidence.merkle import consistency_proof, nodes_of, root_of
from entraide.evidence.notes import Checkpoint, VerifierKey, open_note
from entraide.evidence.receipts import Receipt
from entraide.kernel.actors import Actor
from entraide.kernel.clock import now as clock_now
from entraide.kernel.errors import NotPossible, Unavailable
from tests.audit.conftest import ANOUK, act_often, open_cases
from tests.plugins.desk import NOON, Desk

ORIGIN = "demo.invalid/log"
LEAVES = [bytes([n]) * 32 for n in range(20)]
TREE = nodes_of(LEAVES)


def signer_of(folder: Path) -> Signer:
    return Signer(folder / "signer", ORIGIN)


def sign(signer: Signer, size: int, since: int = 0) -> str:
    proof = consistency_proof(TREE, since, size) if since else []
    return signer.sign_checkpoint(size, root_of(TREE, size), proof)


def test_the_signer_signs_what_extends_the_last_tree_and_remembers_it(tmp_path: Path) -> None:
    signer = signer_of(tmp_path)
    note = sign(signer, 7)
    assert Checkpoint.parse(open_note(note, signer.public_keys()["log"])).size == 7
    sign(signer, 12, since=7)

    again = signer_of(tmp_path)

    assert (again.state.size, again.state.root) == (12, root_of(TREE, 12))
    assert sign(again, 12) == sign(signer, 12)
    assert again.public_keys() == signer.public_keys()


@pytest.mark.parametrize(
    ("size", "root", "proof", "why"),
    [
        (6, root_of(TREE, 6), [], "smaller than the one of 7"),
        (7, b"x" * 32, [], "does not extend"),
        (12, root_of(TREE, 12), [], "does not extend"),
        (12, b"x" * 32, consistency_proof(TREE, 7, 12), "does not extend"),
        (12, root_of(TREE, 12), consistency_proof(TREE, 6, 12), "does not extend"),
    ],
)
def test_the_signer_refuses_a_tree_that_is_smaller_or_another(
    tmp_path: Path, size: int, root: bytes, proof: list[bytes], why: str
) -> None:
    signer = signer_of(tmp_path)
    sign(signer, 7)

    with pytest.raises(NotPossible, match=why):
        signer.sign_checkpoint(size, root, proof)

    assert signer_of(tmp_path).state.size == 7


def test_the_signers_files_are_its_own(tmp_path: Path) -> None:
    signer_of(tmp_path)
    files = list((tmp_path / "signer").iterdir())

    assert sorted(file.name for file in files) == ["log.pem", "packages.pem", "receipts.pem", "state.json"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    (tmp_path / "signer" / "log.pem").chmod(0o644)
    with pytest.raises(NotPossible, match="others can read"):
        signer_of(tmp_path)


def test_a_signer_that_lost_its_memory_signs_nothing_until_it_is_given_a_witnessed_checkpoint(tmp_path: Path) -> None:
    """F56"""
    note = sign(signer_of(tmp_path), 7)
    (tmp_path / "signer" / "state.json").unlink()
    with pytest.raises(NotPossible, match="no memory of what they signed"):
        signer_of(tmp_path)
    kept = tmp_path / "kept"
    kept.write_text(note)

    run = subprocess.run(
        [sys.executable, "-m", "entraide.audit.signer", "--adopt", str(kept)],
        env={**os.environ, "ENTRAIDE_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout) == (0, "the last tree is now the one of 7 entries\n")
    assert signer_of(tmp_path).state.size == 7


def test_a_rotated_key_leaves_the_old_one_beside_it(tmp_path: Path) -> None:
    signer = signer_of(tmp_path)
    old = signer.public_keys()["packages"]

    new = signer.rotate("packages")

    assert new.public_key != old.public_key
    assert (tmp_path / "signer" / f"packages-{old.key_id.hex()}.pem").exists()
    assert signer_of(tmp_path).public_keys()["packages"] == new


def test_the_signer_signs_no_receipt_of_another_log(tmp_path: Path) -> None:
    receipt = Receipt(log="other.example/log", stream="ab" * 16, n=1, head="00" * 32, checkpoint_size=0)
    with pytest.raises(NotPossible, match="not of other"):
        signer_of(tmp_path).sign_receipt(receipt)


@contextmanager
def process(desk: Desk, module: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a program of the desk, and end it."""
    environment = {**desk.environment(), **settings}
    started = subprocess.Popen(
        [sys.executable, "-m", module], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        if started.stdout:
            started.stdout.close()


def wait_for_signer(desk: Desk) -> SignerClient:
    client = SignerClient(desk.home / "run" / "signer.sock")
    pause = threading.Event()
    for _ in range(400):
        try:
            client.state()
        except Unavailable:
            pause.wait(0.05)
        else:
            return client
    raise AssertionError("the signer did not start")


def rounds(desk: Desk, client: SignerClient) -> int:
    with psycopg.connect(desk.url("entraide_sequencer")) as connection:
        return Sequencer(connection, client).round()


def test_a_signer_killed_between_saving_and_answering_gives_the_same_checkpoint_afterwards(desk: Desk) -> None:
    """F14"""
    streams = open_cases(2, actor=ANOUK)
    act_often(streams, actor=ANOUK, rounds=2)
    with process(desk, "entraide.audit.signer", ENTRAIDE_FAULTS="signer.after_save=kill") as signer:
        client = wait_for_signer(desk)
        with pytest.raises(Unavailable, match="ended before it answered|does not answer"):
            rounds(desk, client)
        assert signer.wait(20) == -signal.SIGKILL
    assert signer_of(desk.home).state.size == 5
    act_often(streams, actor=ANOUK, rounds=1)

    with process(desk, "entraide.audit.signer") as signer:
        client = wait_for_signer(desk)
        assert rounds(desk, client) == 2
        signer.terminate()
        assert signer.wait(20) == 0

    log_key = [signer_of(desk.home).public_keys()["log"]]
    report = verify(desk.url("entraide_auditor"), keys=log_key, processes=1)
    assert (report.fault, report.entries, report.checkpoints) == (None, 7, 1)


@pytest.mark.parametrize("point", ["sequencer.before_commit", "sequencer.before_checkpoint"])
def test_a_sequencer_killed_at_any_step_is_followed_by_one_that_goes_on(desk: Desk, point: str) -> None:
    desk.start_signer()
    act_often(open_cases(3, actor=ANOUK), actor=ANOUK, rounds=3)
    with process(desk, "entraide.audit.sequencer", ENTRAIDE_FAULTS=f"{point}=kill") as sequencer:
        assert sequencer.wait(60) == -signal.SIGKILL

    with process(desk, "entraide.audit.sequencer") as sequencer:
        pause = threading.Event()
        while newest_checkpoint(desk.url("entraide_auditor")) is None:
            assert sequencer.poll() is None
            pause.wait(0.05)
        sequencer.terminate()
        assert sequencer.wait(20) == 0

    log_key: list[VerifierKey] = [signer_of(desk.home).public_keys()["log"]]
    report = verify(desk.url("entraide_auditor"), keys=log_key, processes=1)
    assert (report.fault, report.entries, report.waiting) == (None, 10, 0)


def test_of_two_sequencers_one_waits(desk: Desk) -> None:
    """F52"""
    url = desk.url("entraide_sequencer")
    client = SignerClient(desk.home / "run" / "signer.sock")
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        assert Sequencer(one, client).is_the_one()
        second = Sequencer(two, client)
        assert not second.is_the_one()
        one.close()
        pause = threading.Event()
        while not second.is_the_one():
            pause.wait(0.01)


def test_two_sequencers_that_both_believe_to_be_the_one_cannot_give_a_place_twice(desk: Desk) -> None:
    """F52: the unique keys are the guard, not the lock."""
    desk.start_signer()
    client = SignerClient(desk.home / "run" / "signer.sock")
    act_often(open_cases(2, actor=ANOUK), actor=ANOUK, rounds=5)
    url = desk.url("entraide_sequencer")
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        first, second = Sequencer(one, client), Sequencer(two, client)
        started = threading.Event()
        failed: list[BaseException] = []

        def place() -> None:
            started.set()
            try:
                second.place()
            except psycopg.Error as error:
                failed.append(error)

        with one.transaction():
            assert first._place(sequencing.BATCH) == (11, True)
            other = threading.Thread(target=place)
            other.start()
            started.wait(10)
        other.join(20)
        assert len(failed) <= 1
        second.round()
    assert desk.superuser_sql("SELECT count(*), count(DISTINCT entry_id), max(position) FROM audit_position") == [
        (11, 11, 10)
    ]


def test_an_entry_with_a_low_number_that_commits_late_gets_its_place_later(desk: Desk) -> None:
    """F52: identifiers and transaction numbers are no commit order."""
    from django.db import connections

    from entraide.audit import api as audit
    from entraide.database import operation
    from entraide.kernel.actors import Actor

    early, late = open_cases(2, actor=ANOUK)
    desk.start_signer()
    client = SignerClient(desk.home / "run" / "signer.sock")
    entered, may_commit = threading.Event(), threading.Event()

    @operation
    def act_slowly(*, actor: Actor) -> None:
        audit.record("tests:thing:done", stream_id=late, actor=actor, now=clock_now())
        entered.set()
        assert may_commit.wait(20)

    def slow() -> None:
        try:
            act_slowly(actor=ANOUK)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert entered.wait(20)
    act_often([early], actor=ANOUK, rounds=4)
    with psycopg.connect(desk.url("entraide_sequencer")) as connection:
        sequencer = Sequencer(connection, client)
        assert sequencer.round() == 5
        may_commit.set()
        thread.join(20)
        assert sequencer.round() == 1
        assert sequencer.round() == 0
    assert verify(desk.url("entraide_auditor"), keys=[signer_of(desk.home).public_keys()["log"]], processes=1).holds


def test_a_stream_that_two_write_to_at_once_has_no_gap_and_no_fork(desk: Desk) -> None:
    """F52"""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    [stream] = open_cases(1, actor=ANOUK)

    def write(_: int) -> None:
        try:
            for _ in range(10):
                act_often([stream], actor=ANOUK, rounds=1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert desk.superuser_sql(
        "SELECT count(*), min(n), max(n), count(DISTINCT n) FROM audit_entry WHERE stream_id = %s", stream
    ) == [(40, 1, 40, 40)]
    desk.sequence()
    assert verify(desk.url("entraide_auditor"), keys=[signer_of(desk.home).public_keys()["log"]], processes=1).holds


def test_small_batches_keep_the_order_of_streams(desk: Desk) -> None:
    desk.start_signer()
    streams = open_cases(3, actor=ANOUK)
    act_often(streams, actor=ANOUK, rounds=7)
    client = SignerClient(desk.home / "run" / "signer.sock")
    with psycopg.connect(desk.url("entraide_sequencer")) as connection:
        assert Sequencer(connection, client, batch=4).round() == 22
    assert verify(desk.url("entraide_auditor"), keys=[signer_of(desk.home).public_keys()["log"]], processes=1).holds


def test_a_batch_of_nothing_but_followers_does_not_stop_the_sequencer(desk: Desk) -> None:
    """The lower transaction number may have entered last: its entries come first and follow what is yet to be read."""
    from threading import Thread

    from django.db import connection, connections

    [stream] = open_cases(1, actor=ANOUK)

    def meanwhile() -> None:
        act_often([stream], actor=ANOUK, rounds=2)
        connections.close_all()

    @operation
    def begin_before_and_enter_after(*, actor: Actor) -> None:
        connection.cursor().execute("SELECT pg_current_xact_id()")
        other = Thread(target=meanwhile)
        other.start()
        other.join()
        for _ in range(5):
            audit.record("tests:thing:done", stream_id=stream, actor=actor, now=NOON, payload={})

    begin_before_and_enter_after(actor=ANOUK)
    desk.start_signer()
    client = SignerClient(desk.home / "run" / "signer.sock")
    with psycopg.connect(desk.url("entraide_sequencer")) as connection_of_sequencer:
        assert Sequencer(connection_of_sequencer, client, batch=2).round() == 8
    assert verify(desk.url("entraide_auditor"), keys=[signer_of(desk.home).public_keys()["log"]], processes=1).holds


def test_the_sequencer_goes_on_when_database_and_signer_come_back(desk: Desk) -> None:
    act_often(open_cases(1, actor=ANOUK), actor=ANOUK, rounds=1)
    said: list[str] = []
    turns = iter(range(4))

    def connect() -> psycopg.Connection:
        return psycopg.connect(desk.url("entraide_sequencer"))

    def wait() -> bool:
        turn = next(turns)
        if turn == 1:
            desk.superuser_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'entraide_sequencer'"
            )
        if turn == 2:
            desk.start_signer()
        return turn < 3

    sequencing.run(connect, SignerClient(desk.home / "run" / "signer.sock"), wait=wait, say=said.append)

    assert "signer does not answer" in said[0]
    assert "database does not answer" in said[1]
    assert desk.superuser_sql("SELECT max(size) FROM audit_checkpoint") == [(2,)]


def test_an_older_backup_is_not_signed_any_further_and_that_is_said_once(desk: Desk) -> None:
    """The signer remembers more than the database that was restored."""
    desk.start_signer()
    client = SignerClient(desk.home / "run" / "signer.sock")
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=5)
    with psycopg.connect(desk.url("entraide_sequencer")) as connection:
        Sequencer(connection, client).round()
    desk.database.empty()
    audit.create_instance("demo", now=NOON)
    said: list[str] = []
    turns = iter(range(5))

    sequencing.run(
        lambda: psycopg.connect(desk.url("entraide_sequencer")), client, wait=lambda: next(turns) < 4, say=said.append
    )

    [sentence] = said
    assert "is smaller than the one of 6 signed before" in sentence
    assert "restore the newest one" in sentence
    assert desk.superuser_sql("SELECT count(*) FROM audit_checkpoint") == [(0,)]


def test_the_worker_stops_when_told_to(desk: Desk) -> None:
    desk.start_signer()
    with process(desk, "entraide.outbox.worker", ENTRAIDE_PROCESS="worker") as worker:
        pause = threading.Event()
        while desk.superuser_sql("SELECT count(*) FROM procrastinate_workers") == [(0,)]:
            assert worker.poll() is None
            pause.wait(0.05)
        worker.terminate()
        output = worker.communicate(timeout=40)[0]
        assert worker.returncode == 0, output
    assert sorted(desk.superuser_sql("SELECT purpose FROM audit_signerkey")) == [("log",), ("packages",), ("receipts",)]
