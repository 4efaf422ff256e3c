"""How fast the log takes acts, and how fast it is verified: ``python benchmarks/log.py [acts|verify]``.

*acts*: an act row and its entry through `audit.record`, in the real role, with fsync on, from 16 connections in several
processes.  *verify*: `entraide log verify` over a made-up log of a million entries.  Neither goes through HTTP.
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import tests.plugins.desk as desks  # noqa: E402
from tests.plugins.postgres import PostgresForTests  # noqa: E402


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["acts", "verify", "all"], default="all")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--entries", type=int, default=1_000_000)
    options = parser.parse_args()
    server = PostgresForTests(is_durable=True)
    try:
        server.start()
        database = desks._migrated(server, "entraide")
        if options.what in ("acts", "all"):
            measure_acts(database, options.seconds)
        if options.what in ("verify", "all"):
            from benchmarks.synthetic_log import fill

            measure_verify(database, options.entries, fill)
    finally:
        desks.close_connections()
        server.stop()


def measure_acts(database: desks.DeskDatabase, seconds: float) -> None:
    """Print acts per second by number of connections."""
    from entraide.audit.api import create_instance

    database.sql(
        "CREATE TABLE bench_act (id uuid PRIMARY KEY, organisation_id uuid, state text, at timestamptz);"
        "ALTER TABLE bench_act OWNER TO entraide_owner; GRANT SELECT, INSERT, UPDATE ON bench_act TO entraide_web;"
        "ALTER TABLE bench_act ENABLE ROW LEVEL SECURITY; ALTER TABLE bench_act FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY web_rows ON bench_act TO entraide_web "
        "USING (nullif(current_setting('entraide.actor', true), '') IS NOT NULL);"
        "CREATE CONSTRAINT TRIGGER bench_entry AFTER INSERT ON bench_act DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_required('id')"
    )
    with desks.home_of_a_desk():
        create_instance("demo", now=desks.NOON)
        desks.close_connections()
        print(f"{'processes':>10} {'connections':>12} {'acts/s':>8} {'p50 ms':>8} {'p99 ms':>8}")
        for processes, connections in ((1, 1), (2, 2), (2, 16), (4, 16), (16, 16)):
            _measure(processes, connections, seconds)


def _measure(processes: int, connections: int, seconds: float) -> None:
    threads = connections // processes
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        results = pool.map(_act_in_threads, [(threads, seconds)] * processes, chunksize=1)
    times = sorted(time for of_one in results for time in of_one)
    print(
        f"{processes:>10} {connections:>12} {len(times) / seconds:>8.0f} "
        f"{times[len(times) // 2] * 1000:>8.1f} {times[len(times) * 99 // 100] * 1000:>8.1f}",
        flush=True,
    )


def _act_in_threads(task: tuple[int, float]) -> list[float]:
    threads, seconds = task
    with ThreadPoolExecutor(threads) as pool:
        return [took for times in pool.map(_act, [seconds] * threads) for took in times]


def _act(seconds: float) -> list[float]:
    """Act for a while on cases of one's own; return how long each act took."""
    import psycopg
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
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        act(streams[len(taken) % 4], actor=person)
        taken.append(time.perf_counter() - begin)
    connection.close()
    return taken


def measure_verify(database: desks.DeskDatabase, entries: int, fill: object) -> None:
    """Print how long a full verification takes."""
    from entraide.audit.verification import verify

    fill(database, entries)  # type: ignore[operator]
    for processes in (1, os.cpu_count() or 1):
        begin = time.perf_counter()
        report = verify(database.url("entraide_auditor"), processes=processes)
        took = time.perf_counter() - begin
        print(f"verify {report.entries} entries with {processes} process(es): {took:.1f} s, holds: {report.holds}")


if __name__ == "__main__":
    main()
