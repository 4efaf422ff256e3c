"""What a request asks about: reading one identifier that was typed or pasted, and finding them in a text."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from entraide import chains, identifiers
from entraide.exchange.port import IdentifierKind
from entraide.identifiers.iban import holds as iban_holds

VALUE_MAX = 512
TEXT_MAX = 200_000  # characters of one pasted text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadIdentifier:
    """One identifier as it is looked up.

    Parameters
    ----------
    networks : tuple of str
        Where an address or transaction id is possible, likeliest first; empty for the other kinds.
    problem : str | None
        Why it does not hold, as a code; the value is then kept as it was written.
    """

    kind: IdentifierKind
    value: str
    normalised: str
    networks: tuple[str, ...] = ()
    problem: str | None = None


def read_identifier(kind: IdentifierKind, value: str, network: str | None = None) -> ReadIdentifier:
    """Return `value` in the form in which it is looked up, or with what is wrong with it."""
    text = value.strip()
    if kind in (IdentifierKind.ADDRESS, IdentifierKind.TXID):
        return _on_chain(kind, text, network)
    normalised, problem = _READERS[kind](text)
    return ReadIdentifier(kind=kind, value=text, normalised=normalised, problem=problem)


def is_secret(value: str) -> bool:
    """Say whether somebody pasted a private key, which must not be kept."""
    text = value.strip()
    return bool(chains.recognise_private_key(text)) and not chains.recognise(text)


def _on_chain(kind: IdentifierKind, text: str, network: str | None) -> ReadIdentifier:
    wanted = chains.Kind.ADDRESS if kind is IdentifierKind.ADDRESS else chains.Kind.TXID
    found = tuple(one for one in chains.recognise(text) if one.kind is wanted)
    networks = tuple(one.network.value for one in found)
    if network is not None and network in networks:
        networks = (network, *(other for other in networks if other != network))
        found = tuple(sorted(found, key=lambda one: one.network.value != network))
    elif network is not None and found:
        return ReadIdentifier(kind=kind, value=text, normalised=text, networks=networks, problem="other_network")
    if not found:
        return ReadIdentifier(kind=kind, value=text, normalised=text, problem="unknown")
    first = found[0]
    problem = None if first.problem is None else str(first.problem)
    return ReadIdentifier(
        kind=kind, value=text, normalised=text if problem else first.normalised, networks=networks, problem=problem
    )


_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,190}\.[^@\s\x00-\x1f.]{2,63}")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_UID = re.compile(r"[\w.:/\-]{1,80}")


def _email(text: str) -> tuple[str, str | None]:
    return text.casefold(), None if _EMAIL.fullmatch(text) else "format"


def _phone(text: str) -> tuple[str, str | None]:
    digits = re.sub(r"[\s().\-/]", "", text)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    return digits, None if _PHONE.fullmatch(digits) and digits.startswith("+") else "country_code"


def _iban(text: str) -> tuple[str, str | None]:
    compact = re.sub(r"[\s\-]", "", text).upper()
    if not re.fullmatch(r"[A-Z0-9]{15,34}", compact):
        return compact, "format"
    return compact, None if iban_holds(compact) else "checksum"


def _ip(text: str) -> tuple[str, str | None]:
    try:
        return ipaddress.ip_address(text).compressed, None
    except ValueError:
        return text, "format"


def _uid(text: str) -> tuple[str, str | None]:
    return text, None if _UID.fullmatch(text) else "format"


_READERS: dict[IdentifierKind, Callable[[str], tuple[str, str | None]]] = {
    IdentifierKind.EMAIL: _email,
    IdentifierKind.PHONE: _phone,
    IdentifierKind.IBAN: _iban,
    IdentifierKind.IP: _ip,
    IdentifierKind.UID: _uid,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedTargets:
    """What was found in a pasted text.

    Parameters
    ----------
    targets : tuple of ReadIdentifier
        Each identifier once, in the order they stand; near misses with their problem.
    n_secrets : int
        How many private keys or seed phrases were in it.  They are neither returned nor kept.
    """

    targets: tuple[ReadIdentifier, ...]
    n_secrets: int


def extract_targets(text: str) -> ExtractedTargets:
    """Return the identifiers in a pasted `text`; nothing of it is kept."""
    found: dict[tuple[str, str], ReadIdentifier] = {}
    n_secrets = 0
    for one in identifiers.extract(text):
        if one.value is None or one.normalised is None:
            n_secrets += 1
            continue
        kind = IdentifierKind(one.kind.value)
        found.setdefault(
            (kind.value, one.normalised),
            ReadIdentifier(
                kind=kind, value=one.value, normalised=one.normalised, networks=one.networks, problem=one.problem
            ),
        )
    return ExtractedTargets(targets=tuple(found.values()), n_secrets=n_secrets)
