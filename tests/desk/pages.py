"""People at the pages of the whole desk, without a browser: each signed in, each with a key that signs."""

import json
import re
from typing import Any

from django.conf import settings
from django.test import Client

from entraide.kernel import clock
from tests.plugins.people import Player

HOST = {"HTTP_HOST": "localhost:8000", "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}


def at_desk(player: Player, language: str = "en") -> Client:
    """Return a client in which `player` is signed in."""
    _player, token = player.signed_in(clock.now())
    client = Client(**HOST, HTTP_ACCEPT_LANGUAGE=language)  # type: ignore[arg-type]  # headers of every request
    client.cookies[settings.SIGN_IN_COOKIE] = token
    return client


def text_of(answer: Any) -> str:
    """Return the words of a page, without tags, spaces made one."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def hidden(answer: Any, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, name
    return found[1]


def sign_on_demand(client: Client, player: Player, path: str, options_path: str) -> Any:
    """Open the page at `path`, press its button, sign what it shows and send it."""
    shown = client.get(path)
    assert shown.status_code == 200, text_of(shown)
    act_hash = hidden(shown, "act_hash")
    begun = client.post(options_path, {"act_hash": act_hash})
    assert begun.status_code == 200, text_of(begun)
    said = begun.json()
    return client.post(
        path,
        {"act_hash": act_hash, **said["hidden"], "credential": player.answer(said["options"]["challenge"])},
    )


def sign_shown(client: Client, player: Player, path: str, shown: Any, **fields: str) -> Any:
    """Sign what `shown` asks to be signed and send it, with `fields` beside."""
    found = re.search(r'data-block="options"><script[^>]*>(.*?)</script>', shown.content.decode(), re.S)
    assert found, text_of(shown)
    challenge = json.loads(found[1])["challenge"]
    return client.post(path, {**fields, "step_up": hidden(shown, "step_up"), "credential": player.answer(challenge)})
