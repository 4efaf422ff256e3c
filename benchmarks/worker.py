"""The worker of one measured package, in a process of its own: builds it and says where time and memory went.

``python -m benchmarks.worker PACKAGE http|memory RECORDS ACCOUNT``; speaks with the process that measures by lines.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")

from benchmarks.measuring import cpu_s, kept_waiting_s, peak_mib

Taken = dict[str, float]


def main(package: str, way: str, records: int, account: str) -> None:
    """Build the package and print what it took as one line of JSON."""
    import django

    django.setup()

    from entraide.disclosure import building
    from entraide.exchange import wiring
    from entraide.kernel.errors import Unavailable
    from entraide.outbox import registry

    registry.discover()
    if way == "memory":
        wiring.install(lambda: MadeInMemory(account, records))  # type: ignore[arg-type,return-value]
    wiring.connector().capabilities()
    stages, parts = Taken(), Taken()
    _watch(stages, parts)
    idle_mib, begin = peak_mib(), time.perf_counter()
    waited = 0.0
    while True:
        try:
            building.build(UUID(package), tell=lambda done, total, stage: None)
            break
        except Unavailable as waits:
            if "no place in the signed log" not in str(waits):
                raise
            asked = time.perf_counter()
            print("sequence", flush=True)
            sys.stdin.readline()
            waited += time.perf_counter() - asked
    total = time.perf_counter() - begin - waited
    file = building.package_file(UUID(package))
    print(
        json.dumps(
            {
                "stages": stages, "parts": parts, "total": total, "peak_mib": peak_mib(),
                "idle_mib": idle_mib, "file": str(file), "file_bytes": file.stat().st_size,
            }
        )
    )  # fmt: skip


def _watch(stages: Taken, parts: Taken) -> None:
    """Put a stop-watch around each stage, and around the parts of collecting."""
    from entraide.connectors import reading, rest
    from entraide.disclosure import building, collecting
    from entraide.disclosure.rows import CsvRows
    from entraide.exchange.checking import StreamCheck
    from entraide.kernel.sealing import DataKey

    for name in ("verify", "contents", "archive", "encrypt"):
        _around(building, name, stages, name)
    _around(building.operations, "seal", stages, "seal")
    parts.update(dict.fromkeys(("wire", "json", "check", "csv", "seal", "fsync", "open"), 0.0))
    first = Taken(parts)
    _around(reading, "parsed", first, "json")
    _around(StreamCheck, "check", first, "check")
    _around(CsvRows, "lines", first, "csv")
    _around(DataKey, "seal_chunk", first, "seal")
    _around(os, "fsync", first, "fsync")
    _around(collecting, "_file_of", first, "open")
    pages = rest.RestConnector._pages

    def timed(self: Any, *args: Any) -> Iterator[Any]:
        inner = pages(self, *args)
        while True:
            begin = time.perf_counter()
            try:
                page = next(inner)
            except StopIteration:
                return
            finally:
                first["wire"] += time.perf_counter() - begin
            yield page

    rest.RestConnector._pages = timed  # type: ignore[method-assign]
    collect = building.collect

    def collected(*args: Any) -> Any:
        begin, cpu, waited = time.perf_counter(), cpu_s(), kept_waiting_s()
        done = collect(*args)
        took = time.perf_counter() - begin
        if "collect" in stages:  # the second round, when the entry has its place: only the spool is read
            stages["again"] = stages.get("again", 0.0) + took
        else:
            stages["collect"] = took
            # Archiving uses the same key and the same disk: the stop-watches are read now.
            parts.update(first, cpu=cpu_s() - cpu, waited=kept_waiting_s() - waited)
        return done

    building.collect = collected


def _around(owner: Any, name: str, taken: Taken, key: str) -> None:
    """Replace a function by one that adds up how long it takes."""
    function: Callable[..., Any] = getattr(owner, name)

    def timed(*args: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*args, **named)
        finally:
            taken[key] = taken.get(key, 0.0) + time.perf_counter() - begin

    setattr(owner, name, timed)


class MadeInMemory:
    """A port whose records are made as they are asked for, so that what is measured is the desk.

    Pages go through the same check as those of an adapter.
    """

    def __init__(self, account: str, records: int) -> None:
        self._account, self._records = account, records

    def capabilities(self) -> None:
        """Be there."""

    def records(
        self, account_id: str, category: Any, period: Any, *, as_of: datetime, cursor: str | None = None, purpose: Any
    ) -> Iterator[Any]:
        """Yield pages of a thousand ledger records."""
        from entraide.exchange.checking import StreamCheck
        from entraide.exchange.port import PAGE_ROWS, RecordPage, moment_text

        check = StreamCheck("Making records", account_id=account_id, category=category, period=period, as_of=as_of)
        names = check._compiled.schema.names
        empty = dict.fromkeys(names)
        start = period.start + timedelta(days=1)
        at = int(cursor or 0)
        while True:
            rows = range(at, min(at + PAGE_ROWS, self._records))
            page: list[dict[str, Any]] = [
                empty
                | {
                    "record_id": f"M{n:012d}", "account_id": account_id,
                    "at": moment_text(start + timedelta(seconds=15 * n)), "kind": "deposit", "direction": "in",
                    "asset": "BTC", "amount": str(30_000 + n * 7_919 % 100_000 * 3), "network": "bitcoin",
                    "txid": f"{n:064x}", "from_address": "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l",
                    "status": "booked",
                }
                for n in rows
            ]  # fmt: skip
            at = rows.stop
            first_row = check.n_rows + 1
            yield RecordPage(
                category=category, account_id=account_id, rows=check.check(page, cursor=cursor), cursor=str(at),
                first_row=first_row, is_last=at >= self._records,
            )  # fmt: skip
            if at >= self._records:
                return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
