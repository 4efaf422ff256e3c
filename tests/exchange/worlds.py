"""The worlds of the contract tests: one in memory, one behind HTTP with a real process and a real PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from entraide.connectors.rest import RestConnector
from entraide.exchange.memory import InMemoryExchange
from entraide.exchange.port import (
    Balance,
    Category,
    Cell,
    IdentifierKind,
    IdentifierQuestion,
    MatchReason,
    Period,
    Purpose,
    moment_text,
)
from reference_exchange import addresses, loading
from tests.exchange.contract import CannotLookAhead, Known
from tests.reference_exchange.process import ReferenceExchange

UNTIL = datetime(2025, 6, 1, tzinfo=UTC)
AS_OF = UNTIL + timedelta(days=1)
PERIOD = Period(start=datetime(2015, 1, 1, tzinfo=UTC), end=UNTIL)
_LOGGED_IN_AT = datetime(2025, 5, 20, 10, 0, 17, tzinfo=UTC)

# Made up, with right checksums.
DEPOSIT_ADDRESS = addresses.segwit("bc", bytes(range(1, 21)))
SOURCE = "0x" + bytes(range(2, 22)).hex()
DESTINATION = addresses.base58check(b"\x41" + bytes(range(3, 23)))
ALLOWED = "0x" + bytes(range(4, 24)).hex()
DEPOSIT_TXID = "0x" + "a1" * 32
WITHDRAWAL_TXID = "b2" * 32
EMAIL = "selma.orban@mail.example"
PHONE = "+447700900123"
IBAN = addresses.iban("DE", "000000000000000042")
IP = "198.51.100.255"

_PERSON = (
    {"address": DEPOSIT_ADDRESS, "role": "deposit_address"},
    {"address": SOURCE, "txid": DEPOSIT_TXID, "role": "deposit_from", "amount": str(2 * 10**18)},
    {"address": DESTINATION, "txid": WITHDRAWAL_TXID, "role": "withdrawal_to", "amount": "2500000000"},
    {"address": ALLOWED, "role": "allowed_address"},
    {"email": EMAIL, "phone": PHONE, "iban": IBAN},
    {"ip": IP, "at": _LOGGED_IN_AT.isoformat()},
)
PLANTED = "# The person the contract tests look for.\n" + "\n".join(
    json.dumps({"customer": 3, **line}) for line in _PERSON
)


def known(account_id: str, busy_account_id: str) -> Known:
    """Return what both worlds know."""

    def question(kind: IdentifierKind, value: str, **other: Any) -> IdentifierQuestion:
        return IdentifierQuestion(kind=kind, value=value, **other)

    kind, reason = IdentifierKind, MatchReason
    return Known(
        account_id=account_id,
        busy_account_id=busy_account_id,
        questions={
            reason.DEPOSIT_ADDRESS: question(kind.ADDRESS, DEPOSIT_ADDRESS, network="bitcoin"),
            reason.DEPOSIT_FROM: question(kind.ADDRESS, SOURCE),
            reason.WITHDRAWAL_TO: question(kind.ADDRESS, DESTINATION, network="tron"),
            reason.ALLOWED_ADDRESS: question(kind.ADDRESS, ALLOWED, network="evm"),
            reason.DEPOSIT_TXID: question(kind.TXID, DEPOSIT_TXID),
            reason.WITHDRAWAL_TXID: question(kind.TXID, WITHDRAWAL_TXID, network="tron"),
            reason.KYC_EMAIL: question(kind.EMAIL, EMAIL),
            reason.KYC_PHONE: question(kind.PHONE, PHONE),
            reason.PAYMENT_IBAN: question(kind.IBAN, IBAN),
            reason.LOGIN_IP: question(kind.IP, IP, at=_LOGGED_IN_AT + timedelta(seconds=200)),
            reason.ACCOUNT_UID: question(kind.UID, account_id),
        },
        period=PERIOD,
        as_of=AS_OF,
    )


# ----------------------------------------------------------------------------------------------------------- in memory


class InMemoryWorld:
    """An exchange of dictionaries."""

    def __init__(self) -> None:
        self.exchange = self.connector = InMemoryExchange()
        self.known = known("M1", "M2")
        for account_id in ("M1", "M2", "M3"):
            self.exchange.open_account(account_id, opened_at=PERIOD.start)
        for reason, question in self.known.questions.items():
            if reason is not MatchReason.ACCOUNT_UID:
                network = question.network or "evm"
                is_on_chain = question.kind in (IdentifierKind.ADDRESS, IdentifierKind.TXID)
                self.exchange.link(
                    "M1",
                    question.kind,
                    question.value,
                    reason,
                    at=_LOGGED_IN_AT,
                    network=network if is_on_chain else None,
                )
        for n in range(2_500):
            self._movement("M2", f"M{n:012d}", PERIOD.start + timedelta(hours=n))
        self._movement("M1", "M000000009001", PERIOD.start)
        self._movement("M1", "M000000009002", PERIOD.start)
        self._one_of_each()

    def _movement(self, account_id: str, record_id: str, at: datetime, **other: Any) -> None:
        self.exchange.add_record(
            account_id,
            Category.T2,
            record_id,
            at=moment_text(at),
            kind="deposit",
            direction="in",
            asset="BTC",
            amount="150000",
            status="booked",
            **other,
        )

    def _one_of_each(self) -> None:
        at = moment_text(_LOGGED_IN_AT)
        one: dict[Category, dict[str, Cell]] = {
            Category.S1: {"valid_from": at, "holder": "person", "full_name": "سلمى", "full_name_latin": "Selma"},
            Category.S2: {"verified_at": at, "check": "liveness", "result": "passed", "score": 91},
            Category.S3: {"opened_at": at, "status": "open", "entity": "E", "service": "account", "service_id": "M1"},
            Category.S4: {"added_at": at, "means": "bank_account", "holder_name": "Selma", "iban": IBAN},
            Category.I1: {"at": at, "event": "log_in", "ip": IP, "port": 4711},
            Category.T1: {"at": at, "event": "log_in", "ip": "2001:db8::1"},
            Category.T3: {"at": at, "role": "deposit_address", "network": "bitcoin", "address": DEPOSIT_ADDRESS},
            Category.T4: {
                "at": at, "direction": "in", "movement_id": "M000000009001", "asset": "BTC", "amount": "1",
                "originator_name": "A", "originator_account": "a", "beneficiary_name": "B", "beneficiary_account": "b",
            },
            Category.B1: {
                "at": at, "asset": "BTC", "total": "300000", "available": "300000", "in_orders": "0", "held": "0",
                "hold_count": 0,
            },
        }  # fmt: skip
        for category, values in one.items():
            self.exchange.add_record("M1", category, "X000000000001", **values)
        self.exchange.set_balances("M1", [Balance(asset="BTC", total=300_000, available=300_000, hold_count=0)])

    def goes_down(self) -> None:
        self.exchange.faults.down = 1_000

    def comes_back(self) -> None:
        self.exchange.faults.down = 0

    def dies_after(self, n_pages: int, *, times: int) -> None:
        self.exchange.faults.die_after_pages = [n_pages] * times

    def goes_wrong(self, how: str) -> None:
        def spoil(records: list[dict[str, Cell]]) -> list[dict[str, Cell]]:
            first, rest = dict(records[0]), records[1:]
            match how:
                case "type":
                    first["account_id"] = 7
                case "column":
                    first["shoe_size"] = 43
                case "missing":
                    del first["record_id"]
                case "account":
                    first["account_id"] = "M3"
                case "period":
                    first["at"] = "1999-01-01T00:00:00.000000Z"
                case "twice":
                    return [first, first, *rest]
            return [first, *rest]

        self.exchange.faults.spoil = spoil

    def writes_late(self) -> str:
        self._movement("M2", "M000000009999", PERIOD.start + timedelta(hours=7), recorded_at=AS_OF + timedelta(hours=1))
        return "M000000009999"

    def look_ups(self) -> list[tuple[str, Purpose]]:
        return [(entry.what, entry.purpose) for entry in self.exchange.log]


# ---------------------------------------------------------------------------------------------------------- behind HTTP


class RestWorld(CannotLookAhead):
    """The reference exchange, through the adapter that production uses."""

    def __init__(self, running: ReferenceExchange, connector: RestConnector) -> None:
        self.running = running
        self.connector = connector
        self.known = known("RX00000003", "RX00000013")

    def goes_down(self) -> None:
        self.running.fault("down", times=1_000)

    def comes_back(self) -> None:
        self.running.fault("", times=0)

    def dies_after(self, n_pages: int, *, times: int) -> None:
        self.running.fault(f"die={n_pages}", times=times)

    def goes_wrong(self, how: str) -> None:
        self.running.fault(f"wrong={how}")

    def writes_late(self) -> str:
        at = UNTIL - timedelta(hours=5)
        return loading.deposit(self.running.database_url, "RX00000013", asset="EUR", amount=4_200, at=at)

    def look_ups(self) -> list[tuple[str, Purpose]]:
        with psycopg.connect(self.running.database_url) as connection:
            rows = connection.execute(
                "select question, purpose_reference, purpose_act, purpose_actor from look_up order by number"
            ).fetchall()
        return [(what, Purpose(reference=reference, act=act, actor=actor)) for what, reference, act, actor in rows]
