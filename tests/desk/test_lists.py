"""What waits for whom, and the list of requests."""

import re
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from entraide.requests.states import RequestState
from tests.desk.pages import at_desk, text_of
from tests.requests.story import Story

S = RequestState
LEADS = [
    ("OTTO", S.DRAFT, "draft"),
    ("OTTO", S.QUESTION_ASKED, "answer"),
    ("OTTO", S.RETURNED_FOR_CORRECTION, "draft"),
    ("SABINE", S.AWAITING_COUNTERSIGNATURE, "countersign"),
    ("ANOUK", S.SUBMITTED, "accept"),
    ("ANOUK", S.TRIAGE, "decision"),
    ("MARC", S.IN_DECISION, "approve"),
    ("AUDE", S.TRIAGE, "log"),
]


@pytest.mark.parametrize(("who", "state", "page"), LEADS)
def test_what_waits_leads_straight_to_what_is_to_be_done(story: Story, who: str, state: S, page: str) -> None:
    story.to(state, **({"categories": ["C1"]} if state is S.AWAITING_COUNTERSIGNATURE else {}))
    client = at_desk(getattr(story.cast, who))
    path = f"/requests/{story.reference}/{page}/"
    assert f'href="{path}"' in client.get("/").content.decode()
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("who", ["SABINE", "MARC", "IVO"])
def test_what_is_not_theirs_to_do_does_not_wait(story: Story, who: str) -> None:
    story.to(S.SUBMITTED)
    said = text_of(at_desk(getattr(story.cast, who)).get("/"))
    assert "Nothing waits for you." in said
    assert story.reference not in said


def test_administrators_are_led_to_their_people(story: Story) -> None:
    for player in (story.cast.ADA, story.cast.DORA):
        assert 'href="/people/"' in at_desk(player).get("/").content.decode()


def test_the_list_is_searched_by_reference_agency_reference_and_offence(story: Story) -> None:
    story.to(S.SUBMITTED)
    client = at_desk(story.cast.ANOUK)
    for words in (story.reference, "2026/117", "penal fraud", "FRAUD"):
        assert story.reference in text_of(client.get("/requests/", {"q": words}))
    nothing = text_of(client.get("/requests/", {"q": "arson"}))
    assert "No request matches." in nothing
    assert story.reference not in nothing


def test_the_list_is_narrowed_by_state_and_by_whose_it_is(story: Story) -> None:
    story.to(S.TRIAGE)
    other = Story(story.desk, story.cast, story.exchange).to(S.SUBMITTED)
    client = at_desk(story.cast.ANOUK)

    def shown(**asked: str) -> set[str]:
        return set(re.findall(r"R-26-\w{6}", text_of(client.get("/requests/", asked))))

    assert shown() == {story.reference, other.reference}
    assert shown(state="triage") == {story.reference}
    assert shown(state="closed") == set()
    assert shown(whose="mine") == {story.reference}
    assert shown(whose="nobody") == {other.reference}
    assert shown(whose="overdue") == set()
    assert shown(state="nonsense", offset="-1", whose="x") == {story.reference, other.reference}


def test_where_no_time_runs_yet_the_list_says_so(story: Story) -> None:
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"])
    assert "Not running yet" in text_of(at_desk(story.cast.SABINE).get("/"))
    assert "Not running yet" in text_of(at_desk(story.cast.OTTO).get("/requests/"))


def test_what_is_overdue_is_said_in_words(story: Story) -> None:
    story.to(S.SUBMITTED)
    late = story.now - timedelta(days=3)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; "
        f"UPDATE requests_legalrequest SET received_at = '{late - timedelta(days=9)}', due_at = '{late}'"
    )
    for path in ("/", "/requests/"):
        assert "overdue by" in text_of(at_desk(story.cast.ANOUK).get(path))


@pytest.mark.parametrize("path", ["/", "/requests/"])
def test_a_list_of_three_asks_as_many_queries_as_a_list_of_one(story: Story, path: str) -> None:
    story.to(S.SUBMITTED)
    client = at_desk(story.cast.ANOUK)
    one = _n_queries(client, path)
    for _more in range(2):
        Story(story.desk, story.cast, story.exchange).to(S.SUBMITTED)
    assert _n_queries(client, path) == one


def _n_queries(client: object, path: str) -> int:
    with CaptureQueriesContext(connections["default"]) as asked:
        assert client.get(path).status_code == 200  # type: ignore[attr-defined]  # Django's test client
    return len(asked)
