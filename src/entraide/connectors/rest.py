"""The exchange over HTTP, as `entraide/exchange/openapi.json` says."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import httpx

from entraide.connectors.outbound import BearerToken, Limits, Outbound, Redirected, TooLarge, TooSlow
from entraide.exchange.checking import StreamCheck
from entraide.exchange.port import (
    PAGE_ROWS,
    AccountMatch,
    AccountStatus,
    Answer,
    Asset,
    Balance,
    Capabilities,
    Category,
    ExchangeBroken,
    ExchangeError,
    ExchangeRefused,
    ExchangeUnavailable,
    IdentifierKind,
    IdentifierQuestion,
    MatchedAccount,
    MatchReason,
    Period,
    Purpose,
    RecordPage,
    Tie,
    moment_text,
)
from entraide.kernel import environment
from entraide.kernel.errors import NotPossible

CONTRACT_MAJOR = "1"
IDENTIFIERS_AT_ONCE = 500
_CURSOR_CHARACTERS_MAX = 2_000
_ASK_AGAIN = "Ask again later; what was answered so far is kept"
_TOLD = "Tell the operators of the exchange's interface; nothing of this answer was kept"

# What the contract says with a status code when the body says nothing better.
_REFUSALS = {
    401: ("not_authorised", "it does not accept this desk's credential"),
    403: ("not_authorised", "it does not allow this desk to ask that"),
    404: ("no_such_account", "there is no such account"),
    410: ("stale_cursor", "it cannot go on from that point any more"),
    413: ("over_limit", "that is more than it answers at once"),
    422: ("bad_question", "it cannot answer the question as it was put"),
}
_REFUSAL_CODES = {
    "not_authorised": "it does not accept this desk's credential",
    "no_such_account": "there is no such account",
    "category_not_held": "it holds no such data",
    "stale_cursor": "it cannot go on from that point any more",
    "bad_question": "it cannot answer the question as it was put",
    "over_limit": "that is more than it answers at once",
}
_WAITS = {
    425: ("too_early", "that moment is too close to now for its records to be complete"),
    429: ("busy", "it was asked too much in a short time"),
    500: ("down", "it failed on its side"),
    502: ("down", "it is not reachable behind its gateway"),
    503: ("down", "it is down"),
    504: ("down", "its gateway had no answer from it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a question is asked before it is given up, and how long is waited in between.

    A stream that got further since the last failure starts to count anew.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    wait_s_max: float = 20.0

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        return min(self.wait_s_max, self.first_wait_s * 2.0 ** (failures - 1))


class RestConnector:
    """A `Connector` whose exchange speaks the published HTTP contract.

    Safe to use from several threads.

    Parameters
    ----------
    base_url : str
        Where the contract's paths begin.
    token : str | None
        Bearer token.
    certificate, authority : Path | None
        Client certificate with its key for mutual TLS, and an own certificate authority; PEM.
    sleep : callable
        How to wait between attempts.
    transport : httpx.BaseTransport | None
        For tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        certificate: Path | None = None,
        authority: Path | None = None,
        limits: Limits | None = None,
        retries: Retries | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._outbound = Outbound(
            base_url,
            auth=BearerToken(token) if token else None,
            certificate=certificate,
            authority=authority,
            limits=limits,
            clock=clock,
            transport=transport,
        )
        self._retries = retries or Retries()
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"RestConnector({self._outbound!r})"

    @classmethod
    def from_environment(cls) -> "RestConnector":
        """Return the connector that the settings describe.

        Raises
        ------
        NotPossible
            If there is no URL, or neither token nor certificate.
        """
        url = environment.read("ENTRAIDE_EXCHANGE_URL")
        token = environment.read("ENTRAIDE_EXCHANGE_TOKEN")
        certificate = environment.read("ENTRAIDE_EXCHANGE_CERTIFICATE")
        if not url or not (token or certificate):
            raise NotPossible(
                "Connecting the exchange",
                why="its address or this desk's credential is not set",
                do="Set ENTRAIDE_EXCHANGE_URL, and ENTRAIDE_EXCHANGE_TOKEN or ENTRAIDE_EXCHANGE_CERTIFICATE",
            )
        return cls(url, token=token or None, certificate=Path(certificate) if certificate else None)

    def close(self) -> None:
        """Close the connections."""
        self._outbound.close()

    # The port.

    def capabilities(self) -> Capabilities:
        """Return what this exchange can do."""
        what = "Asking the exchange what it can do"
        return _capabilities(_Given(what, self._ask(what, "GET", "v1/capabilities")))

    def find_accounts(self, identifiers: Sequence[IdentifierQuestion], *, purpose: Purpose) -> list[AccountMatch]:
        """Return one answer for each identifier, in their order."""
        what = "Looking up accounts"
        matches: list[AccountMatch] = []
        for first in range(0, len(identifiers), IDENTIFIERS_AT_ONCE):
            asked = identifiers[first : first + IDENTIFIERS_AT_ONCE]
            question = {"purpose": _purpose(purpose), "identifiers": [_identifier(item) for item in asked]}
            answers = _Given(what, self._ask(what, "POST", "v1/accounts/find", question)).items("answers")
            if len(answers) != len(asked):
                raise _bad_answer(what, "it answered another number of identifiers than were asked")
            matches += [_match(item, answer) for item, answer in zip(asked, answers, strict=True)]
        return matches

    def records(
        self,
        account_id: str,
        category: Category,
        period: Period,
        *,
        as_of: datetime,
        cursor: str | None = None,
        purpose: Purpose,
    ) -> Iterator[RecordPage]:
        """Yield the account's records of one category, page by page, as they stood at `as_of`.

        A stream that breaks off is taken up again where the last whole page ended, without the caller noticing; only
        when that fails several times in a row without getting further is `ExchangeUnavailable` raised.
        """
        what = f"Reading {category} of account {account_id}"
        question = {
            "purpose": _purpose(purpose),
            "account_id": account_id,
            "category": category.value,
            "start": moment_text(period.start),
            "end": moment_text(period.end),
            "as_of": moment_text(as_of),
        }
        check = StreamCheck(what, account_id=account_id, category=category, period=period, as_of=as_of)
        failures = 0
        while True:
            try:
                for page in self._one_stream(what, question, cursor, check):
                    cursor, failures = page.cursor, 0
                    yield page
                    if page.is_last:
                        return
                raise _interrupted(what)
            except ExchangeUnavailable as error:
                failures += 1
                if failures >= self._retries.attempts:
                    error.cursor = cursor
                    raise
                self._sleep(self._retries.wait_s(failures))

    def balances(self, account_id: str, as_of: datetime, *, purpose: Purpose) -> list[Balance]:
        """Return what the account held at `as_of`, in the order of assets."""
        what = f"Reading balances of account {account_id}"
        question = {"purpose": _purpose(purpose), "account_id": account_id, "as_of": moment_text(as_of)}
        given = _Given(what, self._ask(what, "POST", "v1/balances", question))
        return sorted((_balance(item) for item in given.items("balances")), key=lambda balance: balance.asset)

    # One question.

    def _ask(self, what: str, method: str, path: str, question: Mapping[str, Any] | None = None) -> object:
        failures = 0
        while True:
            try:
                with _translated(what):
                    response, body = self._outbound.ask(method, path, question=question)
                _check_status(what, response.status_code, body)
                return _parsed(what, body)
            except ExchangeUnavailable:
                failures += 1
                if failures >= self._retries.attempts:
                    raise
                self._sleep(self._retries.wait_s(failures))

    def _one_stream(
        self, what: str, question: Mapping[str, Any], cursor: str | None, check: StreamCheck
    ) -> Iterator[RecordPage]:
        """Yield the pages of one answer, until it ends or breaks off."""
        asked = question if cursor is None else {**question, "cursor": cursor}
        with _translated(what), self._outbound.stream("POST", "v1/records", question=asked) as response:
            if response.status_code != 200:
                _check_status(what, response.status_code, b"".join(self._outbound.chunks(response)))
            n_before = check.n_rows
            for body, marker in self._pages(what, response):
                page = _page(what, body, marker, cursor, check, n_before)
                cursor = page.cursor
                yield page
                if page.is_last:
                    return

    def _pages(self, what: str, response: httpx.Response) -> Iterator[tuple[bytes, bytes]]:
        """Yield the lines of each page, without the last line feed, and the marker that follows them."""
        limits, clock = self._outbound.limits, self._outbound.clock
        pending, searched, started = b"", 0, clock()
        for chunk in response.iter_raw():
            pending += chunk
            start, end = _marker(pending, searched)
            while end >= 0:
                yield pending[: max(0, start - 1)], pending[start:end]
                pending, started = pending[end + 1 :], clock()
                start, end = _marker(pending, 0)
            searched = start
            if len(pending) > limits.answer_bytes:
                raise _bad_answer(what, "a page of its answer is larger than allowed", code="too_large")
            if clock() - started > limits.answer_s:
                raise TooSlow


