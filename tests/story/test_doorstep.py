"""Who comes under a strange name, or sends a form that no page of ours showed."""

import pytest
from django.conf import settings
from django.test import Client

from entraide.kernel import clock
from tests.desk.pages import HOST, at_desk
from tests.plugins.desk import Desk
from tests.plugins.people import Cast


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:8000@evil.example", "evil.example:8000"]
)
def test_a_page_asked_for_under_a_strange_name_is_not_answered(desk: Desk, cast: Cast, host: str) -> None:
    client = at_desk(cast.OTTO)

    answer = client.get("/", headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_a_form_without_the_token_of_this_browser_does_nothing(desk: Desk, cast: Cast) -> None:
    """With or without a word of where it came from."""
    client = Client(**HOST, enforce_csrf_checks=True)  # type: ignore[arg-type]
    _otto, token = cast.OTTO.signed_in(clock.now())
    client.cookies[settings.SIGN_IN_COOKIE] = token
    for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/"}):
        assert client.post("/sign-out/", headers=headers).status_code == 403
    assert client.get("/").status_code == 200
