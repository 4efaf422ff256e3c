"""Facts about processes that the standard library does not tell: who dies with whom, who still works where."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec nothing may be imported or searched for.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process `signal_number` when its parent dies, however it dies.

    Linux only; elsewhere the next start finds what was left over.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def dies_with_me(signal_number: int) -> Callable[[], None]:
    """Return what a child runs before its program, so that it ends when this process does."""
    parent = os.getpid()

    def in_the_child() -> None:
        die_with_parent(signal_number)
        if os.getppid() != parent:  # the parent died before the request was made: nobody would tell us any more
            os._exit(1)

    return in_the_child


def process_ids() -> Iterator[int]:
    """Yield the ids of all processes the system shows, where it shows them (Linux)."""
    if not _PROC.is_dir():
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def is_running(pid: int) -> bool:
    """Return whether `pid` exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def working_in(folder: Path) -> list[int]:
    """Return the ids of the processes whose current directory is `folder`: a PostgreSQL server's all are."""
    wanted = os.path.realpath(folder)
    return [pid for pid in process_ids() if _link(pid, "cwd") == wanted]


def carrying(name: str, value: str) -> list[int]:
    """Return the ids of the processes that were started with `name=value` in their environment, but not this one."""
    wanted = f"{name}={value}".encode()
    return [pid for pid in process_ids() if pid != os.getpid() and wanted in _environment(pid)]


def _state(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _link(pid: int, name: str) -> str:
    try:
        return str((_PROC / str(pid) / name).readlink())
    except OSError:
        return ""


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
