"""How fast the log takes acts, and how fast it is verified.

*Acts*: an act row and its entry through `audit.record`, in the real role, with fsync on, from up to 16 connections in
several processes.  *Verify*: `entraide log verify` over a made-up log.  Neither goes through HTTP.
"""

import hashlib
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import tests.plugins.desk as desks
from tests.plugins.postgres import PostgresForTests

from benchmarks.measuring import Section, seconds

_PAYLOAD = 300  # bytes of a leaf, as ours are


def measure(*, seconds_each: float, entries: int, times: int) -> list[Section]:
    """Measure acts at several numbers of connections, and the verification of a log of `entries` entries."""
    server = PostgresForTests(is_durable=True)
    try:
        server.start()
        database = desks._migrated(server, "entraide")
        acts = _acts(database, seconds_each, times)
        database.empty()
        return [acts, _verification(database, entries, times)]
    finally:
        desks.close_connections()
        server.stop()


def _acts(database: desks.DeskDatabase, taking: float, times: int) -> Section:
    """Return acts per second by number of connections, beside PostgreSQL without a log and the naive log."""
    from entraide.audit.api import create_instance

    section = Section(title="The log: acts a second (an act's row and its entry, one durable transaction each)")
    _make_tables(database)
    with desks.home_of_a_desk():
        create_instance("demo", now=desks.NOON)
        desks.close_connections()
        for processes, connections in ((1, 1), (2, 16), (4, 16), (16, 16)):
            runs = [_act(processes, connections, taking, _through_audit_record) for _ in range(times)]
            late = sorted(time for run in runs for time in run)
            section.add(
                f"`audit.record` and an act row, {connections} connection{'s'[:connections > 1]} "
                f"in {processes} process{'es'[: 2 * (processes > 1)]}",
                [len(run) / taking for run in runs], "acts/s", bar="≥ 2,000" if processes == 4 else "",
                note=f"half within {late[len(late) // 2] * 1000:.1f} ms, 99 % within "
                f"{late[len(late) * 99 // 100] * 1000:.1f} ms",
            )  # fmt: skip
        url = database.url("entraide_web")
        for name, peer, note in (
            ("PostgreSQL alone: the same row and 300 bytes, no log", _plain_insert,
             "the upper bound: no chain, no counter, no sealed payload, no row-level security"),
            ("one chain for everything, the head locked by each act", _one_chain,
             "a naive tamper-evident log: every act waits for every other"),
        ):  # fmt: skip
            runs = [_act(4, 16, taking, peer, url) for _ in range(times)]
            section.add(f"{name}, 16 connections in 4 processes", [len(run) / taking for run in runs], "acts/s",
                        is_peer=True, note=note)  # fmt: skip
    return section


def _make_tables(database: desks.DeskDatabase) -> None:
    database.sql(
        "CREATE TABLE bench_act (id uuid PRIMARY KEY, organisation_id uuid, state text, at timestamptz);"
        "ALTER TABLE bench_act OWNER TO entraide_owner; GRANT SELECT, INSERT, UPDATE ON bench_act TO entraide_web;"
        "ALTER TABLE bench_act ENABLE ROW LEVEL SECURITY; ALTER TABLE bench_act FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY web_rows ON bench_act TO entraide_web "
        "USING (nullif(current_setting('entraide.actor', true), '') IS NOT NULL);"
        "CREATE CONSTRAINT TRIGGER bench_entry AFTER INSERT ON bench_act DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_required('id');"
        "CREATE TABLE bench_plain (id uuid PRIMARY KEY, organisation_id uuid, state text, at timestamptz);"
        "CREATE TABLE bench_entry (id uuid PRIMARY KEY, act uuid, leaf bytea, leaf_hash bytea);"
        "CREATE TABLE bench_head (id int PRIMARY KEY, n bigint, head bytea);"
        "INSERT INTO bench_head VALUES (1, 0, '');"
        "GRANT SELECT, INSERT, UPDATE ON bench_plain, bench_entry, bench_head TO entraide_web"
    )


Act = Callable[..., list[float]]


def _act(processes: int, connections: int, taking: float, act: Act, *more: Any) -> list[float]:
    """Return how long each act took, of all that were done in `taking` seconds."""
    threads = connections // processes
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        results = pool.map(_in_threads, [(threads, taking, act, more)] * processes, chunksize=1)
    return [took for of_one in results for took in of_one]


def _in_threads(task: tuple[int, float, Act, tuple[Any, ...]]) -> list[float]:
    threads, taking, act, more = task
    with ThreadPoolExecutor(threads) as pool:
        return [took for times in pool.map(lambda _: act(taking, *more), range(threads)) for took in times]


