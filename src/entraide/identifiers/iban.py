"""International bank account numbers: length by country and the check digits of ISO 7064 (mod 97)."""

import re
from collections.abc import Iterator

from entraide.identifiers.model import Identifier, IdentifierKind

_LENGTHS_TEXT = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24
FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32
LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24
RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
LENGTHS = {entry[:2]: int(entry[2:]) for entry in _LENGTHS_TEXT.split()}

_START = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}(?=[ \u00a0-]?[0-9A-Za-z])")
_COMPACT = re.compile(r"[0-9A-Za-z]{10,36}+(?![0-9A-Za-z])")
_GROUPED = re.compile(r"[0-9A-Z]{4}(?:[ \u00a0-][0-9A-Z]{4}){2,8}(?:[ \u00a0-][0-9A-Z]{1,4})?(?![0-9A-Za-z])")


def find(text: str) -> Iterator[Identifier]:
    """Yield account numbers that hold, and those that look like one of a known country and do not."""
    for start in _START.finditer(text):
        length = LENGTHS.get(start.group()[:2].upper())
        if length is not None:
            identifier = _exact(text, start.start(), length) or _near_miss(text, start.start(), length)
            if identifier is not None:
                yield identifier


def holds(compact: str) -> bool:
    """Return whether `compact` (capitals and digits only) has its country's length and right check digits."""
    if LENGTHS.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _exact(text: str, start: int, length: int) -> Identifier | None:
    at, taken = start, ""
    while len(taken) < length and at < len(text):
        c = text[at]
        if c.isascii() and c.isalnum():
            taken += c
        elif c not in " \u00a0-\n" or not text[at - 1].isalnum():
            return None
        at += 1
    is_bounded = not (at < len(text) and text[at].isascii() and text[at].isalnum())
    if is_bounded and (taken.isupper() or taken.islower()) and holds(taken.upper()):
        return _identifier(text, start, at, taken.upper(), None)
    return None


def _near_miss(text: str, start: int, length: int) -> Identifier | None:
    found = _GROUPED.match(text, start) or _COMPACT.match(text, start)
    if found is None:
        return None
    compact = re.sub(r"[ \u00a0-]", "", found.group())
    digits = sum(c.isdigit() for c in compact)
    if abs(len(compact) - length) > 2 or digits * 2 < len(compact) or compact != compact.upper():
        return None
    return _identifier(text, start, found.end(), compact, "checksum" if len(compact) == length else "length")


def _identifier(text: str, start: int, end: int, normalised: str, problem: str | None) -> Identifier:
    return Identifier(
        value=text[start:end],
        normalised=normalised,
        kind=IdentifierKind.IBAN,
        networks=(),
        valid=problem is None,
        problem=problem,
        start=start,
        end=end,
    )
