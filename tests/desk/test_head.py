"""The head of a page says who reads it; a mistake of hers is told to her, not to the terminal."""

import pytest

from tests.desk.pages import at_desk, text_of
from tests.plugins.desk import Desk
from tests.plugins.people import Cast


def test_ones_own_page_says_who_reads_it_in_words_as_every_page_does(desk: Desk, cast: Cast) -> None:
    said = text_of(at_desk(cast.OTTO).get("/account/"))

    assert f"{cast.OTTO.actor.name} Officer Be somebody else" in said
    assert "PersonView" not in said


def test_an_ordinary_mistake_says_nothing_in_the_terminal_of_a_demo(
    desk: Desk, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    client = at_desk(cast.DORA)

    assert client.get("/no-such-page/").status_code == 404
    assert client.post("/agencies/enter/", {"country": "SP"}).status_code == 422
    assert [record for record in caplog.records if record.name == "django.request"] == []