def _marker(pending: bytes, searched: int) -> tuple[int, int]:
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


def _page(what: str, body: bytes, marker: bytes, cursor: str | None, check: StreamCheck, n_before: int) -> RecordPage:
    given = _Given(what, _parsed(what, marker))
    is_last = "$end" in given.object
    following = given.text("$end" if is_last else "$cursor")
    if not following or len(following) > _CURSOR_CHARACTERS_MAX:
        raise _bad_answer(what, "its cursor is empty or too long")
    objects: list[object] = []
    if body:
        n_lines = body.count(b"\n") + 1
        if n_lines > PAGE_ROWS:
            raise _bad_answer(what, f"it sent more than {PAGE_ROWS} records without a cursor", code="too_large")
        # No text holds a bare line feed in JSON, so the lines of a page are one array with its commas put in.
        parsed = _parsed(what, b"[" + body.replace(b"\n", b",") + b"]")
        if not isinstance(parsed, list) or len(parsed) != n_lines:
            raise _bad_answer(what, "a line of its answer is not one record")
        objects = parsed
    first_row = check.n_rows + 1
    rows = check.check(objects, cursor=cursor)
    if given.number("records") != check.n_rows - n_before:
        raise _bad_answer(what, "it counted another number of records than it sent")
    return RecordPage(
        category=check.category,
        account_id=check.account_id,
        rows=rows,
        cursor=following,
        first_row=first_row,
        is_last=is_last,
    )


