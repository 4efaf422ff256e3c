"""Addresses and transaction ids that are well formed and belong to nobody: random bytes under a right checksum."""

from hashlib import sha256
from random import Random

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def base58check(payload: bytes) -> str:
    """Return `payload` with its checksum in base58."""
    whole = payload + sha256(sha256(payload).digest()).digest()[:4]
    number = int.from_bytes(whole, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + digits


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_GENERATOR):
            if top >> i & 1:
                checksum ^= generator
    return checksum


def segwit(prefix: str, program: bytes) -> str:
    """Return the version 0 witness address of `program` (20 or 32 bytes), in bech32 (BIP 173)."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [0, *(int(bits[i : i + 5], 2) for i in range(0, len(bits), 5))]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    checksum = _polymod([*expanded, *data, 0, 0, 0, 0, 0, 0]) ^ 1
    data += [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    return f"{prefix}1" + "".join(_BECH32[d] for d in data)


def address(network: str, rng: Random) -> str:
    """Return a made-up address on `network`, in the form the contract compares (bech32, hexadecimal: lower case)."""
    match network:
        case "bitcoin":
            if rng.random() < 0.25:
                return base58check(bytes([rng.choice((0, 5))]) + rng.randbytes(20))
            return segwit("bc", rng.randbytes(20))
        case "litecoin":
            return segwit("ltc", rng.randbytes(20))
        case "tron":
            return base58check(b"\x41" + rng.randbytes(20))
        case "evm":
            return "0x" + rng.randbytes(20).hex()
    raise ValueError(f"no made-up addresses on {network}")


def txid(network: str, rng: Random) -> str:
    """Return a made-up transaction id on `network`."""
    return ("0x" if network == "evm" else "") + rng.randbytes(32).hex()


def normal(value: str) -> str:
    """Return an address or transaction id in the form the contract compares."""
    text = value.strip()
    lowered = text.lower()
    is_hex = len(lowered) >= 40 and all(c in "0123456789abcdef" for c in lowered.removeprefix("0x"))
    is_bech32 = lowered.startswith(("bc1", "tb1", "ltc1")) and (text in (lowered, text.upper()))
    return lowered if is_hex or is_bech32 else text


def network_of(value: str) -> str | None:
    """Return the network a plain line means, by its shape alone; nothing where the shape does not tell."""
    text = normal(value)
    if text.startswith("0x") and len(text) in (42, 66):
        return "evm"
    if text.startswith("bc1") or (text[:1] in ("1", "3") and 26 <= len(text) <= 35):
        return "bitcoin"
    if text.startswith("T") and len(text) == 34:
        return "tron"
    if text.startswith("ltc1"):
        return "litecoin"
    return "bitcoin" if is_txid(text) else None


def is_txid(value: str) -> bool:
    """Whether `value` has the shape of a transaction id."""
    digits = normal(value).removeprefix("0x")
    return len(digits) == 64 and all(c in "0123456789abcdef" for c in digits)


def iban(country: str, account: str) -> str:
    """Return `account` as an IBAN of `country` with right check digits."""
    letters = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    return f"{country}{98 - int(letters) % 97:02d}{account}"
