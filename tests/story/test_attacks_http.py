"""What no browser sends: other methods, broken bytes, forged headers, thrown cookies.  Never a fault, never a trace."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from entraide.kernel import clock
from entraide.requests.document import QUESTIONS
from tests.desk.pages import HOST
from tests.plugins.desk import Desk
from tests.plugins.people import Player
from tests.requests.story import Story
from tests.story.forms import every_form
from tests.story.routes import every_route
from tests.story.test_routes import ABSENT

BYTES = {"nul": "%00", "no UTF-8": "%ff%fe", "half a pair": "%ED%A0%80", "override": "%E2%80%AE", "long": "A" * 9_000}
TEXTS = {"nul": "a\x00b", "override": "a\u202eb", "long": "A" * 70_000, "number": "9" * 10_000, "markup": "<b>&{{ 1 }}"}
METHODS = ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "get", "WHATEVER")


def outsider(player: Player, **headers: str) -> Client:
    """Return a signed-in client that shows a fault as the page a person would see."""
    _player, token = player.signed_in(clock.now())
    client = Client(raise_request_exception=False, **{**HOST, **headers})  # type: ignore[arg-type]
    client.cookies[settings.SIGN_IN_COOKIE] = token
    return client


def is_sound(answer: Any) -> bool:
    """Say whether an answer is no fault, and tells nothing of the program."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code != 500 and not any(mark in body for mark in (b"Traceback", b'File "/', b"psycopg"))


def named(story: Story) -> list[dict[str, Any]]:
    return [{**ABSENT, "reference": story.reference, "page": page} for page in QUESTIONS]


def count(desk: Desk) -> list[int]:
    """Return how many rows each table has, but those that count who asks."""
    tables = [name for name in desk.database.tables if name not in ("access_attempt", "access_signin")]
    union = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)
    return [n for _name, n in sorted(desk.superuser_sql(union))]


@pytest.mark.parametrize("method", METHODS)
def test_an_address_takes_no_other_method_than_its_own(story: Story, method: str) -> None:
    client, desk = outsider(story.draft().cast.OTTO), story.desk
    before, wrong = count(desk), []
    for n, route in enumerate(every_route()):
        if n % 10 == 0:
            desk.superuser_sql("DELETE FROM access_attempt")
        answer = client.generic(method, route.path({**ABSENT, "reference": story.reference}), b"state=approved")
        wants = (200, 302, 400, 403, 404, 405, 409, 503) if method in ("HEAD", "get") else (302, 403, 404, 405)
        if not is_sound(answer) or answer.status_code not in wants:
            wrong.append((route.name, answer.status_code))
    assert wrong == []
    if method not in ("HEAD", "get"):
        assert count(desk) == before


@pytest.mark.parametrize("broken", BYTES)
def test_broken_bytes_in_an_address_are_no_fault(story: Story, broken: str) -> None:
    client, desk = outsider(story.draft().cast.OTTO), story.desk
    wrong = []
    for n, route in enumerate(every_route()):
        if n % 10 == 0:
            desk.superuser_sql("DELETE FROM access_attempt")
        there = route.path({**ABSENT, "reference": story.reference})
        asked = [f"{there}?q={BYTES[broken]}&page={BYTES[broken]}&offset={BYTES[broken]}&next={BYTES[broken]}"]
        asked += [route.path({**ABSENT, name: BYTES[broken]}) for name in route.parameters]
        wrong += [(path[:80], answer.status_code) for path in asked if not is_sound(answer := client.get(path))]
        wrong += [(path[:80], answer.status_code) for path in asked if not is_sound(answer := client.post(path))]
    assert wrong == []


