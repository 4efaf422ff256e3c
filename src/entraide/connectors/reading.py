"""Reading what an exchange answered, strictly: what is not as agreed is an `ExchangeBroken`."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from entraide.connectors.failures import bad_answer
from entraide.exchange.checking import StreamCheck, is_code, is_text
from entraide.exchange.port import (
    PAGE_ROWS,
    AccountMatch,
    AccountStatus,
    Answer,
    Asset,
    Balance,
    Capabilities,
    Category,
    IdentifierKind,
    IdentifierQuestion,
    MatchedAccount,
    MatchReason,
    RecordPage,
    Tie,
)

CONTRACT_MAJOR = "1"
_CURSOR_CHARACTERS_MAX = 2_000
_YEARS = (1900, 9000)
_NUMBER_MAX = 2**53 - 1  # beyond it a number of JSON is not the same number everywhere

_E = TypeVar("_E", bound=StrEnum)


def parsed(what: str, body: bytes) -> object:
    """Return the JSON value that `body` is; no name stands in it twice, of which two readers might take different ones.

    Nor is there a number that JSON does not have.
    """
    return _read(what, body, object_pairs_hook=_each_once, parse_constant=_no_number)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number of JSON")


def _read(what: str, body: bytes, **hooks: Any) -> object:
    try:
        return json.loads(body.decode("utf-8"), **hooks)
    except (ValueError, RecursionError):
        raise bad_answer(what, "it is not JSON") from None


class Given:
    """A JSON object that somebody else wrote, its values asked for by name and kind."""

    def __init__(self, what: str, value: object) -> None:
        if not isinstance(value, dict):
            raise bad_answer(what, "an object was expected")
        self.what = what
        self.object: dict[str, Any] = value

    def text(self, name: str) -> str:
        value = self.object.get(name)
        if not isinstance(value, str) or not is_text(value):
            raise bad_answer(self.what, f"{name} is no text")
        return value

    def code(self, name: str) -> str:
        value = self.text(name)
        if not is_code(value):
            raise bad_answer(self.what, f"{name} is no identifier")
        return value

    def number(self, name: str) -> int:
        value = self.object.get(name)
        if type(value) is not int or not 0 <= value <= _NUMBER_MAX:
            raise bad_answer(self.what, f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self.object.get(name)
        if not isinstance(value, bool):
            raise bad_answer(self.what, f"{name} is neither true nor false")
        return value

    def units(self, name: str) -> int:
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 78:
            raise bad_answer(self.what, f"{name} is no amount in base units")
        return int(text)

    def moment(self, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise bad_answer(self.what, f"{name} is no moment") from None
        if moment.tzinfo is None:
            raise bad_answer(self.what, f"{name} has no time zone")
        if not _YEARS[0] <= moment.year <= _YEARS[1]:
            raise bad_answer(self.what, f"{name} lies outside of the years that are told in every time zone")
        return moment

    def moment_or_none(self, name: str) -> datetime | None:
        return None if self.object.get(name) is None else self.moment(name)

    def choice(self, name: str, choices: type[_E]) -> _E:
        try:
            return choices(self.text(name))
        except ValueError:
            raise bad_answer(self.what, f"{name} is not one of the words agreed") from None

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.object.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) and is_text(value) for value in values):
            raise bad_answer(self.what, f"{name} is no list of texts")
        return tuple(values)

    def items(self, name: str) -> list["Given"]:
        values = self.object.get(name)
        if not isinstance(values, list):
            raise bad_answer(self.what, f"{name} is no list")
        return [Given(self.what, value) for value in values]


def next_marker(pending: bytes, searched: int) -> tuple[int, int]:
    """Return where the first marker line begins and ends, looking from `searched` on.

    The end is -1 where there is no whole marker yet; the beginning is then where to look on when more has come.
    """
    if pending.startswith(b'{"$'):
        start = 0
    else:
        start = pending.find(b'\n{"$', max(0, searched - 1)) + 1
        if start == 0:
            return max(0, len(pending) - 3), -1
    return start, pending.find(b"\n", start)


def page_of(what: str, body: bytes, marker: bytes, cursor: str | None, check: StreamCheck, n_before: int) -> RecordPage:
    """Return the page of the lines `body` and the `marker` after them, its rows checked by `check`."""
    given = Given(what, parsed(what, marker))
    is_last = "$end" in given.object
    following = given.text("$end" if is_last else "$cursor")
    if not following or len(following) > _CURSOR_CHARACTERS_MAX:
        raise bad_answer(what, "its cursor is empty or too long")
    objects: list[object] = []
    if not body and not is_last:
        raise bad_answer(what, "it goes on without a record")  # or it could go on so for ever
    if body:
        n_lines = body.count(b"\n") + 1
        if n_lines > PAGE_ROWS:
            raise bad_answer(what, f"it sent more than {PAGE_ROWS} records without a cursor", code="too_large")
        # No text holds a bare line feed in JSON, so the lines of a page are one array with its commas put in.
        # Each record is checked value by value; asking here whether a name stands twice would cost a fifth of the time.
        lines = _read(what, b"[" + body.replace(b"\n", b",") + b"]")
        if not isinstance(lines, list) or len(lines) != n_lines:
            raise bad_answer(what, "a line of its answer is not one record")
        objects = lines
    first_row = check.n_rows + 1
    rows = check.check(objects, cursor=cursor)
    if given.number("records") != check.n_rows - n_before:
        raise bad_answer(what, "it counted another number of records than it sent")
    return RecordPage(
        category=check.category,
        account_id=check.account_id,
        rows=rows,
        cursor=following,
        first_row=first_row,
        is_last=is_last,
    )


def match_of(question: IdentifierQuestion, given: Given) -> AccountMatch:
    """Return the answer to one identifier."""
    answer = given.choice("answer", Answer)
    accounts = tuple(_account_of(item) for item in given.items("accounts"))
    if (answer is Answer.FOUND) != bool(accounts):
        raise bad_answer(given.what, "an identifier is found without an account, or not found with one")
    return AccountMatch(question=question, answer=answer, accounts=accounts)


def _account_of(given: Given) -> MatchedAccount:
    return MatchedAccount(
        account_id=given.code("account_id"),
        entity=given.text("entity"),
        status=given.choice("status", AccountStatus),
        opened_at=given.moment("opened_at"),
        closed_at=given.moment_or_none("closed_at"),
        ties=tuple(
            Tie(
                reason=tie.choice("reason", MatchReason),
                count=tie.number("count"),
                first_at=tie.moment("first_at"),
                last_at=tie.moment("last_at"),
            )
            for tie in given.items("ties")
        ),
    )


def balance_of(given: Given) -> Balance:
    """Return what an account held of one asset."""
    return Balance(
        asset=given.text("asset"),
        total=given.units("total"),
        available=given.units("available"),
        hold_count=given.number("hold_count"),
    )


def capabilities_of(given: Given) -> Capabilities:
    """Return what an exchange can do, as far as this desk knows the words."""
    version = given.text("contract_version")
    if version.partition(".")[0] != CONTRACT_MAJOR:
        raise bad_answer(given.what, f"it speaks another version of the contract than {CONTRACT_MAJOR}")
    # A later minor version may know more kinds and categories than we do; those are not for us.
    known_categories = {category.value: category for category in Category}
    known_kinds = {kind.value: kind for kind in IdentifierKind}
    return Capabilities(
        contract_version=version,
        exchange=given.text("exchange"),
        entities=given.texts("entities"),
        categories=frozenset(known_categories[c] for c in given.texts("categories") if c in known_categories),
        identifier_kinds=frozenset(known_kinds[k] for k in given.texts("identifier_kinds") if k in known_kinds),
        networks=frozenset(given.texts("networks")),
        assets=tuple(
            Asset(
                code=asset.text("code"),
                decimals=asset.number("decimals"),
                name=asset.text("name"),
                networks=asset.texts("networks"),
            )
            for asset in given.items("assets")
        ),
        identifiers_max=given.number("identifiers_max"),
        settles_within_s=given.number("settles_within_s"),
        ip_without_moment=given.flag("ip_without_moment"),
        holds=given.flag("holds"),
    )
