"""The pages of people and keys: what each shows to whom, and that no field beside its own ever counts."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pyrage
import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import get_resolver

from entraide.access import demo
from entraide.audit import api as audit
from entraide.evidence.signed_acts import from_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel import clock
from tests.plugins.desk import Desk
from tests.plugins.people import Cast, Player

HOST = {"HTTP_HOST": "localhost:8000", "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}


@pytest.fixture(autouse=True)
def pages() -> Iterator[None]:
    """Serve this room's own addresses, without the rooms above."""
    templates = [
        {
            **settings.TEMPLATES[0],
            "OPTIONS": settings.TEMPLATES[0]["OPTIONS"]
            | {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.messages.context_processors.messages",
                    "entraide.ui.context.pages",
                ]
            },
        }
    ]
    with override_settings(ROOT_URLCONF="tests.access.pages.urls", TEMPLATES=templates):
        yield


def _client() -> Client:
    return Client(**HOST)  # type: ignore[arg-type]


def _signed_in(player: Player) -> Client:
    client = _client()
    options = client.post("/sign-in/options/").json()["options"]
    answer = client.post("/sign-in/", {"credential": player.answer(options["challenge"])})
    assert answer.status_code == 302, answer.content
    return client


def _hidden(content: bytes, name: str) -> str:
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"'.encode(), content)
    assert found, name
    return found[1].decode()


def _options(content: bytes) -> dict[str, Any]:
    found = re.search(rb'data-block="options"><script[^>]*>(.*?)</script>', content, re.S)
    assert found
    return dict(json.loads(found[1]))


def _sign(client: Client, player: Player, path: str, first: dict[str, Any] | None = None) -> Any:
    """Open the page at `path`, sign what it shows and send it."""
    shown = client.post(path, first) if first else client.get(path)
    assert shown.status_code == 200, shown.content
    sent = {
        "step_up": _hidden(shown.content, "step_up"),
        "credential": player.answer(_options(shown.content)["challenge"]),
    }
    for name in ("name", "email", "language", "roles_signed", "recipient"):
        if f'type="hidden" name="{name}"'.encode() in shown.content:
            sent[name] = _hidden(shown.content, name)
    return client.post(path, sent)


def _without_tokens(content: bytes) -> bytes:
    """Return a page without the tokens against forged forms, which differ each time, and without its own address."""
    return re.sub(rb'(value|content)="([A-Za-z0-9]{64}|/[^"]*)"', b"", content)


def test_signing_in_sets_a_cookie_no_script_can_read_and_signing_out_ends_it(cast: Cast) -> None:
    client = _signed_in(cast.OTTO)
    cookie = client.cookies[settings.SIGN_IN_COOKIE]
    assert cookie["httponly"] and cookie["path"] == "/" and cookie["samesite"] == "Lax" and not cookie["domain"]
    assert client.get("/").content == b"Otto Brandt"

    client.post("/sign-out/")

    assert client.get("/").content == b"nobody"


def test_V04_on_https_cookies_are_host_only() -> None:
    """The names are made once, when settings are read: read them again as on an https origin."""
    import os
    import subprocess
    import sys

    told = os.environ | {"ENTRAIDE_ORIGIN": "https://desk.example", "PYTHONPATH": "src"}
    code = "from entraide.project import settings as s; print(s.SIGN_IN_COOKIE, s.CSRF_COOKIE_NAME, s.IS_SECURE)"
    said = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["__Host-entraide", "__Host-csrf", "True"]


def test_whoever_is_not_signed_in_goes_to_the_sign_in_page_and_comes_back_here_only(cast: Cast) -> None:
    answer = _client().get("/account/")
    assert answer.status_code == 302 and answer["Location"] == "/sign-in/?next=%2Faccount%2F"

    client = _client()
    options = client.post("/sign-in/options/").json()["options"]
    sent = {"credential": cast.OTTO.answer(options["challenge"]), "next": "https://evil.example/"}
    assert client.post("/sign-in/", sent)["Location"] == "/"


def test_a_challenge_given_to_one_browser_signs_in_no_other(cast: Cast) -> None:
    mine, other = _client(), _client()
    options = mine.post("/sign-in/options/").json()["options"]

    answer = other.post("/sign-in/", {"credential": cast.OTTO.answer(options["challenge"])})

    assert answer.status_code == 403 and settings.SIGN_IN_COOKIE not in other.cookies


def test_V05_a_failed_sign_in_answers_with_the_same_bytes_whoever_was_meant(cast: Cast) -> None:
    import dataclasses

    stranger = dataclasses.replace(cast.OTTO, key=SoftwareKey.generate())
    answers = []
    for player, sent in ((stranger, None), (cast.OTTO, "{}"), (cast.OTTO, "")):
        client = _client()
        challenge = client.post("/sign-in/options/").json()["options"]["challenge"]
        answers.append(client.post("/sign-in/", {"credential": player.answer(challenge) if sent is None else sent}))

    assert {answer.status_code for answer in answers} == {403}
    assert len({_without_tokens(answer.content) for answer in answers}) == 1


