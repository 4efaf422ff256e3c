"""Signed notes, checkpoints, proofs and policies in the text formats of C2SP.

The formats are those of c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof and tlog-policy, so that an
outsider can check the log with tools that are not ours.  Ed25519 only.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
DEMO_NAME = "demo.invalid"

_DASH = "\N{EM DASH} "
_PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_SIGNATURES = 64
_MAX_PROOF_LINES = 63


class NoteError(ValueError):
    """A note, checkpoint, proof or policy that is malformed, or a signature that does not hold."""


class NoteKey(Protocol):
    """Whoever can sign notes: a key in this process, or the signer behind its socket."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature over `message`."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, as it is written in a policy: ``name+hash+base64``."""

    name: str
    public_key: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE) or len(self.public_key) != 32:
            raise NoteError(f"{self.name}: only Ed25519 keys are known here")

    @classmethod
    def of(cls, key: NoteKey, algorithm: int = ED25519) -> "VerifierKey":
        """Return the public half of `key`."""
        return cls(key.name, key.public_key, algorithm)

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Return the key written as ``name+hash+base64``; raises `NoteError` if hash and key do not belong together."""
        name, _, rest = text.partition("+")
        stated, _, encoded = rest.partition("+")
        data = _unbase64(encoded, "a verifier key")
        if not data:
            raise NoteError("a verifier key is empty")
        key = cls(name, data[1:], data[0])
        if key.key_id.hex() != stated:
            raise NoteError(f"{name}: the key does not have the hash {stated}")
        return key

    @property
    def key_id(self) -> bytes:
        """The first four bytes of the hash over name, algorithm and key: what a signature line carries."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.algorithm]) + self.public_key)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Say whether `signature` (without the key's number in front) is this key's over the note text."""
        message = text.encode()
        if self.algorithm == COSIGNATURE:
            if len(signature) != 72 or signature[0] & 0x80:
                return False
            message = _cosigned(text, int.from_bytes(signature[:8], "big"))
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Ed25519NoteKey:
    """A note key held in this process.

    Parameters
    ----------
    name : str
        The key's name: the origin of a log, or the name of a witness.
    secret : bytes
        32 bytes, the seed of RFC 8032.
    """

    __slots__ = ("_private", "name", "public_key")

    def __init__(self, name: str, secret: bytes) -> None:
        _check_name(name)
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.name = name
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: str | bytes) -> "Note":
        """Return the note written in `data`; its signatures are not verified yet.

        Raises
        ------
        NoteError
            If it is not a signed note.
        """
        try:
            whole = data if isinstance(data, str) else data.decode()
        except UnicodeDecodeError as error:
            raise NoteError("a note is UTF-8 text") from error
        if any(letter < " " and letter != "\n" for letter in whole):
            raise NoteError("a note has no control characters")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NoteError("a note is a text, an empty line and signature lines")
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > _MAX_SIGNATURES:
            raise NoteError(f"a note of more than {_MAX_SIGNATURES} signatures is not read")
        return cls(text + "\n", signatures)

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def signed_by(self, key: VerifierKey) -> bool:
        """Say whether `key` signed this note.

        Raises
        ------
        NoteError
            If there is a line under the key's name and number that does not verify: the whole note is then refused.
        """
        lines = [line for line in self.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
        for line in lines:
            if not key.verifies(self.text, line.signature):
                raise NoteError(f"the signature of {key.name} does not hold")
        return bool(lines)


def sign_note(text: str, *keys: NoteKey) -> Note:
    """Return `text` signed by `keys`, in their order.

    Raises
    ------
    NoteError
        If `text` could not be told apart from its signatures when read again.
    """
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise NoteError("the text of a note ends with a newline and has no control characters")
    lines = tuple(NoteSignature(key.name, VerifierKey.of(key).key_id, key.sign(text.encode())) for key in keys)
    return Note(text, lines)


def cosign(note: Note, key: NoteKey, *, at_s: int) -> Note:
    """Return the checkpoint `note` with a witness's timestamped co-signature added; `at_s` in Unix seconds."""
    signature = at_s.to_bytes(8, "big") + key.sign(_cosigned(note.text, at_s))
    line = NoteSignature(key.name, VerifierKey.of(key, COSIGNATURE).key_id, signature)
    return Note(note.text, (*note.signatures, line))


def open_note(data: str | bytes | Note, *keys: VerifierKey) -> str:
    """Return the text of a note that at least one of `keys` signed.

    Raises
    ------
    NoteError
        If none did, or if a signature of one of them does not hold.
    """
    note = data if isinstance(data, Note) else Note.parse(data)
    # Every key is asked, not only up to the first that signed: one false signature of a known key spoils the note.
    signed = [note.signed_by(key) for key in keys]
    if not any(signed):
        raise NoteError("the note is not signed by any key that is trusted here")
    return note.text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log at one moment: how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text: origin, size, root, one a line."""
        return "\n".join((self.origin, str(self.size), _base64(self.root), *self.extensions)) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return the checkpoint in a note text; raises `NoteError` where the text is none."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise NoteError("a checkpoint has an origin, a size and a root, one a line")
        root = _unbase64(lines[2], "the root of a checkpoint")
        if len(root) != 32:
            raise NoteError("the root of a checkpoint has 32 bytes")
        return cls(lines[0], _decimal(lines[1], "the size of a checkpoint"), root, tuple(lines[3:]))


@dataclass(frozen=True, slots=True)
class LogProof:
    """That an entry stands in a log, checkable offline: its index, the hashes up to the root, the checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint the proof leads to."""
        return Checkpoint.parse(self.note.text)

    def __str__(self) -> str:
        extra = () if self.extra is None else (f"extra {_base64(self.extra)}",)
        head = (_PROOF_HEADER, *extra, f"index {self.index}", *map(_base64, self.hashes))
        return "\n".join(head) + f"\n\n{self.note}"

    @classmethod
    def parse(cls, data: str | bytes) -> "LogProof":
        """Return the proof written in `data`; nothing is verified yet.  Raises `NoteError` where it is none."""
        try:
            text = data if isinstance(data, str) else data.decode()
        except UnicodeDecodeError as error:
            raise NoteError("a proof is UTF-8 text") from error
        head, blank, note = text.partition("\n\n")
        header, *lines = head.split("\n")
        if not blank or header != _PROOF_HEADER or not lines:
            raise NoteError(f"a proof begins with {_PROOF_HEADER}")
        extra = None
        if lines[0].startswith("extra "):
            extra = _unbase64(lines.pop(0)[6:], "the extra data of a proof")
        if not lines or not lines[0].startswith("index "):
            raise NoteError("a proof states its index")
        index = _decimal(lines[0][6:], "the index of a proof")
        hashes = tuple(_unbase64(line, "a hash of a proof") for line in lines[1:])
        if len(hashes) > _MAX_PROOF_LINES or any(len(item) != 32 for item in hashes):
            raise NoteError("the hashes of a proof have 32 bytes each, and there are at most 63")
        return cls(index, hashes, Note.parse(note), extra)


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What a policy says of one checkpoint: which listed log signed it, which witnesses did, and if they suffice."""

    log: VerifierKey | None
    witnesses: tuple[str, ...]
    has_quorum: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which logs are believed, and how many of which witnesses must have seen a checkpoint.

    `quorum` is ``none``, a witness's name in this policy, or a group's; a group is (how many, of which).
    """

    logs: tuple[VerifierKey, ...] = ()
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = "none"

    def __str__(self) -> str:
        lines = [f"log {key}" for key in self.logs]
        lines += [f"witness {name} {key}" for name, key in self.witnesses.items()]
        lines += [f"group {name} {count} {' '.join(of)}" for name, (count, of) in self.groups.items()]
        return "\n".join([*lines, f"quorum {self.quorum}"]) + "\n"

    @classmethod
    def parse(cls, data: str | bytes) -> "Policy":
        """Return the policy written in `data`; raises `NoteError` where a line breaks the format's rules."""
        reader = _PolicyReader()
        text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
        for line in text.split("\n"):
            words = line.replace("\t", " ").split(" ")
            words = [word for word in words if word]
            if words and not words[0].startswith("#"):
                reader.read(words)
        return reader.policy()

    def judge(self, note: Note) -> PolicyAnswer:
        """Return what this policy says of a checkpoint; raises `NoteError` if a known key's signature is false."""
        origin = Checkpoint.parse(note.text).origin
        log = next((key for key in self.logs if key.name == origin and note.signed_by(key)), None)
        seen = tuple(name for name, key in self.witnesses.items() if note.signed_by(key))
        return PolicyAnswer(log, seen, self.quorum == "none" or self._has_seen(self.quorum, frozenset(seen)))

    def _has_seen(self, name: str, seen: frozenset[str]) -> bool:
        if name in self.witnesses:
            return name in seen
        count, members = self.groups[name]
        return sum(self._has_seen(member, seen) for member in members) >= count


class _PolicyReader:
    """Reads a policy line by line; a name must be defined before it is used, and used in one group only."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorums: list[str] = []
        self.grouped: set[str] = set()

    def read(self, words: list[str]) -> None:
        match words:
            case ["log", key, *_] if len(words) <= 3:
                self._log(VerifierKey.parse(key))
            case ["witness", name, key, *_] if len(words) <= 4:
                self._witness(name, VerifierKey.parse(key))
            case ["group", name, count, *members] if members:
                self._group(name, count, members)
            case ["quorum", name]:
                self.quorums.append(name)
                if name != "none":
                    self._check_known([name])
            case _:
                raise NoteError(f"a policy has no such line: {' '.join(words)[:80]}")

    def policy(self) -> Policy:
        if len(self.quorums) != 1:
            raise NoteError("a policy has exactly one quorum line")
        return Policy(logs=tuple(self.logs), witnesses=self.witnesses, groups=self.groups, quorum=self.quorums[0])

    def _log(self, key: VerifierKey) -> None:
        if any(key.public_key == other.public_key for other in self.logs):
            raise NoteError(f"the log {key.name} is listed twice")
        self.logs.append(key)

    def _witness(self, name: str, key: VerifierKey) -> None:
        self._check_new(name)
        if any(key.public_key == other.public_key for other in self.witnesses.values()):
            raise NoteError(f"the witness {name} is listed twice")
        self.witnesses[name] = key

    def _group(self, name: str, count: str, members: list[str]) -> None:
        self._check_new(name)
        self._check_known(members)
        if len(set(members)) != len(members) or self.grouped.intersection(members):
            raise NoteError(f"group {name}: a member counts once only")
        self.grouped.update(members)
        needed = {"all": len(members), "any": 1}.get(count) or _decimal(count, f"the size of group {name}")
        if not 1 <= needed <= len(members):
            raise NoteError(f"group {name}: {needed} of {len(members)} members is no quorum")
        self.groups[name] = (needed, tuple(members))

    def _check_new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise NoteError(f"the name {name} is taken")

    def _check_known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.witnesses and name not in self.groups:
                raise NoteError(f"the name {name} is used before it is defined")


def is_demo_name(name: str) -> bool:
    """Say whether a key or log of this name belongs to a demo, whose signatures are no evidence."""
    return name == DEMO_NAME or name.startswith(f"{DEMO_NAME}/")


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with a dash and a space")
    _check_name(name)
    data = _unbase64(encoded, f"the signature of {name}")
    if len(data) < 5:
        raise NoteError(f"the signature of {name} is too short")
    return NoteSignature(name, data[:4], data[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise NoteError("the name of a key is not empty and has no space and no plus sign")


def _decimal(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or str(int(text)) != text:
        raise NoteError(f"{what} is a decimal number without leading zeros")
    return int(text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{what} is not Base64") from error
    # A second spelling of the same bytes (stray bits in the last letter) would make two texts of one proof.
    if _base64(data) != text:
        raise NoteError(f"{what} is not Base64 in its one form")
    return data
