"""The rows to be made: the tables in their order, the numbers in them, and a batch of some customers' rows."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]

# In the order in which they are loaded: what is referred to comes before what refers to it.
TABLES: dict[str, tuple[str, ...]] = {
    "customer": ("account_id", "entity", "status", "opened_at", "closed_at", "recorded_at"),
    "identity": (
        "number", "account_id", "recorded_at", "valid_from", "holder", "full_name", "full_name_latin",
        "date_of_birth", "place_of_birth", "nationality", "address_line", "postal_code", "city", "country",
        "tax_number", "phone", "email", "occupation", "source_of_funds",
    ),
    "verification": (
        "number", "account_id", "recorded_at", "verified_at", "check", "result", "document_type", "document_number",
        "issuing_country", "expires_on", "score", "screening_hit", "file_name", "file_sha256",
    ),
    "device": ("device_id", "account_id", "recorded_at", "model", "user_agent"),
    "service": (
        "number", "account_id", "recorded_at", "opened_at", "closed_at", "service", "service_id", "tier",
        "referral_id", "activated_device_id", "activated_ip",
    ),
    "payment_means": (
        "number", "account_id", "recorded_at", "added_at", "removed_at", "means", "holder_name", "iban", "bank_name",
        "bank_country", "card_masked", "card_expires", "payee_reference",
    ),
    "access_event": (
        "number", "account_id", "at", "recorded_at", "event", "session_id", "ip", "port", "country", "city",
        "device_id",
    ),
    "ledger_account": ("ledger_account_id", "account_id", "purpose", "asset"),
    "journal_entry": ("entry_id", "at", "recorded_at", "kind"),
    "posting": ("entry_id", "line", "ledger_account_id", "asset", "amount"),
    "movement": (
        "number", "account_id", "at", "recorded_at", "entry_id", "kind", "direction", "asset", "amount",
        "counter_asset", "counter_amount", "fee_asset", "fee_amount", "network", "txid", "from_address",
        "to_address", "memo", "counterparty_account", "status",
    ),
    "wallet_event": (
        "number", "account_id", "at", "recorded_at", "role", "network", "address", "memo", "label", "txid", "asset",
        "amount", "retired_at",
    ),
    "travel_rule": (
        "number", "account_id", "at", "recorded_at", "direction", "movement_number", "asset", "amount",
        "originator_name", "originator_account", "beneficiary_name", "beneficiary_account", "counterparty_vasp",
        "counterparty_country",
    ),
    "message": (
        "number", "account_id", "at", "recorded_at", "channel", "thread_id", "author", "body", "file_name",
        "file_sha256", "is_privileged",
    ),
}  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """The next number of each table and entry, and the ledger accounts made so far."""

    next: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    ledger: dict[tuple[str | None, str, str], int] = field(default_factory=dict)

    def take(self, table: str) -> int:
        number = self.next[table]
        self.next[table] += 1
        return number


class Batch:
    """Rows of all tables for some customers."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.rows: dict[str, list[Row]] = {table: [] for table in TABLES}

    def add(self, table: str, **values: Any) -> int:
        """Add a row; it gets the next number where the table has numbers.  Columns not given are empty."""
        columns = TABLES[table]
        number = 0
        if columns[0] == "number":
            number = values["number"] = self.numbers.take(table)
        if "at" in values:
            values.setdefault("recorded_at", values["at"])
        self.rows[table].append(tuple(values.pop(column, None) for column in columns))
        assert not values, f"{table} has no column {sorted(values)}"
        return number

    def ledger_account(self, owner: str | None, purpose: str, asset: str) -> int:
        """Return the number of a ledger account, opening it the first time."""
        key = (owner, purpose, asset)
        if key not in self.numbers.ledger:
            self.numbers.ledger[key] = self.numbers.take("ledger_account")
            self.rows["ledger_account"].append((self.numbers.ledger[key], owner, purpose, asset))
        return self.numbers.ledger[key]

    def book(self, at: datetime, kind: str, *legs: tuple[str | None, str, str, int]) -> int:
        """Book a journal entry of legs (owner, purpose, asset, amount); legs of nothing are left out."""
        entry = self.numbers.take("journal_entry")
        self.rows["journal_entry"].append((entry, at, at, kind))
        for line, (owner, purpose, asset, amount) in enumerate((leg for leg in legs if leg[3]), start=1):
            self.rows["posting"].append((entry, line, self.ledger_account(owner, purpose, asset), asset, amount))
        return entry
