"""The head of a page says who reads it."""

from tests.desk.pages import at_desk, text_of
from tests.plugins.desk import Desk
from tests.plugins.people import Cast


def test_ones_own_page_says_who_reads_it_in_words_as_every_page_does(desk: Desk, cast: Cast) -> None:
    said = text_of(at_desk(cast.OTTO).get("/account/"))

    assert f"{cast.OTTO.actor.name} Officer Be somebody else" in said
    assert "PersonView" not in said
