"""The adapter to HTTP: what it believes, what it refuses, and what it never gives away."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.connectors.outbound import Limits
from entraide.connectors.rest import RestConnector, Retries
from entraide.exchange.categories import SCHEMAS
from entraide.exchange.port import (
    Category,
    ExchangeBroken,
    ExchangeRefused,
    ExchangeUnavailable,
    IdentifierKind,
    IdentifierQuestion,
    Period,
    Purpose,
    RecordPage,
)
from entraide.kernel.errors import NotPossible

TOKEN = "a-token-nobody-may-see"
NEAR = "http://127.0.0.1:8700/"  # no certificates to be read for every example
PURPOSE = Purpose(reference="R-1", act="requests:triage:looked_up", actor="anouk")
PERIOD = Period(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC))
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
UID = IdentifierQuestion(kind=IdentifierKind.UID, value="RX1")

Handler = Callable[[httpx.Request], httpx.Response]


class Body(httpx.SyncByteStream):
    """A body that comes in pieces and may break off."""

    def __init__(self, pieces: list[bytes], failure: Exception | None = None) -> None:
        self.pieces, self.failure = pieces, failure

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.failure is not None:
            raise self.failure


def connector(
    handler: Handler, waits: list[float] | None = None, url: str = "https://backoffice.example/api/", **other: Any
) -> RestConnector:
    return RestConnector(
        url,
        token=TOKEN,
        transport=httpx.MockTransport(handler),
        sleep=(waits if waits is not None else []).append,
        **other,
    )


def answering(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """Return a handler that gives these answers in turn, the last one for ever, and the list of what it was asked."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return fresh(answer)

    return handler, asked


def fresh(answer: httpx.Response) -> httpx.Response:
    """Return the same answer with its body still to be read."""
    body = answer.stream if isinstance(answer.stream, Body) else Body([answer.content])
    return httpx.Response(answer.status_code, headers=answer.headers, stream=body)


def message(n: int) -> dict[str, Any]:
    record = dict.fromkeys(SCHEMAS[Category.C1].names)
    return record | {
        "record_id": f"C{n:06d}",
        "account_id": "RX1",
        "at": f"2025-03-01T00:00:00.{n:06d}Z",
        "channel": "support",
        "thread_id": "T1",
        "author": "customer",
        "body": 'a brace and a dollar: \n{"$end": "no"}',
        "is_privileged": False,
    }


def stream_of(*pages: tuple[int, int], end: bool = True) -> bytes:
    """Return the bytes of a stream of pages, each from one record number up to another."""
    lines, count = [], 0
    for n, (first, last) in enumerate(pages, start=1):
        lines += [json.dumps(message(i)) for i in range(first, last)]
        count += last - first
        name = "$end" if end and n == len(pages) else "$cursor"
        lines.append(json.dumps({name: f"after-{last}", "records": count}))
    return "".join(f"{line}\n" for line in lines).encode()


def read(from_connector: RestConnector, cursor: str | None = None) -> list[RecordPage]:
    return list(from_connector.records("RX1", Category.C1, PERIOD, as_of=AS_OF, cursor=cursor, purpose=PURPOSE))


def numbers(pages: list[RecordPage]) -> list[str]:
    return [str(row[0]) for page in pages for row in page.rows]


# What it reads.


@given(cuts=st.lists(st.integers(0, 4_000), max_size=6))
def test_pages_are_the_same_wherever_the_network_cuts_the_stream(cuts: list[int]) -> None:
    whole = stream_of((0, 3), (3, 5), (5, 9))
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(places)]
    handler, _ = answering(httpx.Response(200, stream=Body(pieces)))

    pages = read(connector(handler, url=NEAR))

    assert [(page.first_row, len(page.rows), page.cursor, page.is_last) for page in pages] == [
        (1, 3, "after-3", False),
        (4, 2, "after-5", False),
        (6, 4, "after-9", True),
    ]
    assert pages[0].rows[0][SCHEMAS[Category.C1].position("body")] == message(0)["body"]


@given(cut=st.integers(0, 4_000))
def test_a_stream_reset_anywhere_is_taken_up_at_the_last_whole_page(cut: int) -> None:
    whole = stream_of((0, 3), (3, 5), (5, 9))
    broken = Body([whole[:cut]], httpx.ReadError("reset"))
    asked: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        cursor = json.loads(request.content).get("cursor")
        asked.append(cursor)
        if len(asked) == 1:
            return httpx.Response(200, stream=broken)
        first = int(cursor.removeprefix("after-")) if cursor else 0
        return httpx.Response(200, stream=Body([stream_of((first, 9))]))

    pages = read(connector(handler, url=NEAR))

    assert numbers(pages) == [f"C{n:06d}" for n in range(9)]
    assert [page.first_row for page in pages] == [1 + sum(len(p.rows) for p in pages[:i]) for i in range(len(pages))]


