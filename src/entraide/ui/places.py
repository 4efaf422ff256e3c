"""Countries and time zones as the reader is offered them, in her own language."""

import unicodedata
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from entraide.kernel.countries import COUNTRIES

_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def reader_locale() -> Locale:
    """Return the reader's language as Babel knows it; English as it is written in Europe."""
    language = (get_language() or "en").partition("-")[0]
    return Locale.parse("en_GB" if language == "en" else language)


def by_name(choice: tuple[str, object]) -> str:
    """Return what sorts a choice by its name, accents aside."""
    return unicodedata.normalize("NFD", str(choice[1])).casefold()


def countries() -> list[tuple[str, str]]:
    """Return codes and names of all countries, by name in the reader's language."""
    return list(_countries((get_language() or "en").partition("-")[0]))


def countries_to_choose() -> list[tuple[str, str]]:
    """Return the same for a list to choose from, which says first that one must be chosen."""
    return [("", _("Select a country")), *countries()]


def country_name(code: str) -> str:
    """Return the name of a country in the reader's language."""
    return str(reader_locale().territories.get(code.upper(), code))


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the time zones to choose from: UTC and places, not the historical names and abbreviations."""
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _REGIONS))


@lru_cache(maxsize=8)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language).territories
    return tuple(sorted(((code, str(names.get(code, code))) for code in COUNTRIES), key=by_name))
