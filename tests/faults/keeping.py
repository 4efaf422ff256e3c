"""The desk's own processes, started again whenever they end, as the supervisor does: signer, sequencer, worker."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.walking import Walk
from tests.plugins.desk import Desk
from tests.reference_exchange.process import TOKEN, ReferenceExchange

MODULES = {
    "signer": "entraide.audit.signer",
    "sequencer": "entraide.audit.sequencer",
    "worker": "entraide.outbox.worker",
}
TURNS = 2400  # of a twentieth of a second: a bound, not a measure


@dataclass
class Keeper:
    """Whoever starts processes again; each start of one is armed with the next death on its list."""

    desk: Desk
    exchange: ReferenceExchange
    deaths: dict[str, list[str]]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ended: list[tuple[str, int]] = field(default_factory=list)

    def look_after(self) -> None:
        """Start what is not running."""
        for name in MODULES:
            process = self.running.get(name)
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                self.ended.append((name, process.returncode))
            self.running[name] = self._start(name)

    def keep_until(self, walk: Walk, is_done: str) -> None:
        """Look after them until the database says that the story is so far; time passes fast meanwhile."""
        pause = threading.Event()
        for turn in range(TURNS):
            self.look_after()
            if turn % 10 == 9:
                walk.minutes_pass(workers_too=False)
                self._bury(walk)
            if self.desk.superuser_sql(is_done):
                return
            pause.wait(0.05)
        raise AssertionError(f"the story did not go on; {self.ended}; {self._what_waits()}")

    def _what_waits(self) -> list[object]:
        """Return what a reader of a failed test wants to know."""
        questions = (
            "SELECT action, state, attempt, last_problem FROM outbox_effect WHERE state <> 'confirmed'",
            "SELECT task_name, status::text, attempts FROM procrastinate_jobs",
            "SELECT state, failure FROM disclosure_package",
            "SELECT state, note FROM outbox_progress",
        )
        return [self.desk.superuser_sql(question) for question in questions]

    def killed(self, name: str) -> int:
        """Return how often a process of this name was killed."""
        return self.ended.count((name, -signal.SIGKILL))

    def kill_all(self) -> None:
        """Kill every process at once."""
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()

    def _bury(self, walk: Walk) -> None:
        """Let the queue know of the workers that died what it would find out by their silence."""
        self.desk.superuser_sql(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour' "
            "WHERE id <> (SELECT max(id) FROM procrastinate_workers)"
        )
        walk.sweep()

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        deaths = self.deaths.get(name, [])
        environment = {
            **self.desk.environment(),
            "ENTRAIDE_PROCESS": name,
            "ENTRAIDE_EXCHANGE_URL": self.exchange.url,
            "ENTRAIDE_EXCHANGE_TOKEN": TOKEN,
            "ENTRAIDE_FAULTS": f"{deaths.pop(0)}=kill" if deaths else "",
        }
        return subprocess.Popen(
            [sys.executable, "-m", MODULES[name]],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def a_keeper(desk: Desk, exchange: ReferenceExchange, deaths: dict[str, Sequence[str]]) -> Iterator[Keeper]:
    """Yield a keeper; whatever it started is ended."""
    keeper = Keeper(desk, exchange, {name: list(points) for name, points in deaths.items()})
    try:
        yield keeper
    finally:
        keeper.kill_all()
