"""The request document: the same bytes every time, and a sentence for each answer that cannot be used."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entraide.exchange.port import IdentifierKind
from entraide.identifiers import BLOT
from entraide.kernel.errors import Invalid
from entraide.requests import document, targets
from tests.requests.material import ADDRESS, INSTRUMENT, SENDER, filled, request_document, target

PRIVATE_KEY = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn"  # of the number one: everybody knows it

NAMES = st.sampled_from(sorted(document.ANSWERS | document.TARGET_ANSWERS))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)


def problems(**changes):
    with pytest.raises(Invalid) as refused:
        request_document(**changes)
    return {name: str(text) for name, text in refused.value.fields.items()}


def test_the_same_answers_give_the_same_bytes_in_any_order():
    answers = filled()
    turned = dict(reversed(answers.items()))
    again = document.build(turned, reference="R-26-7K3F9Q", version=1, sender=SENDER, instrument=INSTRUMENT)
    assert document.document_hash(again) == document.document_hash(request_document())


def test_a_period_is_whole_days_of_its_own_time_zone():
    period = request_document()["targets"][0]["period"]
    assert (period["start"], period["end"]) == ("2025-12-31T23:00:00.000Z", "2026-01-31T23:00:00.000Z")


def test_filing_and_countersigning_the_same_document_are_different_acts():
    one = request_document()
    assert document.file_act(one).content == document.countersign_act(one).content
    assert document.file_act(one).hash() != document.countersign_act(one).hash()


def test_an_empty_draft_is_answered_with_a_sentence_for_every_question():
    with pytest.raises(Invalid) as refused:
        document.build({}, reference="R-26-7K3F9Q", version=1, sender=SENDER, instrument=None)
    assert set(refused.value.fields) == {
        "legal_basis", "agency_reference", "language", "instrument", "authority_kind", "authority_name",
        "authority_country", "issued_on", "offence", "targets", "categories", "narrative", "urgency",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issued_on": "2026-02-30"}, "issued_on"),
        ({"categories": ["S1", "Z9"]}, "categories"),
        ({"categories": ["X1"]}, "categories"),
        ({"urgency": "emergency"}, "emergency_reason"),
        ({"offence_years": "five"}, "offence_years"),
        ({"validating_kind": "judge"}, "validating_name"),
        ({"legal_basis": "EPOC-PR"}, "legal_basis"),
        ({"narrative": "x" * 20_001}, "narrative"),
        ({"targets": [target(value="")]}, "targets.0.value"),
        ({"targets": [target(kind="secret")]}, "targets.0.kind"),
        ({"targets": [target(value=ADDRESS[:-1] + "x")]}, "targets.0.value"),
        ({"targets": [target(network="bitcoin")]}, "targets.0.value"),
        ({"targets": [target(time_zone="Mars/Olympus")]}, "targets.0.time_zone"),
        ({"targets": [target(period_to="2025-12-31")]}, "targets.0.period_to"),
        ({"targets": [target(), target(value=ADDRESS.lower())]}, "targets.1.value"),
        ({"targets": [target(role="butler")]}, "targets.0.role"),
    ],
)
def test_each_answer_that_cannot_be_used_is_named(changes, field):
    assert list(problems(**changes)) == [field]


def test_a_near_miss_that_stands_so_in_the_instrument_can_be_filed_and_says_what_is_wrong():
    written = request_document(targets=[target(value=ADDRESS[:-1] + "D", as_written=True)])["targets"][0]
    assert (written["normalised"], written["problem"]) == (ADDRESS[:-1] + "D", "checksum")


def test_a_pasted_private_key_is_never_kept():
    content = document.clean_draft(
        filled(targets=[target(value=PRIVATE_KEY)], narrative=f"She found the key {PRIVATE_KEY} on a note.")
    )
    assert PRIVATE_KEY not in str(content)
    assert content["targets"][0]["secret_removed"] is True
    assert content["narrative"].startswith("She found the key ") and content["narrative"].endswith(" on a note.")


def test_v10_what_a_page_sends_beside_the_questions_is_not_kept():
    content = document.clean_draft(
        {
            **filled(targets=[target(lookup="found", account="A1")]),
            "state": "approved",
            "organisation_id": "x",
            "reference": "R",
        }
    )
    assert content.keys() == filled().keys()
    assert content["targets"][0].keys() == target().keys()


@example({"categories": [[[None, None]]]})  # its eighth character is a space
@given(JSON)
def test_whatever_is_sent_is_a_draft_or_refused_with_sentences(content):
    kept = document.clean_draft(content if isinstance(content, dict) else {"targets": content})
    assert document.clean_draft(kept) == {
        **kept,
        **(
            {
                "targets": [
                    {key: value for key, value in one.items() if key != "secret_removed"} for one in kept["targets"]
                ]
            }
            if "targets" in kept
            else {}
        ),
    }
    with pytest.raises(Invalid) as refused:
        document.build(kept, reference="R-26-7K3F9Q", version=1, sender=SENDER, instrument=None)
    assert refused.value.fields


@pytest.mark.parametrize(
    ("kind", "value", "normalised", "problem"),
    [
        ("address", ADDRESS, ADDRESS.lower(), None),
        ("email", "Otto@Example.ORG", "otto@example.org", None),
        ("email", "otto", "otto", "format"),
        ("phone", "+33 (0)1 23 45 67 89".replace("(0)", ""), "+33123456789", None),
        ("phone", "0033 1 23 45 67 89", "+33123456789", None),
        ("phone", "01 23 45 67 89", "0123456789", "country_code"),
        ("iban", "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432", None),
        ("iban", "GB82 WEST 1234 5698 7654 33", "GB82WEST12345698765433", "checksum"),
        ("ip", "2001:DB8:0:0::1", "2001:db8::1", None),
        ("ip", "300.1.1.1", "300.1.1.1", "format"),
        ("uid", "1029384756", "1029384756", None),
    ],
)
def test_each_kind_is_read_in_the_form_in_which_it_is_looked_up(kind, value, normalised, problem):
    read = targets.read_identifier(IdentifierKind(kind), value)
    assert (read.normalised, read.problem) == (normalised, problem)


def test_a_pasted_text_gives_each_identifier_once_and_counts_secrets_without_showing_them():
    text = f"He paid to {ADDRESS}, again {ADDRESS.lower()}, from otto@example.org; key {PRIVATE_KEY}"
    found = targets.extract_targets(text)
    assert [(one.kind, one.normalised) for one in found.targets] == [
        ("address", ADDRESS.lower()), ("email", "otto@example.org"),
    ]  # fmt: skip
    assert found.n_secrets == 1
    assert PRIVATE_KEY not in repr(found)


def test_what_is_wrong_with_a_draft_is_what_filing_refuses():
    draft = filled(legal_basis="", targets=[target(period_to="2025-12-01")], issued_on="2026-13-01")
    with pytest.raises(Invalid) as refused:
        document.build(draft, reference="R-26-7K3F9Q", version=1, sender=SENDER, instrument=INSTRUMENT)

    assert document.problems_of(draft, instrument=INSTRUMENT, today=date(2026, 6, 1)) == refused.value.fields


def test_an_instrument_from_tomorrow_is_a_problem_of_its_day():
    problems = document.problems_of(filled(issued_on="2026-06-02"), instrument=INSTRUMENT, today=date(2026, 6, 1))
    assert set(problems) == {"issued_on"}


def test_a_whole_draft_has_no_problem():
    assert document.problems_of(filled(), instrument=INSTRUMENT, today=date(2026, 6, 1)) == {}


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, False),
        ({"narrative": f"He wrote {BLOT} before."}, False),
        ({"narrative": f"The key is {PRIVATE_KEY}."}, True),
        ({"targets": [target(value=PRIVATE_KEY)]}, True),
    ],
)
def test_a_secret_is_noticed_when_it_is_taken_out(changes, holds):
    assert document.holds_secrets(filled(**changes)) is holds