def test_V05_after_ten_failures_in_a_minute_the_address_waits(cast: Cast) -> None:
    client = _client()
    statuses = [client.post("/sign-in/", {"credential": ""}).status_code for _ in range(12)]

    assert statuses[0] == 403 and statuses[-1] == 429


def test_V05_an_invitation_that_is_no_good_looks_like_no_page(cast: Cast) -> None:
    answers = [_client().get(path) for path in ("/invitation/nothing/", "/no/such/page/")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({_without_tokens(answer.content) for answer in answers}) == 1


def test_an_invited_person_enrols_on_the_page_and_is_signed_in(cast: Cast) -> None:
    dora = _signed_in(cast.DORA)
    asked = {"name": "Paul Neu", "email": "paul@aurelia.example", "language": "fr", "roles": ["analyst"]}
    done = _sign(dora, cast.DORA, f"/people/invite/{cast.exchange_id}/", asked)
    link = re.search(rf"{settings.ORIGIN}(/invitation/[\w-]+/)".encode(), done.content)
    assert done.status_code == 200, done.content
    assert link
    path = link[1].decode()

    listed = dora.get("/people/").content.decode()
    assert "Open invitations" in listed and "Link ends" in listed
    paul = _client()
    assert b"Paul Neu" in paul.get(path).content
    challenge = paul.post(f"{path}options/").json()["options"]["challenge"]
    where = {"origin": settings.ORIGIN, "rp_id": settings.RP_ID}
    credential = SoftwareKey.generate().registration_json(from_base64url(challenge), **where)
    answer = paul.post(path, {"credential": json.dumps(credential)})

    assert answer.status_code == 302 and answer["Location"] == "/account/"
    assert paul.get("/").content == b"Paul Neu"
    assert "Open invitations" not in dora.get("/people/").content.decode()
    assert paul.cookies[settings.LANGUAGE_COOKIE_NAME].value == "fr"


def test_V10_no_field_beside_the_forms_own_counts(cast: Cast, desk: Desk) -> None:
    """Sent along when a person is invited, and when preferences are saved: every other column there is."""
    extra = {"face": "staff", "is_active": "0", "is_demo": "0", "organisation": str(cast.exchange_id), "id": "7"}
    extra |= {"organisation_id": str(cast.exchange_id), "granted_by": str(cast.DORA.id), "role": "supervisor"}
    ada = _signed_in(cast.ADA)
    asked = {"name": "Olga Neu", "email": "olga@polizei.example", "language": "en", "roles": ["officer"]}
    _sign(ada, cast.ADA, f"/people/invite/{cast.agency_id}/", asked | extra)
    ada.post("/account/preferences/", {"language": "fr", "time_zone": "Europe/Paris", "name": "X", **extra})

    rows = desk.superuser_sql("SELECT name, face, is_active, organisation_id, language FROM access_person")
    assert ("Olga Neu", "agency", True, cast.agency_id, "en") in rows
    assert ("Ada Lorenz", "agency", True, cast.agency_id, "fr") in rows
    assert desk.superuser_sql("SELECT count(*) FROM access_rolegrant WHERE role = 'supervisor'") == [(1,)]


def test_an_agencys_administrator_cannot_even_sign_for_a_supervisor(cast: Cast, desk: Desk) -> None:
    ada = _signed_in(cast.ADA)
    asked = {"name": "Olga Neu", "email": "olga@polizei.example", "language": "en", "roles": ["officer", "supervisor"]}
    assert _sign(ada, cast.ADA, f"/people/invite/{cast.agency_id}/", asked).status_code == 403

    assert desk.superuser_sql("SELECT count(*) FROM access_person WHERE name = 'Olga Neu'") == [(0,)]


def test_roles_are_granted_and_revoked_on_the_page_of_a_person(cast: Cast, desk: Desk) -> None:
    dora = _signed_in(cast.DORA)
    for verb, n_held in (("grant", 1), ("revoke", 0)):
        assert _sign(dora, cast.DORA, f"/people/{cast.ANOUK.id}/{verb}/approver/").status_code == 302
        held = desk.superuser_sql(
            "SELECT count(*) FROM access_rolegrant WHERE person_id = %s AND role = 'approver' AND revoked_at IS NULL",
            cast.ANOUK.id,
        )
        assert held == [(n_held,)]
        assert b"/receipts/" in dora.get(f"/people/{cast.ANOUK.id}/").content


def test_every_change_of_ones_own_keys_and_preferences_hands_over_its_receipt(cast: Cast) -> None:
    otto = _signed_in(cast.OTTO)
    otto.post("/account/preferences/", {"language": "en", "time_zone": "Europe/Paris"})
    assert b"/receipts/" in otto.get("/account/").content
    assert b"/receipts/" not in otto.get("/account/").content  # said once

    recipient = str(pyrage.x25519.Identity.generate().to_public())
    assert _sign(otto, cast.OTTO, "/account/age-key/", {"recipient": recipient}).status_code == 302
    assert b"/receipts/" in otto.get("/account/").content


def test_the_receipt_that_is_downloaded_is_the_one_that_was_shown(cast: Cast, desk: Desk) -> None:
    desk.start_signer()
    audit.publish_keys(now=clock.now())
    otto = _signed_in(cast.OTTO)
    otto.post("/account/preferences/", {"language": "en", "time_zone": "Europe/Paris"})
    page = otto.get("/account/").content.decode()
    shown = re.search(r"<pre[^>]*>(entraide/receipt.*?)</pre>", page, re.S)
    href = re.search(r'href="(/receipts/[^"]+)"', page)
    assert shown and href and "Entered in the log:" in page
    desk.sequence()  # a new checkpoint in between

    assert otto.get(href[1]).content.decode() == html.unescape(shown[1])


def test_a_time_zone_is_one_of_the_places_that_are_offered(cast: Cast) -> None:
    otto = _signed_in(cast.OTTO)
    page = otto.get("/account/").content.decode()
    assert ">Europe/Madrid<" in page and "EST5EDT" not in page and "localtime" not in page
    assert otto.post("/account/preferences/", {"language": "en", "time_zone": "Atlantis/Town"}).status_code != 302


def test_an_invitation_can_be_left_and_its_title_says_when_something_is_wrong(cast: Cast) -> None:
    dora = _signed_in(cast.DORA)
    path = f"/people/invite/{cast.exchange_id}/"
    page = dora.get(path).content.decode()
    assert 'class="back" href="/people/"' in page and "<title>Error:" not in page
    wrong = dora.post(path, {"name": "", "email": "nobody", "language": "en"}).content.decode()
    assert "<title>Error: Invite a person" in wrong
    shown = dora.get(f"/people/{cast.ANOUK.id}/grant/approver/").content.decode()
    assert f'class="back" href="/people/{cast.ANOUK.id}/"' in shown


def test_every_signed_in_page_is_drawn(cast: Cast) -> None:
    for player, paths in (
        (cast.OTTO, ("/account/", "/account/passkeys/add/", "/account/age-key/", "/sign-in/passkeys/")),
        (cast.DORA, ("/people/", f"/people/{cast.OTTO.id}/", f"/people/{cast.DORA.id}/", "/account/")),
        (cast.ADA, ("/people/", f"/people/{cast.OTTO.id}/disable/", f"/people/invite/{cast.agency_id}/")),
    ):
        client = _signed_in(player)
        for path in paths:
            assert client.get(path).status_code == 200, path


def test_every_view_says_who_may_open_it() -> None:
    views = [pattern.callback for entry in get_resolver().url_patterns if hasattr(entry, "url_patterns")
             for pattern in entry.url_patterns if entry.namespace in ("access", "demo")]  # fmt: skip

    assert views
    assert all(hasattr(view, "required_roles") for view in views)


def test_a_demo_link_works_once_and_its_browser_may_switch(cast: Cast) -> None:
    links = {one.person.id: one.link.removeprefix(settings.ORIGIN) for one in demo.make_links(now=clock.now())}
    client, stranger = _client(), _client()
    assert stranger.get("/demo/people/").status_code == 404
    assert client.get(links[cast.OTTO.id]).status_code == 302
    assert client.get("/").content == b"Otto Brandt"
    used = stranger.get(links[cast.OTTO.id])
    assert used.status_code == 404
    assert b"This link was used" in used.content and "“Be somebody else”" in used.text
    assert settings.SIGN_IN_COOKIE not in stranger.cookies
    people = client.get("/demo/people/")
    assert b"Continue as" in people.content and people.text.count("That is you") == 1
    client.post(f"/demo/people/{cast.MARC.id}/")

    assert client.get("/").content == b"Marc Oliveira"
    assert client.get(links[cast.OTTO.id])["Location"] == "/demo/people/"


def test_V04_outside_of_a_demo_nothing_of_it_answers(cast: Cast) -> None:
    from entraide.kernel.errors import NotFound

    links = demo.make_links(now=clock.now())
    with override_settings(KIND="production"):
        answer = _client().get(links[0].link.removeprefix(settings.ORIGIN))
        assert answer.status_code == 404 and b"This link was used" not in answer.content
        assert _client().get("/demo/people/").status_code == 404
        assert _client().post(f"/demo/people/{cast.OTTO.id}/").status_code == 404
        with pytest.raises(NotFound):
            demo.make_links(now=clock.now())


def test_the_act_that_is_signed_is_built_by_the_server(cast: Cast, desk: Desk) -> None:
    """Signed for one person, sent for another: the step-up does not fit."""
    dora = _signed_in(cast.DORA)
    shown = dora.get(f"/people/{cast.OTTO.id}/disable/")
    sent = {
        "step_up": _hidden(shown.content, "step_up"),
        "credential": cast.DORA.answer(_options(shown.content)["challenge"]),
    }
    assert dora.post(f"/people/{cast.SABINE.id}/disable/", sent).status_code == 403

    assert desk.superuser_sql("SELECT count(*) FROM access_person WHERE NOT is_active") == [(0,)]
