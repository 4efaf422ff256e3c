"""The unified addresses of Zcash (ZIP-316): F4Jumble undone, padding and items checked."""

from hashlib import blake2b

_LENGTH_MIN, _LENGTH_MAX = 48, 4_194_368
_ITEM_LENGTH = {0x00: 20, 0x01: 20, 0x02: 43, 0x03: 43}  # P2PKH, P2SH, Sapling, Orchard
_PADDING = 16


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _h(turn: int, data: bytes, length: int) -> bytes:
    return blake2b(data, digest_size=length, person=b"UA_F4Jumble_H" + bytes((turn, 0, 0))).digest()


def _g(turn: int, data: bytes, length: int) -> bytes:
    out = b""
    for block in range((length + 63) // 64):
        person = b"UA_F4Jumble_G" + bytes((turn,)) + block.to_bytes(2, "little")
        out += blake2b(data, digest_size=64, person=person).digest()
    return out[:length]


def jumble(data: bytes) -> bytes:
    """Return F4Jumble of `data`: every bit of the result depends on every bit of the input."""
    left_length = min(64, len(data) // 2)
    a, b = data[:left_length], data[left_length:]
    x = _xor(b, _g(0, a, len(b)))
    y = _xor(a, _h(0, x, len(a)))
    d = _xor(x, _g(1, y, len(x)))
    return _xor(y, _h(1, d, len(y))) + d


def unjumble(data: bytes) -> bytes:
    """Return what `jumble` was given."""
    left_length = min(64, len(data) // 2)
    c, d = data[:left_length], data[left_length:]
    y = _xor(c, _h(1, d, len(c)))
    x = _xor(d, _g(1, y, len(d)))
    a = _xor(y, _h(0, x, len(y)))
    return a + _xor(x, _g(0, a, len(x)))


def _compact_size(data: bytes, at: int) -> tuple[int, int] | None:
    if at >= len(data):
        return None
    first = data[at]
    if first < 0xFD:
        return first, at + 1
    size = {0xFD: 2, 0xFE: 4, 0xFF: 8}[first]
    return (int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size) if at + size < len(data) else None


def is_unified_address(prefix: str, data: bytes) -> bool:
    """Return whether jumbled `data` is a unified address under `prefix`: right padding, right items, one shielded."""
    if not _LENGTH_MIN <= len(data) <= _LENGTH_MAX:
        return False
    plain = unjumble(data)
    if plain[-_PADDING:] != prefix.encode().ljust(_PADDING, b"\x00"):
        return False
    items, at, seen = plain[:-_PADDING], 0, list[int]()
    while at < len(items):
        kind = _compact_size(items, at)
        size = kind and _compact_size(items, kind[1])
        if not kind or not size or size[1] + size[0] > len(items):
            return False
        if _ITEM_LENGTH.get(kind[0], size[0]) != size[0] or (seen and kind[0] <= seen[-1]):
            return False
        seen.append(kind[0])
        at = size[1] + size[0]
    return any(kind > 1 for kind in seen)
