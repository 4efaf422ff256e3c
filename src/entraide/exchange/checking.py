"""Whether records are what the contract allows.

A page is checked column by column with the interpreter's own loops (a set of types, one regular expression over a
joined column): that is what makes it cheap enough to check every value of every record.  Only when a page fails is it
gone through value by value, to name the row and the column.  `check_value` is the slow, obvious twin; a test holds the
two together.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter, lt
from typing import Any, cast

from entraide.exchange.categories import SCHEMAS, Column, Kind, Schema
from entraide.exchange.port import Category, ExchangeBroken, Period, Record, moment_text

TEXT_CHARACTERS_MAX = 10_000

_CODE = r"[A-Za-z0-9._:\-]{1,80}"
_AMOUNT = r"(?:0|[1-9][0-9]{0,77})"  # 78 digits: numeric(78,0)
_TIMESTAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_COUNTRY = r"[A-Z]{2}"
_PATTERNS = {
    Kind.CODE: _CODE,
    Kind.AMOUNT: _AMOUNT,
    Kind.TIMESTAMP: _TIMESTAMP,
    Kind.DATE: _DATE,
    Kind.COUNTRY: _COUNTRY,
}
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def is_code(value: str) -> bool:
    """Say whether `value` is written as an identifier of the exchange's."""
    return re.fullmatch(_CODE, value) is not None


def is_text(value: str) -> bool:
    """Say whether `value` is short enough, and without what no row, no file and no terminal should get."""
    return len(value) <= TEXT_CHARACTERS_MAX and not _FORBIDDEN.search(value)


_TYPES: dict[Kind, type] = dict.fromkeys(Kind, str) | {Kind.INTEGER: int, Kind.BOOLEAN: bool}
_INTEGER_MAX = 2**63 - 1


# -------------------------------------------------------------------------------------------- one value, slow and plain


def check_value(column: Column, value: object) -> str | None:
    """Return what is wrong with a value of `column`, or nothing if it is right."""
    if value is None:
        return None if column.nullable else "is empty, and this column never is"
    if type(value) is not _TYPES[column.kind]:
        return f"is a {type(value).__name__}, not a {column.kind}"
    if column.kind is Kind.BOOLEAN:
        return None
    if isinstance(value, int):
        return None if abs(value) <= _INTEGER_MAX else "is larger than an integer may be"
    assert isinstance(value, str)
    return _wrong_text(column, value)


def _wrong_text(column: Column, value: str) -> str | None:
    if column.kind is Kind.TEXT:
        if len(value) > TEXT_CHARACTERS_MAX:
            return f"is longer than {TEXT_CHARACTERS_MAX} characters"
        return "holds a control character" if _FORBIDDEN.search(value) else None
    if column.kind is Kind.CHOICE:
        return None if value in column.choices else "is not one of the choices"
    if column.kind is Kind.IP:
        return None if _is_ip(value) else "is not an IP address"
    if not re.fullmatch(_PATTERNS[column.kind], value):
        return f"is not written as a {column.kind}"
    if column.kind is Kind.TIMESTAMP and not _all_parse(datetime.fromisoformat, [value]):
        return "is not a moment of the calendar"
    if column.kind is Kind.DATE and not _all_parse(date.fromisoformat, [value]):
        return "is not a day of the calendar"
    return None


@lru_cache(maxsize=4096)
def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value  # an interface of somebody's machine is no part of an address


def _all_parse(parse: Callable[[str], object], values: Iterable[str]) -> bool:
    try:
        for _ in map(parse, values):
            pass
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------------------ one column of a page

_ColumnCheck = Callable[[Sequence[Any]], bool]


def _column_check(column: Column) -> _ColumnCheck:
    """Return a function that says whether every value of a column is right."""
    right_types: set[type] = {_TYPES[column.kind], type(None)} if column.nullable else {_TYPES[column.kind]}
    check_present = _present_check(column)
    if not column.nullable:
        return lambda values: set(map(type, values)) <= right_types and check_present(values)

    def check(values: Sequence[Any]) -> bool:
        types = set(map(type, values))
        if not types <= right_types:
            return False
        if type(None) not in types:
            return check_present(values)
        return len(types) == 1 or check_present([value for value in values if value is not None])

    return check