def test_a_stream_without_an_end_is_asked_for_again_and_in_the_end_given_up_with_its_cursor() -> None:
    handler, asked = answering(
        httpx.Response(200, content=stream_of((0, 3), end=False)), httpx.Response(200, content=b"")
    )
    waits: list[float] = []
    pages: list[RecordPage] = []

    with pytest.raises(ExchangeUnavailable) as unavailable:
        pages.extend(connector(handler, waits).records("RX1", Category.C1, PERIOD, as_of=AS_OF, purpose=PURPOSE))

    assert (unavailable.value.code, unavailable.value.cursor) == ("interrupted", "after-3")
    assert numbers(pages) == ["C000000", "C000001", "C000002"]
    assert [json.loads(request.content).get("cursor") for request in asked] == [None, "after-3", "after-3", "after-3"]
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"$cursor": "c", "records": 1}\n{"$end": "c", "records": 0}\n', "bad_answer"),  # counted a record too many
        (b'{"$end": "", "records": 0}\n', "bad_answer"),
        (b'{"$end": "c"}\n', "bad_answer"),
        (b'not json\n{"$end": "c", "records": 1}\n', "bad_answer"),
        (b'{}, {}\n{"$end": "c", "records": 2}\n', "bad_answer"),  # two records on one line
        (b'\n\n{"$end": "c", "records": 2}\n', "bad_answer"),
        (b'"\xff"\n{"$end": "c", "records": 1}\n', "bad_answer"),
        (b"[" * 100_000 + b'\n{"$end": "c", "records": 1}\n', "bad_answer"),
        (b'{"a": NaN}\n{"$end": "c", "records": 1}\n', "bad_record"),
        (b"{}\n" * 1_001 + b'{"$end": "c", "records": 1001}\n', "too_large"),
        (b'{"a": "' + b"x" * 5_000_000, "too_large"),
    ],
)
def test_a_stream_that_is_not_as_agreed_is_not_believed(body: bytes, code: str) -> None:
    handler, asked = answering(httpx.Response(200, content=body))

    with pytest.raises(ExchangeBroken) as broken:
        read(connector(handler, limits=Limits(answer_bytes=1_000_000)))

    assert broken.value.code == code
    assert len(asked) == 1


def test_one_byte_a_second_does_not_keep_a_call_alive() -> None:
    seconds = iter(range(10_000))
    handler, _ = answering(httpx.Response(200, stream=Body([b" "] * 500)))

    with pytest.raises(ExchangeUnavailable) as slow:
        read(
            connector(
                handler, limits=Limits(answer_s=60), clock=lambda: float(next(seconds)), retries=Retries(attempts=1)
            )
        )

    assert slow.value.code == "timed_out"


# What it makes of a status.


@pytest.mark.parametrize(
    ("answer", "error", "code", "n_asked"),
    [
        (httpx.Response(503), ExchangeUnavailable, "down", 4),
        (httpx.Response(500), ExchangeUnavailable, "down", 4),
        (httpx.Response(599), ExchangeUnavailable, "down", 4),
        (httpx.Response(429), ExchangeUnavailable, "busy", 4),
        (httpx.Response(425), ExchangeUnavailable, "too_early", 4),
        (httpx.ConnectError("no"), ExchangeUnavailable, "unreachable", 4),
        (httpx.ConnectTimeout("no"), ExchangeUnavailable, "unreachable", 4),
        (httpx.ReadTimeout("no"), ExchangeUnavailable, "timed_out", 4),
        (httpx.RemoteProtocolError("no"), ExchangeUnavailable, "interrupted", 4),
        (httpx.Response(401), ExchangeRefused, "not_authorised", 1),
        (httpx.Response(403), ExchangeRefused, "not_authorised", 1),
        (httpx.Response(404, json={"code": "no_such_account"}), ExchangeRefused, "no_such_account", 1),
        (httpx.Response(422, json={"code": "category_not_held"}), ExchangeRefused, "category_not_held", 1),
        (httpx.Response(422, json={"code": "something new"}), ExchangeRefused, "bad_question", 1),
        (httpx.Response(404, text="no such page"), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), ExchangeBroken, "redirected", 1),
        (httpx.Response(204), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(200, text="<html>"), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(200, json=[]), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(200, json={"answers": []}), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(200, json={"answers": [{"answer": "found", "accounts": []}]}), ExchangeBroken, "bad_answer", 1),
        (httpx.Response(200, content=b"x" * 2_000_000), ExchangeBroken, "too_large", 1),
    ],
)
def test_a_failure_says_whether_to_ask_again(
    answer: httpx.Response | Exception, error: type[Exception], code: str, n_asked: int
) -> None:
    handler, asked = answering(answer)

    with pytest.raises(error) as raised:
        connector(handler, limits=Limits(answer_bytes=1_000_000)).find_accounts([UID], purpose=PURPOSE)

    assert (raised.value.code, len(asked)) == (code, n_asked)  # type: ignore[attr-defined]


