"""Bech32 (BIP-173), Bech32m (BIP-350) and the cousin Bitcoin Cash uses (CashAddr)."""

from enum import IntEnum

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_DIGITS = {character: i for i, character in enumerate(CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)


def _table(generator: tuple[int, ...]) -> tuple[int, ...]:
    """Return what each of the 32 values that leave the register at the top feeds back."""
    table: list[int] = []
    for top in range(32):
        value = 0
        for i, term in enumerate(generator):
            if top >> i & 1:
                value ^= term
        table.append(value)
    return tuple(table)


_FEEDBACK = _table(_GENERATOR)
_CASH_FEEDBACK = _table(_CASH_GENERATOR)


class Variant(IntEnum):
    """The constant a valid checksum leaves in the register."""

    BECH32 = 1
    BECH32M = 0x2BC830A3


def _polymod(values: list[int]) -> int:
    register = 1
    for value in values:
        register = (register & 0x1FFFFFF) << 5 ^ value ^ _FEEDBACK[register >> 25]
    return register


def _cash_polymod(values: list[int]) -> int:
    register = 1
    for value in values:
        register = (register & 0x07FFFFFFFF) << 5 ^ value ^ _CASH_FEEDBACK[register >> 35]
    return register ^ 1


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def digits(text: str) -> list[int] | None:
    """Return the five-bit values of lower-case `text`, or None if a character is not in the charset."""
    try:
        return [_DIGITS[character] for character in text]
    except KeyError:
        return None


def is_mixed_case(text: str) -> bool:
    """Return whether `text` has both cases, which Bech32 and CashAddr refuse."""
    return text != text.lower() and text != text.upper()


def decode(text: str, *, length_max: int = 90) -> tuple[str, list[int], Variant] | None:
    """Return prefix, five-bit values without checksum and variant; None if the string does not hold.

    The limit of 90 is BIP-173's; Cardano, Zcash and MWEB addresses are longer and pass their own.
    """
    if len(text) > length_max or is_mixed_case(text) or any(not 33 <= ord(c) <= 126 for c in text):
        return None
    prefix, separator, data = text.lower().rpartition("1")
    values = digits(data)
    if not separator or not prefix or values is None or len(values) < 6:
        return None
    register = _polymod(_expand(prefix) + values)
    if register not in (Variant.BECH32, Variant.BECH32M):
        return None
    return prefix, values[:-6], Variant(register)


def encode(prefix: str, values: list[int], variant: Variant) -> str:
    """Return `values` (five bits each) as a Bech32 or Bech32m string."""
    register = _polymod(_expand(prefix) + values + [0] * 6) ^ variant
    tail = [register >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(CHARSET[v] for v in values + tail)


def decode_cash(prefix: str, data: str) -> list[int] | None:
    """Return the five-bit values of a CashAddr without its checksum, or None if it does not hold."""
    values = digits(data.lower())
    if values is None or len(values) < 8 or is_mixed_case(data):
        return None
    return values[:-8] if _cash_polymod([ord(c) & 31 for c in prefix] + [0] + values) == 0 else None


def encode_cash(prefix: str, values: list[int]) -> str:
    """Return `values` (five bits each) as a CashAddr with its prefix."""
    register = _cash_polymod([ord(c) & 31 for c in prefix] + [0] + values + [0] * 8)
    tail = [register >> 5 * (7 - i) & 31 for i in range(8)]
    return prefix + ":" + "".join(CHARSET[v] for v in values + tail)


def to_bytes(values: list[int]) -> bytes | None:
    """Return the bytes in `values` (five bits each); None if the padding is not zero or longer than four bits."""
    number = 0
    for value in values:
        number = number << 5 | value
    spare = len(values) * 5 % 8
    if spare > 4 or number & ((1 << spare) - 1):
        return None
    return (number >> spare).to_bytes(len(values) * 5 // 8, "big")


def to_values(data: bytes) -> list[int]:
    """Return `data` as five-bit values, padded with zeros."""
    spare = -len(data) * 8 % 5
    number, count = int.from_bytes(data, "big") << spare, (len(data) * 8 + spare) // 5
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]
