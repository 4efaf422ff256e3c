"""V24, V33, V34 over the pages of the whole story, as a crawler finds them: whatever is linked is tested."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.desk.pages import HOST, at_desk
from tests.plugins.people import Player
from tests.requests.story import Story
from tests.story.routes import every_route

LINK = re.compile(rb'(?:href|src|action|hx-get)="(/[^"#]*)')
# One of each way in which text of a person could become more than text.
ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title><svg onload=alert(1)>",
    "{{ 7|add:7 }}",
    "javascript:alert(1)",
    "</script><script>alert(1)</script>",
]
LIVE = re.compile(rb"<script>alert|<img src=x|<svg onload|</title><svg|[\"']javascript:alert|onerror=alert\(1\)>")
POLICY = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def crawl(client: Client, start: str = "/") -> Iterator[tuple[str, Any]]:
    """Yield every page that can be reached by links from `start`, with its answer."""
    waiting, seen = [start], {start}
    while waiting and len(seen) < 400:
        path = waiting.pop()
        answer = client.get(path, follow=True)
        yield path, answer
        if answer.streaming or "html" not in answer.get("Content-Type", ""):
            continue
        for found in LINK.findall(answer.content):
            link = unescape(found.decode())
            if link.startswith(("/static/", "/demo/", "/gallery/")) or link in seen or "sign-out" in link:
                continue
            seen.add(link)
            waiting.append(link)


def guarded(answer: Any) -> list[str]:
    """Return what is missing of the headers that every answer has."""
    missing = [name for name, value in POLICY.items() if answer.get(name) != value]
    policy = answer.get("Content-Security-Policy", "")
    if "unsafe" in policy or "object-src 'none'" not in policy or "base-uri 'none'" not in policy:
        missing.append(policy or "Content-Security-Policy")
    if "frame-ancestors 'none'" not in policy:
        missing.append("frame-ancestors")
    if "no-store" not in answer.get("Cache-Control", ""):
        missing.append("Cache-Control")
    return missing


def inline(answer: Any) -> list[bytes]:
    """Return what the policy would refuse: scripts without a nonce or source, styles and handlers in the markup."""
    if answer.streaming or "html" not in answer.get("Content-Type", ""):
        return []
    scripts = re.findall(rb"<script(?![^>]*(?:nonce=|src=|type=\"application/json\"))[^>]*>", answer.content)
    return [*scripts, *re.findall(rb"<[^>]+\s(?:style|on[a-z]+)=\"[^\"]*\"", answer.content)]


@pytest.mark.parametrize("who", ["OTTO", "SABINE", "ADA", "ANOUK", "MARC", "AUDE", "DORA"])
def test_V33_V34_every_page_that_links_lead_to_is_guarded_and_no_text_of_a_person_is_alive_in_it(
    delivered: Story, who: str
) -> None:
    Story(delivered.desk, delivered.cast, delivered.exchange).draft(**hostile()).file()
    Story(delivered.desk, delivered.cast, delivered.exchange).draft(**hostile())
    player: Player = getattr(delivered.cast, who)
    pages = list(crawl(at_desk(player)))

    assert len(pages) > 3
    assert {path: answer.status_code for path, answer in pages if answer.status_code >= 500} == {}
    assert {path: guarded(answer) for path, answer in pages if guarded(answer)} == {}
    assert {path: inline(answer) for path, answer in pages if inline(answer)} == {}
    alive = {path: LIVE.findall(answer.content) for path, answer in pages if not answer.streaming and is_html(answer)}
    assert {path: found for path, found in alive.items() if found} == {}
    if who in ("OTTO", "SABINE", "ANOUK"):
        assert any(b"&lt;script&gt;alert" in answer.content for _, answer in pages if not answer.streaming)


def is_html(answer: Any) -> bool:
    return "html" in answer.get("Content-Type", "")


def hostile() -> dict[str, Any]:
    """Return answers with an attack in each free text."""
    return {
        "agency_reference": ATTACKS[0][:60],
        "authority_name": ATTACKS[1],
        "offence": f"{ATTACKS[0]} {ATTACKS[4]}",
        "narrative": " ".join(ATTACKS),
    }


def test_V33_errors_are_guarded_like_pages(delivered: Story) -> None:
    otto, stranger = at_desk(delivered.cast.OTTO), Client(**HOST)  # type: ignore[arg-type]
    answers = {
        404: otto.get("/nothing/here/"),
        403: otto.get("/agencies/enter/"),
        405: otto.get("/sign-out/"),
        302: stranger.get("/requests/"),
        200: stranger.get("/sign-in/"),
    }

    assert {code: answer.status_code for code, answer in answers.items()} == {code: code for code in answers}
    assert {code: guarded(answer) for code, answer in answers.items() if guarded(answer)} == {}


def test_V24_where_a_reading_cannot_be_entered_in_the_log_no_page_shows_anything(delivered: Story) -> None:
    """The log cannot be written: not a word of the case is on any page of the people who may read it."""
    cast, sql = delivered.cast, delivered.desk.superuser_sql
    clients = {name: at_desk(getattr(cast, name)) for name in ("OTTO", "SABINE", "ANOUK", "MARC", "AUDE")}
    path = f"/requests/{delivered.reference}/"
    words = b"The victim sent 1 ETH"
    sql("DELETE FROM audit_reading")  # nobody has read it in these five minutes
    sql("REVOKE INSERT ON audit_entry FROM entraide_web, entraide_agency")
    try:
        blind = {name: client.get(path) for name, client in clients.items()}
    finally:
        sql("GRANT INSERT ON audit_entry TO entraide_web, entraide_agency")
    seeing = {name: client.get(path) for name, client in clients.items()}

    assert {name: words in answer.content for name, answer in blind.items()} == dict.fromkeys(clients, False)
    assert {answer.status_code for answer in blind.values()} == {503}
    assert any(words in answer.content for answer in seeing.values())


def test_the_crawler_and_the_table_of_addresses_speak_of_the_same_desk(delivered: Story) -> None:
    paths = {path for path, answer in crawl(at_desk(delivered.cast.OTTO)) if answer.status_code == 200}

    assert f"/requests/{delivered.reference}/" in paths
    assert len(every_route()) > len(paths) // 4