@pytest.mark.parametrize("who", ["OTTO", "ADA", "ANOUK", "DORA"])
def test_broken_texts_in_any_field_of_any_form_are_no_fault(story: Story, who: str) -> None:
    """In free fields, hidden ones and those with given answers alike."""
    other = Story(story.desk, story.cast, story.exchange).draft().file().accept().look_up()
    player, desk = getattr(story.draft().cast, who), story.desk
    client = outsider(player)
    wrong, n_sent = [], 0
    cases = [{**where, "organisation_id": story.cast.agency_id, "agency_id": story.cast.agency_id,
              "person_id": story.cast.SABINE.id} for where in [*named(story), *named(other)]]  # fmt: skip
    for form in every_form(player, client, desk, *cases):
        for name in [*form.sent, "unasked"]:
            for kind, text in TEXTS.items():
                if n_sent % 100 == 0:
                    desk.superuser_sql("DELETE FROM access_attempt")
                answer = form.send(client, **{name: text})
                n_sent += 1
                if not is_sound(answer):
                    wrong.append((form.name, name, kind, answer.status_code))
    assert wrong == []
    assert n_sent > 50


BODIES = {
    "JSON": ("application/json", b'{"reference": "R-26-000000", "state": "approved"}'),
    "text": ("text/plain", b"state=approved"),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n--x--"),
    "cut off": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="instrument"; filename=',
    ),
    "no UTF-8": ("application/x-www-form-urlencoded", b"text=%ff%fe&name=\xff\xfe"),
    "nonsense charset": ("application/x-www-form-urlencoded; charset=nonsense", b"text=a"),
    "utf-7": ("application/x-www-form-urlencoded; charset=utf-7", b"text=+ADw-script+AD4-"),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 7_000),
    "large": ("application/x-www-form-urlencoded", b"text=" + b"a" * 3_000_000),
    "xml": ("text/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_another_kind_is_no_fault(story: Story, kind: str) -> None:
    client, desk = outsider(story.draft().cast.OTTO), story.desk
    wrong = []
    for n, route in enumerate(every_route()):
        if n % 10 == 0:
            desk.superuser_sql("DELETE FROM access_attempt")
        content_type, body = BODIES[kind]
        path = route.path({**ABSENT, "reference": story.reference})
        answer = client.generic("POST", path, body, content_type)
        if not is_sound(answer) or b"root:" in answer.content:
            wrong.append((route.name, answer.status_code))
    assert wrong == []


COOKIES = [
    "entraide=" + "a" * 8_000,
    "entraide=\x00; csrf=\x00",
    "entraide=\xff\xfe; csrf=\xff; messages=\xff; language=\xff",
    "language=../../etc/passwd; theme=../x; messages=W1siX19qc29uX21lc3NhZ2UiLDAsMjAs",
    "entraide=one; entraide=two; csrf=one; csrf=two",
    ";;;=; =x; entraide",
    "entraide-demo=x:y:z; __Host-entraide=x",
]


@pytest.mark.parametrize("cookie", COOKIES)
def test_a_thrown_cookie_signs_nobody_in_and_is_no_fault(story: Story, cookie: str) -> None:
    client = Client(raise_request_exception=False, **HOST)  # type: ignore[arg-type]
    for path in ("/", "/sign-in/", "/account/", "/gallery/", "/demo/", "/nothing/"):
        answer = client.get(path, headers={"Cookie": cookie})
        assert is_sound(answer)
        assert path != "/account/" or answer.status_code == 302


FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "666",
    "X-Original-URL": "/people/",
    "X-Rewrite-URL": "/people/",
    "X-Http-Method-Override": "DELETE",
    "Forwarded": "host=evil.example;proto=https;for=evil.example",
}


def test_headers_of_a_proxy_that_nobody_configured_change_nothing(story: Story) -> None:
    client = outsider(story.draft().cast.OTTO)
    for path in ("/", "/requests/", "/account/", f"/requests/{story.reference}/", "/sign-in", "/nothing/"):
        plain, forged = client.get(path), client.get(path, headers=FORGED)
        assert (plain.status_code, plain.get("Location")) == (forged.status_code, forged.get("Location"))
        assert b"evil.example" not in forged.content
        assert not any("evil.example" in value for value in forged.headers.values())


def test_a_strangers_attempts_are_counted_whatever_address_he_claims(desk: Desk, story: Story) -> None:
    client = Client(**HOST)  # type: ignore[arg-type]
    answers = [
        client.post("/sign-in/", {"credential": "{}"}, headers={"X-Forwarded-For": f"198.51.100.{n}"})
        for n in range(40)
    ]

    assert answers[-1].status_code == 429
