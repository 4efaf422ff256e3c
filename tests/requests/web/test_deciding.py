"""Deciding by pages: nothing is pre-decided, nobody is met with silence, and two people sign what they were shown."""

import json
import re
from dataclasses import replace
from typing import Any

from django.test import Client

from entraide.database import reading_as
from entraide.kernel.actors import Role
from entraide.kernel.acts import Act
from entraide.requests import operations
from entraide.requests.queries import request_view
from entraide.requests.states import RequestState
from tests.plugins.people import Player
from tests.requests.material import target
from tests.requests.story import ACCOUNT, Story
from tests.requests.web.people import at, hidden, words_of
from tests.requests.web.sheets import NOTHING_FOUND, in_triage

S = RequestState
PRODUCE = {"t1-covered": "yes", "t1-answer": "produce", "t1-accounts": ACCOUNT, "t1-category-S1": "produce"}


def _page(story: Story, name: str) -> str:
    return f"/requests/{story.reference}/{name}/"


def _send(client: Client, story: Story, do: str = "save", targets: str = "1", **sent: Any) -> Any:
    return client.post(_page(story, "decision"), {"target": list(targets), "do": do, **sent})


def _sign(client: Client, player: Player, path: str, **sent: str) -> Any:
    """Open a page that signs, press its button and send what the passkey says."""
    shown = client.get(path)
    assert shown.status_code == 200, words_of(shown)
    act_hash = hidden(shown, "act_hash")
    begun = client.post(f"{path}options/", {"act_hash": act_hash})
    assert begun.status_code == 200, words_of(begun)
    asked = json.loads(begun.content)
    answer = {"act_hash": act_hash, **asked["hidden"], "credential": player.answer(asked["options"]["challenge"])}
    return client.post(path, answer | sent)


def _answers(story: Story) -> dict[int, Any]:
    with reading_as(story.cast.ANOUK.actor):
        return dict(operations.work_out(story.reference, actor=story.cast.ANOUK.actor).answers)


# ---------------------------------------------------------------------------------------------------------- working out


def test_nothing_is_decided_before_somebody_decides_it(story: Story) -> None:
    in_triage(story)

    shown = at(story.cast.ANOUK).get(_page(story, "decision")).content.decode()

    assert not re.findall(r'<input type="(?:radio|checkbox)"[^>]* checked', shown)
    assert not re.findall(r"<option value=[^>]+ selected", shown)
    assert _answers(story) == {}


def test_the_sheet_shows_what_was_found_and_why(story: Story) -> None:
    shown = words_of(at(in_triage(story).cast.ANOUK).get(_page(story, "decision")))

    assert "3 accounts found" in shown
    assert "withdrawals to it, 3 times" in shown
    assert shown.count("No such account the look-up does not say so") == 4


def test_every_target_without_an_answer_is_named_before_anything_is_signed(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)

    answer = _send(client, story, "propose")
    answer = client.get(answer["Location"])
    checked = client.get(answer["Location"])

    assert checked.status_code == 422
    shown = words_of(checked)
    assert [n for n in range(1, 7) if f"Target {n}: This target has no answer yet" in shown] == [1, 2, 3, 4, 5, 6]
    assert "0 of 6 targets answered" in shown
    assert story.state is S.TRIAGE


def test_what_the_look_up_suggests_is_filled_in_only_when_asked(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)

    _send(client, story, "suggest-all", targets="123456")

    answers = _answers(story)
    assert answers[1]["accounts"] == [ACCOUNT, "A-1001", "A-20771"]
    assert answers[NOTHING_FOUND]["answer"] == "no_such_account"
    assert story.state is S.TRIAGE


def test_no_look_up_says_that_the_instrument_covers_a_target(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)

    _send(client, story, "suggest-all", targets="123456")

    shown = client.get(_page(story, "decision"))
    assert not re.findall(r'-covered"[^>]* checked', shown.content.decode())
    assert "0 of 6 targets answered" in words_of(shown)
    assert "Filled in from the look-up: Produce. It counts once you have said Yes." in words_of(shown)
    _send(client, story, "save", targets="1", **PRODUCE)
    assert "1 of 6 targets answered" not in words_of(client.get(_page(story, "decision")))  # S2 and others are open


def test_what_is_wrong_with_an_identifier_is_said_once_with_the_ground_for_it(story: Story) -> None:
    wrong = target(value="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", as_written=True)
    story.draft(targets=[wrong]).file().accept().look_up()

    shown = words_of(at(story.cast.ANOUK).get(_page(story, "decision")))

    assert shown.count("Upper and lower case letters were lost or mixed up") + shown.count("The check digits do") == 1
    assert "can be refused as a manifest error" in shown


def test_covered_for_all_is_said_by_a_button_of_its_own(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)
    refused = {"t1-covered": "no", "t1-covered_ground": "not_named"}
    _send(client, story, "suggest-all", targets="123456", **refused)

    assert "Covered by the instrument: yes for all 5" in words_of(client.get(_page(story, "decision")))
    _send(client, story, "cover-all")

    assert "6 of 6 targets answered" in words_of(client.get(_page(story, "decision")))
    assert [one["covered"] for _n, one in sorted(_answers(story).items())] == [False, True, True, True, True, True]


