"""A process that makes workers: ``python -m tests.faults.forge``, one line of JSON in for each, one line out.

A new Python takes two seconds to know the whole program; this one knows it once and forks.  The tests' own process
cannot: threads that it has (of the letter's typesetter above all) do not come along in a fork.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.plugins.desk import NOON, Desk, DeskDatabase

LIVES_S_MAX = 120


class Forge:
    """The tests' side."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def worker(self, desk: Desk, *, point: str = "", at: int = 1) -> bool:
        """Let a worker do what is due, killed at a point; return whether it lived to the end."""
        order = {"home": str(desk.home), "now": desk.now.isoformat(), "point": point, "at": at}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        assert status in (0, -signal.SIGKILL), f"the worker ended with {status}"
        return status == 0


@contextmanager
def a_forge(database: DeskDatabase) -> Iterator[Forge]:
    """Start one; its workers speak to this database, and are told their data directory with each order."""
    environment = {**Desk(database, Path(os.devnull), NOON).environment(), "ENTRAIDE_PROCESS": "worker"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.forge"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Forge(process)
    finally:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            assert end is not None
            end.close()


def main() -> None:
    """Make a worker for each order."""
    from tests.plugins.desk import point_at

    urls = {alias: os.environ[f"ENTRAIDE_DATABASE_URL_{alias.upper()}"] for alias in ("web", "agency", "worker")}
    for alias, url in urls.items():
        point_at("default" if alias == "web" else alias, url)
    from entraide.outbox import registry

    registry.discover()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _be_a_worker(json.loads(line), urls["worker"])
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be_a_worker(order: dict[str, Any], url: str) -> None:
    from django.conf import settings

    from entraide.database import acting_in
    from entraide.kernel import faults
    from entraide.outbox import loop
    from tests.plugins.desk import _run_jobs
    from tests.requests.story import an_exchange

    try:
        signal.alarm(LIVES_S_MAX)
        home = Path(order["home"])
        settings.HOME, settings.KEY_STORE_FOLDER, settings.SPOOL_FOLDER = home, home / "keys", home / "spool"
        settings.PACKAGE_FOLDER, settings.SIGNER_SOCKET = home / "packages", home / "run" / "signer.sock"
        an_exchange(at=datetime.fromisoformat(order["now"]))
        if order["point"]:
            faults.arm(order["point"], "kill", at=order["at"])
        with acting_in("worker"):
            while loop.drain() + _run_jobs(url):
                pass
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
