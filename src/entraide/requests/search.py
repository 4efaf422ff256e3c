"""Words made comparable: what is searched lies in the database in the same form as what is asked."""

import re
import unicodedata

_WORD = re.compile(r"\w+", re.UNICODE)
_WORDS_MAX = 10


def search_text(*texts: str) -> str:
    """Return the words of `texts` without accents, case and punctuation."""
    plain = unicodedata.normalize("NFKD", " ".join(texts))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return " ".join(_WORD.findall(plain.replace("_", " ")))


def search_query(text: str) -> str:
    """Return a full-text query in which every word must occur, the last ones also as beginnings; "" asks nothing."""
    words = search_text(text).split()[:_WORDS_MAX]
    return " & ".join(f"'{word}':*" for word in words)
