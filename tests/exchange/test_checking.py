"""Every value of every record is checked, and the quick way of checking agrees with the obvious one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.exchange.categories import SCHEMAS, Column, DataClass, Kind
from entraide.exchange.checking import StreamCheck, check_value
from entraide.exchange.port import Category, ExchangeBroken, Period
from tests.exchange.worlds import InMemoryWorld

PERIOD = Period(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC))
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
RIGHT: dict[Kind, list[Any]] = {
    Kind.TEXT: ["", "Salomé", "سلمى", "two\nlines\tand a tab", "x" * 10_000],
    Kind.CODE: ["a", "RX00000001", "x.y_z:1-2", "0" * 80],
    Kind.INTEGER: [0, -1, 2**63 - 1],
    Kind.AMOUNT: ["0", "1", "9" * 78],
    Kind.BOOLEAN: [True, False],
    Kind.TIMESTAMP: ["2025-06-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z"],
    Kind.DATE: ["1970-01-01", "2024-02-29"],
    Kind.COUNTRY: ["FR", "EG"],
    Kind.IP: ["192.0.2.1", "2001:db8::1"],
    Kind.CHOICE: ["in", "out"],
}
WRONG: dict[Kind, list[Any]] = {
    Kind.TEXT: [1, True, 1.5, [], {}, "nul\0", "bell\x07", "\ud800", "x" * 10_001, "delete\x7f"],
    Kind.CODE: ["", "with space", "line\n", "é", "0" * 81, 7, "a\nb"],
    Kind.INTEGER: ["1", 1.0, True, 2**63, -(2**63), float("nan")],
    Kind.AMOUNT: ["", "01", "-1", "1.0", "1e8", "+1", " 1", "١", 1, 1.0, "9" * 79, "1\n", "1\n1"],
    Kind.BOOLEAN: [0, 1, "true"],
    Kind.TIMESTAMP: [
        "2025-02-29T00:00:00.000000Z", "2025-06-01T24:00:00.000000Z", "2025-06-01T00:00:00Z",
        "2025-06-01T00:00:00.000000+00:00", "2025-06-01 00:00:00.000000Z", "2025-06-01T00:00:00.000000Z\n", 0,
    ],
    Kind.DATE: ["2025-02-29", "20250101", "2025-1-1", "", 20250101],
    Kind.COUNTRY: ["fr", "FRA", "", "F1"],
    Kind.IP: ["192.0.2", "192.0.2.256", "fe80::1%eth0", "", 3221225985],
    Kind.CHOICE: ["IN", "", "sideways", 1],
}  # fmt: skip


def column(kind: Kind, *, nullable: bool = False) -> Column:
    choices = ("in", "out") if kind is Kind.CHOICE else ()
    return Column(
        name="c", kind=kind, data_class=DataClass.PERSONAL, meaning="A column.", nullable=nullable, choices=choices
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_right_values_are_right_and_wrong_ones_are_wrong(kind: Kind) -> None:
    assert [value for value in RIGHT[kind] if check_value(column(kind), value) is not None] == []
    assert [value for value in WRONG[kind] if check_value(column(kind), value) is None] == []
    assert check_value(column(kind), None) is not None
    assert check_value(column(kind, nullable=True), None) is None


ANY_VALUE = st.one_of(
    st.none(),
    st.sampled_from([value for values in RIGHT.values() for value in values]),
    st.sampled_from([value for values in WRONG.values() for value in values]),
    st.text(max_size=12),
    st.integers(),
    st.booleans(),
)


@given(values=st.lists(ANY_VALUE, min_size=1, max_size=5), kind=st.sampled_from(list(Kind)), nullable=st.booleans())
def test_checking_a_whole_column_finds_the_same_as_checking_each_value(
    values: list[Any], kind: Kind, nullable: bool
) -> None:
    from entraide.exchange.checking import _column_check

    of_kind = column(kind, nullable=nullable)
    right_and_wrong = [*values, *RIGHT[kind][:1]]

    assert _column_check(of_kind)(right_and_wrong) == all(
        check_value(of_kind, value) is None for value in right_and_wrong
    )


def movements(n: int) -> list[dict[str, Any]]:
    world = InMemoryWorld()
    period = Period(start=datetime(2015, 1, 1, tzinfo=UTC), end=datetime(2025, 6, 1, tzinfo=UTC))
    records = world.exchange._as_they_stood("M2", Category.T2, period, AS_OF)[:n]
    return [{**record, "at": f"2025-03-01T00:00:{i:02d}.000000Z"} for i, record in enumerate(records)]


def check_of(category: Category = Category.T2) -> StreamCheck:
    return StreamCheck("Reading", account_id="M2", category=category, period=PERIOD, as_of=AS_OF)


@given(
    row=st.integers(0, 4),
    name=st.sampled_from(SCHEMAS[Category.T2].names),
    value=ANY_VALUE,
)
def test_one_wrong_value_anywhere_in_a_page_is_found_and_named(row: int, name: str, value: Any) -> None:
    page = movements(5)
    of_name = SCHEMAS[Category.T2].columns[SCHEMAS[Category.T2].position(name)]
    wrong = check_value(of_name, value)
    page[row][name] = value

    if wrong is None:
        return
    with pytest.raises(ExchangeBroken) as broken:
        check_of().check(page, cursor="c")

    assert (broken.value.row, broken.value.column, broken.value.cursor) == (row + 1, name, "c")


def test_the_order_is_held_across_pages() -> None:
    page = movements(5)
    check = check_of()
    check.check(page[:3], cursor=None)

    with pytest.raises(ExchangeBroken) as broken:
        check.check(page[2:], cursor="second")

    assert (broken.value.code, broken.value.row) == ("out_of_order", 4)
    assert check.n_rows == 3


def test_a_refusal_names_the_place_and_never_the_value() -> None:
    page = movements(3)
    page[1]["memo"] = "a secret\0"

    with pytest.raises(ExchangeBroken) as broken:
        check_of().check(page, cursor=None)

    assert str(broken.value) == (
        "Reading: column 'memo' of record 2 in category T2 holds a control character. "
        "Tell the operators of the exchange's interface; nothing of this answer was kept."
    )


@pytest.mark.parametrize("not_a_record", [[], "text", 7, None])
def test_what_is_no_object_is_no_record(not_a_record: object) -> None:
    with pytest.raises(ExchangeBroken):
        check_of().check([*movements(2), not_a_record], cursor=None)
