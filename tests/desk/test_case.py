"""The page of a request and its log: for each reader what is theirs, and nothing else."""

import re
from typing import Any

import pytest

from entraide.audit.api import publish_keys, published_keys
from entraide.desk.web.entries import content_of_entry
from entraide.evidence.merkle import leaf_hash, verify_inclusion
from entraide.evidence.notes import LogProof, open_note
from entraide.requests.states import RequestState
from tests.desk.pages import at_desk, text_of
from tests.plugins.people import Cast
from tests.requests.story import ACCOUNT, WAYS, Story

S = RequestState
UNSEEN_BY_DESK = (S.DRAFT, S.DISCARDED, S.AWAITING_COUNTERSIGNATURE)
PAGES = ("", "log/", "print/", "document.json", "instrument.pdf")
OF_THE_DESK = ("Anouk", "Berger", "Marc", "Oliveira", ACCOUNT, "Authenticity", "deposit address", "As ordered.")


def _readers(cast: Cast) -> list[Any]:
    return [cast.OTTO, cast.SABINE, cast.ANOUK, cast.MARC, cast.AUDE]


@pytest.mark.parametrize("state", WAYS)
def test_every_reader_is_shown_a_request_in_every_state_or_told_there_is_none(story: Story, state: S) -> None:
    story.to(state, **({"categories": ["C1"]} if state is S.AWAITING_COUNTERSIGNATURE else {}))

    statuses = {
        player.actor.name: at_desk(player).get(f"/requests/{story.reference}/").status_code
        for player in _readers(story.cast)
    }

    for_desk = 404 if state in UNSEEN_BY_DESK else 200
    for_supervisor = 404 if state in (S.DRAFT, S.DISCARDED) else 200
    assert statuses == {
        "Otto Brandt": 200,
        "Sabine Keller": for_supervisor,
        "Anouk Berger": for_desk,
        "Marc Oliveira": for_desk,
        "Aude Petit": for_desk,
    }


@pytest.mark.parametrize("state", [S.TRIAGE, S.QUESTION_ASKED, S.IN_DECISION, S.DELIVERED])
def test_nothing_of_the_desks_own_is_in_the_agencys_pages(story: Story, state: S) -> None:
    story.to(state)
    of_desk = at_desk(story.cast.MARC).get(f"/requests/{story.reference}/").content.decode()
    assert ACCOUNT in of_desk
    assert "Anouk Berger" in of_desk

    for player in (story.cast.OTTO, story.cast.SABINE):
        client = at_desk(player)
        for path in (f"/requests/{story.reference}/", f"/requests/{story.reference}/log/", "/requests/", "/",
                     f"/requests/{story.reference}/print/"):  # fmt: skip
            page = client.get(path).content.decode()
            assert [words for words in OF_THE_DESK if words in page] == [], (player.actor.name, path)


@pytest.mark.parametrize("page", PAGES)
def test_another_agencys_request_looks_exactly_like_one_that_does_not_exist(story: Story, page: str) -> None:
    story.to(S.TRIAGE)
    client = at_desk(story.cast.IVO)

    theirs = client.get(f"/requests/{story.reference}/{page}")
    nobodys = client.get(f"/requests/R-26-ZZZZZZ/{page}")

    assert theirs.status_code == nobodys.status_code == 404
    assert _bytes_of(theirs, story.reference) == _bytes_of(nobodys, "R-26-ZZZZZZ")
    assert sorted(theirs.headers.items()) == sorted(nobodys.headers.items())


def _bytes_of(answer: Any, reference: str) -> str:
    """Return a page without its tokens against forged forms, which differ in every answer, and its own address."""
    page = answer.content.decode()
    page = re.sub(r'(csrf-token" content="|csrfmiddlewaretoken" value=")[^"]*', r"\1", page)
    return str(page.replace(reference, "R"))


@pytest.mark.parametrize("path", ["/requests/", "/requests/{}/", "/requests/{}/log/", "/requests/{}/print/"])
def test_administrators_see_no_case(story: Story, path: str) -> None:
    story.to(S.SUBMITTED)
    for player in (story.cast.ADA, story.cast.DORA):
        assert at_desk(player).get(path.format(story.reference)).status_code == 403


def test_an_analysts_colleague_is_told_to_have_it_handed_over(story: Story) -> None:
    story.to(S.TRIAGE)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; "
        f"UPDATE requests_legalrequest SET assigned_to_id = '{story.cast.MARC.id}'"
    )
    refused = at_desk(story.cast.ANOUK).get(f"/requests/{story.reference}/")
    assert refused.status_code == 403
    assert "handed over" in text_of(refused)


