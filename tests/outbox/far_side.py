"""A far side that honours keys, and a worker process that calls it: ``python -m tests.outbox.far_side FILE``."""

import os
import sqlite3
import sys
from pathlib import Path


class FarSide:
    """Effects by key, in a file, so that they outlive a worker that is killed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as file:
            file.execute("CREATE TABLE IF NOT EXISTS effect (key text PRIMARY KEY, calls int)")

    def place(self, key: str) -> None:
        """Do it once, however often it is asked for."""
        with self._open() as file:
            file.execute("INSERT INTO effect VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET calls = calls + 1", [key])

    def effects(self) -> list[tuple[str, int]]:
        """Return the keys that were honoured, and how often each was asked for."""
        with self._open() as file:
            return list(file.execute("SELECT key, calls FROM effect ORDER BY key"))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)


def main(path: Path) -> None:
    """Work off the outbox once, as the worker does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    import django

    django.setup()
    from entraide.kernel.faults import fault
    from entraide.outbox import api as outbox
    from entraide.outbox import loop, registry

    far_side = FarSide(path)

    @outbox.handler("tests:hold:place", verifies=outbox.NO_ACT)
    def place(effect: outbox.EffectToDo) -> outbox.Outcome:
        far_side.place(effect.key)
        fault("far_side.after_effect")
        return outbox.Confirmed()

    registry._is_discovered = True  # this worker has one handler, whatever the rooms register
    loop.drain()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