ACCOUNT = {"account_id": "RX1", "entity": "RX", "status": "open", "opened_at": "2025-01-01T00:00:00Z", "ties": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_id": "RX\x00"},
        {"account_id": "\ud800"},
        {"account_id": "\x1b[2J"},
        {"account_id": ""},
        {"account_id": "x" * 81},
        {"entity": "\udfff"},
        {"entity": "x" * 10_001},
        {"opened_at": "0001-01-01T00:00:00+14:00"},
        {"opened_at": "9999-12-31T23:59:59-14:00"},
        {"closed_at": "0001-01-01T00:00:00+00:01"},
        {"status": ["open"]},
        {
            "ties": [
                {
                    "reason": "deposit_address",
                    "count": 10**30,
                    "first_at": ACCOUNT["opened_at"],
                    "last_at": ACCOUNT["opened_at"],
                }
            ]
        },
    ],
)
def test_an_account_that_no_row_and_no_page_could_hold_is_not_believed(wrong: dict[str, Any]) -> None:
    """Believed, it would break the worker or every page that shows it, again at each try."""
    body = json.dumps({"answers": [{"answer": "found", "accounts": [ACCOUNT]}]})
    assert connector(answering(httpx.Response(200, text=body))[0]).find_accounts([UID], purpose=PURPOSE)
    body = json.dumps({"answers": [{"answer": "found", "accounts": [{**ACCOUNT, **wrong}]}]})

    with pytest.raises(ExchangeBroken) as broken:
        connector(answering(httpx.Response(200, text=body))[0]).find_accounts([UID], purpose=PURPOSE)

    assert broken.value.code == "bad_answer"


def test_an_exchange_of_another_contract_is_not_spoken_to() -> None:
    handler, _ = answering(httpx.Response(200, json={"contract_version": "2.0"}))

    with pytest.raises(ExchangeBroken):
        connector(handler).capabilities()


# What it never does.


def test_the_token_is_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    handler, asked = answering(httpx.Response(401, json={"code": "not_authorised", "detail": TOKEN}))
    subject = connector(handler)

    with pytest.raises(ExchangeRefused) as refused:
        subject.find_accounts([UID], purpose=PURPOSE)

    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text + str(refused.value) + repr(refused.value) + repr(subject)


def test_what_is_asked_for_stands_in_no_url() -> None:
    handler, asked = answering(httpx.Response(503))
    subject = connector(handler)

    with pytest.raises(ExchangeUnavailable):
        subject.find_accounts([IdentifierQuestion(kind=IdentifierKind.EMAIL, value="a@b.example")], purpose=PURPOSE)
    with pytest.raises(ExchangeUnavailable):
        read(subject)

    assert {str(request.url) for request in asked} == {
        "https://backoffice.example/api/v1/accounts/find",
        "https://backoffice.example/api/v1/records",
    }


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "http://backoffice.example/api/", "../x"])
def test_a_call_to_another_place_than_the_configured_one_is_stopped(target: str) -> None:
    handler, asked = answering(httpx.Response(200))

    with pytest.raises(PermissionError):
        connector(handler)._outbound.ask("GET", target)

    assert asked == []


@pytest.mark.parametrize("target", ["//169.254.169.254/", "/other", "x@elsewhere.example"])
def test_a_path_is_always_taken_below_the_base(target: str) -> None:
    handler, asked = answering(httpx.Response(200))

    connector(handler)._outbound.ask("GET", target)

    assert [(r.url.host, r.url.path.startswith("/api/")) for r in asked] == [("backoffice.example", True)]


@pytest.mark.parametrize(
    "url",
    [
        "http://backoffice.example/",
        "ftp://backoffice.example/",
        "backoffice.example",
        "https://user:password@backoffice.example/",
        "https://backoffice.example/?a=b",
        "",
        "http://127.0.0.1.example/",
    ],
)
def test_a_base_url_that_is_no_plain_https_place_is_refused(url: str) -> None:
    with pytest.raises(NotPossible):
        RestConnector(url, token=TOKEN)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8700", "http://[::1]:8700/", "http://localhost:8700/api"])
def test_plain_http_is_allowed_to_this_very_machine(url: str) -> None:
    RestConnector(url, token=TOKEN).close()


def test_the_settings_make_a_connector_or_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN", "CERTIFICATE"):
        monkeypatch.delenv(f"ENTRAIDE_EXCHANGE_{name}", raising=False)
    with pytest.raises(NotPossible, match="Set ENTRAIDE_EXCHANGE_URL"):
        RestConnector.from_environment()

    monkeypatch.setenv("ENTRAIDE_EXCHANGE_URL", "http://127.0.0.1:8700")
    monkeypatch.setenv("ENTRAIDE_EXCHANGE_TOKEN", TOKEN)

    assert repr(RestConnector.from_environment()) == "RestConnector(Outbound('http://127.0.0.1:8700/'))"
