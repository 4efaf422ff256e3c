"""What the desk does around a decision by pages: what each page says before, and whom it refuses."""

from typing import Any

import pytest

from entraide.requests import operations
from entraide.requests.states import RequestState
from tests.requests.story import Story
from tests.requests.web.people import at, words_of

S = RequestState
# Every page of this kind, the state it is for, and which of the cast may open it there.
PAGES = {
    "accept": (S.SUBMITTED, {"ANOUK"}),
    "hand-over": (S.TRIAGE, {"ANOUK", "MARC"}),
    "look-up": (S.TRIAGE, {"ANOUK"}),
    "return-for-correction": (S.SUBMITTED, {"ANOUK"}),
    "ask": (S.TRIAGE, {"ANOUK"}),
    "take-back-question": (S.QUESTION_ASKED, {"ANOUK"}),
    "take-back-proposal": (S.IN_DECISION, {"ANOUK"}),
    "reject": (S.IN_DECISION, {"MARC"}),
    "reopen": (S.APPROVED, {"ANOUK", "MARC"}),
    "close": (S.DELIVERED, {"ANOUK", "MARC"}),
    "decision": (S.TRIAGE, {"ANOUK"}),
    "approve": (S.IN_DECISION, {"ANOUK", "MARC", "AUDE"}),  # only MARC may press the button
}  # fmt: skip
AGENCIES = ("OTTO", "SABINE", "ADA", "IVO")
DESK = ("ANOUK", "MARC", "AUDE", "DORA")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_whom_it_is_for_and_refuses_everybody_else_also_the_button(story: Story, page: str) -> None:
    state, may = PAGES[page]
    story.to(state)
    address, before = f"/requests/{story.reference}/{page}/", _acts(story)
    people = {name: at(getattr(story.cast, name)) for name in (*DESK, *AGENCIES)}

    opened = {name: client.get(address).status_code for name, client in people.items()}
    pressed = {
        name: client.post(address, {"text": "Because."}).status_code
        for name, client in people.items()
        if name not in may
    }

    assert {name for name, status in opened.items() if status == 200} == may
    assert {status for name, status in opened.items() if name not in may} <= {403, 404}
    assert set(pressed.values()) <= {403, 404}
    assert story.state is state
    assert _acts(story) == before


def _acts(story: Story) -> list[str]:
    return [event for event in story.events() if event.startswith("requests:")]


def test_a_page_says_that_it_is_not_the_time_for_it(story: Story) -> None:
    story.to(S.SUBMITTED)
    analyst, approver = at(story.cast.ANOUK), at(story.cast.MARC)

    for page in PAGES.keys() - {"accept", "return-for-correction"}:
        client = analyst if "ANOUK" in PAGES[page][1] else approver
        answer = client.get(f"/requests/{story.reference}/{page}/")
        assert answer.status_code == 409, page
        assert "Look at the request" in words_of(answer), page


def _press(story: Story, name: str, page: str, **sent: Any) -> Any:
    answer = at(getattr(story.cast, name)).post(f"/requests/{story.reference}/{page}/", sent)
    assert answer.status_code == 302, words_of(answer)
    return answer


def test_taking_up_leads_to_the_sheet_with_the_receipt_of_it(story: Story) -> None:
    story.to(S.SUBMITTED)
    client = at(story.cast.ANOUK)

    answer = client.post(f"/requests/{story.reference}/accept/")

    assert answer["Location"] == f"/requests/{story.reference}/decision/"
    story.look_up()
    shown = words_of(client.get(answer["Location"]))
    assert "The desk took the request up." in shown
    assert "1 account found" in shown


def test_asking_says_that_the_clock_stops_and_how_much_is_left(story: Story) -> None:
    story.to(S.TRIAGE)

    shown = words_of(at(story.cast.ANOUK).get(f"/requests/{story.reference}/ask/"))

    assert "The clock stops the moment you ask" in shown
    assert "will be left." in shown
    assert "Regulation (EU) 2023/1543, Art. 10(6)" in shown


