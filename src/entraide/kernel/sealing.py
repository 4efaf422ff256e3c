"""Sealing: what a stolen database, disk or backup shows as ciphertext only.

Each case has a data key of its own (AES-256-GCM).  The data key lies in a key store *apart* from the database, wrapped
by a key-encryption key (RFC 3394), so that destroying it erases the case everywhere at once, however many copies of the
rows exist.  Associated data names the place a value belongs to: a row moved to another place does not open.
"""

import hashlib
import hmac
import json
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from entraide.kernel.durable import sync_folder
from entraide.kernel.errors import NotPossible, Unavailable

_NONCE = 12
_VERSION = b"\x01"
_CHUNK = 1 << 18
_FILE_MAGIC = b"ENTR\x01"


class SealBroken(Exception):
    """Ciphertext that does not open with this key in this place: altered, swapped, or another case's."""


class DataKey:
    """The key of one case: seals and opens values, and files chunk by chunk.

    Parameters
    ----------
    case : UUID
        The case (or other holder) the key belongs to; part of everything it seals.
    secret : bytes
        32 bytes.
    """

    __slots__ = ("_aead", "_prefix", "case")

    def __init__(self, case: UUID, secret: bytes) -> None:
        self.case = case
        self._aead = AESGCM(secret)
        self._prefix = f"entraide/seal/v1|{case}|"

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        """Return `plaintext` sealed for one `place` ("requests.legalrequest:<id>:document")."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, plaintext, self._associated(place))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return the plaintext of `sealed`.

        Raises
        ------
        SealBroken
            If the bytes were altered, moved from another place, or sealed with another key.
        """
        if sealed[:1] != _VERSION:
            raise SealBroken(place)
        nonce = sealed[1 : 1 + _NONCE]
        try:
            return self._aead.decrypt(nonce, sealed[1 + _NONCE :], self._associated(place))
        except InvalidTag:
            raise SealBroken(place) from None

    def seal_json(self, value: Any, *, place: str) -> bytes:
        """Seal a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), place=place)

    def open_json(self, sealed: bytes, *, place: str) -> Any:
        """Return the JSON value of `sealed`; raises `SealBroken` as `open` does."""
        return json.loads(self.open(sealed, place=place))

    def seal_stream(self, chunks: Iterable[bytes], out: BinaryIO, *, place: str) -> int:
        """Write `chunks` sealed to `out`, in constant memory; return the number of plaintext bytes."""
        writer = SealingWriter(self, out, place=place)
        for chunk in chunks:
            writer.write(chunk)
        return writer.finish()

    def open_stream(self, source: BinaryIO, *, place: str) -> Iterator[bytes]:
        """Yield the plaintext of a sealed stream chunk by chunk.

        Raises
        ------
        SealBroken
            At the first chunk that does not hold, or when the end is missing.  What was yielded before is genuine.
        """
        if source.read(len(_FILE_MAGIC)) != _FILE_MAGIC:
            raise SealBroken(place)
        number = 0
        while True:
            head = source.read(5)
            if len(head) != 5:
                raise SealBroken(place)
            length, last = struct.unpack(">IB", head)
            sealed = source.read(length)
            if len(sealed) != length or last > 1 or length < _NONCE + 16:
                raise SealBroken(place)
            try:
                yield self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._associated(f"{place}#{number}#{last}"))
            except InvalidTag:
                raise SealBroken(place) from None
            if last:
                return
            number += 1

    def seal_chunk(self, plaintext: bytes, place: str, number: int, *, last: bool) -> bytes:
        """Return one framed chunk of a sealed stream."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._aead.encrypt(nonce, plaintext, self._associated(f"{place}#{number}#{int(last)}"))
        return struct.pack(">IB", len(sealed), int(last)) + sealed

    def _associated(self, place: str) -> bytes:
        return (self._prefix + place).encode()


class SealingWriter:
    """Something to write to: seals what it is given, chunk by chunk, in constant memory.

    Each chunk carries its number and whether it is the last one in its associated data (the STREAM construction), so
    that chunks can be neither reordered nor cut off unnoticed.  Without `finish` the file does not open to its end.
    """

    def __init__(self, key: DataKey, out: BinaryIO, *, place: str) -> None:
        self._key, self._out, self._place = key, out, place
        self._pending = bytearray()
        self._number = self._total = 0
        out.write(_FILE_MAGIC)

    def write(self, data: bytes) -> int:
        """Take more plaintext; return how many bytes that was."""
        self._pending += data
        while len(self._pending) > _CHUNK:
            self._put(bytes(self._pending[:_CHUNK]), last=False)
            del self._pending[:_CHUNK]
        return len(data)

    def finish(self) -> int:
        """Write the last chunk; return the number of plaintext bytes of the whole."""
        self._put(bytes(self._pending), last=True)
        return self._total

    def flush(self) -> None:
        """Do nothing: an open chunk is written when it is full or the last one."""

    def _put(self, plaintext: bytes, *, last: bool) -> None:
        self._out.write(self._key.seal_chunk(plaintext, self._place, self._number, last=last))
        self._number += 1
        self._total += len(plaintext)


