"""A package as someone handed it over: an opened folder, a zip, or an encrypted zip.  None of it is trusted.

Names, sizes and overlaps are judged before anything is read, and nothing is written where it could be found.
"""

# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (pyrage has no types)

import contextlib
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Protocol

import pyrage

# What reading foreign bytes may raise, whatever is wrong with them.
FOREIGN = (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)

_AGE_HEADER = b"age-encryption.org/v1\n"
_FILES_MAX = 200_000
_MEMORY_BYTES = 64 << 20


class CannotCheck(Exception):
    """The question itself cannot be answered; `code` is one of the words, `file` what it is about."""

    def __init__(self, code: str, file: str = "") -> None:
        super().__init__(code, file)
        self.code = code
        self.file = file


class Unsafe(Exception):
    """A package that is built to mislead whoever opens it."""


class Altered(Exception):
    """An encrypted package that was changed or cut after it was encrypted."""


class Files(Protocol):
    """The files of a package by their names in it, segments apart by ``/``."""

    def names(self) -> set[str]: ...

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]: ...


class _Folder:
    """An opened package."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: set[str] = set()
        for item in root.rglob("*"):
            kind = item.lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise Unsafe(item.relative_to(root).as_posix())
            if stat.S_ISREG(kind):
                self._names.add(item.relative_to(root).as_posix())

    def names(self) -> set[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


class _Zip:
    """A decrypted package.  Nothing of it is ever written to a disk, so a bomb costs time and no space."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        entries = archive.infolist()
        if len(entries) > _FILES_MAX:
            raise Unsafe(f"{len(entries)} files")
        lowered: set[str] = set()
        for entry in entries:
            self._check(entry)
            if entry.filename.lower() in lowered:
                raise Unsafe(entry.filename)
            lowered.add(entry.filename.lower())
        self._check_overlap(entries, archive.start_dir)
        self._names = {entry.filename for entry in entries if not entry.is_dir()}

    def names(self) -> set[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)

    @staticmethod
    def _check(entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        segments = name.removesuffix("/").split("/")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        misleading = (
            entry.orig_filename != name
            or any(letter in name for letter in "\\:\x00")
            or any(segment in ("", ".", "..") for segment in segments)
            or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
            or entry.flag_bits & 1
            or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            or (entry.is_dir() and entry.file_size)
        )
        if misleading:
            raise Unsafe(name)

    @staticmethod
    def _check_overlap(entries: list[zipfile.ZipInfo], directory: int) -> None:
        # Entries that share bytes are how a small zip becomes an endless one.
        end = 0
        for entry in sorted(entries, key=lambda item: item.header_offset):
            if entry.header_offset < end:
                raise Unsafe(entry.filename)
            end = entry.header_offset + 30 + entry.compress_size
        if end > directory:
            raise Unsafe("the zip's directory")


def open_package(path: Path, identity: Path | None, stack: contextlib.ExitStack) -> Files:
    """Return the files of the package at `path`, open until `stack` is left.

    Parameters
    ----------
    path : Path
        Never written to, nor anything beside it.  An encrypted package is decrypted into memory, and beyond 64 MiB into
        a file that has no name and vanishes with the process.
    identity : Path, optional
        age identity file, needed for an encrypted package.

    Raises
    ------
    CannotCheck
        If `identity` is needed and missing, unreadable or another's.
    Unsafe
        If the package is built to mislead whoever opens it.
    Altered
        If it was changed or cut after it was encrypted.
    zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OverflowError
        If it is no zip at all.
    """
    if path.is_dir():
        return _Folder(path)
    file: IO[bytes] = stack.enter_context(path.open("rb"))
    if file.read(len(_AGE_HEADER)) == _AGE_HEADER:
        if identity is None:
            raise CannotCheck("identity-needed", str(path))
        file = stack.enter_context(_decrypted(file, path, identity))
    file.seek(0)
    return _Zip(stack.enter_context(zipfile.ZipFile(file)))


def _decrypted(file: IO[bytes], path: Path, identity: Path) -> IO[bytes]:
    keys = _identities(identity)
    plain: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  -- the caller closes it
    file.seek(0)
    try:
        pyrage.decrypt_io(file, plain, keys)
    except (pyrage.DecryptError, OSError) as error:
        plain.close()
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the package: an altered package has no number
        if "No matching keys" in str(error):
            raise CannotCheck("identity-wrong", str(path)) from None
        raise Altered(path.name) from None
    return plain


def _identities(path: Path) -> list[Any]:
    """Return the identities in an age key file; raises `CannotCheck` where it holds none."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except FileNotFoundError:
        raise CannotCheck("no-such-file", str(path)) from None
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        raise CannotCheck("identity-unreadable", str(path)) from None
    if not keys:
        raise CannotCheck("identity-unreadable", str(path))
    return keys
