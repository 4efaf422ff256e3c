"""Seed phrases: twelve to twenty-five words that open a wallet.

The word lists are third-party and not used.  What counts is the form: a run of lower-case words of three to eight
letters that are not the small words of prose, in a number wallets use.  It must stand within 40 characters of a word
such as *seed* or *mnemonic*, or alone between blank lines, or be numbered from 1.  This misses a phrase hidden in prose
and may take an oddly written sentence for a phrase; a warning too many is cheaper than a wallet emptied.
"""

import re
from collections.abc import Iterator

from entraide.identifiers.model import Identifier, IdentifierKind

COUNTS = (12, 15, 18, 21, 24, 25)
_NEAR = 40
_BACK = 260  # as far as the words of a phrase before its keyword can reach

_LETTER = "[a-zà-öø-ÿ]"
_CAPITAL = "[A-Za-zÀ-ÖØ-öø-ÿ]"  # telephones write the first word with a capital
_WORD = f"{_LETTER}{{3,8}}+(?![\\w'’])"
_NUMBER = r"(?:\(?\d{1,2}[.):\-]?[ \t]{0,3})?"
# Atomic, because the blanks could be shared out in many ways and every way would be tried when a later word fails.
_SEPARATOR = rf"(?>[ \t]{{0,3}}(?:[,;|]|\r?\n)?[ \t]{{0,3}}{_NUMBER})"
_RUN = re.compile(f"{_NUMBER}{_CAPITAL}{_LETTER}{{2,7}}+(?![\\w'’])(?:{_SEPARATOR}{_WORD}){{11,26}}+")
_KEYWORD = re.compile(
    r"(?<![A-Za-z])(?i:seed|mnemonic|recovery|backup|phrase|passphrase|mn[ée]monique|r[ée]cup[ée]ration|mots|semilla"
    r"|frase|palabras|recuperaci[oó]n|mnemot[eé]cnica)(?![A-Za-z])|عبارة|استرداد|助记词|сид-?фраз"
)
_ALONE = re.compile(
    r"(?:\A|\n[ \t]*+\r?\n|:[ \t]*+\r?\n)[ \t]*+"
    f"(?P<phrase>{_CAPITAL}{_LETTER}{{2,7}}+(?:[ \\t]{{1,2}}{_LETTER}{{3,8}}+){{11,24}}+)"
    r"(?=[ \t]*+(?:\Z|\r?\n[ \t]*+(?:\r?\n|\Z)))"
)
_NUMBERED = re.compile(
    f"(?<![0-9])1[.):]?[ \\t]{{0,3}}{_CAPITAL}{_LETTER}{{2,7}}\\s{{1,4}}2[.):]?[ \\t]{{0,3}}{_CAPITAL}{_LETTER}{{2,7}}"
)
_WORDS_IN = re.compile(f"{_CAPITAL}+")
_WORD_START = re.compile(r"(?<!\w)\w")

# Words of prose that are in no list of seed words; one of them ends a phrase.
_PROSE_TEXT = """
the and for was were are has had his her hers him its our ours their theirs them these those from with into been
being which who whom whose not but could should did does because between before after ist und les des une dans
pour avec que qui est sur par pas son ses nous vous ils elle sont mais plus los las una unas unos con por para
del como pero sus fue este esta
"""
_PROSE = frozenset(_PROSE_TEXT.split())


def find(text: str) -> Iterator[Identifier]:
    """Yield seed phrases, without their words."""
    yield from _beside_keywords(text)
    for line in _ALONE.finditer(text):
        words = _words(line.group("phrase"))
        if len(words) in COUNTS and _PROSE.isdisjoint(words) and _is_varied(words):
            yield _secret(line.start("phrase"), line.end("phrase"))
    for opening in _NUMBERED.finditer(text):
        if span := _numbered(text, opening.start()):
            yield _secret(*span)


def _beside_keywords(text: str) -> Iterator[Identifier]:
    # No word is tried twice from the same side, or a page of nothing but keywords would take very long.
    tried_forward = tried_backward = 0
    for keyword in _KEYWORD.finditer(text):
        low, high = max(tried_forward, keyword.end()), keyword.end() + _NEAR
        span = _first_phrase(text, low, high, len(text))
        tried_forward = max(tried_forward, high)
        if span is None:
            low = max(tried_backward, keyword.start() - _BACK)
            span = _first_phrase(text, low, keyword.start(), keyword.start())
            tried_backward = keyword.start()
            if span and (keyword.start() - span[1] > _NEAR or "\n\n" in text[span[1] : keyword.start()]):
                span = None
        if span is not None:
            tried_forward = max(tried_forward, span[1])
            yield _secret(*span)


def _first_phrase(text: str, low: int, high: int, limit: int) -> tuple[int, int] | None:
    """Return the first phrase that begins in `text[low:high]` and ends before `limit`; behind punctuation first."""
    starts = [m.start() for m in _WORD_START.finditer(text, low, min(high, len(text)))]
    for at in sorted(starts, key=lambda at: not _follows_a_mark(text, at)):
        if span := _phrase_at(text, at, limit):
            return span
    return None


def _follows_a_mark(text: str, at: int) -> bool:
    return text[max(0, at - 2) : at].strip(" ")[-1:] in (":", '"', "“", "«", "(", "\n", "[", "'", "：")


def _phrase_at(text: str, at: int, limit: int) -> tuple[int, int] | None:
    run = None if _KEYWORD.match(text, at) else _RUN.match(text, at, limit)
    if run is None:
        return None
    words = list(_WORDS_IN.finditer(run.group()))
    stop = next((i for i, w in enumerate(words) if w.group() in _PROSE or _KEYWORD.fullmatch(w.group())), len(words))
    if stop < min(COUNTS) or not _is_varied([w.group() for w in words[:stop]]):
        return None
    # Words of a sentence that goes on behind the phrase are covered too: rather that than one word left readable.
    return run.start(), run.start() + words[stop - 1].end()


def _is_varied(words: list[str]) -> bool:
    return len(set(words)) * 2 > len(words)


def _numbered(text: str, start: int) -> tuple[int, int] | None:
    """Return the span of a list that is numbered 1, 2, 3 … and has as many words as a phrase."""
    at, ends = start, list[int]()
    for number in range(1, max(COUNTS) + 1):
        item = re.compile(rf"\s{{0,4}}{number}[.):]?[ \t]{{0,3}}{_CAPITAL}{_LETTER}{{2,7}}(?!\w)[,;]?").match(text, at)
        if item is None:
            break
        at = item.end()
        ends.append(at)
    return (start, ends[-1]) if len(ends) in COUNTS else None


def _words(phrase: str) -> list[str]:
    return [m.group() for m in _WORDS_IN.finditer(phrase)]


def _secret(start: int, end: int) -> Identifier:
    return Identifier(
        value=None,
        normalised=None,
        kind=IdentifierKind.SECRET,
        networks=(),
        valid=True,
        problem=None,
        start=start,
        end=end,
    )