def test_a_yes_said_before_stands_when_the_look_up_fills_in_the_rest(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)
    _send(client, story, "cover-all")

    _send(client, story, "suggest-all", targets="123456", **{f"t{n}-covered": "yes" for n in range(1, 7)})

    assert "6 of 6 targets answered" in words_of(client.get(_page(story, "decision")))


def test_the_page_says_when_the_exchange_has_answered_and_keeps_what_is_filled_in(story: Story) -> None:
    story.draft().file().accept()
    client, asked = at(story.cast.ANOUK), _page(story, "decision/look-ups")

    assert f'hx-get="{asked}"' in client.get(_page(story, "decision")).content.decode()
    waiting = client.get(asked)
    story.look_up()
    answered = client.get(asked)

    assert (waiting.status_code, answered.status_code) == (200, 286)
    assert "The exchange has answered" in words_of(answered)
    assert 'form="decision"' in answered.content.decode()
    assert "hx-get" not in client.get(_page(story, "decision")).content.decode()


def test_a_suggestion_for_all_leaves_what_was_answered_alone(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)
    refused = {"t1-covered": "no", "t1-covered_ground": "not_named"}

    _send(client, story, "suggest-all", targets="123456", **refused)

    assert _answers(story)[1]["ground"] == "not_named"
    assert _answers(story)[2]["answer"] == "produce"


def test_the_same_answer_goes_to_all_it_can_be_said_of(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)
    some = PRODUCE | {"t1-category-S2": "not_held", "t1-category-T2": "refused", "t1-ground-T2": "not_ordered",
                      "t1-category-C1": "not_held"}  # fmt: skip

    answer = _send(client, story, "same-1", **some)

    answers = _answers(story)
    assert {n for n, one in answers.items() if one["answer"] == "produce"} == {1, 2, 4, 6}
    assert answers[4]["accounts"] == ["A-1001"]
    assert answers[4]["withheld"]["T2"]["ground"] == "not_ordered"
    shown = words_of(client.get(answer["Location"]))
    assert "3 other targets have the same answer now. 2 were left alone" in shown


def test_the_sheet_saves_itself_and_says_how_far_it_is(story: Story) -> None:
    story.to(S.TRIAGE)
    client = at(story.cast.ANOUK)

    saved = client.post(_page(story, "decision/save"), {"target": "1", **PRODUCE})

    assert saved.json()["parts"]["answered"] == "1 of 1 targets answered"
    assert "Produced" in saved.json()["parts"]["answer-1"]
    shown = client.get(_page(story, "decision")).content.decode()
    assert re.search(rf'name="t1-accounts" value="{ACCOUNT}" checked', shown)


def test_a_part_that_is_withheld_stands_in_the_letter_with_its_ground(story: Story) -> None:
    in_triage(story)
    client = at(story.cast.ANOUK)
    refused = PRODUCE | {
        "t1-category-S2": "not_held", "t1-category-T2": "produce", "t1-category-C1": "refused",
        "t1-ground-C1": "disproportionate", "t1-text-C1": "Chats are not needed.", "t1-columns-S1": "tax_number",
    }  # fmt: skip

    shown = words_of(client.get(_send(client, story, "look", **refused)["Location"]))

    assert "Produced: Identity (S1), Ledger (T2). Not produced: Verification (S2)." in shown
    assert "Not produced: Content (C1). The data asked for go beyond what the instrument supports. Chats are" in shown
    assert "Tax number in full" in shown


def test_more_than_was_asked_or_found_is_refused_whatever_is_sent(story: Story) -> None:
    story.to(S.TRIAGE)
    client = at(story.cast.ANOUK)

    _send(client, story, **PRODUCE | {"t1-accounts": "A-9999"})
    shown = words_of(client.get(_page(story, "decision") + "?check=1"))

    assert "Target 1: Only accounts found for this target can be produced" in shown
    assert client.get(_page(story, "decision/propose")).status_code == 302


def test_many_targets_come_ten_to_a_page_and_none_is_lost(story: Story) -> None:
    many = [target(value=f"0x{n:040x}") for n in range(1, 13)]
    in_triage(story, targets=many)
    client = at(story.cast.ANOUK)

    first, second = (client.get(f"{_page(story, 'decision')}?page={n}").content.decode() for n in (1, 2))
    faults = words_of(client.get(_page(story, "decision") + "?check=1"))
    _send(client, story, "suggest-all")

    assert (first.count('name="target"'), second.count('name="target"')) == (10, 2)
    assert 'id="target-12"' in second
    assert "1–10 10 open 11–12 2 open" in faults
    assert "Target 12: This target has no answer yet" in faults
    assert len(_answers(story)) == 12


def test_another_request_about_the_same_account_is_said_beside_the_target(story: Story) -> None:
    first = in_triage(story).reference
    story.reference = ""
    story.draft(agency_reference="PV 2026/118").file().accept().look_up()

    shown = words_of(at(story.cast.ANOUK).get(_page(story, "decision")))

    assert "Another request names the same identifier" in shown
    assert "Another request touches the same account" in shown
    assert first in shown


