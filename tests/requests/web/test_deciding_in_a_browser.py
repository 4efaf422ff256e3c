"""Decided with the keyboard by one person and approved by another, each with the passkey in her own browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from entraide.requests.states import RequestState
from tests.browser.people import carry_passkey, sign_in
from tests.plugins.browser import LiveDesk
from tests.plugins.people import Player
from tests.requests.story import ACCOUNT, Story
from tests.requests.web.sheets import in_triage

pytestmark = pytest.mark.browser


@pytest.fixture
def browser_of(chromium_browser: Any, live_desk: LiveDesk) -> Iterator[Callable[[Player], Any]]:
    """Return a function that gives a person a browser of her own, signed in; what it complains of fails the test."""
    contexts, complaints = [], []

    def open_browser(player: Player) -> Any:
        context = chromium_browser.new_context(base_url=live_desk.origin)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        carry_passkey(page, player)
        sign_in(page, live_desk.origin)
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def _press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _tab_to(page: Any, name: str) -> None:
    """Go on with the tabulator until a field of this name has the focus."""
    for _step in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name ?? ''") == name:
            return
    raise AssertionError(f"{name} cannot be reached with the keyboard")


def test_an_analyst_decides_with_the_keyboard_and_an_approver_approves(
    story: Story, browser_of: Callable[[Player], Any]
) -> None:
    in_triage(story)
    anouk = browser_of(story.cast.ANOUK)
    anouk.goto(f"/requests/{story.reference}/decision/")
    anouk.get_by_role("button", name="suggests for 6 unanswered targets").press("Enter")
    anouk.get_by_role("button", name="yes for all 6").press("Enter")
    anouk.get_by_text("6 of 6 targets answered").first.wait_for()

    # Target 1 without its content, which is refused; target 3 is not covered at all.
    anouk.locator("#target-1").get_by_label("Yes").focus()
    _tab_to(anouk, "t1-category-C1")
    _press(anouk, "R", "Tab")  # Refuse; then the ground, which has just appeared
    assert anouk.evaluate("document.activeElement.id") == "t1-ground-C1"
    _press(anouk, "S", "c", "o", "p", "e", "Tab")
    assert anouk.evaluate("document.activeElement.id") == "t1-text-C1"
    anouk.keyboard.type("Chats are not needed to say who holds the account.")
    _tab_to(anouk, "t3-covered")
    _press(anouk, "ArrowRight", "Tab")
    assert anouk.evaluate("document.activeElement.id") == "t3-covered_ground"
    _press(anouk, "N")
    anouk.locator('[data-saved]:has-text("Saved at")').wait_for()  # by itself
    anouk.locator('.overview [data-part="answer-3"]:has-text("Refused")').wait_for()

    anouk.get_by_role("button", name="Check and propose").press("Enter")
    anouk.get_by_label("Note to the approver").fill("Target 3 is not named in the order.")
    anouk.get_by_role("button", name="Propose and sign").press("Enter")
    anouk.wait_for_url(f"**/requests/{story.reference}/")
    assert story.state is RequestState.IN_DECISION

    marc = browser_of(story.cast.MARC)
    marc.goto(f"/requests/{story.reference}/approve/")
    for shown in ("Scope not necessary and proportionate", "Not named in the instrument", ACCOUNT, "Target 3 is not"):
        assert marc.get_by_text(shown).first.is_visible(), shown
    marc.get_by_role("button", name="Approve and sign").press("Enter")
    marc.get_by_role("heading", name="The decision is approved").wait_for()
    marc.get_by_role("link", name="See how the package is built").click()
    marc.get_by_text("Verifying the signatures and beginning the package").wait_for()

    assert story.state is RequestState.APPROVED
    signed = story.desk.superuser_sql("SELECT domain FROM access_signedact WHERE domain LIKE 'requests:decision:%'")
    assert sorted(signed) == [("requests:decision:approve",), ("requests:decision:propose",)]
