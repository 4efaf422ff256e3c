"""What is found in a text."""

from dataclasses import dataclass
from enum import StrEnum


class IdentifierKind(StrEnum):
    """What an identifier identifies."""

    ADDRESS = "address"
    TXID = "txid"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    IP = "ip"
    UID = "uid"
    SECRET = "secret"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One identifier and where it stands.

    Parameters
    ----------
    value : str or None
        As written: `text[start:end]`.  None for a secret, which must not be stored or shown.
    normalised : str or None
        The same identifier however it was written, to look it up.  A near miss is only freed of line breaks and of
        characters without width, never corrected.  None for a secret.
    networks : tuple of str
        Where an address or txid is valid (or what was meant by a near miss), likeliest first; else empty.
    problem : str or None
        Why it is not valid, as a code.
    start, end : int
        Offsets in code points.
    """

    value: str | None
    normalised: str | None
    kind: IdentifierKind
    networks: tuple[str, ...]
    valid: bool
    problem: str | None
    start: int
    end: int
