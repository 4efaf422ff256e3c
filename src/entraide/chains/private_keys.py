"""Telling a private key by its form.  What is told is *that* it is one; nothing here gives the key back."""

from dataclasses import dataclass

from entraide.chains import base58, bech32
from entraide.chains.addresses import Problem, looks_random

# First bytes of a private key in wallet import format: Bitcoin, its test networks, Litecoin, Dogecoin.
_WIF_VERSIONS = (0x80, 0xEF, 0xB0, 0x9E, 0xF1)
_WIF_LENGTHS = {"5": 51, "9": 51, "6": 51, "K": 52, "L": 52, "c": 52, "T": 52, "Q": 52}
_EXTENDED = ("xprv", "yprv", "zprv", "tprv", "uprv", "vprv", "Yprv", "Zprv", "Uprv", "Vprv", "Ltpv", "Mtpv", "dgpv")
_EXTENDED_LENGTH = 111
_BECH32_PREFIXES = (
    "secret-extended-key-main", "secret-extended-key-test", "age-secret-key-", "nsec",
    "ed25519_sk", "ed25519e_sk", "ed25519bip32_sk", "root_xsk", "acct_xsk", "addr_xsk", "stake_xsk",
    "root_sk", "acct_sk", "addr_sk", "stake_sk", "xprv",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """That a text is a private key, in which form, and what is wrong with it; never the key."""

    form: str
    problem: Problem | None = None


def recognise_private_key(text: str) -> PrivateKey | None:
    """Return in which form `text` is a private key, or None.

    A key that does not hold is told as well: with one letter wrong it is still a secret.
    """
    if text.startswith(_EXTENDED):
        return _extended(text)
    lower = text.lower()
    for prefix in _BECH32_PREFIXES:
        if lower.startswith(prefix + "1") and len(text) - len(prefix) >= 50:
            return PrivateKey("bech32", None if bech32.decode(text, length_max=512) else Problem.CHECKSUM)
    if text[:2] == "6P" and 57 <= len(text) <= 59:
        key = _checked("bip38", text, 43)
        return key if key.problem is None or looks_random(text) else None
    if text[:1] == "s" and len(text) in (29, 31):
        raw = base58.decode(text, base58.RIPPLE)
        held = raw is not None and base58.is_checked(raw) and (raw[0] == 0x21 or raw[:3] == b"\x01\xe1\x4b")
        return PrivateKey("xrp_seed") if held else None
    return _wif(text)


def _extended(text: str) -> PrivateKey | None:
    if len(text) < 60 or not looks_random(text[4:]):
        return None
    return _checked("extended", text, 82) if len(text) == _EXTENDED_LENGTH else PrivateKey("extended", Problem.LENGTH)


def _wif(text: str) -> PrivateKey | None:
    if not text or text[0] not in _WIF_LENGTHS or not 50 <= len(text) <= 53:
        return None
    raw = base58.decode(text)
    if raw is not None and raw[0] in _WIF_VERSIONS and base58.is_checked(raw):
        return PrivateKey("wif", None if len(raw) == 37 or (len(raw) == 38 and raw[33] == 1) else Problem.LENGTH)
    if not looks_random(text):
        return None
    if raw is None:
        return PrivateKey("wif", Problem.ALPHABET) if sum(c not in base58.BITCOIN for c in text) <= 2 else None
    return PrivateKey("wif", Problem.CHECKSUM if len(text) == _WIF_LENGTHS[text[0]] else Problem.LENGTH)


def _checked(form: str, text: str, size: int) -> PrivateKey:
    raw = base58.decode(text)
    if raw is None:
        return PrivateKey(form, Problem.ALPHABET)
    if len(raw) != size:
        return PrivateKey(form, Problem.LENGTH)
    return PrivateKey(form, None if base58.is_checked(raw) else Problem.CHECKSUM)
