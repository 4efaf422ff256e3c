"""The supervisor at a browser, with a passkey: she reads, countersigns, and keeps the receipt."""

from collections.abc import Callable
from typing import Any

import pytest

from entraide.requests.states import RequestState
from tests.browser.people import carry_passkey, sign_in
from tests.plugins.browser import LiveDesk
from tests.requests.story import Story

pytestmark = pytest.mark.browser


def test_what_waits_is_read_countersigned_and_receipted(
    person_at: Callable[..., Any], live_desk: LiveDesk, story: Story
) -> None:
    story.desk.start_signer()
    story.to(RequestState.AWAITING_COUNTERSIGNATURE, categories=["C1"])
    page = person_at(has_authenticator=False)
    carry_passkey(page, story.cast.SABINE)
    sign_in(page, live_desk.origin)

    page.get_by_role("link", name="Read and countersign").click()
    page.get_by_role("heading", name="Read, then countersign").wait_for()
    assert page.get_by_text("The victim sent 1 ETH to this address.", exact=True).is_visible()
    page.get_by_role("button", name="Countersign and send to the desk").click()

    page.wait_for_url(f"{live_desk.origin}/requests/{story.reference}/")
    assert story.state is RequestState.SUBMITTED
    assert page.get_by_text("Entered in the log: A supervisor countersigned the request.").is_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download the receipt").click()
    assert kept.value.suggested_filename.startswith("receipt-")

    page.reload()
    assert page.get_by_text("Done.").count() == 0  # said once
