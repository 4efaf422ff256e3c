"""The decision: no silence, never more than was asked, and a scope that allows exactly what was approved."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.exchange.categories import SCHEMAS, Minimise
from entraide.exchange.port import Category, Period
from entraide.kernel.canonical import canonical
from entraide.kernel.errors import Invalid
from entraide.requests import decision
from entraide.requests.decision import AnswerCode, decide, scope_of
from entraide.requests.law import LegalBasis
from entraide.requests.states import LookupState
from tests.requests.material import facts, found

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def produced(n=1, **changes):
    return {
        "n": n, "covered": True, "answer": "produce", "accounts": ["A1"], "categories": ["S1", "T2"],
        "withheld": {"C1": {"answer": "refused", "ground": "not_ordered"}}, **changes,
    }  # fmt: skip


def problems(*answers, given_facts=None):
    with pytest.raises(Invalid) as refused:
        decide(answers, given_facts or facts())
    return set(refused.value.fields)


def test_a_whole_answer_becomes_one_canonical_document():
    document = decide([produced()], facts())
    assert document["targets"][0]["categories"] == ["S1", "T2"]
    assert document["request"] == {"version": 1, "sha256": "cd" * 32}
    assert canonical(document) == canonical(decide([dict(reversed(produced().items()))], facts()))


def test_no_target_is_answered_with_silence():
    assert problems(produced(1), given_facts=facts(found(1), found(2))) == {"targets.2.answer"}


def test_no_category_of_a_produced_target_is_answered_with_silence():
    assert problems(produced(withheld={})) == {"targets.1.withheld.C1"}
    assert problems(produced(withheld={"C1": {"answer": "no_such_account"}})) == {"targets.1.withheld.C1"}
    assert problems(produced(withheld={"C1": {"answer": "refused"}})) == {"targets.1.withheld.C1.ground"}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"n": 1, "covered": None, "answer": "produce"}, "covered"),
        ({"n": 1, "covered": False, "answer": "produce", "ground": "not_named"}, "answer"),
        ({"n": 1, "covered": False, "answer": "refused", "ground": "privilege", "text": "x"}, "ground"),
        ({"n": 1, "covered": True, "answer": "refused", "ground": "not_named"}, "ground"),
        ({"n": 1, "covered": True, "answer": "refused", "ground": "privilege"}, "text"),
        ({"n": 1, "covered": True, "answer": "no_such_account"}, "answer"),
        ({"n": 1, "covered": True, "answer": "maybe"}, "answer"),
        (produced(accounts=["A9"]), "accounts"),
        (produced(accounts=[]), "accounts"),
        (produced(categories=["S1", "T2", "B1"]), "categories"),
        (produced(period={"start": "2025-12-31T00:00:00Z", "end": "2026-01-31T00:00:00Z"}), "period"),
        (produced(period={"start": "2026-01-31T00:00:00Z"}), "period"),
        (produced(named_columns={"S1": ["full_name"]}), "named_columns"),
        (produced(named_columns={"S2": ["document_number"]}), "named_columns"),
    ],
)
def test_each_answer_that_would_not_hold_is_named(answer, field):
    assert problems(answer) == {f"targets.1.{field}"}


def test_an_answer_to_a_target_nobody_asked_about_is_refused():
    assert problems(produced(), produced(7)) == {"targets.7.answer"}


def test_no_such_account_rests_on_the_look_up():
    nothing = found(1, lookup=LookupState.NOT_FOUND)
    document = decide([{"n": 1, "covered": True, "answer": "no_such_account"}], facts(nothing))
    assert document["targets"][0]["answer"] == "no_such_account"


def test_grounds_of_the_regulation_do_not_serve_another_basis():
    answer = {"n": 1, "covered": True, "answer": "refused", "ground": "ne_bis_in_idem", "text": "Tried in 2020."}
    assert decide([answer], facts())

    assert problems(answer, given_facts=dataclasses.replace(facts(), legal_basis=LegalBasis.MLA)) == {
        "targets.1.ground"
    }


# V15: what is disclosed is within what was approved.

CODES = ["S1", "S2", "T2", "I1", "B1"]
moments = st.integers(0, 31 * 24).map(lambda hours: JANUARY + timedelta(hours=hours))
periods = st.tuples(moments, moments).filter(lambda pair: pair[0] < pair[1])


@st.composite
def decisions(draw):
    n = draw(st.integers(1, 4))
    answers = []
    for number in range(1, n + 1):
        if draw(st.integers(0, 4)) == 0:
            answers.append({"n": number, "covered": False, "answer": "refused", "ground": "not_named"})
            continue
        chosen = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
        start, end = draw(periods)
        answers.append({
            "n": number, "covered": True, "answer": "produce", "categories": chosen,
            "accounts": draw(st.lists(st.sampled_from(["A1", "A2"]), min_size=1, unique=True)),
            "withheld": {code: {"answer": "not_held"} for code in CODES if code not in chosen},
            "period": {"start": start.isoformat(), "end": end.isoformat()},
            "named_columns": {"S1": ["tax_number"]} if "S1" in chosen and draw(st.booleans()) else {},
        })  # fmt: skip
    return decide(answers, facts(*(found(i) for i in range(1, n + 1)), categories=tuple(CODES)))


def allowed_naively(document, account, category, at):
    """Return the lines that produce this, by reading the document as a person would."""
    lines = []
    for line in document["targets"]:
        if line["answer"] != "produce" or account not in line["accounts"] or category not in line["categories"]:
            continue
        start, end = (datetime.fromisoformat(line["period"][name]) for name in ("start", "end"))
        if SCHEMAS[Category(category)].time_column is None or (at is not None and start <= at < end):
            lines.append(line)
    return lines


@given(decisions(), st.sampled_from(["A1", "A2", "A3"]), st.sampled_from([*CODES, "C1"]), moments | st.none())
def test_v15_a_record_is_allowed_exactly_where_some_line_produces_it(document, account, category, at):
    expected = bool(allowed_naively(document, account, category, at))
    assert scope_of(document).allows(account, Category(category), at=at) is expected


@given(decisions(), st.sampled_from(["A1", "A2"]), st.sampled_from(CODES), moments)
def test_v15_a_minimised_column_is_shown_only_where_every_line_that_shares_the_file_names_it(
    document, account, category, at
):
    scope, schema = scope_of(document), SCHEMAS[Category(category)]
    shared = [line for line in document["targets"] if account in line["accounts"] and category in line["categories"]]
    for column in schema.columns:
        is_minimised = column.minimise in (Minimise.MASK_UNLESS_NAMED, Minimise.OMIT_UNLESS_NAMED)
        named = all(column.name in line["named_columns"].get(category, []) for line in shared)
        expected = bool(allowed_naively(document, account, category, at)) and (not is_minimised or named)
        assert scope.allows(account, Category(category), column.name, at) is expected
    assert not scope.allows(account, Category(category), "password", at)


@given(decisions(), moments)
def test_v15_what_is_pulled_from_the_exchange_is_disjoint_and_exactly_what_is_allowed(document, at):
    scope = scope_of(document)
    for account in ("A1", "A2"):
        for code in CODES:
            category = Category(code)
            pulls = [one for one in scope.pulls() if (one.account_id, one.category) == (account, category)]
            covering = [one for one in pulls if one.period.start <= at < one.period.end]
            if SCHEMAS[category].time_column is None:
                assert len(pulls) == (1 if scope.allows(account, category) else 0)
            else:
                assert len(covering) == (1 if scope.allows(account, category, at=at) else 0)


def test_a_scope_without_production_allows_nothing():
    document = decide([{"n": 1, "covered": False, "answer": "refused", "ground": "not_named"}], facts())
    scope = scope_of(document)
    assert scope.lines[0].answer is AnswerCode.REFUSED
    assert (scope.accounts(), scope.pulls(), scope.allows("A1", Category.S1)) == ((), (), False)


def test_proposing_and_approving_are_different_acts_over_the_same_document():
    document = decide([produced()], facts())
    assert decision.propose_act(document).content == decision.approve_act(document).content
    assert decision.propose_act(document).hash() != decision.approve_act(document).hash()


def test_the_end_of_a_period_is_outside():
    scope = scope_of(decide([produced()], facts()))
    end = Period(start=JANUARY, end=datetime(2026, 2, 1, tzinfo=UTC)).end
    assert not scope.allows("A1", Category.T2, at=end)
    assert scope.allows("A1", Category.T2, at=end - timedelta(microseconds=1))
