"""What stands beside the records tells a reader how to read them."""

from datetime import UTC, datetime

from django.utils import translation

from entraide.disclosure.documents import columns_csv
from entraide.disclosure.letter import Letter, _data_of
from entraide.exchange.port import Category


def test_the_columns_say_how_much_an_amount_is() -> None:
    told = columns_csv([Category.T2]).decode()
    assert "ETH 18" in told and "1946096000000000000 of ETH are 1.946096 ETH" in told
    assert "smallest unit" not in columns_csv([Category.S1]).decode()


def _letter_in(language: str) -> Letter:
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    words = dict.fromkeys(
        ("exchange", "package", "request", "agency", "agency_reference", "officer", "legal_basis", "instrument"), "x"
    )
    return Letter(
        language=language,
        **words,
        written_at=moment,
        as_of=moment,
        answers=(),
        files=(),
        withheld_privileged=0,
        is_demo=True,
    )


def test_a_letter_is_dated_as_its_language_writes_days() -> None:
    def dated(language: str) -> str:
        return _data_of(_letter_in(language))["dated"]

    assert [dated(language) for language in ("en", "fr", "es")] == [
        "24 November 2026",
        "24 novembre 2026",
        "24 de noviembre de 2026",
    ]


def test_a_letter_says_as_of_when_its_records_are_in_the_words_of_its_language() -> None:
    def as_of(language: str) -> str:
        with translation.override(language):
            return _data_of(_letter_in(language))["notes"][0]

    assert "24 November 2026 at 12:00:00 UTC" in as_of("en")
    assert "24 novembre 2026 à 12:00:00 UTC" in as_of("fr")
    assert "2026-11-24" not in as_of("ar")
