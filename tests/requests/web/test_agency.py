"""What the agency's people do with a filed request on its pages, and who is refused what."""

import hashlib
import re

import pytest

from entraide.audit.api import publish_keys, published_keys
from entraide.evidence.receipts import Receipt
from entraide.requests.states import RequestState
from tests.desk.pages import at_desk, sign_on_demand, sign_shown, text_of
from tests.requests.material import target
from tests.requests.story import Story

S = RequestState
VERBS = ("countersign", "return-to-draft", "return-to-correction", "withdraw", "answer")


def _path(story: Story, verb: str = "") -> str:
    return f"/requests/{story.reference}/{verb}/" if verb else f"/requests/{story.reference}/"


def test_the_supervisor_reads_the_whole_document_and_countersigns_it(story: Story) -> None:
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"])
    client = at_desk(story.cast.SABINE)
    shown = text_of(client.get(_path(story, "countersign")))
    for words in ("0x5aAeb6053F3E94C9b9A09f33669435E7", "The victim sent 1 ETH to this address.", "Chats", "order.pdf"):
        assert words in shown

    done = sign_on_demand(client, story.cast.SABINE, _path(story, "countersign"), _path(story, "countersign/options"))

    assert (done.status_code, done.headers["Location"]) == (302, _path(story))
    assert story.state is S.SUBMITTED
    assert "A supervisor countersigned the request." in text_of(client.get(_path(story)))


def test_the_supervisor_sees_what_the_desk_will_notice_and_what_was_sent_as_written(story: Story) -> None:
    wrong = target(value="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", as_written=True)
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"], offence_years="1", targets=[wrong])

    shown = text_of(at_desk(story.cast.SABINE).get(_path(story, "countersign")))

    assert "What the desk will notice" in shown
    assert "The offence does not reach the threshold" in shown
    assert "As written" in shown


def test_days_countries_and_languages_are_written_for_people(story: Story) -> None:
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"])

    page = at_desk(story.cast.SABINE).get(_path(story, "countersign")).content.decode()
    shown = " ".join(re.sub(r"<[^>]+>", " ", re.sub(r'(?s)<pre class="canonical".*?</pre>', " ", page)).split())

    for words in ("20 Feb 2026", "Investigating judge, France", "English", "1 Jan 2026 – 31 Jan 2026"):
        assert words in shown
    assert not re.search(r"\b2026-\d\d-\d\d\b", shown)


def test_a_document_that_changed_since_it_was_shown_gets_no_step_up(story: Story) -> None:
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"])
    client = at_desk(story.cast.SABINE)
    answer = client.post(_path(story, "countersign/options"), {"act_hash": "00" * 32})
    assert answer.status_code == 409


def test_what_is_sent_back_is_its_officers_draft_again_with_the_reason(story: Story) -> None:
    story.to(S.AWAITING_COUNTERSIGNATURE, categories=["C1"])
    client = at_desk(story.cast.SABINE)
    done = client.post(_path(story, "return-to-draft"), {"text": "The period is too long."})

    assert (done.status_code, done.headers["Location"]) == (302, "/")
    assert story.state is S.DRAFT
    assert client.get(_path(story)).status_code == 404
    assert "The period is too long." in text_of(at_desk(story.cast.OTTO).get(_path(story)))


def test_an_answer_goes_into_the_thread_and_the_clock_goes_on(story: Story) -> None:
    story.to(S.QUESTION_ASKED)
    client = at_desk(story.cast.OTTO)
    assert "Which account?" in text_of(client.get(_path(story, "answer")))

    done = client.post(_path(story, "answer"), {"text": "The first one."})

    assert done.status_code == 302
    assert story.state is S.TRIAGE
    assert "The first one." in text_of(at_desk(story.cast.ANOUK).get(_path(story)))


def test_an_empty_text_is_asked_for_again(story: Story) -> None:
    story.to(S.QUESTION_ASKED)
    again = at_desk(story.cast.OTTO).post(_path(story, "answer"), {"text": "  "})
    assert again.status_code == 422
    assert "There is a problem" in text_of(again)
    assert story.state is S.QUESTION_ASKED


def test_a_withdrawal_is_signed_with_its_reason(story: Story) -> None:
    story.to(S.TRIAGE)
    client = at_desk(story.cast.OTTO)
    shown = client.post(_path(story, "withdraw"), {"text": "The money came back."})
    assert shown.status_code == 200
    assert "The money came back." in text_of(shown)
    assert story.state is S.TRIAGE

    done = sign_shown(client, story.cast.OTTO, _path(story, "withdraw"), shown, text="The money came back.")

    assert done.status_code == 302
    assert story.state is S.WITHDRAWN


def test_a_signature_for_one_reason_does_not_serve_another(story: Story) -> None:
    story.to(S.TRIAGE)
    client = at_desk(story.cast.OTTO)
    shown = client.post(_path(story, "withdraw"), {"text": "The money came back."})
    refused = sign_shown(client, story.cast.OTTO, _path(story, "withdraw"), shown, text="Something else.")
    assert refused.status_code == 403
    assert story.state is S.TRIAGE


