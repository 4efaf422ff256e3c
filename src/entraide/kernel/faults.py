"""Named points at which a test may kill, delay or break the program.

A point costs one dictionary look-up when nothing is armed.  Arming happens in the environment of a process
(``ENTRAIDE_FAULTS="audit.entry_ready=kill"``, or ``=kill@3`` for the third time it is passed) and only where
`ENTRAIDE_TESTING` is set: production cannot be armed.
"""

import itertools
import os
import signal
from collections.abc import Callable


class FaultInjected(Exception):
    """A test asked for this failure."""


def _kill(name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(name: str) -> None:
    raise FaultInjected(name)


_MODES: dict[str, Callable[[str], None]] = {"kill": _kill, "raise": _fail}
_armed: dict[str, Callable[[str], None]] = {}


def arm(name: str, what: str | Callable[[str], None], *, at: int = 1) -> None:
    """Arm the point `name`: ``kill``, ``raise``, or a callable of the test; it strikes from the `at`-th passing on."""
    strike = _MODES[what] if isinstance(what, str) else what
    passings = itertools.count(1)

    def count_and_strike(name: str) -> None:
        if next(passings) >= at:
            strike(name)

    _armed[name] = strike if at == 1 else count_and_strike


def disarm() -> None:
    """Disarm every point."""
    _armed.clear()


def fault(name: str) -> None:
    """Mark a point of the program where a test may strike."""
    strike = _armed.get(name)
    if strike is not None:
        strike(name)


def _arm_from_environment() -> None:
    if os.environ.get("ENTRAIDE_TESTING") != "1":
        return
    for item in os.environ.get("ENTRAIDE_FAULTS", "").split(","):
        name, _, mode = item.partition("=")
        if name:
            mode, _, at = mode.strip().partition("@")
            arm(name.strip(), mode or "kill", at=int(at or 1))


_arm_from_environment()
