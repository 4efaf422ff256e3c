"""Recognising an address or a transaction id, and saying what is wrong with one that does not hold.

`recognise` takes one text without anything around it; finding such texts in a page is the work of `identifiers`.
A near miss is told by its shape, not by its distance from a valid address: an address with two typos is still shown
to the reader as one that does not hold.  Nothing here proposes a correction, because a corrected address that belongs
to somebody else is worse than none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from entraide.chains import base58, bech32, cardano, networks, zcash
from entraide.chains.keccak import keccak256
from entraide.chains.lookalikes import fold
from entraide.chains.networks import Network


class Kind(StrEnum):
    """What was recognised."""

    ADDRESS = "address"
    TXID = "txid"


class Problem(StrEnum):
    """What is wrong with a near miss."""

    CHECKSUM = "checksum"  # the checksum does not hold: a typo somewhere
    LENGTH = "length"  # characters are missing or too many
    ALPHABET = "alphabet"  # a character the format does not have, such as 0, O, I, l or a look-alike letter
    CASE = "case"  # upper and lower case were lost or mixed
    WITNESS_VERSION = "witness_version"  # a version above 16
    ENCODING = "encoding"  # the checksum holds, but in the wrong variant or with wrong padding
    PREFIX = "prefix"  # the beginning is missing (0x)
    TEST_NETWORK = "test_network"  # right, but coins of that network are worthless
    UNKNOWN = "unknown"  # nothing of this network at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """One reading of a text: what it is on one network, in which form, and what is wrong with it if anything."""

    network: Network
    kind: Kind
    form: str
    normalised: str
    problem: Problem | None = None

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.problem is None


Recognitions = tuple[Recognition, ...]

_HEX = frozenset("0123456789abcdefABCDEF")
_BASE58 = {alphabet: frozenset(alphabet) for alphabet in (base58.BITCOIN, base58.RIPPLE)}
_BECH32 = frozenset(bech32.CHARSET)
_LENGTH_MAX = 512


def recognise(text: str) -> Recognitions:
    """Return what `text` is, the likeliest network first; empty if it is not even nearly an address or a txid.

    Either all readings are valid or all are near misses with the same problem.  Cost is bounded: texts of more than
    512 characters are not looked at, and a text is decoded at most some thirty times.
    """
    if not 8 <= len(text) <= _LENGTH_MAX:
        return ()
    if not text.isascii():
        return _with_problem(recognise(fold(text)), Problem.ALPHABET, text) if fold(text).isascii() else ()
    for family in _FAMILIES:
        if found := family(text):
            return found
    return ()


def read(text: str) -> Recognitions:
    """Return what `text` is if it holds and has a checksum or a fixed length; empty for near misses and for Solana.

    Cheaper than `recognise` where many texts are tried of which few are anything.
    """
    if not 8 <= len(text) <= _LENGTH_MAX or not text.isascii():
        return ()
    for family in _STRICT_FAMILIES:
        if found := tuple(r for r in family(text) if r.is_valid):
            return found
    return ()


def validate(text: str, network: Network) -> Recognition:
    """Return how `text` reads on `network`; problem `unknown` if it is nothing of that network."""
    for recognition in recognise(text):
        if recognition.network is network:
            return recognition
    return Recognition(network=network, kind=Kind.ADDRESS, form="", normalised=text, problem=Problem.UNKNOWN)


def _address(network: Network, form: str, normalised: str, problem: Problem | None = None) -> Recognition:
    return Recognition(network=network, kind=Kind.ADDRESS, form=form, normalised=normalised, problem=problem)


def _near(meant: Iterable[Network], text: str, problem: Problem, kind: Kind = Kind.ADDRESS) -> Recognitions:
    return tuple(Recognition(network=n, kind=kind, form="", normalised=text, problem=problem) for n in meant)


def _with_problem(found: Recognitions, problem: Problem, text: str) -> Recognitions:
    return tuple(
        Recognition(network=r.network, kind=r.kind, form=r.form, normalised=text, problem=problem) for r in found
    )


def _count_outside(text: str, allowed: frozenset[str]) -> int:
    return sum(character not in allowed for character in text)


def looks_random(text: str) -> bool:
    """Return whether letters of both cases and digits alternate as in an encoded hash and not as in a name.

    Of 34 random characters some five are digits, in four or five places; a name in a program has them in one, and
    hardly two capitals side by side.  Fewer digits ask for more of the other signs.  Less than one random text in a
    hundred is taken for a name.
    """
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in text]
    changes = [a + b for a, b in pairwise(kinds) if a != b]
    digit_groups = (kinds[0] == "d") + sum(change[1] == "d" for change in changes)
    if not {"u", "l"} <= set(kinds) or len(changes) * 100 < 22 * len(text):
        return False
    capitals = sum(a == b == "u" for a, b in pairwise(kinds))
    return digit_groups >= 2 or (len(changes) * 100 >= 36 * len(text) and capitals >= (2 if digit_groups else 4))


# --- EVM and hexadecimal transaction ids ------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def eip55(digits: str) -> str:
    """Return 40 lower-case hexadecimal digits in the case EIP-55 gives them."""
    marks = keccak256(digits.encode()).hex()
    return "".join(c.upper() if mark >= "8" else c for c, mark in zip(digits, marks, strict=False))


def _evm(text: str) -> Recognitions:
    if text[:2].lower() == "0x":
        return _evm_body(text, text[2:])
    if text[:2] in ("Ox", "ox", "OX"):
        return _with_problem(_evm_body(text, text[2:]), Problem.ALPHABET, text)
    if len(text) == 41 and text[0] in "xX" and not _count_outside(text[1:], _HEX):
        return _near((Network.EVM,), text, Problem.PREFIX)
    return ()


def _evm_body(text: str, body: str) -> Recognitions:
    kind = Kind.ADDRESS if 37 <= len(body) <= 43 else Kind.TXID if 61 <= len(body) <= 67 else None
    strange = _count_outside(body, _HEX)
    if kind is None or strange > 3:
        return ()
    if strange:
        return _near((Network.EVM,), text, Problem.ALPHABET, kind)
    if len(body) not in (40, 64):
        return _near((Network.EVM,), text, Problem.LENGTH, kind)
    if kind is Kind.ADDRESS and bech32.is_mixed_case(body) and eip55(body.lower()) != body:
        return _near((Network.EVM,), text, Problem.CHECKSUM)
    form = "account" if kind is Kind.ADDRESS else "txid"
    return (Recognition(network=Network.EVM, kind=kind, form=form, normalised="0x" + body.lower()),)


def _hexadecimal(text: str) -> Recognitions:
    if not (len(text) == 40 or 62 <= len(text) <= 65):
        return ()
    strange = _count_outside(text, _HEX)
    if len(text) == 40:
        mixed = not strange and bech32.is_mixed_case(text)
        return _near((Network.EVM,), text, Problem.PREFIX) if mixed and eip55(text.lower()) == text else ()
    if len(text) == 64 and not strange:
        return tuple(
            Recognition(network=n, kind=Kind.TXID, form="txid", normalised=text.lower()) for n in _txid_networks(text)
        )
    if strange > (2 if len(text) == 64 else 0) or text.isdigit() or text.isalpha() or len(set(text)) < 8:
        return ()
    problem = Problem.ALPHABET if strange else Problem.LENGTH
    return _near(_txid_networks(text), text, problem, Kind.TXID)


def _txid_networks(text: str) -> tuple[Network, ...]:
    # Only the XRP Ledger's tools write transaction ids in capitals.
    if text.isupper():
        return (Network.XRP, *(n for n in networks.TXID_NETWORKS if n is not Network.XRP))
    return networks.TXID_NETWORKS


# --- Bech32 and its cousins -------------------------------------------------------------------------------------------

_Reader = Callable[[str, str, list[int], bech32.Variant], "Recognition | Problem"]


@dataclass(frozen=True, slots=True)
class _Bech32Shape:
    """A prefix, who reads what stands behind it, the usual lengths and the lengths at which a near miss is shown."""

    network: Network
    reader: _Reader
    usual: tuple[int, ...]
    near_min: int
    near_max: int
    length_max: int = 90


def _witness(network: Network, is_test: bool) -> _Reader:
    def read(text: str, prefix: str, values: list[int], variant: bech32.Variant) -> Recognition | Problem:
        if not values:
            return Problem.LENGTH
        version = values[0]
        if version > 16:
            return Problem.WITNESS_VERSION
        program = bech32.to_bytes(values[1:])
        if variant is not (bech32.Variant.BECH32M if version else bech32.Variant.BECH32) or program is None:
            return Problem.ENCODING
        if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
            return Problem.LENGTH
        form = {(0, 20): "p2wpkh", (0, 32): "p2wsh", (1, 32): "p2tr"}.get(
            (version, len(program)), f"witness_v{version}"
        )
        return _address(network, form, text, Problem.TEST_NETWORK if is_test else None)

    return read


def _fixed(network: Network, form: str, length: int, variant_wanted: bech32.Variant) -> _Reader:
    def read(text: str, prefix: str, values: list[int], variant: bech32.Variant) -> Recognition | Problem:
        data = bech32.to_bytes(values)
        if variant is not variant_wanted or data is None:
            return Problem.ENCODING
        return _address(network, form, text) if len(data) == length else Problem.LENGTH

    return read


def _mweb(text: str, prefix: str, values: list[int], variant: bech32.Variant) -> Recognition | Problem:
    data = bech32.to_bytes(values[1:]) if values and values[0] == 0 else None
    if variant is not bech32.Variant.BECH32 or data is None:
        return Problem.ENCODING
    return _address(Network.LITECOIN, "mweb", text) if len(data) == 66 else Problem.LENGTH


def _unified(text: str, prefix: str, values: list[int], variant: bech32.Variant) -> Recognition | Problem:
    data = bech32.to_bytes(values)
    if variant is not bech32.Variant.BECH32M or data is None or not zcash.is_unified_address(prefix, data):
        return Problem.ENCODING
    return _address(Network.ZCASH, "unified", text)


def _shelley(text: str, prefix: str, values: list[int], variant: bech32.Variant) -> Recognition | Problem:
    data = bech32.to_bytes(values)
    if variant is not bech32.Variant.BECH32 or not data:
        return Problem.ENCODING
    form = cardano.shelley_form(prefix, data)
    if form is None:
        return Problem.LENGTH
    return _address(Network.CARDANO, form, text, Problem.TEST_NETWORK if prefix.endswith("_test") else None)


def _bech32_shapes() -> dict[str, _Bech32Shape]:
    shapes = {
        row.prefix: _Bech32Shape(
            row.network, _witness(row.network, row.is_test), (40 + len(row.prefix), 60 + len(row.prefix)), 30, 76
        )
        for row in networks.WITNESS_PREFIXES
    }
    plain, m = bech32.Variant.BECH32, bech32.Variant.BECH32M
    shapes["ltcmweb"] = _Bech32Shape(Network.LITECOIN, _mweb, (121,), 100, 130, 200)
    shapes["zs"] = _Bech32Shape(Network.ZCASH, _fixed(Network.ZCASH, "sapling", 43, plain), (78,), 70, 86)
    shapes["tex"] = _Bech32Shape(Network.ZCASH, _fixed(Network.ZCASH, "tex", 20, m), (42,), 38, 46)
    shapes["u"] = _Bech32Shape(Network.ZCASH, _unified, (106, 141, 178, 213), 100, 260, 512)
    for prefix, usual in {"addr": (58, 103), "addr_test": (63, 108), "stake": (59,), "stake_test": (64,)}.items():
        shapes[prefix] = _Bech32Shape(Network.CARDANO, _shelley, usual, 48, 120, 150)
    return shapes


_BECH32_SHAPES = _bech32_shapes()
# The separator is a `1`; written as `l` or `I` it is a typo to be shown.
_BECH32_BEGINNINGS = {prefix + one: (prefix, one) for prefix in _BECH32_SHAPES for one in "1li"}
_BEGINNING_LENGTHS = sorted({len(beginning) for beginning in _BECH32_BEGINNINGS}, reverse=True)


def _segwit(text: str) -> Recognitions:
    lower = text[:12].lower()
    for length in _BEGINNING_LENGTHS:
        if beginning := _BECH32_BEGINNINGS.get(lower[:length]):
            return _bech32(text, *beginning)
    return ()


def _bech32(text: str, prefix: str, one: str) -> Recognitions:
    shape = _BECH32_SHAPES[prefix]
    decoded = bech32.decode(text, length_max=shape.length_max)
    if decoded is not None and decoded[0] == prefix:
        read = shape.reader(text.lower(), *decoded)
        return (read,) if isinstance(read, Recognition) else _near((shape.network,), text, read)
    if not shape.near_min <= len(text) <= shape.near_max:
        return ()
    body = text[len(prefix) + 1 :]
    strange = _count_outside(body.lower(), _BECH32)
    if strange > 4 or not any(c.isdigit() for c in body):
        return ()
    if strange or one != "1":
        problem = Problem.ALPHABET
    elif bech32.is_mixed_case(text):
        problem = Problem.CASE
    else:
        problem = Problem.CHECKSUM if len(text) in shape.usual else Problem.LENGTH
    return _near((shape.network,), text, problem)


# --- Bitcoin Cash -----------------------------------------------------------------------------------------------------

_CASH_SIZES = (20, 24, 28, 32, 40, 48, 56, 64)
_CASH_FORMS = {0: "p2pkh", 1: "p2sh", 2: "p2pkh", 3: "p2sh"}  # 2 and 3 are the token-aware twins


def _cash(text: str) -> Recognitions:
    prefix, colon, data = text.rpartition(":")
    if colon:
        known = prefix.lower() in networks.CASH_PREFIXES
        return (
            _cash_data(text, prefix.lower(), data)
            if known and not bech32.is_mixed_case(text)
            else (_near((Network.BITCOIN_CASH,), text, Problem.CASE) if known and len(data) >= 30 else ())
        )
    return _cash_data(text, "bitcoincash", text) if text[0] in "qpzrQPZR" and 41 <= len(text) <= 43 else ()


def _cash_data(text: str, prefix: str, data: str) -> Recognitions:
    values = bech32.decode_cash(prefix, data)
    if values is not None:
        return (_cash_values(text, prefix, values, data),)
    strange = _count_outside(data.lower(), _BECH32)
    if data is text:  # without its prefix, only what can hardly be anything else
        digits = sum(c.isdigit() for c in data)
        if digits < 4 or strange > (2 if len(data) == 42 else 0) or data[0] not in "qpQP":
            return ()
    elif not 34 <= len(data) <= 60 or strange > 4:
        return ()
    if strange:
        problem = Problem.ALPHABET
    elif bech32.is_mixed_case(data):
        problem = Problem.CASE
    else:
        problem = Problem.CHECKSUM if len(data) == 42 else Problem.LENGTH
    return _near((Network.BITCOIN_CASH,), text, problem)


def _cash_values(text: str, prefix: str, values: list[int], data: str) -> Recognition:
    raw = bech32.to_bytes(values)
    form = _CASH_FORMS.get(raw[0] >> 3) if raw and raw[0] < 0x80 else None
    if not raw or form is None:
        return _near((Network.BITCOIN_CASH,), text, Problem.ENCODING)[0]
    if len(raw) - 1 != _CASH_SIZES[raw[0] & 7]:
        return _near((Network.BITCOIN_CASH,), text, Problem.LENGTH)[0]
    problem = Problem.TEST_NETWORK if networks.CASH_PREFIXES[prefix] else None
    return _address(Network.BITCOIN_CASH, form, f"{prefix}:{data.lower()}", problem)


# --- Base58 -----------------------------------------------------------------------------------------------------------


def _base58check(text: str) -> Recognitions:
    if not 25 <= len(text) <= 100:
        return ()
    raw = base58.decode(text)
    if raw is None or not base58.is_checked(raw):
        return ()
    return tuple(
        _address(row.network, row.form, text, Problem.TEST_NETWORK if row.is_test else None)
        for row in networks.BASE58_VERSIONS
        if raw.startswith(row.prefix) and len(raw) == len(row.prefix) + row.payload_length + 4
    )


def _xrp(text: str) -> Recognitions:
    if text[0] not in "rXT" or not 25 <= len(text) <= 48:
        return ()
    raw = base58.decode(text, base58.RIPPLE)
    if raw is None or not base58.is_checked(raw):
        return ()
    if len(raw) == 25 and raw[0] == 0:
        return (_address(Network.XRP, "classic", text),)
    if len(raw) == 35 and raw[:2] in (b"\x05\x44", b"\x04\x93") and raw[22] <= 1:
        if raw[22] == 0 and any(raw[23:31]):  # no tag, yet digits where a tag would be
            return _near((Network.XRP,), text, Problem.ENCODING)
        return (_address(Network.XRP, "x", text, Problem.TEST_NETWORK if raw[0] == 4 else None),)
    return ()


def _monero(text: str) -> Recognitions:
    if len(text) not in (95, 106):
        return ()
    raw = base58.decode_monero(text)
    if raw is None or keccak256(raw[:-4])[:4] != raw[-4:] or raw[0] not in networks.MONERO_TAGS:
        return ()
    form, is_test = networks.MONERO_TAGS[raw[0]]
    if len(raw) != networks.MONERO_LENGTH[form]:
        return ()
    return (_address(Network.MONERO, form, text, Problem.TEST_NETWORK if is_test else None),)


def _byron(text: str) -> Recognitions:
    if not text.startswith(("Ae2", "Ddz", "2c", "37bt")):
        return ()
    raw = base58.decode(text)
    read = raw and cardano.read_byron(raw)
    return (_address(Network.CARDANO, "byron", text, Problem.TEST_NETWORK if read.is_test else None),) if read else ()


def _base58_near_miss(text: str) -> Recognitions:
    shape = next(
        (
            s
            for s in networks.BASE58_SHAPES
            if text.startswith(s.beginning) and s.length_min <= len(text) <= s.length_max
        ),
        None,
    )
    if shape is not None and looks_random(text):
        alphabet = base58.RIPPLE if shape.networks[0] is Network.XRP else base58.BITCOIN
        strange = _count_outside(text, _BASE58[alphabet])
        if strange > 3:
            return ()
        raw = base58.decode(text, alphabet) or b""
        if not strange and base58.is_checked(raw):
            return ()  # whole, of a coin that is not in the tables: nothing is wrong with it
        is_usual = len(text) == shape.usual if shape.usual else len(raw) == 25
        problem = Problem.ALPHABET if strange else Problem.CHECKSUM if is_usual else Problem.LENGTH
        return _near(shape.networks, text, problem)
    if 33 <= len(text) <= 35 and not looks_random(text) and _lost_its_case(text):
        by_first = {"1": networks.BASE58_SHAPES[0], "3": networks.BASE58_SHAPES[1], "t": networks.BASE58_SHAPES[2]}
        lost = by_first.get(text[0].lower())
        return _near(lost.networks, text, Problem.CASE) if lost else ()
    return ()


def _lost_its_case(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return not bech32.is_mixed_case(text) and digits >= 3 and _count_outside(text, _HEX) >= 4


def _solana(text: str) -> Recognitions:
    """Read 32 bytes as an account and 64 as a signature.  There is no checksum: the last family to be asked."""
    if not (32 <= len(text) <= 44 or 86 <= len(text) <= 88) or _count_outside(text, _BASE58[base58.BITCOIN]):
        return ()
    size, looks = len(base58.decode(text) or b""), looks_random(text)
    if size == 32 and (looks or set(text) == {"1"}):  # 32 ones are the system program
        return (_address(Network.SOLANA, "account", text),)
    if size == 64 and looks:
        return (Recognition(network=Network.SOLANA, kind=Kind.TXID, form="signature", normalised=text),)
    return ()


# --- A beginning that was spoilt --------------------------------------------------------------------------------------

_FIRSTS = "13TLMDr9Amn2"


def _spoilt_beginning(text: str) -> Recognitions:
    """Recognise an address whose first characters are wrong, missing or one too many.

    The shape does not tell any more, so the checksum has to: a beginning is tried, and only what then holds is shown,
    as a near miss.
    """
    if 25 <= len(text) <= 37 and looks_random(text):
        tries = [(first + text[1:], Problem.CHECKSUM) for first in _FIRSTS]
        tries += [(first + text, Problem.LENGTH) for first in (*_FIRSTS, "t")] + [(text[1:], Problem.LENGTH)]
        tries += [("t" + text[1:], Problem.CHECKSUM), (text[0] + "1" + text[2:], Problem.CHECKSUM)]
        for candidate, problem in tries:
            if found := (_xrp(candidate) if candidate[0] == "r" else _base58check(candidate)):
                return _with_problem(found, Problem.ALPHABET if text[0] in "Il0O" else problem, text)
    if 40 <= len(text) <= 66 and not bech32.is_mixed_case(text):
        for prefix in ("bc", "tb", "ltc"):
            body = text.lower()[len(prefix) + 1 :]
            is_usual = len(text) in _BECH32_SHAPES[prefix].usual and text.lower().startswith(prefix)
            if is_usual and body[0] in "qp" and not _count_outside(body, _BECH32) and any(c.isdigit() for c in body):
                return _near((_BECH32_SHAPES[prefix].network,), text, Problem.CHECKSUM)  # the separator is not a `1`
            for cut, problem in ((0, Problem.CHECKSUM), (-1, Problem.LENGTH), (1, Problem.LENGTH)):
                candidate = prefix + "1" + text.lower()[len(prefix) + 1 + cut :]
                if bech32.decode(candidate) and (found := _bech32(candidate, prefix, "1")):
                    return _with_problem(found, problem, text)
    return ()


_STRICT_FAMILIES: tuple[Callable[[str], Recognitions], ...] = (
    _evm,
    _hexadecimal,
    _base58check,  # before the prefixes: a Litecoin address may begin with `LTc1`
    _xrp,
    _segwit,
    _cash,
    _monero,
    _byron,
)
_FAMILIES = (*_STRICT_FAMILIES, _base58_near_miss, _spoilt_beginning, _solana)
