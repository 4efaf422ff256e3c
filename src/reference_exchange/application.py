"""The contract over HTTP."""

import hmac
import ipaddress
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from reference_exchange import answers, faults
from reference_exchange.answers import Identifier, Page, Position, Question, Refused
from reference_exchange.faults import Fault

BODY_BYTES_MAX = 1 << 20
_log = logging.getLogger("reference_exchange")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the program is started with.

    Parameters
    ----------
    token : str
        The bearer token it accepts; empty where the client's certificate is what proves who asks.
    settles_within_s : int
        Questions as of a moment younger than this are answered "too early".
    """

    database_url: str
    token: str
    allows_faults: bool = False
    settles_within_s: int = 0
    connections_max: int = 8


def application(settings: Settings) -> Starlette:
    """Return the program."""
    office = BackOffice(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        office.pool.open(wait=False)
        yield
        office.pool.close()

    routes = [
        Route("/health", office.health),
        Route("/v1/capabilities", office.door(office.capabilities), methods=["GET"]),
        Route("/v1/accounts/find", office.door(office.find_accounts), methods=["POST"]),
        Route("/v1/records", office.door(office.records), methods=["POST"]),
        Route("/v1/balances", office.door(office.balances), methods=["POST"]),
    ]
    if settings.allows_faults:
        routes.append(Route("/faults", office.arm, methods=["POST"]))
    return Starlette(routes=routes, lifespan=lifespan)


Body = dict[str, Any]


class BackOffice:
    """Answers questions, each in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.armed = faults.Armed()
        self.pool = ConnectionPool(
            settings.database_url,
            min_size=1,
            max_size=settings.connections_max,
            timeout=5,
            open=False,
            kwargs={"autocommit": True},
        )

    # The doors.

    async def health(self, request: Request) -> Response:
        """Say whether the database answers."""

        def ask() -> None:
            with self.pool.connection(timeout=2) as connection:
                connection.execute("select 1")

        try:
            await run_in_threadpool(ask)
        except (psycopg.Error, PoolTimeout):
            return JSONResponse({"status": "no database"}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def arm(self, request: Request) -> Response:
        """Arm faults for the questions to come; times 0 disarms."""
        if not self._is_authorised(request):
            return _problem(401, "not_authorised", "The token is missing or wrong.")
        asked = await request.json()
        times = int(asked.get("times", 1))
        if times:
            self.armed.arm(faults.parse(str(asked["fault"])), times)
        else:
            self.armed.disarm()
        return JSONResponse({"armed": times})

    def door(self, answer: Callable[[Body, Fault], Response]) -> Callable[[Request], Any]:
        """Return the endpoint that lets a question in, answers it, and turns a refusal into problem details."""

        async def endpoint(request: Request) -> Response:
            if not self._is_authorised(request):
                return _problem(401, "not_authorised", "The token is missing or wrong.")
            try:
                body = await _body(request)
                return await run_in_threadpool(answer, body, self._fault(request))
            except Refused as refused:
                return _problem(refused.status, refused.code, refused.detail)
            except (psycopg.OperationalError, PoolTimeout):
                _log.warning("the database does not answer")
                return _problem(503, "down", "The database does not answer.")

        return endpoint

    def _is_authorised(self, request: Request) -> bool:
        if not self.settings.token:
            return True
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.settings.token}".encode())

    def _fault(self, request: Request) -> Fault:
        if not self.settings.allows_faults:
            return faults.NO_FAULT
        text = request.headers.get("reference-exchange-fault")
        fault = faults.parse(text) if text else self.armed.next()
        if fault.is_down:
            raise Refused(503, "down", "The exchange is down for maintenance.")
        return fault

    # The answers.

    def capabilities(self, body: Body, fault: Fault) -> Response:
        """What this exchange can do."""
        with self.pool.connection() as connection:
            return JSONResponse(answers.capabilities(connection, self.settings.settles_within_s))

    def find_accounts(self, body: Body, fault: Fault) -> Response:
        """Accounts by identifier."""
        purpose = _purpose(body)
        asked = body.get("identifiers")
        if not isinstance(asked, list) or not asked:
            raise _bad("identifiers", "is a list of at least one identifier")
        if len(asked) > answers.IDENTIFIERS_MAX:
            raise Refused(413, "over_limit", f"At most {answers.IDENTIFIERS_MAX} identifiers are answered at once.")
        identifiers = [_identifier(item) for item in asked]
        time.sleep(fault.slow_s)
        with self.pool.connection() as connection, connection.transaction():
            answers.note_look_up(connection, "find_accounts", purpose, n_identifiers=len(identifiers))
            return JSONResponse({"answers": answers.find(connection, identifiers)})

    def balances(self, body: Body, fault: Fault) -> Response:
        """What an account held at a moment."""
        purpose, account_id, as_of = _purpose(body), _text(body, "account_id"), _moment(body, "as_of")
        self._check_settled(as_of)
        with self.pool.connection() as connection, connection.transaction():
            answers.check_account(connection, account_id)
            answers.note_look_up(connection, "balances", purpose, account_id=account_id, category="B1")
            return JSONResponse({"balances": answers.balances(connection, account_id, as_of)})

    def records(self, body: Body, fault: Fault) -> Response:
        """Records of one category, as lines."""
        purpose = _purpose(body)
        question = Question(
            account_id=_text(body, "account_id"),
            category=_text(body, "category"),
            start=_moment(body, "start"),
            end=_moment(body, "end"),
            as_of=_moment(body, "as_of"),
        )
        if question.category not in answers.CATEGORIES:
            raise Refused(422, "category_not_held", "This exchange holds no such data.")
        if question.end <= question.start:
            raise _bad("end", "comes after start")
        self._check_settled(question.as_of)
        position = answers.position_of(question, body.get("cursor"))
        if fault.is_stale:
            raise Refused(410, "stale_cursor", "The cursor is too old.")
        with self.pool.connection() as connection, connection.transaction():
            answers.check_account(connection, question.account_id)
            answers.note_look_up(
                connection, "records", purpose, account_id=question.account_id, category=question.category
            )
            first = answers.page(connection, question, position)
        return StreamingResponse(
            self._lines(question, position, first, fault), media_type="application/x-ndjson; charset=utf-8"
        )

    def _lines(self, question: Question, position: Position, first: Page, fault: Fault) -> Iterator[bytes]:
        """Yield the pages and their markers; the next page is fetched while this one is being sent."""
        n_pages = n_rows = 0
        page = first
        with ThreadPoolExecutor(max_workers=1) as ahead:
            while True:
                is_last = page.n_rows < answers.PAGE_ROWS
                following = None if is_last else ahead.submit(self._page, question, page.after)
                if fault.slow_s:
                    time.sleep(fault.slow_s)
                if fault.quiet_after == n_pages:
                    return
                if fault.dies_after == n_pages:
                    yield page.lines.encode()[: len(page.lines) // 2]
                    raise ConnectionAbortedError("a test asked the stream to die")
                n_pages, n_rows = n_pages + 1, n_rows + page.n_rows
                position = page.after if page.n_rows else position
                yield _page_bytes(page, answers.cursor_of(question, position), n_rows, fault, is_first=n_pages == 1,
                                  is_last=is_last)  # fmt: skip
                if following is None:
                    return
                page = following.result()

    def _page(self, question: Question, position: Position) -> Page:
        with self.pool.connection() as connection:
            return answers.page(connection, question, position)

    def _check_settled(self, as_of: datetime) -> None:
        if as_of > datetime.now(UTC) - timedelta(seconds=self.settings.settles_within_s):
            raise Refused(425, "too_early", "That moment is too close to now for the records to be complete.")


def _page_bytes(page: Page, cursor: str, n_rows: int, fault: Fault, *, is_first: bool, is_last: bool) -> bytes:
    lines = page.lines
    if fault.wrong and is_first and lines:
        lines = faults.spoiled(lines, fault.wrong)
    name = "$end" if is_last else "$cursor"
    marker = json.dumps({name: cursor, "records": n_rows}, separators=(",", ":"))
    return (f"{lines}\n{marker}\n" if lines else f"{marker}\n").encode()


# What questions hold.


def _bad(field: str, rule: str) -> Refused:
    return Refused(422, "bad_question", f"{field} {rule}.")


async def _body(request: Request) -> Body:
    if request.method == "GET":
        return {}
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise Refused(413, "over_limit", f"A question is at most {BODY_BYTES_MAX} bytes long.")
        chunks.append(chunk)
    try:
        body = json.loads(b"".join(chunks))
    except ValueError:
        raise _bad("The question", "is a JSON object") from None
    if not isinstance(body, dict):
        raise _bad("The question", "is a JSON object")
    return body


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 1000 or "\0" in value:
        raise _bad(name, "is a text of 1 to 1000 characters")
    return value


def _moment(body: Body, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(body, name))
    except ValueError:
        raise _bad(name, "is a moment such as 2026-01-02T03:04:05.000000Z") from None
    if moment.tzinfo is None:
        raise _bad(name, "has a time zone, such as Z")
    return moment


def _purpose(body: Body) -> dict[str, str]:
    purpose = body.get("purpose")
    if not isinstance(purpose, dict):
        raise _bad("purpose", "says why this is asked")
    return {name: _text(purpose, name) for name in ("reference", "act", "actor")}


def _identifier(item: object) -> Identifier:
    if not isinstance(item, dict):
        raise _bad("An identifier", "is a JSON object")
    kind, value = _text(item, "kind"), _text(item, "value")
    within_s = item.get("within_s", 300)
    if type(within_s) is not int or not 0 <= within_s <= 86_400:
        raise _bad("within_s", "is a number of seconds up to a day")
    if kind == "ip":
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise _bad("value", "is an IP address") from None
    return Identifier(
        kind=kind,
        value=value,
        network=_text(item, "network") if item.get("network") is not None else None,
        at=_moment(item, "at") if item.get("at") is not None else None,
        within_s=within_s,
    )


_TITLES = {
    401: "Not authorised",
    404: "Not found",
    410: "Gone",
    413: "Too much at once",
    422: "The question cannot be answered as it is",
    425: "Too early",
    503: "Not available",
}


def _problem(status: int, code: str, detail: str) -> Response:
    headers = {"Retry-After": "1"} if status in (425, 503) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        {"type": "about:blank", "title": _TITLES[status], "status": status, "code": code, "detail": detail},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )
