"""Valid addresses over made-up payloads: nobody's."""

import zlib
from collections.abc import Callable
from hashlib import sha256

from entraide.chains import base58, bech32, zcash
from entraide.chains.addresses import eip55
from entraide.chains.keccak import keccak256

BECH32, BECH32M = bech32.Variant.BECH32, bech32.Variant.BECH32M


def _fill(seed: bytes, length: int) -> bytes:
    out = b""
    while len(out) < length:
        out += sha256(seed + len(out).to_bytes(2, "big")).digest()
    return out[:length]


def b58(version: bytes, length: int = 20) -> Callable[[bytes], str]:
    return lambda seed: base58.encode_check(version + _fill(seed, length))


def witness(prefix: str, version: int, length: int) -> Callable[[bytes], str]:
    return lambda seed: bech32.encode(
        prefix, [version, *bech32.to_values(_fill(seed, length))], BECH32M if version else BECH32
    )


def cash(version: int, prefix: str = "bitcoincash") -> Callable[[bytes], str]:
    return lambda seed: bech32.encode_cash(prefix, bech32.to_values(bytes([version]) + _fill(seed, 20)))


def evm(seed: bytes) -> str:
    return "0x" + eip55(_fill(seed, 20).hex())


def xrp(seed: bytes) -> str:
    return base58.encode_check(b"\x00" + _fill(seed, 20), base58.RIPPLE)


def xrp_x(seed: bytes) -> str:
    return base58.encode_check(b"\x05\x44" + _fill(seed, 20) + b"\x01" + _fill(seed, 4) + bytes(4), base58.RIPPLE)


def monero(tag: int, length: int = 64) -> Callable[[bytes], str]:
    def make(seed: bytes) -> str:
        body = bytes([tag]) + _fill(seed, length)
        return base58.encode_monero(body + keccak256(body)[:4])

    return make


def shelley(prefix: str, header: int, length: int) -> Callable[[bytes], str]:
    return lambda seed: bech32.encode(prefix, bech32.to_values(bytes([header]) + _fill(seed, length)), BECH32)


def byron(seed: bytes) -> str:
    payload = b"\x83\x58\x1c" + _fill(seed, 28) + b"\xa0\x00"
    return base58.encode(
        b"\x82\xd8\x18\x58" + bytes([len(payload)]) + payload + b"\x1a" + zlib.crc32(payload).to_bytes(4, "big")
    )


def sapling(seed: bytes) -> str:
    return bech32.encode("zs", bech32.to_values(_fill(seed, 43)), BECH32)


def unified(seed: bytes) -> str:
    items = b"\x00\x14" + _fill(seed, 20) + b"\x03\x2b" + _fill(seed + b"o", 43)
    return bech32.encode("u", bech32.to_values(zcash.jumble(items + b"u".ljust(16, b"\x00"))), BECH32M)


def wif(seed: bytes) -> str:
    return base58.encode_check(b"\x80" + _fill(seed, 32) + b"\x01")


def extended_private_key(seed: bytes) -> str:
    return base58.encode_check(b"\x04\x88\xad\xe4" + _fill(seed, 74))


# name: (how one is made, the network it must be recognised for)
CHECKSUMMED: dict[str, tuple[Callable[[bytes], str], str]] = {
    "bitcoin p2pkh": (b58(b"\x00"), "bitcoin"),
    "bitcoin p2sh": (b58(b"\x05"), "bitcoin"),
    "bitcoin p2wpkh": (witness("bc", 0, 20), "bitcoin"),
    "bitcoin p2wsh": (witness("bc", 0, 32), "bitcoin"),
    "bitcoin p2tr": (witness("bc", 1, 32), "bitcoin"),
    "testnet p2pkh": (b58(b"\x6f"), "bitcoin-testnet"),
    "testnet p2sh": (b58(b"\xc4"), "bitcoin-testnet"),
    "testnet p2wpkh": (witness("tb", 0, 20), "bitcoin-testnet"),
    "regtest p2tr": (witness("bcrt", 1, 32), "bitcoin-testnet"),
    "bitcoin cash": (cash(0), "bitcoin-cash"),
    "bitcoin cash p2sh": (cash(8), "bitcoin-cash"),
    "litecoin L": (b58(b"\x30"), "litecoin"),
    "litecoin M": (b58(b"\x32"), "litecoin"),
    "litecoin v0": (witness("ltc", 0, 20), "litecoin"),
    "litecoin mweb": (witness("ltcmweb", 0, 66), "litecoin"),
    "dogecoin": (b58(b"\x1e"), "dogecoin"),
    "dogecoin p2sh": (b58(b"\x16"), "dogecoin"),
    "zcash t1": (b58(b"\x1c\xb8"), "zcash"),
    "zcash t3": (b58(b"\x1c\xbd"), "zcash"),
    "zcash sapling": (sapling, "zcash"),
    "zcash unified": (unified, "zcash"),
    "tron": (b58(b"\x41"), "tron"),
    "xrp": (xrp, "xrp"),
    "xrp x": (xrp_x, "xrp"),
    "monero": (monero(18), "monero"),
    "monero subaddress": (monero(42), "monero"),
    "monero integrated": (monero(19, 72), "monero"),
    "cardano base": (shelley("addr", 0x01, 56), "cardano"),
    "cardano enterprise": (shelley("addr", 0x61, 28), "cardano"),
    "cardano stake": (shelley("stake", 0xE1, 28), "cardano"),
    "cardano byron": (byron, "cardano"),
}
