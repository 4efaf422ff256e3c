"""What pages say about an identifier: true, in words, for every code there is."""

import pytest

from entraide import chains
from entraide.exchange.port import IdentifierKind
from entraide.requests import document
from entraide.requests.labels import KIND_LABELS, NETWORK_LABELS, PROBLEM_SENTENCES
from entraide.requests.queries import page_of
from entraide.requests.targets import read_identifier
from entraide.requests.web.questions import FORMS, SECTIONS, TASKS, TITLES
from entraide.requests.web.targets import has_check_digits
from tests.requests.material import ADDRESS

K = IdentifierKind


def test_every_kind_network_and_problem_has_its_words() -> None:
    assert set(KIND_LABELS) == set(IdentifierKind)
    assert set(NETWORK_LABELS) == {network.value for network in chains.Network}
    assert {problem.value for problem in chains.Problem} <= set(PROBLEM_SENTENCES)


@pytest.mark.parametrize(
    ("kind", "value", "has"),
    [
        (K.ADDRESS, ADDRESS, True),
        (K.ADDRESS, ADDRESS.lower(), False),
        (K.ADDRESS, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", True),
        (K.ADDRESS, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", True),
        (K.ADDRESS, "11111111111111111111111111111111", False),
        (K.TXID, "8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87", False),
        (K.IBAN, "DE89370400440532013000", True),
        (K.EMAIL, "max@mail.example", False),
    ],
)
def test_check_digits_are_claimed_only_where_there_are_any(kind: IdentifierKind, value: str, has: bool) -> None:
    assert has_check_digits(read_identifier(kind, value)) is has


def test_every_answer_is_asked_for_on_exactly_one_page_which_has_a_title_and_a_place() -> None:
    assert {name for names in document.QUESTIONS.values() for name in names} == document.ANSWERS
    for page, names in document.QUESTIONS.items():
        assert {page_of(name) for name in names} <= {page}
        if page not in ("instrument", "targets"):
            assert set(FORMS[page].base_fields) == set(names)
    assert set(TITLES) == set(TASKS) == set(document.QUESTIONS)
    assert [page for pages in SECTIONS.values() for page in pages] == list(document.QUESTIONS)


def test_a_problem_within_a_target_belongs_to_the_page_of_targets() -> None:
    assert page_of("targets.3.period_from") == "targets"
    assert page_of("instrument") == "instrument"
