"""People of the cast at the desk's pages, signed in with their passkeys."""

import re
from typing import Any

from django.test import Client

from tests.plugins.people import Player

HOST = {"HTTP_HOST": "localhost:8000", "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}


def at(player: Player) -> Client:
    """Return a browser in which `player` is signed in."""
    client = Client(**HOST)  # type: ignore[arg-type]
    options = client.post("/sign-in/options/").json()["options"]
    answer = client.post("/sign-in/", {"credential": player.answer(options["challenge"])})
    assert answer.status_code == 302, answer.content
    return client


def words_of(answer: Any) -> str:
    """Return what a page says, without its markup."""
    text = re.sub(r"(?s)<(script|style).*?</\1>", " ", answer.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def hidden(answer: Any, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, name
    return found[1]