def _through_audit_record(taking: float) -> list[float]:
    """Act for a while on cases of one's own; return how long each act took."""
    from django.db import connection

    from entraide.audit import api as audit
    from entraide.database import operation
    from entraide.kernel import clock
    from entraide.kernel.actors import Actor, Face
    from entraide.kernel.ids import uuid7

    audit.register_events({"bench:thing:done": "Something was done."})
    person = Actor(face=Face.STAFF, name="Anouk", person_id=uuid7(), organisation_id=UUID(int=3))

    @operation
    def open_case(*, actor: Actor) -> UUID:
        return audit.open_stream(audit.StreamKind.CASE, organisation_id=UUID(int=1), case_id=uuid7(), now=clock.now())

    class Row:
        def __init__(self) -> None:
            self.pk = uuid7()

    @operation
    def act(stream: UUID, *, actor: Actor) -> None:
        row, now = Row(), clock.now()
        acts.execute("INSERT INTO bench_act VALUES (%s, %s, 'done', %s)", [row.pk, actor.organisation_id, now])
        audit.record(
            "bench:thing:done",
            stream_id=stream,
            actor=actor,
            now=now,
            subject=[row],
            payload={"reference": "R-26-7K3F9Q"},
        )

    connection.ensure_connection()
    connection.connection.prepare_threshold = 0
    acts = psycopg.Cursor(connection.connection)  # what is measured is the log: the act's own row costs little
    taken = []
    streams = [open_case(actor=person) for _ in range(4)]
    act(streams[0], actor=person)
    end = time.perf_counter() + taking
    while (begin := time.perf_counter()) < end:
        act(streams[len(taken) % 4], actor=person)
        taken.append(time.perf_counter() - begin)
    connection.close()
    return taken


def _plain_insert(taking: float, url: str) -> list[float]:
    """Insert the act's row and a row of an entry's size, without a log."""

    def act(connection: psycopg.Connection, number: int) -> None:
        row = _row()
        connection.execute("INSERT INTO bench_plain VALUES (%s, %s, 'done', now())", row[:2])
        leaf = os.urandom(_PAYLOAD)
        entry = [_row()[0], row[0], leaf, hashlib.sha256(leaf).digest()]
        connection.execute("INSERT INTO bench_entry VALUES (%s, %s, %s, %s)", entry)

    return _while(taking, url, act)


def _one_chain(taking: float, url: str) -> list[float]:
    """Do as `_plain_insert`, and chain every entry to the one before it, whoever made it."""

    def act(connection: psycopg.Connection, number: int) -> None:
        row = _row()
        connection.execute("INSERT INTO bench_plain VALUES (%s, %s, 'done', now())", row[:2])
        [(head,)] = connection.execute("SELECT head FROM bench_head WHERE id = 1 FOR UPDATE").fetchall()
        leaf = os.urandom(_PAYLOAD)
        head = hashlib.sha256(head + leaf).digest()
        connection.execute("INSERT INTO bench_entry VALUES (%s, %s, %s, %s)", [_row()[0], row[0], leaf, head])
        connection.execute("UPDATE bench_head SET n = n + 1, head = %s WHERE id = 1", [head])

    return _while(taking, url, act)


def _row() -> tuple[UUID, UUID]:
    from entraide.kernel.ids import uuid7

    return uuid7(), UUID(int=3)


def _while(taking: float, url: str, act: Callable[[psycopg.Connection, int], None]) -> list[float]:
    taken: list[float] = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        end = time.perf_counter() + taking
        while (begin := time.perf_counter()) < end:
            with connection.transaction():
                act(connection, len(taken))
            taken.append(time.perf_counter() - begin)
    return taken


def _verification(database: desks.DeskDatabase, entries: int, times: int) -> Section:
    """Return how long a full verification takes, beside the hashing alone that nobody can leave out."""
    from benchmarks.synthetic_log import fill
    from entraide.audit.verification import verify

    section = Section(title=f"The log: full verification of {entries:,} entries")
    fill(database, entries)
    cores = os.cpu_count() or 1
    for processes in sorted({1, cores}):
        reports: list[Any] = []

        def check(processes: int = processes, reports: list[Any] = reports) -> None:
            reports.append(verify(database.url("entraide_auditor"), processes=processes))

        taken = [seconds(check) for _ in range(times)]
        if not all(report.holds and report.entries == entries for report in reports):
            raise RuntimeError("the log that was made does not hold: the figure would mean nothing")
        section.add(f"`entraide log verify` with {processes} process{'es'[: 2 * (processes > 1)]}", taken, "s",
                    bar="< 60" if processes == cores and entries == 1_000_000 else "",
                    note=f"{entries / min(taken):,.0f} entries/s")  # fmt: skip
    section.add("reading every leaf out of PostgreSQL and hashing it, one process",
                [seconds(lambda: _read_and_hash(database)) for _ in range(times)], "s", is_peer=True,
                note="no chain, no tree, no signature: the least that any verification does")  # fmt: skip
    _pymerkle(section, database, entries)
    return section


def _read_and_hash(database: desks.DeskDatabase) -> None:
    with psycopg.connect(database.superuser_url()) as connection, connection.cursor(name="all") as cursor:
        cursor.itersize = 5_000
        for (leaf,) in cursor.execute("SELECT e.leaf FROM audit_position p JOIN audit_entry e ON e.id = p.entry_id "
                                      "ORDER BY p.position"):  # fmt: skip
            hashlib.sha256(leaf).digest()


def _pymerkle(section: Section, database: desks.DeskDatabase, entries: int) -> None:
    """Grow the same tree with a Merkle library, where one is installed: only its root, no rows, no chains."""
    name = "the root of the same tree by pymerkle (nothing else is checked)"
    try:
        from pymerkle import InmemoryTree
    except ImportError:
        section.skip(name, "pymerkle is not installed")
        return
    some = min(entries, 100_000)
    leaves = [os.urandom(_PAYLOAD) for _ in range(some)]

    def grow() -> None:
        tree = InmemoryTree(algorithm="sha256")
        for leaf in leaves:
            tree.append_entry(leaf)
        tree.get_state()

    section.add(name, seconds(grow) * entries / some, "s", is_peer=True, note=f"from {some:,} leaves, in proportion")
