"""What a database superuser does to the log is found, and the first entry that does not hold is named."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from entraide.audit import api as audit
from entraide.audit.sequencing import LogDamaged
from entraide.audit.verification import Fault, Report, newest_checkpoint, verify
from entraide.cli.log import run as run_command
from entraide.database import key_store, reading_as
from entraide.evidence.leaves import Leaf, check_stream
from entraide.evidence.merkle import leaf_hash, nodes_of, root_of
from entraide.evidence.notes import Checkpoint, Ed25519NoteKey, VerifierKey, sign_note
from entraide.evidence.receipts import Receipt
from tests.audit.conftest import ANOUK, act_often, open_cases
from tests.dice import seed
from tests.plugins.desk import Desk

ORIGIN = "demo.invalid/log"


def check(desk: Desk, **how: Any) -> Report:
    return verify(desk.url("entraide_auditor"), processes=1, **how)


def fault_of(desk: Desk, **how: Any) -> Fault:
    report = check(desk, **how)
    assert report.fault is not None
    return report.fault


@contextmanager
def tampered(desk: Desk, *statements: tuple[str, list[Any]]) -> Iterator[None]:
    """Do something as superuser, with every trigger and key switched off, and put the tables back afterwards."""
    tables = (
        "audit_stream", "audit_entry", "audit_entrypayload", "audit_entryactor", "audit_position", "audit_tile",
        "audit_checkpoint", "audit_signerkey",
    )  # fmt: skip
    with psycopg.connect(desk.database.superuser_url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in tables:
            connection.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")  # type: ignore[arg-type]
        for statement, values in statements:
            connection.execute(statement, values)  # type: ignore[arg-type]
        yield
        with connection.transaction():
            for table in tables:
                connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
                connection.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # type: ignore[arg-type]


ENTRY_AT = "(SELECT entry_id FROM audit_position WHERE position = %s)"


def test_an_untouched_log_holds(signed_log: Desk) -> None:
    report = check(signed_log)

    assert (report.fault, report.entries, report.waiting, report.streams, report.checkpoints) == (None, 332, 0, 7, 3)


def test_several_processes_find_the_same(signed_log: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entraide.audit.verification.CHUNK", 256)

    report = verify(signed_log.url("entraide_auditor"), processes=2)

    assert (report.fault, report.root) == (None, check(signed_log).root)


def test_entries_that_wait_for_their_position_are_verified_too(signed_log: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=3)
    assert check(signed_log).waiting == 3

    with tampered(
        signed_log, ("UPDATE audit_entry SET kind = 'tests:thing:noted' WHERE stream_id = %s AND n = 2", [stream])
    ):
        fault = fault_of(signed_log)
        assert (fault.position, fault.n, fault.what) == (None, 2, "the row says something else than the leaf")


def test_what_was_deleted_from_the_end_of_a_stream_before_it_had_a_position_is_missed(signed_log: Desk) -> None:
    """No checkpoint and no later entry speaks of it; the head of its stream does."""
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=3)

    with tampered(signed_log, ("DELETE FROM audit_entry WHERE stream_id = %s AND n = 3", [stream])):
        fault = fault_of(signed_log)
        assert (fault.position, fault.n) == (None, 3) and "the end is missing" in fault.what
    with tampered(signed_log, ("UPDATE audit_stream SET head_hash = sha256('') WHERE id = %s", [stream])):
        assert "the end is missing or was altered" in fault_of(signed_log).what


def test_an_entry_rewritten_with_its_hash_before_it_had_a_position_contradicts_the_next(signed_log: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=3)
    [(data,)] = signed_log.superuser_sql("SELECT leaf FROM audit_entry WHERE stream_id = %s AND n = 2", stream)
    forged = replace(Leaf.parse(bytes(data)), payload="0" * 64).canonical()

    rewrite = "UPDATE audit_entry SET leaf = %s, leaf_hash = %s WHERE stream_id = %s AND n = 2"
    with tampered(signed_log, (rewrite, [forged, leaf_hash(forged), stream])):
        fault = fault_of(signed_log)
        assert (fault.n, fault.what) == (3, "the entry before is not the one that this one names")


def test_another_time_in_the_row_than_in_the_leaf_is_found(signed_log: Desk) -> None:
    later = f"UPDATE audit_entry SET at = at + interval '1 millisecond' WHERE id = {ENTRY_AT}"
    with tampered(signed_log, (later, [7])):
        fault = fault_of(signed_log)
        assert (fault.position, fault.what) == (7, "the row has another time than the leaf")


def test_any_flipped_byte_is_found_and_the_entry_named(signed_log: Desk) -> None:
    flip(signed_log, times=330)


@pytest.mark.long
def test_ten_thousand_flipped_bytes_are_found_and_the_entries_named(signed_log: Desk) -> None:
    flip(signed_log, times=10_000)


def flip(desk: Desk, *, times: int) -> None:
    dice = random.Random(seed())
    ways: list[Callable[[psycopg.Connection, random.Random], tuple[int, int, list[tuple[str, list[Any]]]]]] = [
        flip_leaf, flip_stored_hash, flip_placed_hash, flip_leaf_and_hashes, flip_tile, flip_note,
    ]  # fmt: skip
    with psycopg.connect(desk.database.superuser_url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for _ in range(times):
            way = dice.choice(ways)
            first, last, repairs = way(connection, dice)
            fault = fault_of(desk)
            assert fault.position is not None, (way.__name__, fault)
            assert first <= fault.position <= last, (way.__name__, first, last, fault)
            for statement, values in repairs:
                connection.execute(statement, values)  # type: ignore[arg-type]
    assert check(desk).holds


def _flipped(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]


def _row(connection: psycopg.Connection, statement: str, *values: Any) -> tuple[Any, ...]:
    row = connection.execute(statement, values).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row


def _entry(connection: psycopg.Connection, dice: random.Random) -> tuple[int, Any, bytes, bytes]:
    position = dice.randrange(332)
    row = _row(
        connection,
        "SELECT e.id, e.leaf, e.leaf_hash FROM audit_entry e JOIN audit_position p ON p.entry_id = e.id "
        "WHERE p.position = %s",
        position,
    )
    return position, *row


def flip_leaf(connection: psycopg.Connection, dice: random.Random) -> Any:
    position, entry, leaf, _ = _entry(connection, dice)
    statement = "UPDATE audit_entry SET leaf = %s WHERE id = %s"
    connection.execute(statement, [_flipped(leaf, dice), entry])
    return position, position, [(statement, [leaf, entry])]


def flip_stored_hash(connection: psycopg.Connection, dice: random.Random) -> Any:
    position, entry, _, stored = _entry(connection, dice)
    statement = "UPDATE audit_entry SET leaf_hash = %s WHERE id = %s"
    connection.execute(statement, [_flipped(stored, dice), entry])
    return position, position, [(statement, [stored, entry])]


def flip_placed_hash(connection: psycopg.Connection, dice: random.Random) -> Any:
    position, _, _, stored = _entry(connection, dice)
    statement = "UPDATE audit_position SET leaf_hash = %s WHERE position = %s"
    connection.execute(statement, [_flipped(stored, dice), position])
    return position, position, [(statement, [stored, position])]


def flip_leaf_and_hashes(connection: psycopg.Connection, dice: random.Random) -> Any:
    """Alter an entry's commitment and every hash of it that is stored: only tile, chain and signature know better."""
    position, entry, leaf, stored = _entry(connection, dice)
    fields = Leaf.parse(leaf)
    forged = leaf.replace(fields.payload.encode(), f"{dice.getrandbits(256):064x}".encode())
    entry_statement = "UPDATE audit_entry SET leaf = %s, leaf_hash = %s WHERE id = %s"
    place_statement = "UPDATE audit_position SET leaf_hash = %s WHERE position = %s"
    connection.execute(entry_statement, [forged, leaf_hash(forged), entry])
    connection.execute(place_statement, [leaf_hash(forged), position])
    repairs = [(entry_statement, [leaf, stored, entry]), (place_statement, [stored, position])]
    if position < 256:  # the full tile knows
        return position, position, repairs
    (signed,) = _row(connection, "SELECT max(size) FROM audit_checkpoint WHERE size <= %s", position)
    return signed, 331, repairs  # the stretch between two signed trees, or the next entry of the stream


