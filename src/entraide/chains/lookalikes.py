"""Letters that look like ASCII letters and are not, and characters that cannot be seen at all.

A look-alike inside an address is either an accident of a keyboard or a trick.  It is recognised as what it stands for
so that it can be shown, and never taken for the letter itself.
"""

_CYRILLIC = dict(zip("АВЕКМНОРСТХІЈЅаеорсухіјѕһԁԛԝкгпт", "ABEKMHOPCTXIJSaeopcyxijshdqwkrnt", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχικ", "ABEZHIKMNOPTYXavopuxik", strict=True))
_FULL_WIDTH = {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F) if chr(code).isalnum()}

FOLDED = _CYRILLIC | _GREEK | _FULL_WIDTH
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"

_FOLD = str.maketrans(FOLDED)
_DROP = dict.fromkeys(map(ord, INVISIBLE))


def fold(text: str) -> str:
    """Return `text` with each look-alike replaced by the ASCII letter it looks like."""
    return text.translate(_FOLD)


def without_invisible(text: str) -> str:
    """Return `text` without characters that have no width."""
    return text.translate(_DROP)
