"""Packages: a BagIt bag (RFC 8493), its seal beside it, in one zip, encrypted with age.

What is signed is the tag manifest, which names every other file of the bag by its hash; the statement lies under it, so
recipient, purpose and place in the log are signed with the data.  Same parts and same statement give the same bytes.
"""

# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (pyrage has no types)

import base64
import contextlib
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyrage
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from entraide.evidence.leaves import SALT_BYTES, Leaf
from entraide.evidence.notes import LogProof, Note, NoteError, NoteKey, Policy, VerifierKey, open_note, sign_note
from entraide.evidence.parts import Part, check_path
from entraide.evidence.standalone.verify import VERIFY_TXT
from entraide.kernel.canonical import canonical
from entraide.kernel.faults import fault

KINDS = ("demo", "trial", "production")
SEALED_KIND = "disclosure:package:sealed"
"""The kind of the log entry whose payload carries the hash of the tag manifest, under the key ``tagmanifest``."""

_BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_TIME = (1980, 1, 1, 0, 0, 0)
# Level 4 takes half the time of the usual 6 for 3 % more bytes on CSV of records.
_DEFLATE_LEVEL = 4
_KEYS_HEADER = "entraide/exchange-keys/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeKeys:
    """The exchange's public keys, as they travel in every package, signed by the package key.

    A recipient trusts the package key because it was handed over at onboarding, and the others through it.
    """

    kind: str
    package: VerifierKey
    log: VerifierKey
    receipts: VerifierKey

    def sign(self, key: NoteKey) -> Note:
        """Return the keys as a note signed by the package key."""
        lines = (_KEYS_HEADER, f"kind {self.kind}", f"package {self.package}", f"log {self.log}")
        return sign_note("\n".join((*lines, f"receipts {self.receipts}")) + "\n", key)

    @classmethod
    def open(cls, data: str | bytes | Note, package_key: bytes) -> "ExchangeKeys":
        """Return the keys in a note that the 32-byte Ed25519 key `package_key` signed; raises `NoteError` else."""
        note = data if isinstance(data, Note) else Note.parse(data)
        names = [line.partition(" ") for line in note.text.split("\n")]
        if [name for name, _, _ in names] != [_KEYS_HEADER, "kind", "package", "log", "receipts", ""]:
            raise NoteError("this is not a note of the exchange's keys")
        kind, package, log, receipts = (rest for _, _, rest in names[1:5])
        keys = cls(
            kind=kind,
            package=VerifierKey.parse(package),
            log=VerifierKey.parse(log),
            receipts=VerifierKey.parse(receipts),
        )
        if keys.package.public_key != package_key or kind not in KINDS:
            raise NoteError("the note of the exchange's keys names another package key")
        open_note(note, keys.package)
        return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a package says of itself.  It is signed with the data.

    Parameters
    ----------
    reference, version
        Of the request answered; the first package is version 1.
    kind : str
        Kind of the instance: demo, trial or production.
    purpose : str
        What the data were asked for, as approved.
    scope : Mapping
        The approved scope: accounts, categories, periods, and each target that is answered without data.
    recipient : Mapping
        Name, organisation and ``age`` recipient key of her who may open it.
    copy_id : str
        Names this copy.
    stream, n, head
        The case's stream before sealing: handle, number of entries, leaf hash (hex) of the last.
    snapshot : str
        The exchange's ``as_of`` of the records.
    release : str
        Version of the program.
    """

    reference: str
    version: int
    kind: str
    purpose: str
    scope: Mapping[str, Any]
    recipient: Mapping[str, str]
    copy_id: str
    stream: str
    n: int
    head: str | None
    snapshot: str
    release: str

    @property
    def name(self) -> str:
        """The package's name without ending, ``R-26-7K3F9Q-v1``."""
        return f"{self.reference}-v{self.version}"

    def to_json(self, outside: Mapping[str, str]) -> dict[str, Any]:
        """Return the statement as it is written; `outside` are the hashes of files outside the bag, by path."""
        if self.kind not in KINDS:
            raise ValueError(f"an instance is {', '.join(KINDS)}, not {self.kind}")
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return {
            "v": 1,
            **fields,
            "scope": dict(self.scope),
            "recipient": dict(self.recipient),
            "outside": dict(outside),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What of the exchange stands outside the bag and is known before sealing: its keys and the log's policy."""

    package_key: bytes
    keys_note: Note
    policy: Policy

    def files(self) -> dict[str, bytes]:
        """Return the files, by path in the package; the statement names their hashes."""
        return {
            "VERIFY.txt": VERIFY_TXT.encode(),
            "seal/exchange-keys.note": str(self.keys_note).encode(),
            "seal/exchange.pem": public_key_pem(self.package_key),
            "seal/policy.txt": str(self.policy).encode(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """A bag that is ready to be sealed: its parts, its tag files, and what has to be signed."""

    name: str
    parts: tuple[Part, ...]
    tag_files: Mapping[str, bytes]
    outside: Mapping[str, bytes]

    @property
    def tagmanifest(self) -> bytes:
        """The bytes the exchange signs (Ed25519, bare, no prefix: so that `openssl pkeyutl` can check them)."""
        return self.tag_files["tagmanifest-sha256.txt"]

    @property
    def tagmanifest_sha256(self) -> str:
        """Hex; the log entry that seals the package carries it as ``tagmanifest`` in its payload."""
        return hashlib.sha256(self.tagmanifest).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of the parts: the measure of progress."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What sealing a bag gave: the signature, the log entry opened for the recipient, and its proof.

    Parameters
    ----------
    signature : bytes
        64 bytes over `Bag.tagmanifest`.
    leaf, salt, payload
        The log entry of kind `SEALED_KIND`: canonical leaf, the payload's salt, the payload.
    proof : LogProof
        That the entry is in the log.
    stream : Iterable[bytes] or None
        Canonical leaves 1..n of the case, the sealing entry last; None leaves the stream out.
    timestamp : bytes or None
        RFC 3161 token over the tag manifest, where there is one.
    """

    signature: bytes
    leaf: bytes
    salt: bytes
    payload: Mapping[str, Any]
    proof: LogProof
    stream: Iterable[bytes] | None = None
    timestamp: bytes | None = None

    def files(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the files of the seal that sealing made, in order."""
        Leaf.parse(self.leaf)
        if len(self.signature) != 64 or len(self.salt) != SALT_BYTES:
            raise ValueError("a signature has 64 bytes and a salt 32")
        entry = {"leaf": _b64(self.leaf), "salt": _b64(self.salt), "payload": dict(self.payload)}
        yield "seal/entry.json", (canonical(entry),)
        yield "seal/package.tlog-proof", (str(self.proof).encode(),)
        if self.stream is not None:
            yield "seal/stream.jsonl", (leaf + b"\n" for leaf in self.stream)
        yield "seal/tagmanifest.ed25519", (self.signature,)
        if self.timestamp is not None:
            yield "seal/tagmanifest.tsr", (self.timestamp,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryManifest:
    """What Regulation (EU) 2025/1550 wants to be said of a delivery: parties, order, means, times, files.

    `made_available_at` and `available_until` are moments as `kernel.clock.iso_ms` writes them.
    """

    sender: Mapping[str, str]
    recipient: Mapping[str, str]
    order: Mapping[str, str]
    means: str
    made_available_at: str
    available_until: str
    files: Sequence[Part] = field(default_factory=tuple)

    def part(self, path: str = "data/delivery-manifest.json") -> Part:
        """Return the manifest as a part of the bag it describes."""
        document = {
            "v": 1,
            "sender": dict(self.sender),
            "recipient": dict(self.recipient),
            "order": dict(self.order),
            "means": self.means,
            "made_available_at": self.made_available_at,
            "available_until": self.available_until,
            "files": [
                {"name": part.path, "size": part.size, "hash": {"algorithm": "SHA-256", "value": part.sha256}}
                for part in sorted(self.files, key=_path)
            ],
        }
        return Part.of_bytes(path, canonical(document))


def make_bag(parts: Sequence[Part], statement: Statement, trust: Trust, *, organisation: str) -> Bag:
    """Return the bag over `parts`; reads none of them.

    Raises
    ------
    ValueError
        If a path is not below ``data/``, or two paths are one file on some system.
    """
    ordered = tuple(sorted(parts, key=_path))
    paths = [check_path(part.path) for part in ordered]
    if not all(path.startswith("data/") for path in paths):
        raise ValueError("every part of a bag lies below data/")
    if len({path.lower() for path in paths}) != len(paths):
        raise ValueError("two parts of a bag have the same name")
    outside = trust.files()
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in outside.items()}
    info = {
        "Source-Organization": organisation,
        "External-Identifier": statement.name,
        "Bagging-Date": statement.snapshot[:10],
        "Bag-Software-Agent": f"Entraide {statement.release}",
        "Payload-Oxum": f"{sum(part.size for part in ordered)}.{len(ordered)}",
    }
    tag_files = {
        "bag-info.txt": "".join(f"{name}: {_one_line(value)}\n" for name, value in info.items()).encode(),
        "bagit.txt": _BAGIT,
        "manifest-sha256.txt": _manifest((part.sha256, part.path) for part in ordered),
        "statement.json": canonical(statement.to_json(hashes)),
    }
    listed = ((hashlib.sha256(data).hexdigest(), name) for name, data in sorted(tag_files.items()))
    tag_files["tagmanifest-sha256.txt"] = _manifest(listed)
    fault("package.bag")
    return Bag(name=statement.name, parts=ordered, tag_files=tag_files, outside=outside)


def write_zip(
    out: BinaryIO, bag: Bag, seal: Seal, *, compress: bool = True, progress: Callable[[int], None] | None = None
) -> None:
    """Write the sealed package to `out` as a zip, in constant memory; `out` is only written forwards.

    Parameters
    ----------
    out : BinaryIO
        Gets plaintext: a pipe, a test's buffer, never a file of the desk.
    bag, seal
        What to write.
    compress : bool
        False stores the files as they are: the same bytes with every build of zlib.
    progress : Callable, optional
        Called with the number of bytes of parts written so far; what it raises stops the writing.

    Raises
    ------
    PartChanged
        If a part does not read as it was written.
    """
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    forward = _Forward(out)
    with zipfile.ZipFile(forward, "w", method, compresslevel=_DEFLATE_LEVEL, allowZip64=True) as archive:  # type: ignore[call-overload]
        _add(archive, "VERIFY.txt", (bag.outside["VERIFY.txt"],))
        for name, data in sorted(bag.tag_files.items()):
            _add(archive, f"bag/{name}", (data,))
        done = 0
        for part in bag.parts:
            for length in _add_counting(archive, f"bag/{part.path}", part.read(), part.size):
                done += length
                if progress:
                    progress(done)
        inside = {path: (data,) for path, data in bag.outside.items() if path.startswith("seal/")}
        for name, chunks in sorted([*inside.items(), *seal.files()], key=lambda item: item[0]):
            _add(archive, name, chunks)


def encrypt(out: BinaryIO, chunks: Iterator[bytes], *, recipients: Sequence[str]) -> None:
    """Write `chunks` to `out`, encrypted with age to `recipients` (``age1…``), in constant memory.

    What `chunks` raises is raised here, and what is in `out` must be thrown away: nothing of age's tells a shortened
    file from a whole one once it is closed properly.

    Raises
    ------
    ValueError
        If there is no recipient, or one is not an X25519 recipient of age.
    """
    pyrage.encrypt_io(_Readable(chunks), out, parse_recipients(recipients))
    fault("package.encrypted")


def parse_recipients(recipients: Sequence[str]) -> list[Any]:
    """Return age recipients; raises `ValueError` where there is none or one is not an X25519 recipient."""
    if not recipients:
        raise ValueError("a package is encrypted to somebody")
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as error:
        raise ValueError("this is not a public key of age (age1…)") from error


def public_key_pem(public_key: bytes) -> bytes:
    """Return a 32-byte Ed25519 public key as PEM, as `openssl` reads it."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key_of_pem(pem: bytes) -> bytes:
    """Return the 32 bytes of the Ed25519 key in `pem`; raises `ValueError` where it holds none."""
    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise ValueError("the key of an exchange is an Ed25519 key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the key of an exchange is an Ed25519 key")
    return key.public_bytes_raw()


class _Forward:
    """A stream that cannot seek, so that the zip's headers never depend on what it is written to."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        self._out.write(data)
        return len(data)

    def flush(self) -> None:
        self._out.flush()


class _Readable:
    """Chunks as something to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return b""
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> None:
    for _ in _add_counting(archive, name, chunks, 0):
        pass


def _add_counting(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes], size: int) -> Iterator[int]:
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system, info.external_attr = 3, 0o100644 << 16
    info.compress_type = archive.compression
    info.file_size = size  # decides whether the entry is written in the large format
    with contextlib.closing(archive.open(info, "w")) as entry:
        for chunk in chunks:
            entry.write(chunk)
            yield len(chunk)


def _manifest(lines: Iterable[tuple[str, str]]) -> bytes:
    # Two spaces: with one, `sha256sum -c` refuses the file.
    return "".join(f"{digest}  {path}\n" for digest, path in lines).encode()


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _path(part: Part) -> str:
    return part.path


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
