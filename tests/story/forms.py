"""Every form of every page, read from the pages as they are served: where it goes, and what it sends."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from tests.plugins.desk import Desk
from tests.plugins.people import Player
from tests.story.routes import every_route

_NOT_SENT = {"submit", "button", "image", "reset"}


@dataclass(frozen=True)
class Form:
    """One form of a page, with what it would send if its reader pressed the button at once.

    Parameters
    ----------
    free : frozenset of str
        Names of the fields in which anything can be typed.
    offered : mapping
        For each question with given answers, the first of them that says something.
    challenge : str
        What the form's button signs; empty where it signs nothing, or asks for it only when pressed.
    """

    page: str
    action: str
    method: str
    sent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    offered: Mapping[str, str] = field(default_factory=dict)
    challenge: str = ""

    @property
    def name(self) -> str:
        """Name of the address the form goes to."""
        return str(resolve(urlsplit(self.action).path).view_name)

    def send(self, client: Client, **changes: Any) -> Any:
        """Send the form with some answers changed."""
        return getattr(client, self.method)(self.action, {**self.sent, **changes})

    def answered(self, **typed: str) -> dict[str, Any]:
        """Return answers a reader could have given: what is empty is typed from `typed`, or the first one offered."""
        empty = {name for name, values in self.sent.items() if not any(value.strip() for value in values)}
        return {
            **self.sent,
            **{name: typed.get(name, "As ordered.") for name in empty & self.free},
            **{name: self.offered[name] for name in empty & self.offered.keys()},
        }

    def sign(self, player: Player, client: Client, answers: Mapping[str, Any]) -> Any:
        """Press the button: sign what there is to sign, and send `answers`."""
        signed = dict(answers)
        if self.challenge:
            signed["credential"] = player.answer(self.challenge)
        elif self.sent.get("act_hash") and self.sent.get("step_up") == [""]:
            begun = client.post(f"{self.action}options/", answers)
            if begun.status_code == 200:
                signed |= {**begun.json()["hidden"], "credential": player.answer(begun.json()["options"]["challenge"])}
        return getattr(client, self.method)(self.action, signed)


class _Forms(HTMLParser):
    """Reads forms; what stands outside of one and sends by itself (`hx-post`) sends the form it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found = page, list[Form]()
        self._form: dict[str, Any] | None = None
        self._beside: list[tuple[str, str]] = []
        self._select, self._textarea, self._script = "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.page, said.get("action") or self.page)
            method = said.get("method", "get").lower()
            self._form = {"action": action, "method": method, "sent": {}, "files": set(), "free": set(),
                          "offered": {}, "challenge": ""}  # fmt: skip
        if self._form is None:
            return
        for verb in ("post", "get"):
            if f"hx-{verb}" in said:
                self._beside.append((urljoin(self.page, said[f"hx-{verb}"]), verb))
        name, sent = said.get("name", ""), self._form["sent"]
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in said or self._select not in sent):
            sent[self._select] = [said.get("value", "")]
        elif tag == "script":
            self._script = True
        elif tag == "textarea" and name:
            self._textarea = name
            sent.setdefault(name, [""])
            self._form["free"].add(name)
        if tag == "option" and self._select and said.get("value"):
            self._form["offered"].setdefault(self._select, said["value"])
        elif tag == "button" and name:
            sent.setdefault(name, [said.get("value", "")])
        elif tag == "input" and name:
            self._input(name, said)

    def _input(self, name: str, said: dict[str, str]) -> None:
        assert self._form is not None
        kind = said.get("type", "text").lower()
        if kind == "file":
            self._form["files"].add(name)
        elif kind in ("checkbox", "radio"):
            if "checked" in said:
                self._form["sent"].setdefault(name, []).append(said.get("value", "on"))
            else:
                self._form["sent"].setdefault(name, [])
            self._form["offered"].setdefault(name, said.get("value", "on"))
        elif kind not in _NOT_SENT:
            self._form["sent"].setdefault(name, []).append(said.get("value", ""))
            if kind != "hidden":
                self._form["free"].add(name)

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._script and '"challenge"' in data:
            self._form["challenge"] = json.loads(data)["challenge"]
        if self._form is not None and self._textarea:
            self._form["sent"][self._textarea] = [self._form["sent"][self._textarea][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "script":
            self._script = False
        elif tag == "form" and self._form is not None:
            said = self._form
            for action, method in [(said["action"], said["method"]), *self._beside]:
                given = {**said, "files": frozenset(said["files"]), "free": frozenset(said["free"])}
                self.found.append(Form(**{**given, "page": self.page, "action": action, "method": method}))
            self._form, self._beside = None, []


def forms_in(page: str, answer: Any) -> list[Form]:
    """Return the forms of one page."""
    reader = _Forms(page)
    reader.feed(answer.content.decode())
    return [form for form in reader.found if _is_ours(form.action)]


def _is_ours(action: str) -> bool:
    try:
        resolve(urlsplit(action).path)
    except Resolver404:
        return False
    return True


def pages(player: Player, client: Client, desk: Desk, *places: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Open every address that is for this person, with each of these values for what it names; yield what is shown."""
    opened = set[str]()
    for route in every_route():
        if route.name.startswith(("ui:", "demo:")) or (route.roles and not route.roles & player.actor.roles):
            continue
        for path in [route.path(dict(values)) for values in places]:
            if path in opened:
                continue
            if len(opened) % 10 == 0:
                desk.superuser_sql("DELETE FROM access_attempt")
            opened.add(path)
            answer = client.get(path)
            if not answer.streaming and answer.status_code == 200:
                yield path, answer


def every_form(player: Player, client: Client, desk: Desk, *places: Mapping[str, Any]) -> list[Form]:
    """Return the forms this person is shown at these places, one of each shape; none of the doorstep's and the look."""
    found: dict[tuple[str, frozenset[str]], Form] = {}
    for path, answer in pages(player, client, desk, *places):
        if "html" in answer.headers.get("Content-Type", ""):
            for form in forms_in(path, answer):
                if form.name not in ("access:sign_out", "demo:switch", "ui:language", "ui:theme"):
                    found.setdefault((form.name, frozenset(form.sent)), form)
    return list(found.values())
