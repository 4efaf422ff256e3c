"""Passkeys in a real browser, with Chromium's virtual authenticator: enrol, sign in, sign an act."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from entraide.access.operations import members
from entraide.kernel import clock
from tests.plugins.browser import LiveDesk

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def addresses() -> Iterator[None]:
    """Serve the pages of people and keys, without the rooms above."""
    options = settings.TEMPLATES[0]["OPTIONS"] | {
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.messages.context_processors.messages",
            "entraide.ui.context.pages",
        ]
    }
    templates = [{**settings.TEMPLATES[0], "OPTIONS": options}]
    with override_settings(ROOT_URLCONF="tests.access.pages.urls", TEMPLATES=templates):
        yield


def _enrol_first(page: Any, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your e-mail address").fill(f"{name.split()[0].lower()}@aurelia.example")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/account/")


def test_the_first_two_enrol_sign_in_and_let_others_in(person_at: Callable[..., Any], live_desk: LiveDesk) -> None:
    first, _second = members.invite_first(now=clock.now())
    dora = person_at()
    _enrol_first(dora, first.link, "Dora Lindt")
    assert dora.get_by_role("heading", name="Dora Lindt").is_visible()

    dora.get_by_role("button", name="Sign out").click()
    dora.wait_for_url("**/sign-in/")
    dora.get_by_role("button", name="Sign in with a passkey").click()
    dora.wait_for_url(f"{live_desk.origin}/")
    assert dora.content().count("Dora Lindt") == 1

    dora.goto("/people/")
    dora.get_by_role("link", name="Invite a person").first.click()
    dora.get_by_label("Name").fill("Anouk Berger")
    dora.get_by_label("E-mail address").fill("anouk@aurelia.example")
    dora.get_by_label("Analyst").check()
    dora.get_by_role("button", name="Continue").click()
    dora.get_by_role("button", name="Sign and invite").click()
    dora.get_by_role("heading", name="The link is ready").wait_for()
    link = re.search(rf'title="({live_desk.origin}/invitation/[\w-]+/)"', dora.content())
    assert link

    anouk = person_at()
    anouk.goto(link[1])
    anouk.get_by_role("button", name="Make a passkey").click()
    anouk.wait_for_url("**/account/")

    assert live_desk.desk.superuser_sql("SELECT count(*) FROM access_credential WHERE algorithm IN (-7, -8, -257)") == [
        (2,)
    ]
    assert live_desk.desk.superuser_sql("SELECT domain FROM access_signedact") == [("access:person:invite",)]


def test_V02_a_device_that_did_not_verify_its_user_enrols_nothing(
    person_at: Callable[..., Any], live_desk: LiveDesk
) -> None:
    first, _second = members.invite_first(now=clock.now())
    page = person_at(is_verified=False)
    page.goto(first.link)
    page.get_by_label("Your name").fill("Dora Lindt")
    page.get_by_label("Your e-mail address").fill("dora@aurelia.example")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("alert").filter(has_text="the passkey was not used").wait_for()

    assert live_desk.desk.superuser_sql("SELECT count(*) FROM access_credential") == [(0,)]


def test_a_second_passkey_is_let_in_by_the_first(person_at: Callable[..., Any], live_desk: LiveDesk) -> None:
    from tests.plugins.browser import add_authenticator

    first, _second = members.invite_first(now=clock.now())
    page = person_at()
    _enrol_first(page, first.link, "Dora Lindt")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Sign with a passkey you have").click()
    page.get_by_role("heading", name="Now make the new passkey").wait_for()
    add_authenticator(page, transport="usb")  # the first device already holds a key of this person
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/account/")

    assert live_desk.desk.superuser_sql("SELECT count(*) FROM access_credential") == [(2,)]
