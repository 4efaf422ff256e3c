"""A private key, a recovery phrase or an extended key, typed wherever anything can be typed, is kept nowhere.

The forms are read from the pages, so that a new one is in this test by being on a page.
"""

import base64
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from entraide.requests.document import QUESTIONS
from entraide.requests.states import RequestState
from tests.desk.pages import at_desk
from tests.plugins.desk import Desk
from tests.plugins.people import Player
from tests.requests.story import Story, a_pdf
from tests.story.forms import Form, every_form, forms_in, pages
from tests.story.test_routes import ABSENT

# The well-known examples of their formats; each is sent alone, as it would be pasted.
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
EXTENDED = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
)
SECRETS = {"key": WIF, "phrase": PHRASE, "extended": EXTENDED}


def marks(secret: str) -> list[bytes]:
    """Return what a row or file that keeps `secret` would hold: as it is, folded for a search, or as bytes."""
    plain = secret.encode()
    return [plain, secret.casefold().encode(), plain.hex().encode(), base64.b64encode(plain)[:40]]


def found_in(data: bytes) -> list[str]:
    """Return which of the secrets stand in `data`."""
    return [name for name, secret in SECRETS.items() if any(mark in data for mark in marks(secret))]


def places(story: Story, *others: Story) -> list[dict[str, Any]]:
    """Return what the addresses may name: each request, and every question page of a draft."""
    cast = story.cast
    named = {
        **ABSENT,
        "organisation_id": cast.agency_id,
        "agency_id": cast.agency_id,
        "person_id": cast.SABINE.id,
    }
    references = [one.reference for one in (story, *others)]
    return [{**named, "reference": reference, "page": page} for reference in references for page in QUESTIONS]


def dumped(desk: Desk) -> Iterator[tuple[str, bytes]]:
    """Yield every table of the database, as it would be dumped, and every segment of its write-ahead log."""
    with psycopg.connect(desk.database.superuser_url()) as connection:
        for name in desk.database.tables:
            with connection.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                yield name, b"".join(bytes(piece) for piece in copy)
    for segment in sorted(desk.database.server.folder.glob("**/pg_wal/0*")):
        yield f"log of the database {segment.name}", segment.read_bytes()


def on_disk(desk: Desk) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the desk."""
    for path in sorted(desk.home.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(desk.home)), path.read_bytes()


TYPED = {"email": "nora.beispiel@polizei.example", "name": "Nora Beispiel", "domains": "polizei.example"}
# What ends a request comes after everything else that can be done with it.
LAST = ("discard", "withdraw", "close", "reject", "return", "approve", "disable", "suspend")


def in_order(forms: list[Form]) -> list[Form]:
    return sorted(forms, key=lambda form: next((n for n, word in enumerate(LAST, 1) if word in form.name), 0))


def type_everywhere(player: Player, client: Client, desk: Desk, form: Form) -> int:
    """Type each secret into each field of one form, sign where it is to be signed; return how often."""
    n_sent = 0
    for name in sorted(form.free - {"credential"}):
        for secret in [*SECRETS.values(), "\n".join(SECRETS.values())]:
            desk.superuser_sql("DELETE FROM access_attempt")
            answer = form.sign(player, client, {**form.answered(**TYPED), name: secret})
            assert answer.status_code < 500, form.name
            if answer.status_code in (200, 422) and "html" in answer.headers["Content-Type"]:
                for shown in forms_in(form.action, answer):
                    if shown.challenge:
                        shown.sign(player, client, shown.sent)
            n_sent += 1
    for name in form.files:
        for secret in SECRETS.values():
            file = SimpleUploadedFile(f"{secret}.pdf", a_pdf(secret[:4]), "application/pdf")
            assert client.post(form.action, {**form.sent, name: file}).status_code < 500
            n_sent += 1
    return n_sent


@pytest.fixture
def stories(story: Story) -> list[Story]:
    """Return requests at every stage at which somebody writes something."""
    states = (RequestState.DRAFT, RequestState.TRIAGE, RequestState.QUESTION_ASKED, RequestState.IN_DECISION)
    return [Story(story.desk, story.cast, story.exchange).to(state) for state in states]


@pytest.mark.parametrize("who", ["OTTO", "ADA", "ANOUK", "MARC", "DORA"])
def test_V27_no_secret_that_is_typed_anywhere_is_kept_anywhere(
    stories: list[Story], who: str, caplog: pytest.LogCaptureFixture
) -> None:
    story, desk = stories[0], stories[0].desk
    player = getattr(story.cast, who)
    client = at_desk(player)
    named = places(*stories)
    n_sent = 0
    with caplog.at_level(logging.DEBUG):
        for form in in_order(every_form(player, client, desk, *named)):
            if form.method == "post":
                n_sent += type_everywhere(player, client, desk, form)
        for address in ("/requests/?q=", "/sign-in/?next=/", "/nothing/", "/requests/?state="):
            for secret in SECRETS.values():
                client.get(address + secret.replace(" ", "%20"))
        desk.work()

    assert n_sent >= 8
    kept = {place: secrets for place, data in [*dumped(desk), *on_disk(desk)] if (secrets := found_in(data))}
    assert kept == {}
    assert found_in(caplog.text.encode()) == []
    opened = pages(player, client, desk, *named)
    shown = {path: secrets for path, answer in opened if (secrets := found_in(answer.content))}
    assert shown == {}