def test_a_question_is_asked_and_taken_back(story: Story) -> None:
    story.to(S.TRIAGE)

    _press(story, "ANOUK", "ask", text="Which of the two accounts?")
    assert story.state is S.QUESTION_ASKED
    _press(story, "ANOUK", "take-back-question", text="Found it in the instrument.")

    assert story.state is S.TRIAGE
    assert story.events()[-2:] == ["requests:question:asked", "requests:question:taken-back"]


@pytest.mark.parametrize("page", ["ask", "return-for-correction"])
@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001], ids=["empty", "blank", "too long"])
def test_a_text_that_is_missing_or_too_long_is_said_at_its_field(story: Story, page: str, text: str) -> None:
    story.to(S.TRIAGE)

    answer = at(story.cast.ANOUK).post(f"/requests/{story.reference}/{page}/", {"text": text})

    assert answer.status_code == 422
    assert 'id="id_text_error"' in answer.content.decode()
    assert story.state is S.TRIAGE


def test_a_request_is_returned_and_looked_up_again(story: Story) -> None:
    story.to(S.TRIAGE)

    _press(story, "ANOUK", "look-up")
    _press(story, "ANOUK", "return-for-correction", text="Page 2 is missing.")

    assert story.state is S.RETURNED_FOR_CORRECTION
    assert story.events()[-2:] == ["requests:lookup:asked", "requests:request:returned"]


def test_only_analysts_are_offered_and_taken_for_a_hand_over(story: Story) -> None:
    story.to(S.TRIAGE)
    client = at(story.cast.ANOUK)

    shown = client.get(f"/requests/{story.reference}/hand-over/")
    answer = client.post(f"/requests/{story.reference}/hand-over/", {"to": str(story.cast.MARC.id)})

    assert "There is no other analyst" in words_of(shown)
    assert answer.status_code == 422
    assert story.row().assigned_to_id == story.cast.ANOUK.id


def test_a_request_is_handed_over_with_what_the_other_should_know(story: Story) -> None:
    story.to(S.TRIAGE)
    story.desk.superuser_sql(  # Marc is an analyst as well, from now on
        "SET session_replication_role = replica; "
        "INSERT INTO access_rolegrant (id, organisation_id, person_id, role, granted_at) "
        f"SELECT gen_random_uuid(), organisation_id, '{story.cast.MARC.id}', 'analyst', granted_at "
        f"FROM access_rolegrant WHERE person_id = '{story.cast.ANOUK.id}'"
    )

    answer = _press(story, "ANOUK", "hand-over", to=str(story.cast.MARC.id), note="The second account matters.")

    assert answer["Location"] == "/"  # she can read it no more
    assert story.row().assigned_to_id == story.cast.MARC.id
    assert at(story.cast.ANOUK).get(f"/requests/{story.reference}/decision/").status_code == 403


def test_a_proposal_is_taken_back_by_its_proposer(story: Story) -> None:
    story.to(S.IN_DECISION)

    _press(story, "ANOUK", "take-back-proposal", text="The period is too long.")

    assert story.state is S.TRIAGE


def test_a_rejected_decision_comes_back_with_the_reason(story: Story) -> None:
    story.to(S.IN_DECISION)

    _press(story, "MARC", "reject", text="Target 1: the ledger is not ordered.")

    assert story.state is S.TRIAGE
    shown = words_of(at(story.cast.ANOUK).get(f"/requests/{story.reference}/decision/"))
    assert "An earlier proposal came back Target 1: the ledger is not ordered." in shown


def test_an_approved_decision_is_reopened_and_a_delivered_request_closed(story: Story) -> None:
    story.to(S.APPROVED)
    _press(story, "MARC", "reopen", text="Wrong account.")
    assert story.state is S.TRIAGE

    story.propose().approve()
    from tests.requests.story import in_operation

    in_operation(operations.mark_in_production, story)
    in_operation(operations.mark_delivered, story)
    _press(story, "ANOUK", "close")

    assert story.state is S.CLOSED
