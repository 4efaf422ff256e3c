"""One parent for everything: whatever dies, nothing is left behind and what should run runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from entraide.supervision import processes
from entraide.supervision.postgres import EmbeddedPostgres

Until = Callable[[Callable[[], bool]], None]
PROGRAM = Path(__file__).with_name("little_desk.py")


class LittleDesk:
    """A running `little_desk.py` and what it has said so far."""

    def __init__(self, folder: Path, until: Until) -> None:
        self.folder = folder
        self.log = folder / "said"
        self._until = until
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *programs: str) -> "LittleDesk":
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(self.folder), *programs],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,
            )
        return self

    def is_up(self) -> "LittleDesk":
        self.has_said("everything is up")
        return self

    def said(self) -> str:
        return self.log.read_text()

    def has_said(self, words: str) -> None:
        try:
            self._until(lambda: words in self.said())
        except AssertionError:
            raise AssertionError(f"never said {words!r}, but:\n{self.said()}") from None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def status(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=90)

    def pids(self, name: str, kind: str = "pids") -> list[int]:
        file = self.folder / f"{name}.{kind}"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    @property
    def data(self) -> Path:
        return self.folder / "postgres" / "data"

    def everyone(self) -> list[int]:
        """Return the ids of all processes of this desk that run now, the parent's excepted."""
        return processes.working_in(self.data) + processes.carrying("ENTRAIDE_SUPERVISED_BY", str(self.folder))


@pytest.fixture
def desk(folder: Path, until: Until) -> Iterator[LittleDesk]:
    desk = LittleDesk(folder, until)
    yield desk
    if desk.process is not None and desk.process.poll() is None:
        desk.process.send_signal(signal.SIGTERM)
        desk.process.wait(timeout=90)


needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="counting processes needs /proc")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_each_way_to_stop_leaves_no_process(desk: LittleDesk, number: int) -> None:
    desk.start("migrate=step", "worker=waits", "web=headed").is_up()
    assert len(desk.everyone()) > 3

    desk.signal(number)

    assert desk.status() == 0
    assert desk.everyone() == []


def test_children_start_in_order_and_a_step_ends_before_the_next_begins(desk: LittleDesk) -> None:
    desk.start("migrate=step", "worker=waits").is_up()
    desk.has_said("worker    | waiting")

    lines = [line for line in desk.said().splitlines() if "|" in line]
    assert lines == ["migrate   | done", "worker    | waiting"]


def test_a_step_that_fails_stops_everything_with_its_last_words(desk: LittleDesk) -> None:
    desk.start("migrate=failing-step", "worker=waits")

    assert desk.status() == 1
    assert "migrate ended with status 3. Its last words:\n  the disk of my dreams is full" in desk.said()
    assert desk.pids("worker") == []


@needs_proc
def test_a_child_that_is_killed_is_started_again_with_its_hands_cut_off(desk: LittleDesk, until: Until) -> None:
    desk.start("web=headed").is_up()
    until(lambda: len(desk.pids("web", "hands")) == 1)
    head, hand = desk.pids("web")[0], desk.pids("web", "hands")[0]

    os.kill(head, signal.SIGKILL)

    until(lambda: len(desk.pids("web", "hands")) == 2)
    assert not processes.is_running(hand)
    assert "web ended (signal 9); starting it again in 0.05 s" in desk.said()


def test_a_child_that_ends_with_status_0_is_started_again_as_well(desk: LittleDesk, until: Until) -> None:
    desk.start("worker=ends")

    until(lambda: len(desk.pids("worker")) >= 2)
    assert "worker ended (status 0)" in desk.said()


@needs_proc
def test_a_child_that_cannot_live_stops_everything_with_its_last_words(desk: LittleDesk) -> None:
    desk.start("web=waits", "worker=ends")

    assert desk.status() == 1
    assert "worker ended 5 times in a minute. Its last words:\n  I cannot go on" in desk.said()
    assert len(desk.pids("worker")) == 5
    assert desk.everyone() == []


@needs_proc
def test_f15_a_killed_parent_takes_everybody_along(desk: LittleDesk, until: Until) -> None:
    desk.start("worker=waits", "web=waits").is_up()
    assert len(desk.everyone()) > 3

    desk.signal(signal.SIGKILL)
    desk.status()

    until(lambda: desk.everyone() == [])


@needs_proc
def test_f15_what_a_killed_parent_leaves_is_ended_at_the_next_start(desk: LittleDesk, until: Until) -> None:
    # A deaf worker does not hear that its parent died, and a web worker's head does not tell its hands.
    desk.start("worker=deaf", "web=headed").is_up()
    until(lambda: "deaf" in desk.said() and len(desk.pids("web", "hands")) == 1)
    desk.signal(signal.SIGKILL)
    desk.status()
    until(lambda: processes.working_in(desk.data) == [])
    left = [desk.pids("worker")[0], desk.pids("web", "hands")[0]]
    assert [processes.is_running(pid) for pid in left] == [True, True]

    desk.start("web=waits").is_up()

    assert [processes.is_running(pid) for pid in left] == [False, False]


def test_a_second_call_to_stop_kills_what_does_not_hear_but_never_the_database(desk: LittleDesk, until: Until) -> None:
    desk.start("worker=deaf").is_up()
    until(lambda: "deaf" in desk.said().partition("|")[2])

    desk.signal(signal.SIGINT)
    desk.has_said("stopping…")
    desk.signal(signal.SIGINT)

    assert desk.status() == 0
    assert "worker did not end in time and was killed" in desk.said()
    assert not (desk.data / "postmaster.pid").exists()


def test_f38_a_killed_database_comes_back_and_the_others_stay(desk: LittleDesk, until: Until) -> None:
    desk.start("worker=waits").is_up()
    postmaster = int((desk.data / "postmaster.pid").read_text().splitlines()[0])

    os.kill(postmaster, signal.SIGKILL)

    desk.has_said("the database is back")
    server = EmbeddedPostgres(desk.folder / "postgres")
    with psycopg.connect(server.superuser_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert "recovering…" in desk.said()
    assert len(desk.pids("worker")) == 1


@needs_proc
@pytest.mark.parametrize("seed", range(2))
def test_f15_everything_killed_at_once_is_survived_at_the_next_start(desk: LittleDesk, until: Until, seed: int) -> None:
    desk.start("worker=waits", "web=headed").is_up()
    assert desk.process is not None
    victims = [desk.process.pid, *desk.everyone()]
    for pid in victims[seed:] + victims[:seed]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # an earlier victim took it along
    desk.status()

    desk.start("worker=waits").is_up()

    assert "recovering…" in desk.said()


def test_a_second_parent_is_told_who_has_the_directory(desk: LittleDesk, until: Until) -> None:
    desk.start("worker=waits").is_up()
    assert desk.process is not None

    second = subprocess.run(
        [sys.executable, str(PROGRAM), str(desk.folder)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert second.returncode == 1
    assert f"process {desk.process.pid}" in second.stdout
    assert len(desk.pids("worker")) == 1
