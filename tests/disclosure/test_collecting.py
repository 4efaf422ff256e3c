"""What is collected is whole, once, and in the same bytes, however often the worker is stopped on the way."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from entraide.disclosure import collecting
from entraide.disclosure.collecting import Collector, Run
from entraide.exchange.categories import SCHEMAS
from entraide.exchange.port import Category, ExchangeUnavailable, Period, Purpose, RecordPage, moment_text
from entraide.kernel import faults
from entraide.kernel.sealing import DataKey

START = datetime(2026, 1, 1, tzinfo=UTC)
PERIOD = Period(start=START, end=START + timedelta(days=30))
PURPOSE = Purpose(reference="R-26-TEST", act="disclosure:package:build", actor="worker")
KEY = DataKey(uuid4(), bytes(32))


class Stream:
    """An exchange with `n_pages` pages of three rows, which breaks off after `breaks_after` pages of each call."""

    def __init__(self, n_pages, breaks_after=None):
        self.n_pages, self.breaks_after, self.asked_at = n_pages, breaks_after, []

    def records(self, account_id, category, period, *, as_of, cursor=None, purpose):
        self.asked_at.append(cursor)
        first = int(cursor or 0)
        names = SCHEMAS[category].names
        for page in range(first, self.n_pages):
            if self.breaks_after is not None and page - first >= self.breaks_after:
                raise ExchangeUnavailable("Reading", why="it broke off", code="interrupted", cursor=str(page))
            rows = []
            for row in range(3):
                number = page * 3 + row
                values = {
                    "record_id": f"r-{number:06}",
                    "account_id": account_id,
                    "at": moment_text(START + timedelta(seconds=number)),
                    "ip": "192.0.2.1",
                }
                rows.append(tuple(values.get(name) for name in names))
            yield RecordPage(
                category=category,
                account_id=account_id,
                rows=tuple(rows),
                cursor=str(page + 1),
                first_row=page * 3 + 1,
                is_last=page == self.n_pages - 1,
            )


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(collecting, "SEGMENT_PAGES", 2)
    yield
    faults.disarm()


def collector(spool, connector, progress=lambda records: None):
    return Collector(
        connector=connector,
        key=KEY,
        spool=spool,
        as_of=START + timedelta(days=1),
        purpose=PURPOSE,
        pseudonym=str,
        progress=progress,
    )


def contents(collection):
    return {part.path: b"".join(part.read()) for part in collection.parts}


RUNS = [
    Run(category=Category.I1, account_id="acc-1", period=PERIOD),
    Run(category=Category.T1, account_id="acc-1", period=PERIOD),
    Run(category=Category.T1, account_id="acc-2", period=PERIOD),
]


def test_each_category_is_one_file_with_one_heading(tmp_path):
    collection = collector(tmp_path, Stream(5)).collect(RUNS)
    files = contents(collection)
    assert sorted(files) == ["data/I1-identify-only.csv", "data/T1-access-log.csv"]
    assert files["data/T1-access-log.csv"].count(b"record_id") == 1
    assert files["data/T1-access-log.csv"].count(b"\r\n") == 1 + 2 * 15
    assert collection.records == {"data/I1-identify-only.csv": 15, "data/T1-access-log.csv": 30}


def test_an_exchange_that_breaks_off_is_asked_again_where_it_stopped(tmp_path):
    (tmp_path / "whole").mkdir()
    whole = contents(collector(tmp_path / "whole", Stream(7)).collect(RUNS))
    broken = Stream(7, breaks_after=3)
    (tmp_path / "broken").mkdir()
    attempts = 0
    while True:
        attempts += 1
        try:
            collection = collector(tmp_path / "broken", broken).collect(RUNS)
            break
        except ExchangeUnavailable:
            assert attempts < 30
    assert attempts > 1
    assert contents(collection) == whole
    assert None in broken.asked_at and "2" in broken.asked_at


@pytest.mark.parametrize("point", ["disclosure.segment_written", "disclosure.segment_noted", "package.part_written"])
def test_a_worker_stopped_at_any_point_goes_on_to_the_same_bytes(tmp_path, point):
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    whole = contents(collector(tmp_path / "whole", Stream(5)).collect(RUNS))
    for strike_at in range(1, 6):
        hits = 0

        def strike(name, strike_at=strike_at):
            nonlocal hits
            hits += 1
            if hits == strike_at:
                raise faults.FaultInjected(name)

        faults.arm(point, strike)
        with pytest.raises(faults.FaultInjected):
            collector(tmp_path / "stopped", Stream(5)).collect(RUNS)
        faults.disarm()
        break_free = collector(tmp_path / "stopped", Stream(5)).collect(RUNS)
        assert contents(break_free) == whole
        for file in (tmp_path / "stopped").iterdir():
            file.unlink()


def test_cancelling_stops_between_pages_and_leaves_nothing_readable(tmp_path):
    class Cancelled(Exception):
        pass

    def cancel(records):
        if records >= 9:
            raise Cancelled

    with pytest.raises(Cancelled):
        collector(tmp_path, Stream(5), cancel).collect(RUNS)
    assert list(tmp_path.iterdir())
    assert not any(b"192.0.2.1" in file.read_bytes() for file in tmp_path.iterdir())


def test_progress_counts_every_record_once_also_after_a_stop(tmp_path):
    seen = []
    faults.arm("disclosure.segment_noted", "raise")
    with pytest.raises(faults.FaultInjected):
        collector(tmp_path, Stream(5)).collect(RUNS)
    faults.disarm()
    collector(tmp_path, Stream(5), seen.append).collect(RUNS)
    assert seen[-1] == 45 and seen == sorted(seen)