def flip_tile(connection: psycopg.Connection, dice: random.Random) -> Any:
    (data,) = _row(connection, 'SELECT data FROM audit_tile WHERE level = 0 AND "index" = 0')
    altered = _flipped(data, dice)
    place = next(i for i in range(len(data)) if data[i] != altered[i]) // 32
    statement = 'UPDATE audit_tile SET data = %s WHERE level = 0 AND "index" = 0'
    connection.execute(statement, [altered])
    return place, place, [(statement, [data])]


def flip_note(connection: psycopg.Connection, dice: random.Random) -> Any:
    size, note, before = dice.choice(
        connection.execute(
            "SELECT size, note, coalesce(lag(size) OVER (ORDER BY size), 0) FROM audit_checkpoint"
        ).fetchall()
    )
    place = dice.randrange(len(note))
    altered = note[:place] + ("x" if note[place] != "x" else "y") + note[place + 1 :]
    statement = "UPDATE audit_checkpoint SET note = %s WHERE size = %s"
    connection.execute(statement, [altered, size])
    return before, before, [(statement, [note, size])]


@pytest.mark.parametrize("position", [0, 7, 255, 300, 331])
def test_a_deleted_entry_is_named(signed_log: Desk, position: int) -> None:
    with tampered(signed_log, (f"DELETE FROM audit_entry WHERE id = {ENTRY_AT}", [position])):
        assert fault_of(signed_log) == Fault(what="the entry is missing", position=position)
    with tampered(signed_log, ("DELETE FROM audit_position WHERE position = %s", [position])):
        fault = fault_of(signed_log)
        is_last = position == 331
        assert fault.position == position
        assert fault.what == (
            "the stored checkpoint speaks of 332 entries, and the log has 331: the end is missing"
            if is_last
            else "the position is missing"
        )


