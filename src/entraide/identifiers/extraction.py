"""From free text to identifiers, each once, in the order they stand."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from entraide.identifiers import contacts, iban, onchain, phrases
from entraide.identifiers.model import Identifier, IdentifierKind

# Between two readings of the same length the more specific one; a user number is the least specific of all.
_K = IdentifierKind
_RANK = {k: i for i, k in enumerate((_K.SECRET, _K.ADDRESS, _K.TXID, _K.IBAN, _K.EMAIL, _K.IP, _K.PHONE, _K.UID))}


def extract(text: str) -> Iterator[Identifier]:
    """Yield every identifier in `text`, by offset, none overlapping another.

    Where readings overlap, a secret goes first (none of it may be kept), then what is valid, then the longer, then the
    earlier.  The time is linear in the length of `text` up to the sorting of what was found.
    """
    candidates = [
        *onchain.find(text),
        *phrases.find(text),
        *iban.find(text),
        *contacts.find_email(text),
        *contacts.find_ip(text),
        *contacts.find_phone(text),
        *contacts.find_uid(text),
    ]
    yield from _without_overlaps(candidates)


def _precedence(identifier: Identifier) -> tuple[bool, bool, int, int, int]:
    is_secret = identifier.kind is IdentifierKind.SECRET
    length = identifier.end - identifier.start
    return not is_secret, not identifier.valid, -length, identifier.start, _RANK[identifier.kind]


def _without_overlaps(candidates: Iterable[Identifier]) -> list[Identifier]:
    starts, kept = list[int](), list[Identifier]()
    for candidate in sorted(candidates, key=_precedence):
        at = bisect_left(starts, candidate.start)
        if at < len(kept) and kept[at].start < candidate.end:
            continue
        if at > 0 and kept[at - 1].end > candidate.start:
            continue
        starts.insert(at, candidate.start)
        kept.insert(at, candidate)
    return kept
