"""What reaches a file is the least data, and nothing in it runs when a spreadsheet opens it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.disclosure.rows import CsvRows, harmless, lines_of, masked
from entraide.exchange.categories import SCHEMAS
from entraide.exchange.port import Category

RECORDS = {"record_id": "r-1", "account_id": "acc-1", "at": "2026-01-02T03:04:05.000000Z"}


def row(category, **values):
    return tuple({**RECORDS, **values}.get(name) for name in SCHEMAS[category].names)


def read(rows, *records):
    data, count, withheld = rows.lines(records)
    lines = list(csv.DictReader(io.StringIO((rows.heading() + data).decode(), newline="")))
    assert len(lines) == count
    return lines, withheld


def test_a_tax_number_is_masked_unless_the_decision_names_it():
    identity = row(Category.S1, tax_number="FR1234567890")
    lines, _ = read(CsvRows(Category.S1, pseudonym=str), identity)
    assert lines[0]["tax_number"] == "•••• 7890"
    lines, _ = read(CsvRows(Category.S1, named={"tax_number"}, pseudonym=str), identity)
    assert lines[0]["tax_number"] == "FR1234567890"


def test_a_document_image_is_left_out_unless_named():
    lines, _ = read(CsvRows(Category.S2, pseudonym=str), row(Category.S2, file_name="passport.jpg"))
    assert lines[0]["file_name"] == ""


def test_another_customer_stands_under_a_pseudonym_unless_a_target_too():
    rows = CsvRows(Category.T2, target_accounts={"acc-2"}, pseudonym=lambda account: "pseudonym")
    lines, _ = read(
        rows,
        row(Category.T2, counterparty_account="acc-2"),
        row(Category.T2, counterparty_account="acc-3"),
        row(Category.T2),
    )
    assert [line["counterparty_account"] for line in lines] == ["acc-2", "pseudonym", ""]


def test_privileged_content_is_withheld_and_counted():
    rows = CsvRows(Category.C1, pseudonym=str)
    lines, withheld = read(
        rows,
        row(Category.C1, body="to counsel", is_privileged=True),
        row(Category.C1, body="hello", is_privileged=False),
    )
    assert [line["body"] for line in lines] == ["hello"]
    assert withheld.privileged == 1


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "'quoted"])
def test_nothing_a_customer_wrote_becomes_a_formula(value):
    lines, _ = read(CsvRows(Category.C1, pseudonym=str), row(Category.C1, body=value, is_privileged=False))
    assert lines[0]["body"] == "'" + value


@given(st.text(min_size=1))
def test_taking_one_apostrophe_away_gives_back_what_the_exchange_said(value):
    cell = harmless(value)
    assert (cell[1:] if cell.startswith("'") else cell) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_every_text_survives_the_file(value):
    lines, _ = read(CsvRows(Category.C1, pseudonym=str), row(Category.C1, body=value, is_privileged=False))
    assert lines[0]["body"] == (harmless(value) if value else "")


def test_a_short_value_is_masked_whole():
    assert masked("1234") == "•••• "
    assert masked(None) is None


def test_a_code_that_begins_like_a_formula_is_guarded_too():
    lines, _ = read(CsvRows(Category.T1, pseudonym=str), row(Category.T1, device_id="-A1:B2"))
    assert lines[0]["device_id"] == "'-A1:B2"


_CELLS = st.none() | st.integers() | st.text(alphabet=st.sampled_from('aé0,"\r\n;\t '), max_size=4)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(_CELLS, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_a_page_that_is_joined_is_what_the_csv_module_would_have_written(columns):
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(zip(*columns, strict=True))
    assert lines_of(columns) == out.getvalue().encode()