def _present_check(column: Column) -> _ColumnCheck:
    if column.kind is Kind.BOOLEAN:
        return lambda values: True
    if column.kind is Kind.INTEGER:
        return lambda values: min(values) >= -_INTEGER_MAX and max(values) <= _INTEGER_MAX
    if column.kind is Kind.CHOICE:
        choices = frozenset(column.choices)
        return choices.issuperset
    if column.kind is Kind.IP:
        return lambda values: all(map(_is_ip, set(values)))
    if column.kind is Kind.TEXT:
        return _are_texts
    return _pattern_check(column.kind)


def _are_texts(values: Sequence[str]) -> bool:
    # One look over the whole column: almost always everything in it is printable, and then nothing is forbidden.
    joined = " ".join(values)
    if not joined.isprintable() and _FORBIDDEN.search(joined):
        return False
    return len(joined) <= TEXT_CHARACTERS_MAX or max(map(len, values)) <= TEXT_CHARACTERS_MAX


def _pattern_check(kind: Kind) -> _ColumnCheck:
    # Joined with a line feed, which no value of these kinds can hold: one match for the whole column.
    whole = re.compile(f"(?:{_PATTERNS[kind]}\n)+")
    parse: dict[Kind, Callable[[str], object]] = {
        Kind.TIMESTAMP: datetime.fromisoformat,
        Kind.DATE: date.fromisoformat,
    }
    further = parse.get(kind)

    def check(values: Sequence[str]) -> bool:
        # Few different values are the rule (assets, networks), so each is looked at once.
        different = set(values)
        joined = "\n".join(different) + "\n"
        if joined.count("\n") != len(different) or not whole.fullmatch(joined):
            return False
        return further is None or _all_parse(further, different)

    return check


# --------------------------------------------------------------------------------------------------------------- a page


@dataclass(frozen=True, slots=True)
class _Compiled:
    schema: Schema
    take: Callable[[dict[str, Any]], Record]
    checks: tuple[_ColumnCheck, ...]
    record_id: int
    account_id: int
    moment: int | None


def _compile(schema: Schema) -> _Compiled:
    return _Compiled(
        schema=schema,
        take=cast(Callable[[dict[str, Any]], Record], itemgetter(*schema.names)),
        checks=tuple(_column_check(column) for column in schema.columns),
        record_id=schema.position("record_id"),
        account_id=schema.position("account_id"),
        moment=None if schema.time_column is None else schema.position(schema.time_column),
    )


_COMPILED = {category: _compile(schema) for category, schema in SCHEMAS.items()}


