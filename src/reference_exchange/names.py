"""Names of people who do not exist, put together from syllables, in four scripts with their transliteration."""

from dataclasses import dataclass
from random import Random

_LATIN = (
    "ba", "bel", "cor", "dan", "del", "dor", "el", "fa", "gar", "hel", "ian", "jo", "kan", "lor",
    "ma", "mir", "nel", "or", "pel", "ras", "sil", "tan", "tur", "ul", "vel", "wen", "yor", "zan",
)  # fmt: skip
_ARABIC = {
    "با": "ba", "دا": "da", "سا": "sa", "نا": "na", "لي": "li", "مي": "mi", "ري": "ri", "زي": "zi",
    "رو": "ru", "نو": "nu", "تو": "tu", "كا": "ka", "شا": "sha", "هو": "hu", "جا": "ja", "فا": "fa",
}  # fmt: skip
_CYRILLIC = {
    "ва": "va", "ле": "le", "ми": "mi", "ро": "ro", "ту": "tu", "не": "ne", "са": "sa", "ко": "ko",
    "ди": "di", "бу": "bu", "за": "za", "гор": "gor", "лен": "len", "шу": "shu", "пи": "pi", "ян": "yan",
}  # fmt: skip
_GREEK = {
    "να": "na", "λε": "le", "μο": "mo", "ρι": "ri", "σα": "sa", "κο": "ko", "δη": "di", "βα": "va",
    "θε": "the", "πο": "po", "τα": "ta", "γα": "ga", "φι": "fi", "ζη": "zi", "λα": "la", "νι": "ni",
}  # fmt: skip
_ENDINGS = {"arabic": ("", ""), "cyrillic": ("н", "n"), "greek": ("ς", "s")}
_TABLES = {"arabic": _ARABIC, "cyrillic": _CYRILLIC, "greek": _GREEK}
_COUNTRIES = {
    "latin": ("FR", "ES", "DE", "NL", "IT", "PT", "GB", "IE", "BR", "MX"),
    "arabic": ("EG", "MA", "JO", "TN", "AE"),
    "cyrillic": ("BG", "RS", "UA", "KZ"),
    "greek": ("GR", "CY"),
}
_SCRIPTS = ("latin",) * 6 + ("arabic",) * 2 + ("cyrillic", "greek")


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person: name in its own script and in Latin letters, and the country that goes with it."""

    full_name: str
    full_name_latin: str
    country: str
    script: str


def person(rng: Random) -> Person:
    """Return a made-up person."""
    script = rng.choice(_SCRIPTS)
    given, given_latin = word(script, rng.randint(2, 3), rng)
    family, family_latin = word(script, rng.randint(2, 4), rng)
    return Person(
        full_name=f"{given} {family}",
        full_name_latin=f"{given_latin} {family_latin}",
        country=rng.choice(_COUNTRIES[script]),
        script=script,
    )


def word(script: str, n_syllables: int, rng: Random) -> tuple[str, str]:
    """Return a made-up word in `script` and in Latin letters."""
    if script == "latin":
        latin = "".join(rng.choice(_LATIN) for _ in range(n_syllables)).capitalize()
        return latin, latin
    table, (ending, ending_latin) = _TABLES[script], _ENDINGS[script]
    syllables = [rng.choice(list(table)) for _ in range(n_syllables)]
    own = "".join(syllables) + ending
    latin = "".join(table[syllable] for syllable in syllables) + ending_latin
    return own.capitalize(), latin.capitalize()


def town(rng: Random) -> str:
    """Return a made-up town."""
    return word("latin", 2, rng)[0] + rng.choice(("burg", "ville", "mont", "ford", ""))


def street(rng: Random) -> str:
    """Return a made-up street with a number."""
    return f"{rng.randint(1, 180)} {word('latin', 2, rng)[0]} {rng.choice(('Street', 'Road', 'Quay', 'Lane'))}"
