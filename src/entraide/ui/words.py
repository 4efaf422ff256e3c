"""Lists, days, times and spans in the words of who reads: as text, for sentences; `components` draws the same."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_datetime
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext, pgettext

from entraide.kernel.errors import Text

_BABEL = {"en": "en_GB", "fr": "fr", "es": "es", "ar": "ar"}


def listed(items: Iterable[Text]) -> str:
    """Return names or words one after the other, set apart as the reader's language does it."""
    return pgettext("between the items of a list", ", ").join(str(item) for item in items)


def labelled(label: Text, text: Text) -> str:
    """Return a label and what it says, with the colon of the reader's language."""
    return gettext("%(label)s: %(text)s") % {"label": label, "text": text}


def day_in_words(day: date) -> str:
    """Return a day as people write it, 20 Nov 2026 in the reader's language; it never breaks across lines."""
    return _day(day, _locale())


@lru_cache(maxsize=4096)
def _day(day: date, locale: str) -> str:
    return str(format_date(day, "d MMM y", locale=locale)).replace(" ", "\N{NO-BREAK SPACE}")


def moment_in_words(at: datetime) -> str:
    """Return a point in time in the reader's zone and language, to the minute; the zone is not said."""
    local = timezone.localtime(at)
    comma = "\N{ARABIC COMMA}" if _language() == "ar" else ","
    return str(format_datetime(local, f"d MMM y{comma} HH:mm", tzinfo=local.tzinfo, locale=_locale()))


def zone_in_words(at: datetime) -> str:
    """Return the reader's zone at that time as CET or UTC+03:00, the same in every language; empty where it is UTC."""
    local = timezone.localtime(at)
    if local.utcoffset() == timedelta(0):
        return ""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local.isoformat()[-6:]}"


def ended_day_in_words(at: datetime) -> str:
    """Return the day that ends at `at`, not the one which begins; empty where that is no midnight in UTC.

    To the minute, as moments are said: a clock that stood still for seconds would otherwise say the next day and 00:00.
    """
    utc = at.astimezone(UTC)
    if (utc.hour, utc.minute) != (0, 0):
        return ""
    return gettext("end of %(day)s (UTC)") % {"day": day_in_words(utc.date() - timedelta(days=1))}


def owed_in_words(at: datetime) -> str:
    """Return until when something is owed, for the middle of a sentence: a moment, or the day which ends then."""
    return ended_day_in_words(at) or f"{moment_in_words(at)} {zone_in_words(at) or 'UTC'}"


def span_in_words(span: timedelta) -> str:
    """Return a length of time in its largest sensible unit."""
    minutes = int(span.total_seconds()) // 60
    if minutes >= 48 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if minutes >= 60:
        hours = minutes // 60
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def _language() -> str:
    return (translation.get_language() or "en").partition("-")[0]


def _locale() -> str:
    return _BABEL.get(_language(), "en_GB")
