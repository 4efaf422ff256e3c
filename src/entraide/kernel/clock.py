"""Time.  Operations are given `now` by their caller; only the outermost layer asks the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


def unix_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970 of an aware `moment`."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no place on the clock")
    # In whole microseconds, because float seconds would round the last digit differently on some values.
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds) // 1000


def iso_ms(moment: datetime) -> str:
    """Return `moment` as ``2026-11-24T07:44:03.120Z``: UTC, milliseconds, one form everywhere."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no place on the clock")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
