"""What identifiers and languages are called, and what is wrong with an identifier in words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import IdentifierKind
from entraide.kernel.errors import Text
from entraide.ui.places import reader_locale

K = IdentifierKind

KIND_LABELS: Mapping[IdentifierKind, Text] = {
    K.ADDRESS: _("Crypto address"),
    K.TXID: _("Transaction id"),
    K.EMAIL: _("E-mail address"),
    K.PHONE: _("Telephone number"),
    K.IBAN: _("Bank account (IBAN)"),
    K.IP: _("IP address"),
    K.UID: _("Account number at the exchange"),
}
# Names of networks are the same in every language.
NETWORK_LABELS: Mapping[str, str] = {
    "bitcoin": "Bitcoin",
    "bitcoin-testnet": "Bitcoin (testnet)",
    "bitcoin-cash": "Bitcoin Cash",
    "litecoin": "Litecoin",
    "dogecoin": "Dogecoin",
    "zcash": "Zcash",
    "evm": "Ethereum (EVM)",
    "tron": "TRON",
    "xrp": "XRP Ledger",
    "monero": "Monero",
    "solana": "Solana",
    "cardano": "Cardano",
}
PROBLEM_SENTENCES: Mapping[str, Text] = {
    "checksum": _("The check digits do not match: at least one character is wrong"),
    "length": _("Characters are missing, or there are too many"),
    "alphabet": _("It contains a character that such identifiers never have, such as 0 for o"),
    "case": _("Upper and lower case letters were lost or mixed up"),
    "witness_version": _("It names a version that does not exist"),
    "encoding": _("It is written in a wrong variant of its format"),
    "prefix": _("The beginning is missing, such as 0x"),
    "test_network": _("It belongs to a test network, whose coins are worth nothing"),
    "other_network": _("It is not an identifier of the network you selected"),
    "range": _("One of its numbers is too large"),
    "leading_zero": _("A number in it begins with 0 and could be read in two ways"),
    "country_code": _("The country code is missing: write it with + at the beginning"),
    "format": _("It does not have the form of such an identifier"),
    "unknown": _("It is not recognised as such an identifier"),
}


def kind_label(kind: str) -> Text:
    """Return what an identifier of this kind is called; the code itself where nobody knows it."""
    try:
        return KIND_LABELS[IdentifierKind(kind)]
    except ValueError:
        return kind


def language_name(code: str) -> str:
    """Return the name of a language in the reader's own."""
    return str(reader_locale().languages.get(code, code)).capitalize()


def network_label(network: str) -> str:
    """Return the name of a network."""
    return NETWORK_LABELS.get(network, network)


def problem_sentence(problem: str) -> Text:
    """Return what is wrong, in words."""
    return PROBLEM_SENTENCES.get(problem, PROBLEM_SENTENCES["unknown"])
