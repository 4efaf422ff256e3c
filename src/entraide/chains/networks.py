"""The networks as data: which version bytes and prefixes mean which network.

Adding a network of a known family is adding rows here.  Order within a table is likeliness: the same legacy address is
valid on Bitcoin and Bitcoin Cash, the same `3…` also on Litecoin, and the likeliest is said first.
"""

from dataclasses import dataclass
from enum import StrEnum


class Network(StrEnum):
    """A network an address can belong to; the order says which is likelier when nothing else does."""

    BITCOIN = "bitcoin"
    EVM = "evm"
    TRON = "tron"
    LITECOIN = "litecoin"
    BITCOIN_CASH = "bitcoin-cash"
    DOGECOIN = "dogecoin"
    ZCASH = "zcash"
    XRP = "xrp"
    MONERO = "monero"
    CARDANO = "cardano"
    SOLANA = "solana"
    BITCOIN_TESTNET = "bitcoin-testnet"


@dataclass(frozen=True, slots=True)
class Base58Version:
    """What a Base58Check string is whose bytes begin with `prefix` and go on for `payload_length` bytes."""

    network: Network
    form: str
    prefix: bytes
    payload_length: int = 20
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class WitnessPrefix:
    """The human-readable part of a segregated-witness address."""

    network: Network
    prefix: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Base58Shape:
    """What somebody probably meant who wrote a Base58 text with this beginning and about this length.

    `usual` is the length every valid one has; None where leading zeros make it vary.
    """

    networks: tuple[Network, ...]
    beginning: str
    length_min: int
    length_max: int
    usual: int | None


N = Network

# Bitcoin's test networks (testnet, signet, regtest) share their version bytes and are one network here.
BASE58_VERSIONS = (
    Base58Version(N.BITCOIN, "p2pkh", b"\x00"),
    Base58Version(N.BITCOIN_CASH, "p2pkh", b"\x00"),
    Base58Version(N.BITCOIN, "p2sh", b"\x05"),
    Base58Version(N.LITECOIN, "p2sh", b"\x05"),
    Base58Version(N.BITCOIN_CASH, "p2sh", b"\x05"),
    Base58Version(N.BITCOIN_TESTNET, "p2pkh", b"\x6f"),
    Base58Version(N.BITCOIN_TESTNET, "p2sh", b"\xc4"),
    Base58Version(N.LITECOIN, "p2pkh", b"\x30"),
    Base58Version(N.LITECOIN, "p2sh", b"\x32"),
    Base58Version(N.LITECOIN, "p2sh", b"\x3a", is_test=True),
    Base58Version(N.DOGECOIN, "p2pkh", b"\x1e"),
    Base58Version(N.DOGECOIN, "p2sh", b"\x16"),
    Base58Version(N.DOGECOIN, "p2pkh", b"\x71", is_test=True),
    Base58Version(N.TRON, "account", b"\x41"),
    Base58Version(N.TRON, "account", b"\xa0", is_test=True),
    Base58Version(N.ZCASH, "p2pkh", b"\x1c\xb8"),
    Base58Version(N.ZCASH, "p2sh", b"\x1c\xbd"),
    Base58Version(N.ZCASH, "sprout", b"\x16\x9a", 64),
    Base58Version(N.ZCASH, "p2pkh", b"\x1d\x25", is_test=True),
    Base58Version(N.ZCASH, "p2sh", b"\x1c\xba", is_test=True),
)

WITNESS_PREFIXES = (
    WitnessPrefix(N.BITCOIN, "bc"),
    WitnessPrefix(N.BITCOIN_TESTNET, "tb"),
    WitnessPrefix(N.BITCOIN_TESTNET, "bcrt"),
    WitnessPrefix(N.LITECOIN, "ltc"),
    WitnessPrefix(N.LITECOIN, "tltc", is_test=True),
    WitnessPrefix(N.LITECOIN, "rltc", is_test=True),
)

CASH_PREFIXES = {"bitcoincash": False, "bchtest": True, "bchreg": True}  # prefix: is it a test network's?

# First byte of a Monero address: (form, is_test); the lengths follow from the form.
MONERO_TAGS = {
    18: ("standard", False),
    19: ("integrated", False),
    42: ("subaddress", False),
    53: ("standard", True),
    54: ("integrated", True),
    63: ("subaddress", True),
    24: ("standard", True),
    25: ("integrated", True),
    36: ("subaddress", True),
}
MONERO_LENGTH = {"standard": 69, "subaddress": 69, "integrated": 77}

BASE58_SHAPES = (
    Base58Shape((N.BITCOIN, N.BITCOIN_CASH), "1", 25, 36, None),
    Base58Shape((N.BITCOIN, N.LITECOIN, N.BITCOIN_CASH), "3", 32, 36, 34),
    Base58Shape((N.TRON,), "T", 32, 36, 34),
    Base58Shape((N.LITECOIN,), "L", 32, 36, 34),
    Base58Shape((N.LITECOIN,), "M", 32, 36, 34),
    Base58Shape((N.DOGECOIN,), "D", 32, 36, 34),
    Base58Shape((N.DOGECOIN,), "A", 33, 35, 34),
    Base58Shape((N.DOGECOIN,), "9", 33, 35, 34),
    Base58Shape((N.ZCASH,), "t1", 33, 37, 35),
    Base58Shape((N.ZCASH,), "t3", 33, 37, 35),
    Base58Shape((N.BITCOIN_TESTNET,), "m", 32, 36, 34),
    Base58Shape((N.BITCOIN_TESTNET,), "n", 32, 36, 34),
    Base58Shape((N.BITCOIN_TESTNET,), "2", 33, 37, 35),
    Base58Shape((N.XRP,), "r", 24, 36, None),
    Base58Shape((N.XRP,), "X", 46, 48, 47),
    Base58Shape((N.MONERO,), "4", 93, 97, 95),
    Base58Shape((N.MONERO,), "8", 93, 97, 95),
    Base58Shape((N.MONERO,), "4", 104, 108, 106),
    Base58Shape((N.CARDANO,), "Ae2", 57, 61, 59),
    Base58Shape((N.CARDANO,), "DdzFF", 100, 110, 104),
)

# Transaction ids carry no sign of their network; these are the ones that write them as 64 digits without `0x`.
TXID_NETWORKS = (
    N.BITCOIN,
    N.TRON,
    N.LITECOIN,
    N.BITCOIN_CASH,
    N.DOGECOIN,
    N.ZCASH,
    N.MONERO,
    N.XRP,
    N.CARDANO,
    N.BITCOIN_TESTNET,
)