# What can go wrong.


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn the failures of the wire into those of the port."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise ExchangeUnavailable(
            what, why="the exchange cannot be reached", do=_ASK_AGAIN, code="unreachable"
        ) from None
    except (httpx.TimeoutException, TooSlow):
        raise ExchangeUnavailable(
            what, why="the exchange did not answer in time", do=_ASK_AGAIN, code="timed_out"
        ) from None
    except httpx.TransportError:
        raise _interrupted(what) from None
    except TooLarge:
        raise _bad_answer(what, "its answer is larger than allowed", code="too_large") from None
    except Redirected:
        raise _bad_answer(what, "it sends us to another address", code="redirected") from None


def _interrupted(what: str) -> ExchangeUnavailable:
    return ExchangeUnavailable(
        what, why="the exchange's answer broke off before its end", do=_ASK_AGAIN, code="interrupted"
    )


def _bad_answer(what: str, why: str, *, code: str = "bad_answer") -> ExchangeBroken:
    return ExchangeBroken(what, why=f"the exchange's answer is not as agreed: {why}", do=_TOLD, code=code)


def _check_status(what: str, status: int, body: bytes) -> None:
    if status == 200:
        return
    error = _error(what, status, body)
    raise error


def _error(what: str, status: int, body: bytes) -> ExchangeError:
    if status in _WAITS or status >= 500:
        code, why = _WAITS.get(status, _WAITS[500])
        return ExchangeUnavailable(what, why=f"the exchange did not answer: {why}", do=_ASK_AGAIN, code=code)
    said = _code_in(body)
    if said in _REFUSAL_CODES:
        return ExchangeRefused(what, why=f"the exchange said no: {_REFUSAL_CODES[said]}", code=said)
    # A bare 404 is no "no such account": it may be a wrong address, and silence must not be read as an answer.
    if status in _REFUSALS and status != 404:
        code, why = _REFUSALS[status]
        return ExchangeRefused(what, why=f"the exchange said no: {why}", code=code)
    return _bad_answer(what, f"status {status}")


