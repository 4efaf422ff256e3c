"""Pages of ui in a real Chromium; requests are answered by Django's test client, so no port is opened."""

import hashlib
import json
import mimetypes
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

from entraide.ui.build import NODE_MODULES
from tests.ui import urls

pytestmark = pytest.mark.browser
HOST = "http://localhost"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"


@pytest.fixture
def chromium(chromium_browser: Browser) -> Browser:
    """Return the one Chromium of this test run; these pages ask no database."""
    return chromium_browser


class Window:
    """A browser window whose server is Django in this process; remembers every complaint of the browser."""

    def __init__(self, browser: Browser, client: Client, **options: Any) -> None:
        self._client = client
        self.context: BrowserContext = browser.new_context(**options)
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(HOST + path)
        self.page.wait_for_load_state("load")
        return self.page

    def _answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(HOST)
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/").partition("?")[0])
            assert isinstance(found, str), path
            kind = mimetypes.guess_type(found)[0] or "font/woff2"
            route.fulfill(path=found, content_type=kind)
            return
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.all_headers().items()}
        headers["HTTP_HOST"] = "localhost"
        kind = headers.pop("HTTP_CONTENT_TYPE", "application/octet-stream")
        body = request.post_data_buffer or b""
        answer = self._client.generic(request.method, path, body, content_type=kind, **headers)
        cookies = [f"{morsel.OutputString()}" for morsel in answer.cookies.values()]
        sent = dict(answer.headers.items())
        if cookies:
            sent["Set-Cookie"] = "\n".join(cookies)
        route.fulfill(status=answer.status_code, headers=sent, body=answer.content)


@pytest.fixture
def window(chromium: Browser, pages: Client) -> Iterator[Any]:
    opened: list[Window] = []

    def new(language: str = "en", **options: Any) -> Window:
        pages.cookies["django_language"] = language
        opened.append(Window(chromium, pages, **options))
        opened[-1].context.add_cookies([{"name": "django_language", "value": language, "url": HOST}])
        return opened[-1]

    yield new
    for one in opened:
        one.context.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("en", "dark"), ("ar", "light"), ("ar", "dark")])
def test_axe_finds_nothing_to_complain_of(window: Any, language: str, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed here")
    shown = window(language, color_scheme=scheme, bypass_csp=True)
    page = shown.open("/gallery/")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
        " 'best-practice']})).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary))"
    )
    assert found == []


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_scrolls_sideways(window: Any, width: int, language: str) -> None:
    page = window(language, viewport={"width": width, "height": 800}).open("/gallery/")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_the_browser_has_nothing_to_complain_of_under_the_content_security_policy(window: Any) -> None:
    shown = window()
    shown.open("/gallery/")
    assert shown.page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Noto Sans Variable"')
    assert shown.complaints == []


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_on_a_narrow_window_brand_person_and_menu_share_one_low_row(window: Any) -> None:
    page = window(viewport={"width": 375, "height": 700}).open("/gallery/")

    boxes = [page.locator(f".mast {one}").bounding_box() for one in (".brand", ".person", ".menu")]
    assert page.locator(".mast").bounding_box()["height"] <= 64
    assert max(box["y"] for box in boxes) < min(box["y"] + box["height"] for box in boxes)
    assert page.locator(".menu__open").inner_text().strip() == "English"  # said, though only its sign is seen


@pytest.mark.parametrize("kind", ["software", "fetched"])
def test_the_software_key_signs_as_a_passkey_would(window: Any, kind: str) -> None:
    shown = window()
    page = shown.open(f"/sign/{kind}/")
    page.get_by_role("button", name="Approve and sign").click()
    credential = json.loads(page.locator("pre").inner_text())
    response = {name: _bytes(value) for name, value in credential["response"].items()}
    client_data = json.loads(response["clientDataJSON"])
    assert client_data == {
        "type": "webauthn.get",
        "challenge": urls.OPTIONS["challenge"],
        "origin": HOST,
        "crossOrigin": False,
    }
    assert response["authenticatorData"] == hashlib.sha256(b"localhost").digest() + b"\x05" + bytes(4)
    signed = response["authenticatorData"] + hashlib.sha256(response["clientDataJSON"]).digest()
    urls.KEY.public_key().verify(response["signature"], signed, ec.ECDSA(hashes.SHA256()))
    assert _bytes(credential["id"]) == b"demo-credential"
    assert shown.complaints == []


def _authenticator(shown: Window, *, is_user_verified: bool) -> None:
    devtools = shown.context.new_cdp_session(shown.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": is_user_verified,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_made_and_signs(window: Any) -> None:
    shown = window()
    page = shown.open("/sign/new/")
    _authenticator(shown, is_user_verified=True)
    page.get_by_role("button", name="Make a passkey").click()
    made = json.loads(page.locator("pre").inner_text())
    assert len(_bytes(made["response"]["attestationObject"])) > 100

    shown.open("/sign/passkey/")
    page.get_by_role("button", name="Approve and sign").click()
    signed = json.loads(page.locator("pre").inner_text())
    assert signed["id"] == made["id"]
    assert json.loads(_bytes(signed["response"]["clientDataJSON"]))["challenge"] == urls.OPTIONS["challenge"]


def test_a_passkey_that_does_not_know_its_user_signs_nothing_and_says_so(window: Any) -> None:
    shown = window()
    page = shown.open("/sign/passkey/")
    _authenticator(shown, is_user_verified=False)
    page.get_by_role("button", name="Approve and sign").click()
    page.get_by_text("Nothing was signed").wait_for()
    assert page.locator('input[name="credential"]').input_value() == ""


def test_a_draft_saves_itself_and_says_when(window: Any) -> None:
    urls.SAVED.clear()
    page = window().open("/sign/draft/")
    page.get_by_label("Words").fill("bc1q")
    page.get_by_text("Saved at").wait_for()
    assert [saved["words"] for saved in urls.SAVED] == ["bc1q"]


def test_an_identifier_is_copied_whole(window: Any) -> None:
    shown = window()
    shown.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=HOST)
    page = shown.open("/gallery/")
    page.get_by_role("button", name="Copy 3f3f").first.click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "3f" * 32


def test_the_language_menu_works_by_keyboard(window: Any) -> None:
    page = window().open("/gallery/")
    menu = page.locator("summary", has_text="English")
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Français").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Français").wait_for(state="hidden")


def test_the_browser_tells_the_reader_s_zone(window: Any) -> None:
    shown = window(timezone_id="Africa/Casablanca")
    shown.open("/gallery/")
    assert {cookie["name"]: cookie["value"] for cookie in shown.context.cookies()}[
        "entraide_zone"
    ] == "Africa/Casablanca"
