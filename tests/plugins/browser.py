"""A desk in a real browser: served on localhost, with Chromium's virtual authenticator as the passkey."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.plugins.desk import Desk


@dataclass(frozen=True)
class LiveDesk:
    """A desk that answers on ``http://localhost:<port>``; its origin and passkeys are of this address."""

    origin: str
    desk: "Desk"


@pytest.fixture
def live_desk(desk: "Desk") -> Iterator[LiveDesk]:
    """Serve the desk from this process, in its own roles, until the test ends."""
    from django.core.wsgi import get_wsgi_application
    from django.test import override_settings

    server = make_server("127.0.0.1", 0, _nothing, server_class=_Server, handler_class=_Silent)
    origin = f"http://localhost:{server.server_port}"
    with override_settings(ORIGIN=origin, ORIGINS={"agency": origin, "staff": origin}, CSRF_TRUSTED_ORIGINS=[origin]):
        server.set_app(get_wsgi_application())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield LiveDesk(origin, desk)
        finally:
            server.shutdown()
            server.server_close()
            thread.join(timeout=10)


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator["Browser"]:
    """Return a running Chromium, or skip with the reason where there is none.

    One for each module, not one for all: while Playwright is open, its event loop counts as running in this thread,
    and nothing else that wants `asyncio.run` here could work.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    from entraide.ui.fonts import BUILT

    if not (BUILT / "main.js").exists():
        pytest.skip("the pages are not built here: ./entraide setup")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def person_at(chromium_browser: "Browser", live_desk: LiveDesk) -> Iterator[Callable[..., "Page"]]:
    """Return a function that gives each person a browser of their own, with a passkey device in it.

    What a browser complains of (a refused script or style above all) fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser(*, is_verified: bool = True, has_authenticator: bool = True, **options: Any) -> "Page":
        context = chromium_browser.new_context(base_url=live_desk.origin, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if has_authenticator:
            add_authenticator(page, is_verified=is_verified)
        return page

    try:
        yield open_browser
    finally:
        for context in contexts:
            context.close()
    assert complaints == []


def add_authenticator(page: "Page", *, is_verified: bool = True, transport: str = "internal") -> None:
    """Give a page's browser a passkey device that answers at once; `is_verified`: it asked for the PIN."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": transport,
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": is_verified,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def _nothing(environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []
