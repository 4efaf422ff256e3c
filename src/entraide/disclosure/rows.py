"""Records on their way into a file: cut to the least data, and written so that nothing in them runs in a spreadsheet.

A page of a thousand records is treated column by column, with the interpreter's own loops: the rules cost a few
per cent of the time it takes to write the file.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from entraide.exchange.categories import SCHEMAS, Column, Kind, Minimise
from entraide.exchange.port import Category, Record

MASK = "•••• "
_KEPT_CHARACTERS = 4

# A spreadsheet takes a cell that begins so for a formula.  An apostrophe in front makes it text again; a value that
# itself begins with an apostrophe gets one too, so that taking one away always gives back what the exchange said.
_STARTS_FORMULA = frozenset("=+-@\t\r\n'＝＋－＠")

_ColumnRule = Callable[[Sequence[Any]], Sequence[Any]]


def masked(value: str | None) -> str | None:
    """Return `value` with all but its last four characters masked."""
    return None if value is None else MASK + value[-_KEPT_CHARACTERS:] if len(value) > _KEPT_CHARACTERS else MASK


def harmless(value: str) -> str:
    """Return `value` as a cell that no spreadsheet runs."""
    return f"'{value}" if value[:1] in _STARTS_FORMULA else value


@dataclass(frozen=True, slots=True)
class Withheld:
    """How many records of a page were kept back, and why."""

    privileged: int = 0


class CsvRows:
    """Writes the records of one category as lines of CSV (RFC 4180, UTF-8), minimised.

    Parameters
    ----------
    named : Collection of str
        Columns the decision names: their values are neither masked nor left out.
    target_accounts : Collection of str
        Accounts that are targets themselves: they stand under their own number.
    pseudonym : callable
        From another customer's account to a name that is the same within the case and says nothing outside it.
    """

    def __init__(
        self,
        category: Category,
        *,
        named: Collection[str] = (),
        target_accounts: Collection[str] = (),
        pseudonym: Callable[[str], str],
    ) -> None:
        self.schema = SCHEMAS[category]
        self._named = frozenset(named)
        self._targets = frozenset(target_accounts)
        self._pseudonym = pseudonym
        self._rules = [(at, rule) for at, column in enumerate(self.schema.columns) if (rule := self._rule(column))]
        self._privileged = next((at for at, c in enumerate(self.schema.columns) if c.name == "is_privileged"), None)

    def heading(self) -> bytes:
        """Return the first line: the names of the columns."""
        return _lines([self.schema.names])

    def lines(self, rows: Sequence[Record]) -> tuple[bytes, int, Withheld]:
        """Return the lines of a page, how many there are, and what was withheld."""
        kept = rows
        if self._privileged is not None:
            kept = [row for row in rows if not row[self._privileged]]
        withheld = Withheld(privileged=len(rows) - len(kept))
        if not kept:
            return b"", 0, withheld
        columns: list[Sequence[Any]] = list(zip(*kept, strict=True))
        for at, rule in self._rules:
            columns[at] = rule(columns[at])
        return lines_of(columns), len(kept), withheld

    def _rule(self, column: Column) -> _ColumnRule | None:
        cut = self._minimising(column)
        guard = _GUARDS.get(column.kind)
        if cut and guard:
            return lambda values: guard(cut(values))
        return cut or guard

    def _minimising(self, column: Column) -> _ColumnRule | None:
        if column.name in self._named:
            return None
        match column.minimise:
            case Minimise.MASK_UNLESS_NAMED:
                return lambda values: [masked(value) for value in values]
            case Minimise.OMIT_UNLESS_NAMED:
                return lambda values: [None] * len(values)
            case Minimise.PSEUDONYM_UNLESS_TARGET:
                return self._pseudonyms
            case Minimise.KEEP | Minimise.FLAG_THIRD_PARTY:
                return None

    def _pseudonyms(self, values: Sequence[Any]) -> list[Any]:
        names = {value: value if value in self._targets else self._pseudonym(value) for value in set(values) - {None}}
        return [names.get(value) for value in values]


def _guarded(values: Sequence[Any]) -> Sequence[Any]:
    if any(value[:1] in _STARTS_FORMULA for value in values if value):
        return [harmless(value) if value else value for value in values]
    return values


def _written(values: Sequence[Any]) -> Sequence[Any]:
    return [None if value is None else "true" if value else "false" for value in values]


# Numbers, moments, countries and choices have alphabets in which no formula can be written; these have not.
_GUARDS: dict[Kind, _ColumnRule] = {Kind.TEXT: _guarded, Kind.CODE: _guarded, Kind.BOOLEAN: _written}


def lines_of(columns: Sequence[Sequence[Any]]) -> bytes:
    """Return a page, given column by column, as lines.

    The csv module looks at every character of every cell.  Nearly every page of an exchange holds nothing that must be
    quoted: it is joined first, and only where the joined page shows otherwise is it written cell by cell.
    """
    n_rows = len(columns[0])
    page = "\r\n".join(map(",".join, zip(*map(_texts, columns), strict=True)))
    is_plain = '"' not in page and page.count(",") == n_rows * (len(columns) - 1)
    if is_plain and page.count("\r") == page.count("\n") == n_rows - 1 and len(columns) > 1:
        return f"{page}\r\n".encode()
    return _lines(zip(*columns, strict=True))


def _texts(values: Sequence[Any]) -> Sequence[str]:
    types = set(map(type, values))
    if types == {str}:
        return values
    if types == {type(None)}:
        return [""] * len(values)
    if types == {str, type(None)}:
        return ["" if value is None else value for value in values]
    return ["" if value is None else str(value) for value in values]


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
