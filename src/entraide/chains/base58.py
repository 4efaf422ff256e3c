"""Base58 in its three dialects: Bitcoin's, XRP's (another alphabet) and Monero's (blocks of eight bytes)."""

from hashlib import sha256

BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"

_DIGITS = {alphabet: {character: i for i, character in enumerate(alphabet)} for alphabet in (BITCOIN, RIPPLE)}
_MAX_LENGTH = 512  # the arithmetic is quadratic; nothing we know is half as long
_MONERO_ENCODED = (0, 2, 3, 5, 6, 7, 9, 10, 11)  # characters for a block of 0…8 bytes
_MONERO_DECODED = {encoded: plain for plain, encoded in enumerate(_MONERO_ENCODED)}


def decode(text: str, alphabet: str = BITCOIN) -> bytes | None:
    """Return the bytes `text` stands for, or None if a character is not in the alphabet or the text is too long."""
    if len(text) > _MAX_LENGTH:
        return None
    digits, value = _DIGITS[alphabet], 0
    try:
        for character in text:
            value = value * 58 + digits[character]
    except KeyError:
        return None
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")


def encode(data: bytes, alphabet: str = BITCOIN) -> str:
    """Return `data` in base58."""
    value = int.from_bytes(data, "big")
    out: list[str] = []
    while value:
        value, digit = divmod(value, 58)
        out.append(alphabet[digit])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return alphabet[0] * zeros + "".join(reversed(out))


def checksum(data: bytes) -> bytes:
    """Return the four bytes Base58Check appends to `data`."""
    return sha256(sha256(data).digest()).digest()[:4]


def is_checked(raw: bytes) -> bool:
    """Return whether the last four bytes of `raw` are the checksum of the rest."""
    return len(raw) > 4 and checksum(raw[:-4]) == raw[-4:]


def encode_check(data: bytes, alphabet: str = BITCOIN) -> str:
    """Return `data` in Base58Check."""
    return encode(data + checksum(data), alphabet)


def decode_monero(text: str) -> bytes | None:
    """Return the bytes of Monero's base58: blocks of 11 characters for 8 bytes, the last one shorter."""
    if len(text) > _MAX_LENGTH or len(text) % 11 not in _MONERO_DECODED:
        return None
    digits, out = _DIGITS[BITCOIN], bytearray()
    for i in range(0, len(text), 11):
        block, value = text[i : i + 11], 0
        size = _MONERO_DECODED[len(block)]
        try:
            for character in block:
                value = value * 58 + digits[character]
        except KeyError:
            return None
        if value >> (8 * size):
            return None  # a block that overflows has no meaning
        out += value.to_bytes(size, "big")
    return bytes(out)


def encode_monero(data: bytes) -> str:
    """Return `data` in Monero's base58."""
    out: list[str] = []
    for i in range(0, len(data), 8):
        block = data[i : i + 8]
        out.append(encode(block).lstrip("1").rjust(_MONERO_ENCODED[len(block)], "1"))
    return "".join(out)