BESIDE = {
    "UPDATE audit_entry SET organisation_id = gen_random_uuid() WHERE id =": (
        "the row says something else than the leaf"
    ),
    "UPDATE audit_entry SET organisation_id = NULL WHERE id =": "the row says something else than the leaf",
    "DELETE FROM audit_entrypayload WHERE entry_id =": "its sealed content was deleted",
    "DELETE FROM audit_entryactor WHERE entry_id =": "who acted was deleted",
    "UPDATE audit_entrypayload SET organisation_id = gen_random_uuid() WHERE entry_id =": (
        "its sealed content was given to another organisation"
    ),
    "UPDATE audit_entryactor SET organisation_id = NULL WHERE entry_id =": (
        "its sealed content was given to another organisation"
    ),
    "UPDATE audit_entrypayload SET key_owner_id = gen_random_uuid() WHERE entry_id =": (
        "its sealed content names a key that is not the one of this stream"
    ),
}


def test_V20_what_stands_beside_a_leaf_and_was_taken_away_or_turned_is_named(signed_log: Desk) -> None:
    """Erasing destroys a key and never a row; a strange key would make a page say that the content was erased."""
    for statement, what in BESIDE.items():
        for position in (7, 40, 255, 331):
            with tampered(signed_log, (f"{statement} {ENTRY_AT}", [position])):
                fault = fault_of(signed_log)
                assert (fault.position, fault.what) == (position, what), statement


