"""Parts: the files of a package, written once, hashed while written, kept sealed until they are delivered.

A part on disk is ciphertext under its case's key.  It is complete or it is not there: a worker that was killed finds
the finished parts and builds only the one it was at.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entraide.kernel import durable
from entraide.kernel.faults import fault
from entraide.kernel.sealing import DataKey, SealBroken

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


class PartChanged(Exception):
    """A part that no longer reads as it was written.  Nothing may be delivered from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a bag.

    Parameters
    ----------
    path : str
        Where it lies in the bag, ``data/records/P1.csv``.
    size : int
        Bytes.
    sha256 : str
        Hex.
    chunks : Callable
        Yields the plaintext; may be called again.
    """

    path: str
    size: int
    sha256: str
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def of_bytes(cls, path: str, data: bytes) -> "Part":
        """Return a part that is small enough to be held in memory."""
        return cls(
            path=check_path(path), size=len(data), sha256=hashlib.sha256(data).hexdigest(), chunks=lambda: (data,)
        )

    def read(self) -> Iterator[bytes]:
        """Yield the plaintext, and check it on the way.

        Raises
        ------
        PartChanged
            At the end, if it is not what was written: whoever consumes the bytes must then throw the result away.
        """
        digest, size = hashlib.sha256(), 0
        for chunk in self.chunks():
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        if (size, digest.hexdigest()) != (self.size, self.sha256):
            raise PartChanged(self.path)


def check_path(path: str) -> str:
    """Return `path` if every system can hold it; names for people belong inside the files.

    Raises
    ------
    ValueError
        If it is not plain, relative, and free of names that some system reserves.
    """
    segments = path.split("/")
    plain = all(_SEGMENT.fullmatch(segment) and not segment.endswith(".") for segment in segments)
    if not plain or len(path) > 200 or any(segment.lower().split(".")[0] in _RESERVED for segment in segments):
        raise ValueError(f"a file of a package cannot be called {path!r}")
    return path


def write_part(path: str, chunks: Iterable[bytes], *, key: DataKey, spool: Path) -> Part:
    """Write a part sealed under `spool`, unless it is complete there already, and return it.

    Parameters
    ----------
    path : str
        Where it will lie in the bag.
    chunks : Iterable[bytes]
        The plaintext; not touched if the part is complete.  Any size of chunk will do.
    key : DataKey
        The case's key.
    spool : Path
        The folder of this package's parts; it must exist.
    """
    done = find_part(path, key=key, spool=spool)
    if done is not None:
        return done
    file = _file_of(path, spool)
    digest, size = hashlib.sha256(), 0

    def hashed() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    partial = file.with_suffix(".partial")
    with partial.open("wb") as out:
        key.seal_stream(hashed(), out, place=_place(path))
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)
    fault("package.part_written")
    record = {"path": path, "size": size, "sha256": digest.hexdigest()}
    # The record comes last and by renaming: where it is, the part is whole.
    durable.replace(file.with_suffix(".done"), key.seal_json(record, place=_place(path)))
    fault("package.part_done")
    return _part(record, file, key)


def find_part(path: str, *, key: DataKey, spool: Path) -> Part | None:
    """Return the complete part of that path, or None where it still has to be written."""
    file = _file_of(check_path(path), spool)
    try:
        record = key.open_json(file.with_suffix(".done").read_bytes(), place=_place(path))
    except (FileNotFoundError, SealBroken):
        return None
    return _part(record, file, key) if file.exists() else None


def forget_part(path: str, *, spool: Path) -> None:
    """Remove what there is of one part, so that it is written anew."""
    file = _file_of(path, spool)
    file.with_suffix(".done").unlink(missing_ok=True)  # first, so that the part is never half there
    file.unlink(missing_ok=True)


def forget_parts(spool: Path) -> None:
    """Remove every file of the parts in `spool`, when the package is delivered or given up."""
    for suffix in ("*.done", "*.part", "*.partial", "*.new"):
        for file in spool.glob(suffix):
            file.unlink(missing_ok=True)


def _part(record: dict[str, Any], file: Path, key: DataKey) -> Part:
    path = record["path"]

    def chunks() -> Iterator[bytes]:
        with file.open("rb") as source:
            try:
                yield from key.open_stream(source, place=_place(path))
            except SealBroken:
                raise PartChanged(path) from None

    return Part(path=path, size=record["size"], sha256=record["sha256"], chunks=chunks)


def _file_of(path: str, spool: Path) -> Path:
    return spool / f"{hashlib.sha256(check_path(path).encode()).hexdigest()[:32]}.part"


def _place(path: str) -> str:
    return f"evidence.part:{path}"
