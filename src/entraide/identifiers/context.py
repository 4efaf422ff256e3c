"""The words beside an identifier: is this hexadecimal a key or a transaction, and of which network?

Only some tens of characters are looked at, so that a page costs what its identifiers cost.
"""

import re
from enum import Enum

_WIDTH = 48
_AFTER = 28

_TRANSACTION = (
    r"(?:pub(?:lic)?[ _-]?keys?|cl(?:é|e|ef)s?\s+publiques?|claves?\s+p[úu]blicas?|tx[ _-]?ids?"
    r"|tx[ _-]?hash(?:es)?|txns?|txs?|transactions?|transacci[oó]n(?:es)?|hash(?:es)?|blocks?|bloque|bloc)"
)
_KEY = (
    r"(?:priv(?:ate)?[ _-]?keys?|priv|secret[ _-]?keys?|secrets?|keys?|seeds?|mnemonics?|wif"
    r"|cl(?:é|e|ef)s?|priv[ée]e?s?|graines?|secr[eè]te?s?|claves?|llaves?|privad[ao]s?|semillas?|secret[ao]s?)"
)
_FOREIGN_TRANSACTION = "معاملة|تحويل|交易|哈希|транзакц"
_FOREIGN_KEY = "مفتاح|مفاتيح|بذرة|عبارة|سري|私钥|私鑰|密钥|助记词|ключ"
_WORDS = re.compile(
    rf"(?P<tx>(?<![A-Za-z])(?i:{_TRANSACTION})(?![a-z])|{_FOREIGN_TRANSACTION})"
    rf"|(?P<key>(?<![A-Za-z])(?i:{_KEY})(?![a-z])|Keys?(?![a-z])|{_FOREIGN_KEY})"
)
_SENTENCE_END = re.compile(r"[.!?؟。]\s")
_LONG_RUN = re.compile(r"[0-9A-Za-z]{20,}")
_DECORATION = " \t\r\n>\"'`“”«»*_-•([{"

_NETWORK_WORDS = re.compile(
    r"(?<![A-Za-z])(?i:(?P<bch>bch|bitcoin[ _-]?cash)|(?P<testnet>testnet\d?|signet|regtest|tbtc)|(?P<btc>btc|bitcoin)"
    r"|(?P<ltc>ltc|litecoin)|(?P<doge>doge(?:coin|chain)?)|(?P<zec>zec|zcash)|(?P<trx>trx|tron(?:scan)?|trc-?20|usdt)"
    r"|(?P<xmr>xmr|monero)|(?P<xrp>xrp|xrpl|ripple|xrpscan)|(?P<ada>ada|cardano|cardanoscan)"
    r"|(?P<sol>sol|solana|solscan|spl|phantom))(?![A-Za-z])"
)
_NETWORK_OF = {
    "bch": "bitcoin-cash",
    "testnet": "bitcoin-testnet",
    "btc": "bitcoin",
    "ltc": "litecoin",
    "doge": "dogecoin",
    "zec": "zcash",
    "trx": "tron",
    "xmr": "monero",
    "xrp": "xrp",
    "ada": "cardano",
    "sol": "solana",
}


class Beside(Enum):
    """What the words beside say a run of hexadecimal digits is."""

    NOTHING = "nothing"
    TRANSACTION = "transaction"
    KEY = "key"


def before(text: str, start: int, *, width: int = _WIDTH) -> str:
    """Return what stands before `start` in the same sentence and line, back to the previous long run.

    A heading on the line above counts as the same line if it ends in a colon or is short.
    """
    window = text[max(0, start - width) : start]
    head = window.rstrip(_DECORATION)
    lines = head.split("\n")
    if "\n" in window[len(head) :] and not (head.endswith((":", "：", "=")) or len(lines[-1].strip()) <= 24):
        return ""
    line = lines[-1] + window[len(head) :]
    for cut in (_SENTENCE_END, _LONG_RUN):
        for found in cut.finditer(line):
            line = " " * found.end() + line[found.end() :]
    return line


def after(text: str, end: int, *, width: int = _AFTER) -> str:
    """Return what stands after `end` in the same sentence and line, up to the next long run."""
    line = text[end : end + width].split("\n", 1)[0]
    for cut in (_SENTENCE_END, _LONG_RUN):
        if found := cut.search(line):
            line = line[: found.start()]
    return line


def beside(text: str, start: int, end: int) -> Beside:
    """Return whether the nearest word before (else after) speaks of a key or of a transaction."""
    said = list(_WORDS.finditer(before(text, start)))
    nearest = said[-1] if said else _WORDS.search(after(text, end))
    if nearest is None:
        return Beside.NOTHING
    return Beside.KEY if nearest.lastgroup == "key" else Beside.TRANSACTION


def likeliest_first(text: str, start: int, end: int, networks: tuple[str, ...]) -> tuple[str, ...]:
    """Return `networks` with the one first that the words or the web address around it name."""
    named = [str(_NETWORK_OF[m.lastgroup or ""]) for m in _NETWORK_WORDS.finditer(before(text, start, width=60))]
    if not any(n in networks for n in named):
        named = [str(_NETWORK_OF[m.lastgroup or ""]) for m in _NETWORK_WORDS.finditer(after(text, end))][:1]
    for name in reversed(named):
        if name in networks:
            return (name, *(n for n in networks if n != name))
    return networks


def names_solana(text: str, start: int, end: int) -> bool:
    """Return whether Solana is spoken of beside."""
    around = before(text, start, width=60) + " " + after(text, end)
    return any(m.lastgroup == "sol" for m in _NETWORK_WORDS.finditer(around))