def _code_in(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = parsed.get("code") if isinstance(parsed, dict) else None
    return code if isinstance(code, str) else ""


# Reading what was said, and writing what is asked.


def _parsed(what: str, body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _bad_answer(what, "it is not JSON") from None


_E = TypeVar("_E", bound=StrEnum)


class _Given:
    """A JSON object that somebody else wrote, read strictly: what is not as agreed is an `ExchangeBroken`."""

    def __init__(self, what: str, value: object) -> None:
        if not isinstance(value, dict):
            raise _bad_answer(what, "an object was expected")
        self.what = what
        self.object: dict[str, Any] = value

    def text(self, name: str) -> str:
        value = self.object.get(name)
        if not isinstance(value, str):
            raise _bad_answer(self.what, f"{name} is no text")
        return value

    def number(self, name: str) -> int:
        value = self.object.get(name)
        if type(value) is not int or value < 0:
            raise _bad_answer(self.what, f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self.object.get(name)
        if not isinstance(value, bool):
            raise _bad_answer(self.what, f"{name} is neither true nor false")
        return value

    def units(self, name: str) -> int:
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 78:
            raise _bad_answer(self.what, f"{name} is no amount in base units")
        return int(text)

    def moment(self, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise _bad_answer(self.what, f"{name} is no moment") from None
        if moment.tzinfo is None:
            raise _bad_answer(self.what, f"{name} has no time zone")
        return moment

    def moment_or_none(self, name: str) -> datetime | None:
        return None if self.object.get(name) is None else self.moment(name)

    def choice(self, name: str, choices: type[_E]) -> _E:
        try:
            return choices(self.text(name))
        except ValueError:
            raise _bad_answer(self.what, f"{name} is not one of the words agreed") from None

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.object.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise _bad_answer(self.what, f"{name} is no list of texts")
        return tuple(values)

    def items(self, name: str) -> list["_Given"]:
        values = self.object.get(name)
        if not isinstance(values, list):
            raise _bad_answer(self.what, f"{name} is no list")
        return [_Given(self.what, value) for value in values]


def _purpose(purpose: Purpose) -> dict[str, str]:
    return {"reference": purpose.reference, "act": purpose.act, "actor": purpose.actor}


def _identifier(question: IdentifierQuestion) -> dict[str, Any]:
    asked: dict[str, Any] = {"kind": question.kind.value, "value": question.value}
    if question.network is not None:
        asked["network"] = question.network
    if question.at is not None:
        asked |= {"at": moment_text(question.at), "within_s": question.within_s}
    return asked


def _match(question: IdentifierQuestion, given: _Given) -> AccountMatch:
    answer = given.choice("answer", Answer)
    accounts = tuple(_account(item) for item in given.items("accounts"))
    if (answer is Answer.FOUND) != bool(accounts):
        raise _bad_answer(given.what, "an identifier is found without an account, or not found with one")
    return AccountMatch(question=question, answer=answer, accounts=accounts)


def _account(given: _Given) -> MatchedAccount:
    return MatchedAccount(
        account_id=given.text("account_id"),
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


def _balance(given: _Given) -> Balance:
    return Balance(
        asset=given.text("asset"),
        total=given.units("total"),
        available=given.units("available"),
        hold_count=given.number("hold_count"),
    )


def _capabilities(given: _Given) -> Capabilities:
    version = given.text("contract_version")
    if version.partition(".")[0] != CONTRACT_MAJOR:
        raise _bad_answer(given.what, f"it speaks another version of the contract than {CONTRACT_MAJOR}")
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
