"""A leaf of the log, the salted commitments in it, and the chain of one stream.

A leaf holds no personal data, only commitments: destroy salt and payload and the tree still verifies.  Its place in the
whole log is not in it (that would make every act wait for one counter); its place in its own *stream* is, with the hash
of the entry before, so that whoever holds the stream sees a gap without asking anybody.
"""

# pyright: reportUnnecessaryIsInstance=false
# (a leaf is made from foreign JSON; the types are checked where it is made)

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from entraide.evidence.merkle import leaf_hash
from entraide.kernel.canonical import canonical

SALT_BYTES = 32
MAX_LEAF_BYTES = 65_535
"""An entry bundle of c2sp.org/tlog-tiles counts its entries' lengths in 16 bits."""

_HASH = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[!#-\[\]-~]{1,256}")  # visible ASCII without quote and backslash: one spelling in JSON
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class LeafError(ValueError):
    """Bytes that are not a leaf."""


def new_salt() -> bytes:
    """Return a fresh salt for one commitment.  Never use it twice: equal payloads would show as equal."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, document: Any) -> bytes:
    """Return SHA-256 of `salt` and the canonical form of `document`; says nothing to whoever lacks the salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(salt + canonical(document)).digest()


def opens(committed: bytes | str, salt: bytes, document: Any) -> bool:
    """Say whether `salt` and `document` are what the commitment (bytes, or hex as in a leaf) was made of."""
    expected = bytes.fromhex(committed) if isinstance(committed, str) else committed
    return hmac.compare_digest(expected, commitment(salt, document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log as it is hashed.

    Parameters
    ----------
    log : str
        Origin of the log.
    t : str
        When, as `kernel.clock.iso_ms` writes it.
    kind : str
        What happened: ``disclosure:package:sealed``.
    stream : str
        Random handle of the case, agency or instance.
    n : int
        Place in the stream, from 1.
    prev : str or None
        Leaf hash (hex) of place n - 1; None at n = 1.
    actor, payload : str
        Commitments, hex.
    act : str or None
        Hash (hex) of the act that was shown and signed, where there was one.
    """

    log: str
    t: str
    kind: str
    stream: str
    n: int
    prev: str | None
    actor: str
    payload: str
    act: str | None = None
    v: int = 1

    def __post_init__(self) -> None:
        words = all(isinstance(word, str) and _WORD.fullmatch(word) for word in (self.log, self.kind, self.stream))
        hashes = all(isinstance(item, str) and _HASH.fullmatch(item) for item in (self.actor, self.payload))
        maybe = all(item is None or (isinstance(item, str) and _HASH.fullmatch(item)) for item in (self.prev, self.act))
        if not (words and hashes and maybe and isinstance(self.t, str) and _TIME.fullmatch(self.t)):
            raise LeafError("a field of the leaf does not have the form it must have")
        if type(self.n) is not int or not 1 <= self.n < 2**53 or (self.prev is None) != (self.n == 1):
            raise LeafError("an entry counts from 1, and all but the first name the one before")
        if type(self.v) is not int or self.v != 1:
            raise LeafError("only leaves of version 1 are known")

    def canonical(self) -> bytes:
        """Return the bytes that are hashed: the canonical form (RFC 8785)."""
        # The fields hold visible ASCII and small integers only, for which sorted compact JSON *is* the canonical form;
        # the general routine would take ten times as long over a million entries.
        return json.dumps({name: getattr(self, name) for name in _FIELDS}, separators=(",", ":")).encode("ascii")

    def hash(self) -> bytes:
        """Return the leaf hash, which is also what the next entry of the stream names."""
        return leaf_hash(self.canonical())

    @classmethod
    def parse(cls, data: bytes) -> "Leaf":
        """Return the leaf that `data` is the canonical form of.

        Raises
        ------
        LeafError
            If it is not a leaf, or not in canonical form.
        """
        try:
            fields = json.loads(data)
            leaf = cls(**fields)
        except (ValueError, TypeError, RecursionError) as error:
            raise LeafError("the entry is not a leaf of the log") from error
        if leaf.canonical() != data or len(data) > MAX_LEAF_BYTES:
            raise LeafError("the entry is not in its canonical form")
        return leaf


_FIELDS = tuple(sorted(Leaf.__slots__))


@dataclass(frozen=True, slots=True)
class StreamFault:
    """The first entry of a stream that does not hold: where it should stand, and a code of what is wrong.

    Codes: ``malformed``, ``other-log``, ``other-stream``, ``gap``, ``duplicate``, ``chain``.
    """

    n: int
    code: str


@dataclass(frozen=True, slots=True)
class StreamCheck:
    """How far a stream holds (`n` entries, `head` the last one's leaf hash in hex), and the fault after that."""

    n: int
    head: str | None
    fault: StreamFault | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


def check_stream(entries: Iterable[bytes], *, log: str | None = None, stream: str | None = None) -> StreamCheck:
    """Check that `entries` (canonical leaves, in order) are 1..n of one stream of one log, chained, without a gap.

    Parameters
    ----------
    entries : Iterable[bytes]
        Read once, in constant memory.
    log, stream : str, optional
        What they must be; absent: what the first entry says.

    Returns
    -------
    StreamCheck
        Checking stops at the first entry that does not hold.  That the stream ends where it should is for the caller
        to compare: with a receipt, or with the count signed in a package.
    """
    n, head = 0, None
    for data in entries:
        code = None
        try:
            leaf = Leaf.parse(data)
        except LeafError:
            return StreamCheck(n, head, StreamFault(n + 1, "malformed"))
        log, stream = log or leaf.log, stream or leaf.stream
        if leaf.log != log:
            code = "other-log"
        elif leaf.stream != stream:
            code = "other-stream"
        elif leaf.n != n + 1:
            code = "gap" if leaf.n > n + 1 else "duplicate"
        elif leaf.prev != head:
            code = "chain"
        if code:
            return StreamCheck(n, head, StreamFault(n + 1, code))
        n, head = leaf.n, leaf_hash(data).hex()
    return StreamCheck(n, head, None)
