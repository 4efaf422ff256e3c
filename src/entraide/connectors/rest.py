"""The exchange over HTTP, as `entraide/exchange/openapi.json` says."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from entraide.connectors import failures, reading
from entraide.connectors.outbound import BearerToken, Limits, Outbound, TooSlow
from entraide.exchange.checking import StreamCheck
from entraide.exchange.port import (
    AccountMatch,
    Balance,
    Capabilities,
    Category,
    ExchangeUnavailable,
    IdentifierQuestion,
    Period,
    Purpose,
    RecordPage,
    moment_text,
)
from entraide.kernel import environment
from entraide.kernel.errors import NotPossible

IDENTIFIERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a question is asked before it is given up, and how long is waited in between.

    A stream that got further since the last failure starts to count anew.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    wait_s_max: float = 20.0

    def wait_s(self, n_failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        return min(self.wait_s_max, self.first_wait_s * 2.0 ** (n_failures - 1))


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
        return reading.capabilities_of(reading.Given(what, self._ask(what, "GET", "v1/capabilities")))

    def find_accounts(self, identifiers: Sequence[IdentifierQuestion], *, purpose: Purpose) -> list[AccountMatch]:
        """Return one answer for each identifier, in their order."""
        what = "Looking up accounts"
        matches: list[AccountMatch] = []
        for first in range(0, len(identifiers), IDENTIFIERS_AT_ONCE):
            asked = identifiers[first : first + IDENTIFIERS_AT_ONCE]
            question = {"purpose": _purpose(purpose), "identifiers": [_identifier(item) for item in asked]}
            answers = reading.Given(what, self._ask(what, "POST", "v1/accounts/find", question)).items("answers")
            if len(answers) != len(asked):
                raise failures.bad_answer(what, "it answered another number of identifiers than were asked")
            matches += [reading.match_of(item, answer) for item, answer in zip(asked, answers, strict=True)]
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
        n_failures = 0
        while True:
            try:
                for page in self._one_stream(what, question, cursor, check):
                    cursor, n_failures = page.cursor, 0
                    yield page
                    if page.is_last:
                        return
                raise failures.interrupted(what)
            except ExchangeUnavailable as error:
                n_failures += 1
                if n_failures >= self._retries.attempts:
                    error.cursor = cursor
                    raise
                self._sleep(self._retries.wait_s(n_failures))

    def balances(self, account_id: str, as_of: datetime, *, purpose: Purpose) -> list[Balance]:
        """Return what the account held at `as_of`, in the order of assets."""
        what = f"Reading balances of account {account_id}"
        question = {"purpose": _purpose(purpose), "account_id": account_id, "as_of": moment_text(as_of)}
        given = reading.Given(what, self._ask(what, "POST", "v1/balances", question))
        return sorted((reading.balance_of(item) for item in given.items("balances")), key=lambda balance: balance.asset)

    # One question.

    def _ask(self, what: str, method: str, path: str, question: Mapping[str, Any] | None = None) -> object:
        n_failures = 0
        while True:
            try:
                with failures.translated(what):
                    response, body = self._outbound.ask(method, path, question=question)
                failures.check_status(what, response.status_code, body)
                return reading.parsed(what, body)
            except ExchangeUnavailable:
                n_failures += 1
                if n_failures >= self._retries.attempts:
                    raise
                self._sleep(self._retries.wait_s(n_failures))

    def _one_stream(
        self, what: str, question: Mapping[str, Any], cursor: str | None, check: StreamCheck
    ) -> Iterator[RecordPage]:
        """Yield the pages of one answer, until it ends or breaks off."""
        asked = question if cursor is None else {**question, "cursor": cursor}
        with failures.translated(what), self._outbound.stream("POST", "v1/records", question=asked) as response:
            if response.status_code != 200:
                failures.check_status(what, response.status_code, b"".join(self._outbound.chunks(response)))
            n_before = check.n_rows
            for body, marker in self._pages(what, response):
                page = reading.page_of(what, body, marker, cursor, check, n_before)
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
            start, end = reading.next_marker(pending, searched)
            while end >= 0:
                yield pending[: max(0, start - 1)], pending[start:end]
                pending, started = pending[end + 1 :], clock()
                start, end = reading.next_marker(pending, 0)
            searched = start
            if len(pending) > limits.answer_bytes:
                raise failures.bad_answer(what, "a page of its answer is larger than allowed", code="too_large")
            if clock() - started > limits.answer_s:
                raise TooSlow


def _purpose(purpose: Purpose) -> dict[str, str]:
    return {"reference": purpose.reference, "act": purpose.act, "actor": purpose.actor}


def _identifier(question: IdentifierQuestion) -> dict[str, Any]:
    asked: dict[str, Any] = {"kind": question.kind.value, "value": question.value}
    if question.network is not None:
        asked["network"] = question.network
    if question.at is not None:
        asked |= {"at": moment_text(question.at), "within_s": question.within_s}
    return asked