def test_V20_sealed_content_of_an_entry_that_waits_is_missed_too(signed_log: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    [entry] = act_often([stream], actor=ANOUK, rounds=1)
    with tampered(signed_log, ("DELETE FROM audit_entrypayload WHERE entry_id = %s", [entry.id])):
        fault = fault_of(signed_log)
        assert (fault.position, fault.n, fault.what) == (None, 1, "its sealed content was deleted")


def test_V20_a_stream_said_to_be_of_another_case_agency_or_kind_is_found(signed_log: Desk) -> None:
    """Whose entries they are is what the rows say; the key they are sealed with says it too."""
    stream = "(SELECT stream_id FROM audit_entry e JOIN audit_position p ON p.entry_id = e.id WHERE p.position = 7)"
    for change in (
        "case_id = gen_random_uuid()",
        "organisation_id = gen_random_uuid()",
        "kind = 'organisation', case_id = NULL",
    ):
        with tampered(signed_log, (f"UPDATE audit_stream SET {change} WHERE id = {stream}", [])):
            assert fault_of(signed_log).n is not None, change


def test_an_erased_case_still_verifies(signed_log: Desk) -> None:
    [case_id] = signed_log.superuser_sql("SELECT case_id FROM audit_stream WHERE kind = 'case' LIMIT 1")[0]
    key_store().destroy(case_id)

    assert check(signed_log).holds


def test_two_swapped_entries_are_named(signed_log: Desk) -> None:
    swap = (
        "UPDATE audit_position SET entry_id = CASE position WHEN 5 THEN (SELECT entry_id FROM audit_position WHERE "
        "position = 9) ELSE (SELECT entry_id FROM audit_position WHERE position = 5) END WHERE position IN (5, 9)"
    )
    drop = "ALTER TABLE audit_position DROP CONSTRAINT audit_position_entry_id_key"
    with psycopg.connect(signed_log.database.superuser_url(), autocommit=True) as connection:
        connection.execute(drop)
        try:
            with tampered(signed_log, (swap, [])):
                fault = fault_of(signed_log)
                assert (fault.position, fault.what) == (5, "another entry was placed here")
        finally:
            connection.execute(
                "ALTER TABLE audit_position ADD CONSTRAINT audit_position_entry_id_key UNIQUE (entry_id)"
            )


def test_an_entry_pushed_in_is_found(signed_log: Desk) -> None:
    """The forger has every table, but not the signer."""
    forged = (
        "WITH e AS (INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects) "
        "SELECT gen_random_uuid(), stream_id, organisation_id, n + 1000, at, kind, leaf, leaf_hash, subjects "
        f"FROM audit_entry WHERE id = {ENTRY_AT} RETURNING id, leaf_hash) "
        "INSERT INTO audit_position (position, entry_id, leaf_hash) SELECT 332, id, leaf_hash FROM e"
    )
    with tampered(signed_log, (forged, [40])):
        fault = fault_of(signed_log)
        assert (fault.position, fault.what) == (332, "the row says something else than the leaf")


def test_an_entry_hidden_before_the_first_position_is_found(signed_log: Desk) -> None:
    """Pages would show it, and neither the tree nor the list of those that wait would have it."""
    hidden = (
        "WITH e AS (INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects) "
        "SELECT gen_random_uuid(), stream_id, organisation_id, n + 1000, at, kind, leaf, leaf_hash, subjects "
        f"FROM audit_entry WHERE id = {ENTRY_AT} RETURNING id, leaf_hash) "
        "INSERT INTO audit_position (position, entry_id, leaf_hash) SELECT -1, id, leaf_hash FROM e"
    )
    check = "ADD CONSTRAINT audit_position_from_zero CHECK (position >= 0)"
    with psycopg.connect(signed_log.database.superuser_url(), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_position DROP CONSTRAINT audit_position_from_zero")
        try:
            with tampered(signed_log, (hidden, [40])):
                fault = fault_of(signed_log)
                assert (fault.position, fault.what) == (-1, "a position before the first")
        finally:
            connection.execute(f"ALTER TABLE audit_position {check}")  # type: ignore[arg-type]


def test_the_same_place_of_a_stream_taken_twice_is_found(signed_log: Desk) -> None:
    again = (
        "WITH e AS (INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects) "
        "SELECT gen_random_uuid(), stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects "
        f"FROM audit_entry WHERE id = {ENTRY_AT} RETURNING id, leaf_hash) "
        "INSERT INTO audit_position (position, entry_id, leaf_hash) SELECT 332, id, leaf_hash FROM e"
    )
    with psycopg.connect(signed_log.database.superuser_url(), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_one_at_each_place")
        try:
            with tampered(signed_log, (again, [40])):
                fault = fault_of(signed_log)
                assert fault.position == 332
                assert "is taken twice" in fault.what
        finally:
            connection.execute(
                "ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_one_at_each_place UNIQUE (stream_id, n)"
            )


def test_a_log_cut_short_is_found_by_its_checkpoint_and_without_it_by_the_one_that_was_kept(signed_log: Desk) -> None:
    kept = newest_checkpoint(signed_log.url("entraide_auditor"))
    remembered = audit.signer().state()
    roll_back = [
        ("DELETE FROM audit_entry e USING audit_position p WHERE p.entry_id = e.id AND p.position >= %s", [302]),
        ("DELETE FROM audit_position WHERE position >= %s", [302]),
        (
            "UPDATE audit_stream s SET head_n = e.n, head_hash = e.leaf_hash FROM audit_entry e "
            "WHERE e.stream_id = s.id AND e.n = (SELECT max(n) FROM audit_entry WHERE stream_id = s.id)",
            [],
        ),
    ]
    with tampered(signed_log, *roll_back):
        assert "the stored checkpoint speaks of 332 entries, and the log has 302" in fault_of(signed_log).what
    with tampered(signed_log, *roll_back, ("DELETE FROM audit_checkpoint WHERE size > %s", [302])):
        assert check(signed_log).holds  # an older state, whole in itself: only what was kept elsewhere knows
        assert fault_of(signed_log, since=kept).position == 302
        assert "the signer's memory speaks of 332" in fault_of(signed_log, remembered=remembered).what
        with pytest.raises(Exception, match="smaller than the one of 332 signed before"):
            signed_log.superuser_sql("DELETE FROM audit_checkpoint")
            signed_log.sequence()


def test_a_history_rewritten_and_signed_with_a_stolen_key_contradicts_the_checkpoint_that_was_kept(
    signed_log: Desk,
) -> None:
    kept = newest_checkpoint(signed_log.url("entraide_auditor"))
    rows = signed_log.superuser_sql(
        "SELECT e.id, e.leaf, p.position FROM audit_position p JOIN audit_entry e ON e.id = p.entry_id ORDER BY 3"
    )
    # The last entry of some stream is changed, so that no chain is broken, and everything above it made anew.
    entry, leaf, position = rows[331]
    forged = leaf.replace(Leaf.parse(leaf).payload.encode(), b"0" * 64)
    hashes = [leaf_hash(row[1]) for row in rows[:331]] + [leaf_hash(forged)]
    stolen = stolen_key(signed_log)
    root = root_of(nodes_of(hashes), 332)
    note = str(sign_note(Checkpoint(ORIGIN, 332, root).text, stolen))
    changes = [
        ("UPDATE audit_entry SET leaf = %s, leaf_hash = %s WHERE id = %s", [forged, hashes[331], entry]),
        ("UPDATE audit_position SET leaf_hash = %s WHERE position = %s", [hashes[331], position]),
        ("UPDATE audit_checkpoint SET root = %s, note = %s WHERE size = 332", [root, note]),
        (
            "UPDATE audit_stream SET head_hash = %s WHERE id = (SELECT stream_id FROM audit_entry WHERE id = %s)",
            [hashes[331], entry],
        ),
    ]
    with tampered(signed_log, *changes):
        assert check(signed_log).holds
        fault = fault_of(signed_log, since=kept)
        assert "the checkpoint that was kept of 332 entries has another root" in fault.what


def stolen_key(desk: Desk) -> Ed25519NoteKey:
    from entraide.audit.signer import Signer

    return Signer(desk.home / "signer", ORIGIN)._keys["log"]


def test_a_forged_receipt_is_not_believed_and_a_true_one_contradicts_a_changed_stream(signed_log: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    entries = act_often([stream], actor=ANOUK, rounds=3)
    with reading_as(ANOUK):
        written = [audit.entry(entry.id) for entry in entries]
        paper = audit.receipt(audit.entered(entries[1].id))
    keys = audit.published_keys("receipts")

    assert Receipt.open(paper, *keys).agrees_with([entry.leaf_hash.hex() for entry in written])
    changed = [written[0].leaf_hash.hex(), "00" * 32, written[2].leaf_hash.hex()]
    assert not Receipt.open(paper, *keys).agrees_with(changed)
    with pytest.raises(ValueError, match="does not hold"):
        Receipt.open(paper.replace("n 2", "n 1"), *keys)


def test_any_event_that_is_withheld_from_a_stream_is_found(desk: Desk) -> None:
    """V21: each subset that lacks an entry other than the last ones, and each that has one twice."""
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=8)
    with reading_as(ANOUK):
        leaves = list(audit.leaves_of(stream))
        head = audit.stream(stream)

    for mask in range(1, 2**8 - 1):
        kept = [leaf for place, leaf in enumerate(leaves) if mask >> place & 1]
        result = check_stream(kept)
        complete = result.holds and (result.n, result.head) == (head.head_n, (head.head_hash or b"").hex())
        assert not complete
    for place in range(8):
        assert check_stream([*leaves[: place + 1], *leaves[place:]]).fault is not None


def test_a_checkpoint_of_another_log_or_key_is_refused(signed_log: Desk) -> None:
    stranger = Ed25519NoteKey(ORIGIN, b"s" * 32)
    note = str(sign_note(Checkpoint(ORIGIN, 10, b"r" * 32).text, stranger))

    with pytest.raises(ValueError, match="not signed by any key"):
        check(signed_log, since=note)
    assert "no known key signed" in fault_of(signed_log, keys=[VerifierKey.of(stranger)]).what


def test_nothing_is_placed_or_signed_over_a_damaged_entry(signed_log: Desk) -> None:
    """F40: a bit flips in an entry before the sequencer was there."""
    [stream] = open_cases(1, actor=ANOUK)
    act_often([stream], actor=ANOUK, rounds=1)
    signed_log.superuser_sql("UPDATE audit_entry SET leaf = leaf || 'x'::bytea WHERE stream_id = %s", stream)

    with pytest.raises(LogDamaged, match="n = 1"):
        signed_log.sequence()

    assert signed_log.superuser_sql("SELECT max(size) FROM audit_checkpoint") == [(332,)]


def test_the_command_says_it_in_a_sentence_and_in_its_exit_status(
    signed_log: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from argparse import Namespace

    monkeypatch.setenv("ENTRAIDE_DATABASE_URL_AUDITOR", signed_log.url("entraide_auditor"))
    monkeypatch.setenv("ENTRAIDE_HOME", str(signed_log.home))
    kept = signed_log.home / "kept"

    assert run_command(Namespace(since=None, log_key=None, save=str(kept))) == 0
    assert "The log holds: 332 entries in 7 streams, 3 signed checkpoints." in capsys.readouterr().out
    assert run_command(Namespace(since=str(kept), log_key=None, save=None)) == 0
    with tampered(signed_log, ("UPDATE audit_entry SET n = n + 1 WHERE kind = 'audit:keys:published'", [])):
        assert run_command(Namespace(since=str(kept), log_key=None, save=None)) == 1
    assert "audit:keys:published: the row says something else than the leaf." in capsys.readouterr().out
    assert run_command(Namespace(since="/no/such/file", log_key=None, save=None)) == 2