BUTTONS = [
    ("OTTO", S.QUESTION_ASKED, ["answer", "withdraw"]),
    ("OTTO", S.RETURNED_FOR_CORRECTION, ["draft", "withdraw"]),
    ("SABINE", S.AWAITING_COUNTERSIGNATURE, ["countersign", "return-to-draft", "withdraw"]),
    ("ANOUK", S.SUBMITTED, ["accept", "return-for-correction"]),
    ("MARC", S.IN_DECISION, ["approve", "hand-over", "reject"]),
    ("AUDE", S.IN_DECISION, []),
    ("OTTO", S.CLOSED, []),
]


@pytest.mark.parametrize(("who", "state", "verbs"), BUTTONS)
def test_the_page_offers_what_its_reader_can_do_now(story: Story, who: str, state: S, verbs: list[str]) -> None:
    story.to(state, **({"categories": ["C1"]} if state is S.AWAITING_COUNTERSIGNATURE else {}))
    page = at_desk(getattr(story.cast, who)).get(f"/requests/{story.reference}/").content.decode()
    offered = re.findall(rf'class="button[^"]*" href="/requests/{story.reference}/([a-z-]+)/"', page)
    assert sorted(offered) == sorted(verbs)


# ------------------------------------------------------------------------------------------------------------------ log


def test_the_log_says_which_entries_a_signed_checkpoint_covers_and_proves_it(story: Story) -> None:
    story.desk.start_signer()
    publish_keys(now=story.now)
    story.to(S.SUBMITTED)
    story.desk.sequence()
    story.accept()
    client = at_desk(story.cast.AUDE)

    page = client.get(f"/requests/{story.reference}/log/").content.decode()
    assert "entered once in five minutes for each person and purpose" in page and "./entraide verify PACKAGE" in page

    assert "The desk took the request up." in page
    proofs = re.findall(rf'href="(/requests/{story.reference}/log/[0-9a-f-]+/proof/)"', page)
    assert len(proofs) == 3  # started, attached, filed; what came after is not sealed yet
    proof = LogProof.parse(client.get(proofs[0]).content)
    [(leaf,)] = story.desk.superuser_sql("SELECT leaf FROM audit_entry WHERE kind = 'requests:request:filed'")
    open_note(proof.note, *published_keys("log"))
    root, size = proof.checkpoint.root, proof.checkpoint.size
    assert verify_inclusion(leaf_hash(bytes(leaf)), proof.index, size, proof.hashes, root)


def test_an_entry_of_another_case_has_no_proof_here(story: Story) -> None:
    story.to(S.SUBMITTED)
    first = story.reference
    other = Story(story.desk, story.cast, story.exchange).to(S.SUBMITTED)
    story.desk.sequence()
    [(entry_id,)] = story.desk.superuser_sql(
        "SELECT e.id FROM audit_entry e JOIN requests_legalrequest r ON r.stream_id = e.stream_id "
        "WHERE r.reference = %s AND e.kind = 'requests:request:filed'",
        other.reference,
    )
    client = at_desk(story.cast.AUDE)
    assert client.get(f"/requests/{other.reference}/log/{entry_id}/proof/").status_code == 200
    assert client.get(f"/requests/{first}/log/{entry_id}/proof/").status_code == 404


def test_reading_the_case_and_reading_its_log_are_both_entered(story: Story) -> None:
    story.to(S.SUBMITTED)
    client = at_desk(story.cast.AUDE)
    client.get(f"/requests/{story.reference}/")
    client.get(f"/requests/{story.reference}/log/")
    assert story.events()[-2:] == ["audit:data:read", "audit:data:read"]
    assert "Personal data was read." in text_of(client.get(f"/requests/{story.reference}/log/"))


def test_the_agency_reads_in_the_log_that_the_desk_acted(story: Story) -> None:
    story.to(S.TRIAGE)
    said = text_of(at_desk(story.cast.OTTO).get(f"/requests/{story.reference}/log/"))
    assert "The desk took the request up. The desk" in said
    assert "The request was filed and signed. Otto Brandt" in said


def test_the_auditor_reads_what_was_entered_in_words_without_what_is_empty(story: Story) -> None:
    story.to(S.TRIAGE)
    said = text_of(at_desk(story.cast.AUDE).get(f"/requests/{story.reference}/log/"))
    assert "Accounts: 1 Targets: 1" in said
    assert "Waits for the supervisor: no" in said
    assert "Hash of the signed act: " in said
    assert [words for words in ("act_sha256", "n_accounts", "codes", "[]") if words in said] == []


def test_an_entrys_content_names_people_and_opens_what_is_nested() -> None:
    shown = content_of_entry({"to": "7", "note": "", "answer": {"reason": "gone", "codes": ["a", "b"]}}, {"7": "Marc"})
    assert [one.items for one in shown] == [  # type: ignore[union-attr]
        ("To:", "Marc"),
        ("Reason:", "gone"),
        ("What went wrong:", "a"),
        ("What went wrong:", "b"),
    ]