# -------------------------------------------------------------------------------------------------------------- signing


def test_the_proposer_signs_the_whole_decision_and_sees_why_she_cannot_approve_it(story: Story) -> None:
    story.to(S.TRIAGE).work_out()
    client = at(story.cast.ANOUK)

    answer = _sign(client, story.cast.ANOUK, _page(story, "decision/propose"), note="As ordered.")

    assert answer["Location"] == f"/requests/{story.reference}/"
    assert story.state is S.IN_DECISION
    shown = client.get(_page(story, "approve"))
    assert "Only an approver of the desk may do this." in words_of(shown)
    assert "You proposed this decision" in words_of(shown)
    assert client.post(_page(story, "approve/options"), {}).status_code == 403


def test_an_approver_who_proposed_cannot_approve(story: Story) -> None:
    story.to(S.IN_DECISION)
    both = replace(story.cast.ANOUK.actor, roles=frozenset({Role.ANALYST, Role.APPROVER}))

    with reading_as(both):
        view = request_view(story.reference, actor=both, now=story.now)

    assert [str(one.why_not) for one in view.verbs if one.verb == "approve"] == [
        "nobody approves a decision of their own"
    ]


def test_the_approver_sees_everything_needed_to_say_no_and_signs(story: Story) -> None:
    story.to(S.IN_DECISION)
    client = at(story.cast.MARC)

    shown = words_of(client.get(_page(story, "approve")))
    answer = _sign(client, story.cast.MARC, _page(story, "approve"))

    for needed in (
        "What leaves the exchange", ACCOUNT, "Asked and produced", "What the letter will say", "its deposit address",
        "The victim sent 1 ETH to this address.", "order.pdf", "Anouk Berger", "As ordered.", "Signals",
        "Hash of the decision (SHA-256)", "Reject with a reason",
    ):  # fmt: skip
        assert needed in shown, needed
    assert answer["Location"] == _page(story, "approved")
    assert story.state is S.APPROVED
    assert "See how the package is built" in words_of(client.get(answer["Location"]))


def test_a_step_up_for_one_act_does_not_serve_another(story: Story) -> None:
    story.to(S.IN_DECISION)
    client = at(story.cast.MARC)
    path = _page(story, "approve")
    act_hash = hidden(client.get(path), "act_hash")
    proposing = Act("requests:decision:propose", story.reference, story.approval_act().content)
    other_id, other = story.cast.MARC.sign(proposing, story.now)

    answer = client.post(path, {"act_hash": act_hash, "step_up": str(other_id), "credential": other})

    assert answer.status_code in (403, 409)
    assert story.state is S.IN_DECISION


def test_what_changed_since_it_was_shown_is_not_signed(story: Story) -> None:
    story.to(S.TRIAGE).work_out()
    client, path = at(story.cast.ANOUK), _page(story, "decision/propose")
    act_hash = hidden(client.get(path), "act_hash")

    story.work_out(answer="refused", ground="privilege", text="Counsel.", accounts=[], categories=[])
    begun = client.post(f"{path}options/", {"act_hash": act_hash})
    sent = client.post(path, {"act_hash": act_hash, "step_up": "", "credential": "{}"})

    assert (begun.status_code, sent.status_code) == (409, 409)
    assert "What you were shown has changed since" in words_of(sent)
    assert story.state is S.TRIAGE


def test_a_signature_over_what_was_shown_does_not_sign_what_was_put_in_its_place(story: Story) -> None:
    story.to(S.TRIAGE).work_out()
    client, path = at(story.cast.ANOUK), _page(story, "decision/propose")
    shown = client.get(path)
    begun = json.loads(client.post(f"{path}options/", {"act_hash": hidden(shown, "act_hash")}).content)
    credential = story.cast.ANOUK.answer(begun["options"]["challenge"])

    story.work_out(text="Other words.")
    new_hash = hidden(client.get(path), "act_hash")
    answer = client.post(path, {"act_hash": new_hash, **begun["hidden"], "credential": credential})

    assert answer.status_code in (403, 409)
    assert story.state is S.TRIAGE


def test_a_decision_whose_ground_was_altered_cannot_be_approved_and_says_so(story: Story) -> None:
    story.to(S.IN_DECISION)
    story.desk.superuser_sql("SET session_replication_role = replica; DELETE FROM requests_accountmatch")
    client = at(story.cast.MARC)

    shown = client.get(_page(story, "approve"))

    assert "This decision can no longer be approved What it rests on changed since it was proposed." in words_of(shown)
    assert client.post(_page(story, "approve/options"), {}).status_code == 409
    assert "Reject with a reason" in words_of(shown)


def test_the_package_page_waits_until_there_is_one(story: Story) -> None:
    story.to(S.APPROVED)
    client = at(story.cast.MARC)

    waits = client.get(_page(story, "package"))

    assert "Verifying the signatures and beginning the package" in words_of(waits)
    assert client.get(_page(story, "package/begun")).status_code == 200
    assert at(story.cast.IVO).get(_page(story, "package")).status_code in (403, 404)