class KeyStore(Protocol):
    """Where data keys live: apart from the database, so that a copy of the database opens nothing."""

    def create(self, case: UUID) -> DataKey:
        """Make and keep a key for `case`; durable when it returns.  Calling again returns the same key."""
        ...

    def get(self, case: UUID) -> DataKey:
        """Return the key of `case`; raises `NotPossible` where it was destroyed, `Unavailable` where the store is."""
        ...

    def destroy(self, case: UUID) -> None:
        """Destroy the key of `case` for good; harmless when repeated."""
        ...

    def blind_index(self, kind: str, normalised: str) -> bytes:
        """Return the keyed hash by which a sealed identifier is found again, 32 bytes."""
        ...


class FileKeyStore:
    """A key store in a folder of its own, owned by the desk's user and backed up apart from the database.

    Layout: ``kek`` (32 bytes, the key-encryption key), ``index`` (32 bytes, wrapped), ``cases/ab/<uuid>`` (one wrapped
    data key each), ``destroyed/ab/<uuid>`` (an empty mark, so that a destroyed key is never made anew).

    Raises
    ------
    Unavailable
        If the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._kek = _read_or_make(folder / "kek", secrets.token_bytes(32))
            self._index_key = aes_key_unwrap(
                self._kek, _read_or_make(folder / "index", aes_key_wrap(self._kek, secrets.token_bytes(32)))
            )
        except (OSError, InvalidUnwrap) as error:
            raise _store_unavailable(folder, error) from error

    def create(self, case: UUID) -> DataKey:
        """Make and keep a key for `case`."""
        path, mark = self._path_and_mark(case)
        if os.path.exists(mark):  # noqa: PTH110  # every act comes by here, and `Path` takes several times as long
            raise _destroyed(case)
        try:
            try:
                wrapped = _read(path)
            except FileNotFoundError:
                wrapped = _read_or_make(Path(path), aes_key_wrap(self._kek, secrets.token_bytes(32)))
        except OSError as error:
            raise _store_unavailable(self._folder, error) from error
        return self._unwrap(case, wrapped)

    def get(self, case: UUID) -> DataKey:
        """Return the key of `case`."""
        try:
            wrapped = _read(self._path_and_mark(case)[0])
        except FileNotFoundError:
            raise _destroyed(case) from None
        except OSError as error:
            raise _store_unavailable(self._folder, error) from error
        return self._unwrap(case, wrapped)

    def destroy(self, case: UUID) -> None:
        """Destroy the key of `case`: mark first, then overwrite and remove, so that a crash never brings it back."""
        path, mark = map(Path, self._path_and_mark(case))
        try:
            _read_or_make(mark, b"")
            if path.exists():
                with path.open("r+b", buffering=0) as file:
                    file.write(secrets.token_bytes(path.stat().st_size))
                    os.fsync(file.fileno())
                path.unlink()
                sync_folder(path.parent)
        except OSError as error:
            raise _store_unavailable(self._folder, error) from error

    def blind_index(self, kind: str, normalised: str) -> bytes:
        """Return HMAC-SHA-256 of the identifier under the store's index key."""
        return hmac.new(self._index_key, f"{kind}\x00{normalised}".encode(), hashlib.sha256).digest()

    def _unwrap(self, case: UUID, wrapped: bytes) -> DataKey:
        try:
            return DataKey(case, aes_key_unwrap(self._kek, wrapped))
        except InvalidUnwrap as error:
            raise _store_unavailable(self._folder, error) from error

    def _path_and_mark(self, case: UUID) -> tuple[str, str]:
        name = str(case)
        return f"{self._folder}/cases/{name[-2:]}/{name}", f"{self._folder}/destroyed/{name[-2:]}/{name}"


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)  # a wrapped key has 40 bytes
    finally:
        os.close(descriptor)


def _read_or_make(path: Path, content: bytes) -> bytes:
    """Return what `path` holds, writing `content` first where nothing is there; whole, durable, first writer wins."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)  # fails when another process was first, unlike a rename
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return path.read_bytes()


def _destroyed(case: UUID) -> NotPossible:
    return NotPossible(
        f"Opening case {case}", why="its key does not exist or was destroyed", do="What it sealed is erased for good"
    )


def _store_unavailable(folder: Path, error: Exception) -> Unavailable:
    return Unavailable(
        "Opening sealed data", why=f"the key store in {folder} does not answer ({error})", do="Check the key store"
    )
