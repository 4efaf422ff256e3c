"""Files that are whole or not there: a cut leaves the old content or the new, never half of it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600) -> Generator[BinaryIO]:
    """Give a file to write to that appears as `path` only when the block ends well, and is on disk then.

    One writer at a time: what an earlier one left unfinished is written over.
    """
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(handle, "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def replace(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace what `path` holds, in one step."""
    with whole_file(path, mode=mode) as out:
        out.write(content)


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` outlive a power cut: syncing a file alone does not sync its name."""
    if os.name != "posix":  # elsewhere a folder cannot be opened, nor does it need to be
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
