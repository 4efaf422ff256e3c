"""What the reference exchange makes up: always the same from a seed, and always in balance."""

import hashlib
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_exchange import addresses, generation, planting
from reference_exchange.customers import Parameters
from reference_exchange.rows import TABLES, Numbers

UNTIL = datetime(2025, 6, 1, tzinfo=UTC)
ADDRESS = addresses.segwit("bc", bytes(range(20)))
TXID = "c3" * 32


def made(n_customers: int, seed: int, lines: list[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables."""
    planted = planting.read(lines or [], n_customers=n_customers)
    parameters = Parameters(n_customers=n_customers, seed=seed, until=UNTIL, planted=tuple(planted))
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    for batch in generation.batches(parameters, Numbers(), customers_each=3):
        for table, columns in TABLES.items():
            rows[table] += [dict(zip(columns, row, strict=True)) for row in batch.rows[table]]
    return rows


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    def digest(seed: int) -> str:
        return hashlib.sha256(repr(made(10, seed, [ADDRESS, TXID])).encode()).hexdigest()

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_a_customer_is_the_same_person_among_few_and_among_many() -> None:
    assert made(20, 1)["identity"][:5] == made(5, 1)["identity"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), n_customers=st.integers(1, 8))
def test_every_entry_balances_and_no_customer_owes_at_any_moment(seed: int, n_customers: int) -> None:
    rows = made(n_customers, seed, [ADDRESS, TXID, ADDRESS])
    entry_at = {entry["entry_id"]: entry["at"] for entry in rows["journal_entry"]}
    owner = {account["ledger_account_id"]: account["account_id"] for account in rows["ledger_account"]}
    sums: dict[tuple[int, str], int] = defaultdict(int)
    held: dict[int, int] = defaultdict(int)

    for posting in sorted(rows["posting"], key=lambda posting: (entry_at[posting["entry_id"]], -posting["amount"])):
        sums[posting["entry_id"], posting["asset"]] += posting["amount"]
        held[posting["ledger_account_id"]] += posting["amount"]
        if owner[posting["ledger_account_id"]] is not None:
            assert held[posting["ledger_account_id"]] >= 0

    assert set(sums.values()) == {0}


@pytest.mark.parametrize(
    ("role", "column", "kind"),
    [("deposit_from", "from_address", "deposit"), ("withdrawal_to", "to_address", "withdrawal"),
     ("deposit_address", "to_address", "deposit")],
)  # fmt: skip
def test_a_planted_line_becomes_that_movement_of_that_customer(role: str, column: str, kind: str) -> None:
    line = (
        f'{{"address": "{ADDRESS}", "txid": "{TXID}", "role": "{role}", "customer": 2, "amount": "150000",'
        ' "at": "2025-05-20T10:00:00Z"}'
    )
    movements = [movement for movement in made(3, 1, [line])["movement"] if movement["txid"] == TXID]

    assert [(m["account_id"], m["kind"], m[column], m["amount"], m["at"].isoformat()) for m in movements] == [
        ("RX00000002", kind, ADDRESS, 150_000, "2025-05-20T10:00:00+00:00")
    ]


def test_bare_lines_go_round_the_customers_and_the_roles() -> None:
    planted = planting.read(["# a comment", "", ADDRESS, ADDRESS, ADDRESS.upper(), TXID], n_customers=3)

    assert [(item.line, item.customer, item.role, item.address, item.txid) for item in planted] == [
        (3, 1, "deposit_address", ADDRESS, None),
        (4, 2, "deposit_from", ADDRESS, None),
        (5, 3, "withdrawal_to", ADDRESS, None),
        (6, 1, "deposit_address", None, TXID),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("neither this nor that", "line 1: its network cannot be told from its shape; name it in a JSON line"),
        ("{", "line 1: not JSON"),
        ('{"adress": "x"}', "line 1: 'adress' is not a field"),
        ('{"customer": 9}', "line 1: there are customers 1 to 3, not 9"),
        (f'{{"address": "{ADDRESS}", "role": "thief"}}', "line 1: 'thief' is not a role"),
        (f'{{"address": "{ADDRESS}", "amount": "0.1"}}', "line 1: an amount is a whole number of base units"),
        (f'{{"address": "{ADDRESS}", "at": "2025-01-01"}}', "line 1: a moment has a time zone"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_the_reason(line: str, why: str) -> None:
    with pytest.raises(planting.CannotPlant) as cannot:
        planting.read([line], n_customers=3)

    assert str(cannot.value).startswith(why)


def test_made_up_ibans_have_right_check_digits() -> None:
    for row in made(5, 1)["payment_means"]:
        if row["iban"]:
            turned = row["iban"][4:] + row["iban"][:4]
            assert int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


# Published examples of BIP 173 and of the base58 check encoding: the null key's hash, and twenty zero bytes.
def test_addresses_are_encoded_as_the_standards_say() -> None:
    program = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert addresses.segwit("bc", program) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    assert addresses.base58check(b"\0" + program) == "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"
    assert addresses.base58check(bytes(21)) == "1111111111111111111114oLvT2"
