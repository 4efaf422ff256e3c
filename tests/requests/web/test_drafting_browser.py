"""The officer's pages in a real browser: by keyboard alone, and without a network for a while."""

from typing import Any

import pytest
from django.conf import settings

from entraide.access import demo_keys
from entraide.kernel import clock
from entraide.requests.document import QUESTIONS
from entraide.requests.states import RequestState
from entraide.ui.build import NODE_MODULES
from tests.browser.people import carry_passkey, sign_in
from tests.plugins.browser import LiveDesk
from tests.plugins.people import Cast
from tests.requests.material import ADDRESS, target
from tests.requests.story import Story, a_pdf

pytestmark = pytest.mark.browser
AXE = NODE_MODULES / "axe-core" / "axe.min.js"

PARAGRAPH = f"""On 3 March the victim sent 1.2 ETH to {ADDRESS}; in the report it also stands as
{ADDRESS[:-1]}D. What was left came to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT, and in transaction
8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87 it went on. He wrote from max@mail.example."""


@pytest.fixture
def otto(chromium_browser: Any, live_desk: LiveDesk, cast: Cast) -> Any:
    """Return a page at which the officer is signed in."""
    context = chromium_browser.new_context(base_url=live_desk.origin, locale="en-GB")
    page = context.new_page()
    carry_passkey(page, cast.OTTO)
    sign_in(page, live_desk.origin)
    yield page
    context.close()


def _reach(page: Any, selector: str) -> None:
    """Press Tab until the focus is on what `selector` names."""
    for _press in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def _type(page: Any, selector: str, text: str) -> None:
    _reach(page, selector)
    page.keyboard.insert_text(text)


def _choose(page: Any, selector: str, start: str) -> None:
    """Choose in a list by the beginning of its label."""
    _reach(page, selector)
    page.keyboard.type(start)


def _day(page: Any, selector: str, digits: str) -> None:
    """Type a day as the browser asks for it here: day, month, year."""
    _reach(page, selector)
    page.keyboard.type(digits)


