"""One owner for one folder: a lock that the kernel lets go of when its holder dies, however it dies."""

import fcntl
import os
import sys
from pathlib import Path
from typing import IO

from entraide.kernel.errors import NotPossible


def take(file: Path) -> IO[str]:
    """Take the lock in `file` and return what to close to give it back.

    Raises
    ------
    NotPossible
        If another process has it; says which.
    """
    lock = file.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise NotPossible(
            f"Using {file.parent}",
            why=f"{holder(file)} is using it",
            do="Stop that one first (Ctrl-C where it runs), or set ENTRAIDE_HOME to another folder",
        ) from error
    lock.truncate(0)
    words = " ".join(["entraide", *sys.argv[1:2]])
    lock.write(f"process {os.getpid()} ({words})")
    lock.flush()
    return lock


def is_taken(file: Path) -> bool:
    """Return whether some process has the lock in `file` now."""
    if not file.exists():
        return False
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def holder(file: Path) -> str:
    """Return in words who took the lock in `file` last."""
    return file.read_text().strip() or "another process"
