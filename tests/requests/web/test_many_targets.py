"""A request about hundreds of targets opens as readily as one about two: the database is not asked once for each."""

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entraide.requests import operations
from tests.requests.material import target
from tests.requests.story import ACCOUNT, Story, an_exchange
from tests.requests.web.people import at, words_of

PAGES = {  # whose page it is, and its address below the request
    "the case at the desk": ("ANOUK", ""),
    "the case at the agency": ("OTTO", ""),
    "the print": ("OTTO", "print/"),
    "the sheet": ("ANOUK", "decision/"),
    "proposing": ("ANOUK", "decision/propose/"),
}


def _questions(client: Client, path: str) -> int:
    client.get(path)  # what is remembered between pages is remembered now
    asked = [CaptureQueriesContext(connections[name]) for name in connections]
    for one in asked:
        one.__enter__()
    answer = client.get(path)
    for one in asked:
        one.__exit__(None, None, None)
    assert answer.status_code == 200, words_of(answer)
    return sum(map(len, asked))


def _asked_on_each_page(story: Story, n: int) -> dict[str, int]:
    """Walk a request with `n` targets to its approval; return how often each page asks the database."""
    an_exchange(at=story.now)
    story.draft(targets=[target(period_from=f"2025-01-{day + 1:02}") for day in range(n)]).file().accept().look_up()
    answers = [
        {"n": n, "covered": True, "answer": "produce", "accounts": [ACCOUNT], "categories": ["S1"]}
        for n in range(1, n + 1)
    ]
    operations.save_decision(story.reference, answers, actor=story.cast.ANOUK.actor, now=story.now)
    here = f"/requests/{story.reference}/"
    asked = {page: _questions(at(getattr(story.cast, who)), here + path) for page, (who, path) in PAGES.items()}
    story.propose()
    return asked | {"approving": _questions(at(story.cast.MARC), f"{here}approve/")}


def test_no_page_asks_the_database_once_for_each_target(story: Story) -> None:
    story.draft().file()  # so that both of the next overlap with another

    few = _asked_on_each_page(story, 2)
    many = _asked_on_each_page(story, 12)

    assert many == few