def _press(page: Any, selector: str, arrives: str) -> None:
    _reach(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(arrives)


_GO_ON = ".question form .actions .button--primary"


def test_a_request_is_filed_from_a_messy_paragraph_by_keyboard_alone(otto: Any, live_desk: LiveDesk) -> None:
    otto.goto("/requests/new/")
    _press(otto, "main form .button--primary", "**/draft/")
    _press(otto, ".head__actions .button--primary", "**/draft/basis/")

    _reach(otto, "[name=legal_basis]")
    otto.keyboard.press("Space")
    _type(otto, "[name=agency_reference]", "PV 2026/117")
    _choose(otto, "#id_language", "Eng")
    _press(otto, _GO_ON, "**/draft/instrument/")

    _reach(otto, "[name=instrument]")
    # The window in which files are chosen is the browser's own: its keyboard is not ours to test.
    otto.locator(":focus").set_input_files({"name": "order.pdf", "mimeType": "application/pdf", "buffer": a_pdf()})
    _press(otto, _GO_ON, "**/draft/instrument/")
    otto.locator(".attached").wait_for()  # the same address, and the file is there
    _press(otto, _GO_ON, "**/draft/authority/")

    _reach(otto, "[name=authority_kind]")
    otto.keyboard.press("Space")
    _type(otto, "[name=authority_name]", "Amtsgericht Musterstadt")
    _day(otto, "[name=issued_on]", "20022026")
    _press(otto, _GO_ON, "**/draft/offence/")
    _type(otto, "[name=offence]", "Fraud, section 263 of the Criminal Code")
    _type(otto, "[name=offence_years]", "5")
    _press(otto, _GO_ON, "**/draft/targets/")

    _type(otto, "[name=text]", PARAGRAPH)
    _press(otto, "form[action$='/find/'] .button--primary", "**/find/")
    assert otto.locator(".choice input[type=checkbox][name$='-add']").count() == 5
    assert otto.locator(".choice input[name$='-add']:not(:checked)").count() == 1
    _press(otto, ".question form .actions .button--primary", "**/draft/targets/#period")
    _day(otto, "[name=period_from]", "01032026")
    _day(otto, "[name=period_to]", "31032026")
    _press(otto, _GO_ON, "**/draft/categories/")

    _reach(otto, "[name=categories]")
    otto.keyboard.press("Space")
    _press(otto, _GO_ON, "**/draft/narrative/")
    _type(otto, "[name=narrative]", "The victim was made to send money to a made-up trading platform.")
    _press(otto, _GO_ON, "**/draft/urgency/")
    _reach(otto, "[name=urgency]")
    otto.keyboard.press("Space")
    _press(otto, _GO_ON, "**/file/")
    _press(otto, "form[data-webauthn-get] button[type=submit]", "**/filed/")

    assert otto.get_by_role("heading", name="Request filed").is_visible()
    assert live_desk.desk.superuser_sql(
        "SELECT r.state, count(*) FROM requests_legalrequest r JOIN requests_target t ON t.request_id = r.id GROUP BY 1"
    ) == [("submitted", 4)]


def test_a_page_saves_itself_says_so_and_tries_again_after_a_lost_connection(otto: Any) -> None:
    otto.goto("/requests/new/")
    otto.locator("main form .button--primary").click()
    otto.wait_for_url("**/draft/")
    otto.goto(f"{otto.url}narrative/")
    saved = otto.locator("[data-saved]")

    otto.locator("[name=narrative]").press_sequentially("First.")
    saved.filter(has_text="Saved at").wait_for()
    otto.context.set_offline(True)
    otto.locator("[name=narrative]").press_sequentially(" Second.")
    saved.filter(has_text="the desk cannot be reached").wait_for()
    otto.context.set_offline(False)
    saved.filter(has_text="Saved at").wait_for()
    otto.reload()

    assert otto.locator("[name=narrative]").input_value() == "First. Second."


def test_a_page_says_when_saving_will_not_help_any_more(otto: Any) -> None:
    otto.goto("/requests/new/")
    otto.locator("main form .button--primary").click()
    otto.wait_for_url("**/draft/")
    otto.goto(f"{otto.url}narrative/")
    otto.context.clear_cookies(name="entraide")

    otto.locator("[name=narrative]").press_sequentially("Signed out meanwhile.")

    otto.locator("[data-saved]").filter(has_text="Copy what you wrote").wait_for()


@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"width": 375, "language": "ar"}]
)
def test_every_page_is_accessible_and_nothing_runs_out_of_it(
    look: dict[str, Any], chromium_browser: Any, live_desk: LiveDesk, story: Story
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed here")
    story.draft(categories=["T2"], offence_years="1", targets=[target(), target(value=f"{ADDRESS[:-1]}D")])
    context = chromium_browser.new_context(
        base_url=live_desk.origin,
        color_scheme=look.get("color_scheme", "light"),
        viewport={"width": look.get("width", 1280), "height": 900},
    )
    page = context.new_page()
    carry_passkey(page, story.cast.OTTO)
    sign_in(page, live_desk.origin)
    language = {"name": "django_language", "value": look.get("language", "en"), "url": live_desk.origin}
    context.add_cookies([language])
    here = f"/requests/{story.reference}"
    faults: dict[str, list[str]] = {}
    paths = ["/requests/new/", "/requests/drafts/", f"{here}/draft/", f"{here}/file/", f"{here}/discard/"]
    paths += [f"{here}/draft/{name}/?problems=1" for name in QUESTIONS]
    try:
        for path in [*paths, "found"]:
            if path == "found":
                page.goto(f"{here}/draft/targets/")
                page.locator("details.details > summary").click()
                page.locator("[name=text]").fill(PARAGRAPH)
                page.locator("button[formaction$='/find/']").click()
                page.wait_for_url("**/find/")
            else:
                page.goto(path)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate(
                "async () => (await axe.run()).violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(' ')}`)"
            )
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append("something is wider than the page")
            if found:
                faults[path.replace(story.reference, "R")] = found
    finally:
        context.close()

    assert faults == {}


def test_in_a_demo_the_software_key_in_the_page_signs(chromium_browser: Any, live_desk: LiveDesk, story: Story) -> None:
    demo_keys.keep(story.cast.OTTO.id, story.cast.OTTO.key)
    story.draft()
    _player, token = story.cast.OTTO.signed_in(clock.now())
    context = chromium_browser.new_context(base_url=live_desk.origin)
    context.add_cookies([{"name": settings.SIGN_IN_COOKIE, "value": token, "url": live_desk.origin}])
    page = context.new_page()  # with no passkey in it
    try:
        page.goto(f"/requests/{story.reference}/file/")
        assert page.get_by_text("a software key in this page signs").is_visible()
        page.get_by_role("button", name="Sign and file").click()
        page.wait_for_url("**/filed/")
    finally:
        context.close()

    assert story.state is RequestState.SUBMITTED