@pytest.mark.parametrize("verb", VERBS)
def test_another_agencys_officer_is_told_the_same_bytes_as_of_no_request_at_all(story: Story, verb: str) -> None:
    story.to(S.QUESTION_ASKED)
    client = at_desk(story.cast.IVO)
    theirs, nobodys = client.get(_path(story, verb)), client.get(f"/requests/R-26-ZZZZZZ/{verb}/")
    if verb in ("withdraw", "answer"):
        assert theirs.status_code == 404
    assert (theirs.status_code, _plain(theirs, story.reference)) == (
        nobodys.status_code,
        _plain(nobodys, "R-26-ZZZZZZ"),
    )


def _plain(answer: object, reference: str) -> str:
    """Return the page without its tokens against forged forms, which differ in every answer, and its own address."""
    page = answer.content.decode()  # type: ignore[attr-defined]  # a response
    page = re.sub(r'(csrf-token" content="|csrfmiddlewaretoken" value=")[^"]*', r"\1", page)
    return page.replace(reference, "R")


REFUSED = [
    ("OTTO", S.AWAITING_COUNTERSIGNATURE, "countersign", 403),  # her role does not cover it
    ("OTTO", S.AWAITING_COUNTERSIGNATURE, "return-to-draft", 403),
    ("ANOUK", S.AWAITING_COUNTERSIGNATURE, "countersign", 403),
    ("ANOUK", S.QUESTION_ASKED, "answer", 403),
    ("MARC", S.TRIAGE, "withdraw", 403),
    ("AUDE", S.TRIAGE, "withdraw", 403),
    ("ADA", S.QUESTION_ASKED, "answer", 403),
    ("SABINE", S.SUBMITTED, "countersign", 409),  # nothing awaits it
    ("SABINE", S.SUBMITTED, "return-to-draft", 409),
    ("OTTO", S.TRIAGE, "answer", 409),
    ("OTTO", S.WITHDRAWN, "withdraw", 409),
]


@pytest.mark.parametrize(("who", "state", "verb", "status"), REFUSED)
def test_the_wrong_person_or_state_is_refused_on_the_page_already(
    story: Story, who: str, state: S, verb: str, status: int
) -> None:
    story.to(state, **({"categories": ["C1"]} if state is S.AWAITING_COUNTERSIGNATURE else {}))
    client = at_desk(getattr(story.cast, who))
    assert client.get(_path(story, verb)).status_code == status
    assert client.post(_path(story, verb), {"text": "Anything."}).status_code == status
    assert story.state is state


def test_each_act_hands_over_a_receipt_that_its_keys_vouch_for(story: Story) -> None:
    story.desk.start_signer()
    publish_keys(now=story.now)
    story.to(S.QUESTION_ASKED)
    client = at_desk(story.cast.OTTO)
    client.post(_path(story, "answer"), {"text": "The first one."})

    shown = client.get(_path(story))
    page = shown.content.decode()
    found = re.search(r'href="(/receipts/[0-9a-f-]+/)"', page)
    assert found
    assert "The agency answered the question; the clock goes on." in text_of(shown)
    paper = client.get(found[1])
    assert paper["Content-Disposition"].startswith('attachment; filename="receipt-')
    receipt = Receipt.open(paper.content, *published_keys("receipts"))
    [(head,)] = story.desk.superuser_sql(
        "SELECT encode(e.leaf_hash, 'hex') FROM audit_entry e WHERE e.kind = 'requests:question:answered'"
    )
    assert receipt.head == head
    assert receipt.head in page  # the paper itself is in the page, not only a link to it


def test_a_receipt_of_another_agencys_case_is_no_page(story: Story) -> None:
    story.desk.start_signer()
    story.to(S.SUBMITTED)
    [(entry_id,)] = story.desk.superuser_sql("SELECT id FROM audit_entry WHERE kind = 'requests:request:filed'")
    assert at_desk(story.cast.OTTO).get(f"/receipts/{entry_id}/").status_code == 200
    assert at_desk(story.cast.IVO).get(f"/receipts/{entry_id}/").status_code == 404


def test_papers_are_attachments_and_the_document_hashes_to_what_was_signed(story: Story) -> None:
    story.to(S.SUBMITTED)
    client = at_desk(story.cast.OTTO)
    document = client.get(f"/requests/{story.reference}/document.json")
    assert hashlib.sha256(document.content).hexdigest() in client.get(_path(story)).content.decode()
    instrument = client.get(f"/requests/{story.reference}/instrument.pdf")
    assert instrument.content.startswith(b"%PDF-")
    for paper in (document, instrument):
        assert paper["Content-Disposition"].startswith("attachment;")
        assert paper["X-Content-Type-Options"] == "nosniff"
    for path in ("document.json", "instrument.pdf", "print/"):
        assert at_desk(story.cast.IVO).get(f"/requests/{story.reference}/{path}").status_code == 404
