"""Records from the exchange into the spool: sealed, segment by segment, going on where a killed worker stopped.

Plaintext exists in memory only, a page at a time.  A segment is whole or it is not there; the cursor behind the last
whole one is where the stream is taken up again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from entraide.disclosure.rows import CsvRows
from entraide.evidence.parts import Part, find_part, forget_part, write_part
from entraide.exchange.categories import SCHEMAS
from entraide.exchange.port import Category, Connector, Period, Purpose, RecordPage
from entraide.kernel.faults import fault
from entraide.kernel.sealing import DataKey

SEGMENT_PAGES = 100  # 100,000 records: seconds of work lost at most, and few files for a large account


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The records of one account and category: one line of the approved scope.

    Parameters
    ----------
    named : frozenset of str
        Columns the decision names, so that they are neither masked nor left out.
    """

    category: Category
    account_id: str
    period: Period
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A whole segment of a run: its lines in the spool, and where the stream goes on behind it."""

    part: Part
    records: int
    withheld: int
    next_cursor: str
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was collected, ready to be put into a bag."""

    parts: tuple[Part, ...]
    records: dict[str, int]
    withheld: int


class Collector:
    """Collects the runs of one package.

    Parameters
    ----------
    spool : Path
        Folder of this package alone.
    progress : callable
        Called after each page with the number of records so far; what it raises stops the work, which can be taken up.
    """

    def __init__(
        self,
        *,
        connector: Connector,
        key: DataKey,
        spool: Path,
        as_of: datetime,
        purpose: Purpose,
        pseudonym: Callable[[str], str],
        progress: Callable[[int], None] = lambda records: None,
    ) -> None:
        self._connector, self._key, self._spool = connector, key, spool
        self._as_of, self._purpose, self._pseudonym = as_of, purpose, pseudonym
        self._progress = progress
        self._seen = 0

    def collect(self, runs: Sequence[Run]) -> Collection:
        """Collect what is not there yet and return one CSV file for each category.

        Raises
        ------
        ExchangeUnavailable
            The exchange broke off; what was collected stays, call again.
        ExchangeRefused, ExchangeBroken
            It said no, or something that cannot be believed: a person must look.
        """
        targets = frozenset(run.account_id for run in runs)
        segments: dict[Category, list[Segment]] = {}
        headings: dict[Category, bytes] = {}
        for at, run in enumerate(runs):
            writer = CsvRows(run.category, named=run.named, target_accounts=targets, pseudonym=self._pseudonym)
            headings[run.category] = writer.heading()
            segments.setdefault(run.category, []).extend(self._collect_run(at, run, writer))
        parts, records = [], {}
        for category in sorted(segments):
            part = _file_of(category, headings[category], [segment.part for segment in segments[category]])
            parts.append(part)
            records[part.path] = sum(segment.records for segment in segments[category])
        withheld = sum(segment.withheld for whole in segments.values() for segment in whole)
        return Collection(parts=tuple(parts), records=records, withheld=withheld)

    def _collect_run(self, at: int, run: Run, writer: CsvRows) -> list[Segment]:
        done: list[Segment] = []
        while (segment := self._whole_segment(f"{at:05}-{len(done):06}")) is not None:
            done.append(segment)
            self._see(segment.records + segment.withheld)
        if done and done[-1].is_last:
            return done
        cursor = done[-1].next_cursor if done else None
        pages = self._connector.records(
            run.account_id, run.category, run.period, as_of=self._as_of, cursor=cursor, purpose=self._purpose
        )
        remaining = iter(pages)
        while not done or not done[-1].is_last:
            done.append(self._write_segment(f"{at:05}-{len(done):06}", remaining, writer))
        return done

    def _write_segment(self, name: str, pages: Iterator[RecordPage], writer: CsvRows) -> Segment:
        # A worker may have been killed between a segment and its note; without the note nobody knows where it ends.
        forget_part(f"segments/{name}", spool=self._spool)
        tally = _Tally(pages, writer, self._see)
        part = write_part(f"segments/{name}", tally.lines(), key=self._key, spool=self._spool)
        fault("disclosure.segment_written")
        note = json.dumps([tally.records, tally.withheld, tally.cursor, tally.is_last]).encode()
        write_part(f"notes/{name}", [note], key=self._key, spool=self._spool)
        fault("disclosure.segment_noted")
        return Segment(
            part=part,
            records=tally.records,
            withheld=tally.withheld,
            next_cursor=tally.cursor,
            is_last=tally.is_last,
        )

    def _whole_segment(self, name: str) -> Segment | None:
        note = find_part(f"notes/{name}", key=self._key, spool=self._spool)
        part = find_part(f"segments/{name}", key=self._key, spool=self._spool)
        if note is None or part is None:
            return None
        records, withheld, cursor, is_last = json.loads(b"".join(note.read()))
        return Segment(part=part, records=records, withheld=withheld, next_cursor=cursor, is_last=is_last)

    def _see(self, records: int) -> None:
        self._seen += records
        self._progress(self._seen)


def _file_of(category: Category, heading: bytes, segments: Sequence[Part]) -> Part:
    """Return the category's file: the heading, then every segment, read from the spool as often as needed."""

    def chunks() -> Iterator[bytes]:
        yield heading
        for segment in segments:
            yield from segment.read()

    digest, size = hashlib.sha256(), 0
    for chunk in chunks():
        digest.update(chunk)
        size += len(chunk)
    word = SCHEMAS[category].word.replace(" ", "-")
    return Part(path=f"data/{category}-{word}.csv", size=size, sha256=digest.hexdigest(), chunks=chunks)


class _Tally:
    """The lines of one segment, and what they add up to once they have been written."""

    def __init__(self, pages: Iterator[RecordPage], writer: CsvRows, seen: Callable[[int], None]) -> None:
        self._pages, self._writer, self._seen = pages, writer, seen
        self.records = self.withheld = 0
        self.cursor, self.is_last = "", False

    def lines(self) -> Iterator[bytes]:
        for _ in range(SEGMENT_PAGES):
            page = next(self._pages)  # a stream says itself which page is the last
            lines, count, withheld = self._writer.lines(page.rows)
            self.records += count
            self.withheld += withheld.privileged
            self.cursor, self.is_last = page.cursor, page.is_last
            if lines:
                yield lines
            self._seen(len(page.rows))
            if page.is_last:
                return
