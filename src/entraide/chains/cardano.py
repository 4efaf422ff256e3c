"""Cardano's addresses behind their encodings: Shelley's header byte and Byron's CBOR with its CRC-32."""

from dataclasses import dataclass
from zlib import crc32

_FORMS = {0: 57, 1: 57, 2: 57, 3: 57, 6: 29, 7: 29, 14: 29, 15: 29}  # type in the header: bytes with the header
_POINTER_TYPES = (4, 5)
_STAKE_TYPES = (14, 15)


def shelley_form(prefix: str, data: bytes) -> str | None:
    """Return `base`, `enterprise`, `pointer` or `stake`; None where header, network, prefix and length disagree."""
    kind, network = data[0] >> 4, data[0] & 15
    if network != (0 if prefix.endswith("_test") else 1):
        return None
    if prefix.startswith("stake") != (kind in _STAKE_TYPES):
        return None
    if kind in _POINTER_TYPES:
        return "pointer" if 32 <= len(data) <= 59 else None
    if _FORMS.get(kind) != len(data):
        return None
    return "stake" if kind in _STAKE_TYPES else "base" if kind < 4 else "enterprise"


@dataclass(frozen=True, slots=True)
class Byron:
    """A Byron address that holds."""

    is_test: bool


def read_byron(raw: bytes) -> Byron | None:
    """Return the Byron address in `raw` if it is an array of (tag 24, bytes) and the CRC-32 of those bytes."""
    if raw[:4] == b"\x82\xd8\x18\x58" and len(raw) > 5:
        start, size = 5, raw[4]
    elif raw[:3] == b"\x82\xd8\x18" and len(raw) > 4 and 0x40 <= raw[3] < 0x58:
        start, size = 4, raw[3] - 0x40
    else:
        return None
    payload, rest = raw[start : start + size], raw[start + size :]
    if len(payload) != size or _unsigned(rest) != crc32(payload):
        return None
    # The payload is an array of (28-byte root, attributes, type).  Test networks name themselves in attribute 2.
    if payload[:3] != b"\x83\x58\x1c" or len(payload) < 33:
        return None
    return Byron(is_test=_has_network_attribute(payload[31:]))


def _has_network_attribute(attributes: bytes) -> bool:
    entries = attributes[0] & 0x1F if attributes[0] >> 5 == 5 else 0
    return (entries == 1 and attributes[1] == 2) or (entries == 2 and b"\x02\x45\x1a" in attributes)


def _unsigned(data: bytes) -> int | None:
    """Return the one CBOR unsigned integer that `data` is."""
    if not data or data[0] >> 5:
        return None
    size = {24: 1, 25: 2, 26: 4}.get(data[0], 0 if data[0] < 24 else -1)
    if len(data) != 1 + size:
        return None
    return int.from_bytes(data[1:], "big") if size else data[0]