class StreamCheck:
    """Checks the pages of one stream, in order.

    Besides each value it holds that the records are of the account asked for, lie in the period, and come in strictly
    rising order of moment and number: so that none can come twice.

    Parameters
    ----------
    what : str
        How the question is named in an error.
    """

    def __init__(self, what: str, *, account_id: str, category: Category, period: Period, as_of: datetime) -> None:
        self._what = what
        self.account_id = account_id
        self.category = category
        self._compiled = _COMPILED[category]
        self._start = moment_text(period.start)
        self._end = moment_text(period.end)
        self._as_of = moment_text(as_of)
        self._last: tuple[Any, ...] | None = None
        self.n_rows = 0

    @property
    def question(self) -> str:
        """The question in one line, as in-memory cursors carry it."""
        return f"{self.account_id}/{self.category}/{self._start}/{self._end}/{self._as_of}"

    def check(self, objects: Sequence[object], *, cursor: str | None) -> tuple[Record, ...]:
        """Return the records of the next page, which begins at `cursor`.

        Raises
        ------
        ExchangeBroken
            If anything in it is not as the schema and the question say; the page is not counted then.
        """
        if not objects:
            return ()
        rows = self._rows(objects)
        if rows is None:
            raise self._fault_in(objects, cursor)
        self._check_belonging(rows, cursor)
        self.n_rows += len(rows)
        return tuple(rows)

    def _rows(self, objects: Sequence[object]) -> list[Record] | None:
        """Return the records in the order of columns, or nothing if any of them is not right."""
        compiled = self._compiled
        if set(map(type, objects)) != {dict}:
            return None
        if set(map(len, objects)) != {len(compiled.checks)}:  # type: ignore[arg-type]  # dictionaries, as just seen
            return None
        try:
            rows = list(map(compiled.take, objects))  # type: ignore[arg-type]  # the same
        except KeyError:
            return None
        columns = list(zip(*rows, strict=True))
        if all(check(column) for check, column in zip(compiled.checks, columns, strict=True)):
            return rows
        return None

    def _check_belonging(self, rows: list[Record], cursor: str | None) -> None:
        compiled = self._compiled
        accounts = set(map(itemgetter(compiled.account_id), rows))
        if accounts != {self.account_id}:
            at = next(i for i, row in enumerate(rows) if row[compiled.account_id] != self.account_id)
            raise self._broken("other_account", "belongs to another account", at, "account_id", cursor)
        if compiled.moment is None:
            keys: list[Any] = list(map(itemgetter(compiled.record_id), rows))
        else:
            keys = list(map(itemgetter(compiled.moment, compiled.record_id), rows))
            self._check_period(keys, cursor)
        self._check_order(keys, cursor)

    def _check_period(self, keys: list[tuple[str, str]], cursor: str | None) -> None:
        moments = [key[0] for key in keys]
        if min(moments) >= self._start and max(moments) < self._end and max(moments) <= self._as_of:
            return
        at = next(i for i, at in enumerate(moments) if not (self._start <= at < self._end and at <= self._as_of))
        column = self._compiled.schema.time_column
        raise self._broken("out_of_period", "lies outside the period asked for", at, column, cursor)

    def _check_order(self, keys: list[Any], cursor: str | None) -> None:
        before = keys if self._last is None else [self._last, *keys]
        if all(map(lt, before, before[1:])):
            self._last = keys[-1]
            return
        at = next(i for i, (a, b) in enumerate(pairwise(before)) if not a < b)
        at += self._last is None  # the second of the two is the one out of order
        raise self._broken("out_of_order", "comes twice, or before one that is earlier", at, "record_id", cursor)

    def _fault_in(self, objects: Sequence[object], cursor: str | None) -> ExchangeBroken:
        """Return the first fault of a page that is known to have one."""
        names = self._compiled.schema.names
        for at, record in enumerate(objects):
            if not isinstance(record, dict):
                return self._broken("bad_record", "is not an object", at, None, cursor)
            record = cast(dict[str, object], record)
            missing = [name for name in names if name not in record]
            if missing:
                return self._broken("bad_record", "is missing", at, missing[0], cursor)
            unknown = sorted(set(record) - set(names))
            if unknown:
                return self._broken("bad_record", "is not in the schema", at, unknown[0][:80], cursor)
            for column in self._compiled.schema.columns:
                wrong = check_value(column, record[column.name])
                if wrong:
                    return self._broken("bad_record", wrong, at, column.name, cursor)
        return self._broken("bad_record", "is not as the schema says", 0, None, cursor)

    def _broken(self, code: str, why: str, at: int, column: str | None, cursor: str | None) -> ExchangeBroken:
        # The sentence names the place and never the value: it is read by people who may not see the record.
        row = self.n_rows + at + 1
        place = f"column {column!r} of record {row}" if column else f"record {row}"
        return ExchangeBroken(
            self._what,
            why=f"{place} in category {self.category} {why}",
            code=code,
            category=self.category.value,
            column=column,
            row=row,
            cursor=cursor,
        )
