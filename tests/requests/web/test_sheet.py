"""The sheet of a target: what it shows is what it sends, and what is suggested is never taken by itself."""

from typing import Any

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from entraide.requests.decision import decide, examine
from entraide.requests.law import GROUNDS, Coverage, LegalBasis
from entraide.requests.states import LookupState
from entraide.requests.suggestions import carry_over, suggest
from entraide.requests.web.sheet import Sheet, answer_sent, place_of, sheet
from tests.requests.material import facts, found

FACTS = facts()
TARGET = FACTS.targets[0]
ZONE = "Europe/Paris"
PRODUCED = [code for code, ground in GROUNDS.items() if ground.decision is Coverage.PRODUCED]
COVERED = [code for code, ground in GROUNDS.items() if ground.decision is Coverage.COVERED]
grounds = st.sampled_from(PRODUCED)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)


def _shown(answer: dict[str, Any]) -> Sheet:
    return sheet(
        TARGET, answer, legal_basis=LegalBasis.EPOC, categories=FACTS.categories, time_zone=ZONE, errors={}
    )  # fmt: skip


def _as_a_browser_sends(shown: Sheet) -> QueryDict:
    sent, at = QueryDict(mutable=True), f"t{shown.n}-"
    chosen = {
        "covered": shown.covered, "covered_ground": shown.covered_grounds, "answer": shown.answers,
        "ground": shown.grounds,
    }  # fmt: skip
    for name, options in chosen.items():
        sent[f"{at}{name}"] = next((one.value for one in options if one.is_chosen), "")
    sent.setlist(f"{at}accounts", sorted(shown.chosen_accounts))
    sent[f"{at}text"], sent[f"{at}from"], sent[f"{at}to"] = shown.text, shown.starts_at, shown.ends_at
    for one in shown.categories:
        sent[f"{at}category-{one.code}"] = next((option.value for option in one.options if option.is_chosen), "")
        sent[f"{at}ground-{one.code}"] = next((option.value for option in one.grounds if option.is_chosen), "")
        sent[f"{at}text-{one.code}"] = one.text
        sent.setlist(f"{at}columns-{one.code}", [option.value for option in one.columns if option.is_chosen])
    return sent


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Return any answer an analyst can give on the sheet."""
    answer: dict[str, Any] = {"n": TARGET.n, "text": draw(words)}
    if not draw(st.booleans()):
        return answer | {"covered": False, "answer": "refused", "ground": draw(st.sampled_from(COVERED))}
    code = draw(st.sampled_from(["produce", "not_held", "out_of_period", "refused"]))
    answer |= {"covered": True, "answer": code}
    if code == "refused":
        return answer | {"ground": draw(st.sampled_from(PRODUCED))}
    return answer | _produced(draw) if code == "produce" else answer


def _produced(draw: st.DrawFn) -> dict[str, Any]:
    said = {one.value: draw(st.sampled_from(["produce", "not_held", "refused"])) for one in FACTS.categories}
    held = {
        code: {
            "answer": how,
            "ground": draw(st.sampled_from(PRODUCED)) if how == "refused" else "",
            "text": draw(words),
        }
        for code, how in said.items()
        if how != "produce"
    }
    named = {"S1": ["tax_number"]} if said["S1"] == "produce" and draw(st.booleans()) else {}
    produced: dict[str, Any] = {
        "accounts": draw(st.sampled_from([["A1"], ["A2"], ["A1", "A2"]])),
        "categories": [code for code, how in said.items() if how == "produce"],
        "withheld": held,
        "named_columns": named,
    }
    if draw(st.booleans()):
        produced["period"] = {"start": "2026-01-05T23:00:00.000Z", "end": "2026-01-09T11:30:00.000Z"}
    return produced


@given(answers())
def test_what_the_sheet_shows_is_what_it_sends_back(answer: dict[str, Any]) -> None:
    sent = _as_a_browser_sends(_shown(answer))

    assert answer_sent(sent, TARGET, categories=FACTS.categories, time_zone=ZONE) == answer


def test_an_untouched_sheet_says_nothing_and_nothing_on_it_is_chosen() -> None:
    shown = _shown({})

    assert not [one for options in (shown.covered, shown.answers, shown.grounds) for one in options if one.is_chosen]
    assert not [one for category in shown.categories for one in category.options if one.is_chosen]
    assert answer_sent(QueryDict(), TARGET, categories=FACTS.categories, time_zone=ZONE) is None


def test_a_moment_is_read_in_the_zone_the_officer_wrote_in() -> None:
    sent = QueryDict("t1-covered=yes&t1-answer=produce&t1-from=2026-01-10T00:00&t1-to=")

    answer = answer_sent(sent, TARGET, categories=FACTS.categories, time_zone=ZONE)

    assert answer is not None
    assert answer["period"] == {"start": "2026-01-09T23:00:00.000Z", "end": "2026-02-01T00:00:00.000Z"}


def test_what_is_no_moment_is_said_at_its_field() -> None:
    sent = QueryDict("t1-covered=yes&t1-answer=produce&t1-from=tomorrow&t1-accounts=A1&t1-category-S1=produce")
    answer = answer_sent(sent, TARGET, categories=FACTS.categories, time_zone=ZONE)
    assert answer is not None

    errors = examine([answer], FACTS).errors

    assert errors["targets.1.period"] == "Enter a first and a last moment"
    assert place_of("targets.1.period") == "t1-from"


def test_every_fault_leads_to_a_field_of_the_sheet() -> None:
    keys = {
        "targets.4.covered": "t4-covered-yes", "targets.4.answer": "t4-answer", "targets.4.accounts": "t4-accounts",
        "targets.4.withheld.S1": "t4-category-S1", "targets.4.withheld.S1.ground": "t4-ground-S1",
        "targets.4.withheld.S1.text": "t4-text-S1", "targets.4.text": "t4-text",
        "targets.4.named_columns": "t4-categories",
    }  # fmt: skip

    assert {key: place_of(key) for key in keys} == keys


def test_what_is_suggested_for_what_was_found_is_a_whole_answer() -> None:
    suggested = suggest(TARGET, FACTS)

    assert suggested is not None
    assert "covered" not in suggested
    assert decide([suggested | {"covered": True}], FACTS)["targets"][0]["accounts"] == ["A1", "A2"]


def test_nothing_is_suggested_where_only_a_person_can_tell() -> None:
    unclear = {LookupState.WAITING, LookupState.FAILED, LookupState.STUCK, LookupState.NOT_SEARCHABLE}

    assert {state for state in LookupState if suggest(found(1, lookup=state), FACTS) is None} == unclear


def test_an_answer_carries_over_only_where_it_can_be_said() -> None:
    produce = {"n": 1, "covered": True, "answer": "produce", "accounts": ["A1"], "categories": ["S1"],
               "period": {"start": "x", "end": "y"}}  # fmt: skip
    other, unknown = found(2, "B1", "B2"), _nothing_found(3)

    assert carry_over(produce, other) == {
        "n": 2, "covered": True, "answer": "produce", "accounts": ["B1", "B2"], "categories": ["S1"],
    }  # fmt: skip
    assert carry_over(produce, unknown) is None
    assert carry_over({"n": 3, "covered": True, "answer": "no_such_account"}, other) is None
    refused = {"n": 1, "covered": False, "answer": "refused", "ground": "not_named", "text": ""}
    assert carry_over(refused, unknown) == refused | {"n": 3}


def _nothing_found(n: int) -> Any:
    target = found(n, lookup=LookupState.NOT_FOUND)
    return type(target)(n=n, period=target.period, lookup=LookupState.NOT_FOUND, accounts=())
