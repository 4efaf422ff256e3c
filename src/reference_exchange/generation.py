"""Making the customers and what they did, from a seed: the same parameters give the same rows, byte for byte.

Each customer has a random source of its own, so that the hundredth customer is the same whether there are a hundred
or a million.  Nothing here touches the database; `loading` copies the rows in.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from reference_exchange import addresses, names
from reference_exchange.planting import Planted

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

ENTITIES = ("Reference Exchange Europe SAS", "Reference Exchange International Ltd")
_HOUSE = ("custody", "bank", "market", "fees")
ASSETS = ("BTC", "ETH", "EUR", "LTC", "TRX", "USD", "USDC", "USDT")
_COINS = (("BTC", "bitcoin"), ("ETH", "evm"), ("USDT", "tron"), ("USDC", "evm"))
_UNIT = {"BTC": 10**8, "ETH": 10**18, "EUR": 10**2, "LTC": 10**8, "TRX": 10**6, "USD": 10**2, "USDC": 10**6,
         "USDT": 10**6}  # fmt: skip
# Roughly what a whole coin is worth, so that amounts look like amounts; nothing is computed from it but trades.
_EURO = {"BTC": 60_000, "ETH": 2_500, "EUR": 1, "LTC": 70, "TRX": 1, "USD": 1, "USDC": 1, "USDT": 1}
_OCCUPATIONS = ("baker", "nurse", "carpenter", "teacher", "lorry driver", "translator", "gardener", "shopkeeper")
_FUNDS = ("salary", "savings", "sale of a house", "inheritance", "own business", "trading")
_MODELS = (
    ("Phone A1", "ReferenceApp/4.2 (Phone A1; System 14)"),
    ("Phone B7", "ReferenceApp/4.1 (Phone B7; System 9)"),
    ("Notebook C", "Mozilla/5.0 (X11; Linux x86_64) Reference/128.0"),
    ("Desktop D", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Reference/129.0"),
)
_MESSAGES = (
    ("customer", "My withdrawal has been pending for two hours. Where is it?"),
    ("exchange", "It waits for confirmations on the network; nothing is needed from you."),
    ("customer", "I sent to the right address but forgot the memo."),
    ("exchange", "Please send us the transaction id and a picture of the wallet's page."),
    ("customer", "لا أستطيع الدخول إلى حسابي منذ أمس."),
    ("exchange", "We have reset the second factor after checking your document."),
    ("customer", "Quisiera cerrar mi cuenta, por favor."),
)


def account_id(number: int) -> str:
    """Return the id of the customer with that number, counted from 1."""
    return f"RX{number:08d}"


@dataclass(slots=True)
class Numbers:
    """The next number of each table and entry, and the ledger accounts made so far."""

    next: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    ledger: dict[tuple[str | None, str, str], int] = field(default_factory=dict)

    def take(self, table: str) -> int:
        number = self.next[table]
        self.next[table] += 1
        return number


@dataclass(slots=True)
class _Event:
    """Something that moves money: what it is, when, and what is known about it."""

    at: datetime
    kind: str
    planted: Planted | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the rows are made from."""

    n_customers: int
    seed: int
    until: datetime
    planted: tuple[Planted, ...] = ()


def batches(parameters: Parameters, numbers: Numbers, *, customers_each: int = 500) -> Iterator[Batch]:
    """Yield the rows of all customers, some hundred customers at a time."""
    planted: dict[int, list[Planted]] = defaultdict(list)
    for item in parameters.planted:
        planted[item.customer].append(item)
    opened: dict[int, datetime] = {}
    for first in range(1, parameters.n_customers + 1, customers_each):
        batch = Batch(numbers)
        if first == 1:
            for asset in ASSETS:
                for purpose in _HOUSE:
                    batch.ledger_account(None, purpose, asset)
        for number in range(first, min(first + customers_each, parameters.n_customers + 1)):
            _Customer(batch, parameters, number, planted[number], opened).make()
        yield batch


class _Customer:
    """One customer in the making."""

    def __init__(
        self,
        batch: Batch,
        parameters: Parameters,
        number: int,
        planted: Sequence[Planted],
        opened: dict[int, datetime],
    ) -> None:
        self.batch = batch
        self.rng = Random(f"{parameters.seed}/{number}")  # noqa: S311 - made-up data, on purpose repeatable
        self.until = parameters.until
        self.number = number
        self.id = account_id(number)
        self.planted = planted
        self.opened = opened  # open customers made before, who can be paid
        self.person = names.person(self.rng)
        self.has: dict[str, int] = defaultdict(int)
        self.opened_at = self.until - timedelta(days=self.rng.randint(120, 1500), seconds=self.rng.randint(0, 86399))
        # A customer with planted events stays open: a story is told about her.
        is_closed = not planted and self.rng.random() < 0.06
        self.closed_at = self.until - timedelta(days=self.rng.randint(1, 60)) if is_closed else None
        self.last_at = self.closed_at or self.until

    def make(self) -> None:
        batch = self.batch
        batch.add(
            "customer",
            account_id=self.id,
            entity=self.rng.choice(ENTITIES),
            status="closed" if self.closed_at else "open",
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            recorded_at=self.opened_at,
        )
        self.devices = [self._device(n) for n in range(self.rng.randint(1, 3))]
        self.ips = [self._ip() for _ in range(self.rng.randint(2, 5))]
        self.particulars: dict[str, str] = {}
        for item in self.planted:
            for name in ("email", "phone", "iban", "ip", "name"):
                value = getattr(item, name)
                if value is not None:
                    self.particulars[name] = value
        self._identity()
        self._verification()
        self._service()
        self._payment_means()
        self._deposit_addresses()
        self._money()
        self._access()
        self._messages()
        if self.closed_at is None:
            self.opened[self.number] = self.opened_at

    def _moment(self, start: datetime | None = None) -> datetime:
        start = start or self.opened_at
        return start + timedelta(seconds=self.rng.randint(0, max(0, int((self.last_at - start).total_seconds()) - 1)))

    def _device(self, n: int) -> str:
        model, agent = self.rng.choice(_MODELS)
        device = f"D{self.number:08d}-{n + 1}"
        self.batch.add(
            "device",
            device_id=device,
            account_id=self.id,
            recorded_at=self.opened_at,
            model=model,
            user_agent=agent,
        )
        return device

    def _ip(self) -> str:
        # Ranges kept for documentation: they belong to nobody.
        if self.rng.random() < 0.15:
            return f"2001:db8::{self.rng.randrange(1, 0xFFFF):x}:{self.rng.randrange(1, 0xFFFF):x}"
        return f"{self.rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{self.rng.randint(1, 254)}"

    def _identity(self) -> None:
        rng, person = self.rng, self.person
        name = self.particulars.get("name", person.full_name)
        latin = self.particulars.get("name", person.full_name_latin)
        self.latin = latin
        self.name = name
        handle = person.full_name_latin.lower().replace(" ", ".")
        born = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 19_000))
        self.batch.add(
            "identity",
            account_id=self.id,
            recorded_at=self.opened_at,
            valid_from=self.opened_at,
            holder="person" if rng.random() < 0.95 else "company",
            full_name=name,
            full_name_latin=latin,
            date_of_birth=born.date(),
            place_of_birth=names.town(rng),
            nationality=person.country,
            address_line=names.street(rng),
            postal_code=f"{rng.randint(1000, 99999):05d}",
            city=names.town(rng),
            country=person.country,
            tax_number=f"{person.country}{rng.randint(10**9, 10**10 - 1)}",
            # Numbers kept for films and examples.
            phone=self.particulars.get("phone", f"+447700900{rng.randint(0, 999):03d}"),
            email=self.particulars.get("email", f"{handle}.{self.number}@mail.example").lower(),
            occupation=rng.choice(_OCCUPATIONS),
            source_of_funds=rng.choice(_FUNDS),
        )

    def _verification(self) -> None:
        rng = self.rng
        at = self.opened_at + timedelta(minutes=rng.randint(5, 600))
        document = rng.choice(("passport", "identity card", "driving licence"))
        number = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(9))
        common = {"account_id": self.id, "recorded_at": at, "verified_at": at}
        for side in ("document", "selfie", "address"):
            is_document = side == "document"
            check = {"document": "identity_document", "selfie": "liveness", "address": "proof_of_address"}[side]
            self.batch.add(
                "verification",
                **common,
                check=check,
                result="passed",
                document_type=document if is_document else None,
                document_number=number if is_document else None,
                issuing_country=self.person.country if is_document else None,
                expires_on=(self.until + timedelta(days=rng.randint(30, 3000))).date() if is_document else None,
                score=rng.randint(85, 100),
                file_name=f"{self.id}-{side}.jpg",
                file_sha256=rng.randbytes(32).hex(),
            )
        hit = rng.random() < 0.03
        self.batch.add(
            "verification",
            **common,
            check="screening",
            result="review" if hit else "passed",
            screening_hit="made-up list, entry 17: similar name, other date of birth" if hit else None,
        )

    def _service(self) -> None:
        rng = self.rng
        common = {"account_id": self.id, "activated_device_id": self.devices[0], "activated_ip": self.ips[0]}
        self.batch.add(
            "service",
            **common,
            recorded_at=self.opened_at,
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            service="account",
            service_id=self.id,
            tier=rng.choice(("basic", "verified", "professional")),
            referral_id=f"REF-{rng.randint(1, 500)}" if rng.random() < 0.3 else None,
        )
        for n in range(1 if rng.random() < 0.2 else 0):
            at = self._moment()
            self.batch.add(
                "service", **common, recorded_at=at, opened_at=at, service="api_key", service_id=f"{self.id}-K{n + 1}"
            )

    def _payment_means(self) -> None:
        rng = self.rng
        # Banks with the number 0 do not exist.
        account = f"00000000{rng.randint(0, 10**10 - 1):010d}"
        self.bank = self.particulars.get("iban", addresses.iban("DE", account))
        common = {"account_id": self.id, "recorded_at": self.opened_at, "added_at": self.opened_at}
        self.batch.add(
            "payment_means",
            **common,
            means="bank_account",
            holder_name=self.name,
            iban=self.bank,
            bank_name=f"{names.word('latin', 2, rng)[0]} Bank",
            bank_country=self.bank[:2],
        )
        if rng.random() < 0.4:
            self.batch.add(
                "payment_means",
                **common,
                means="card",
                holder_name=self.latin,
                card_masked=f"************{rng.randint(0, 9999):04d}",
                card_expires=f"{rng.randint(1, 12):02d}/{self.until.year + rng.randint(0, 4)}",
            )

    def _deposit_addresses(self) -> None:
        self.deposit_to: dict[str, str] = {}
        for network in ("bitcoin", "evm", "tron", "litecoin"):
            at = self.opened_at + timedelta(minutes=self.rng.randint(1, 90))
            self._assign(network, addresses.address(network, self.rng), at)
        for item in self.planted:
            if item.role == "deposit_address" and item.address is not None:
                assert item.network is not None
                self._assign(item.network, item.address, self.opened_at + timedelta(hours=2))

    def _assign(self, network: str, address: str, at: datetime) -> None:
        self.deposit_to[network] = address
        self.batch.add(
            "wallet_event", account_id=self.id, at=at, role="deposit_address", network=network, address=address
        )

    # Money.

    def _money(self) -> None:
        rng = self.rng
        first = self.opened_at + timedelta(hours=3)
        kinds = ("deposit", "trade", "trade", "withdrawal", "bank_in", "transfer", "order")
        events = [_Event(self._moment(first), "bank_in"), _Event(self._moment(first), "deposit")]
        events += [_Event(self._moment(first), rng.choice(kinds)) for _ in range(rng.randint(4, 40))]
        events += [event for item in self.planted for event in self._planted_events(item)]
        # Sorted by moment alone; the sort is stable, so the order of equal moments is repeatable too.
        for event in sorted(events, key=lambda event: event.at):
            getattr(self, f"_{event.kind}")(event)

    def _planted_events(self, item: Planted) -> list[_Event]:
        if item.address is None and item.txid is None:
            return []
        at = item.at or self.until - timedelta(days=self.rng.randint(3, 30), seconds=self.rng.randint(0, 86399))
        # Never before the account was there, never in the future.
        at = min(max(at, self.opened_at + timedelta(hours=4)), self.until - timedelta(seconds=1))
        if item.role == "allowed_address":
            return [_Event(at, "allow", item)]
        if item.role == "withdrawal_to":
            return [_Event(at, "withdrawal", item)]
        return [_Event(at, "deposit", item)]

    def _deposit(self, event: _Event) -> None:
        rng, item = self.rng, event.planted
        asset, network = rng.choice(_COINS)
        if item is not None:
            assert item.asset is not None and item.network is not None
            asset, network = item.asset, item.network
        amount = item.amount if item and item.amount else self._worth(asset, 200, 9_000)
        source = addresses.address(network, rng)
        txid = addresses.txid(network, rng)
        to = self.deposit_to.get(network)
        if item is not None:
            txid = item.txid or txid
            if item.address is not None and item.role == "deposit_address":
                to = item.address
            elif item.address is not None:
                source = item.address
        self._receive_coins(event.at, asset, network, amount, txid, source, to)

    def _receive_coins(
        self, at: datetime, asset: str, network: str, amount: int, txid: str, source: str, to: str | None
    ) -> None:
        entry = self.batch.book(at, "deposit", (self.id, "available", asset, amount), (None, "custody", asset, -amount))
        self.has[asset] += amount
        movement = self.batch.add(
            "movement",
            account_id=self.id,
            at=at,
            entry_id=entry,
            kind="deposit",
            direction="in",
            asset=asset,
            amount=amount,
            network=network,
            txid=txid,
            from_address=source,
            to_address=to,
            status="booked",
        )
        self._travel_rule(at, "in", movement, asset, amount, source)
        if to is not None and self.rng.random() < 0.2:
            self.batch.add(
                "wallet_event",
                account_id=self.id,
                at=at + timedelta(minutes=self.rng.randint(20, 300)),
                role="sweep",
                network=network,
                address=to,
                txid=addresses.txid(network, self.rng),
                asset=asset,
                amount=amount,
            )

    def _withdrawal(self, event: _Event) -> None:
        rng, item = self.rng, event.planted
        if item is not None:
            assert item.asset is not None and item.network is not None
            asset, network = item.asset, item.network
            amount = item.amount or self._worth(asset, 200, 9_000)
            fee = amount // 1000
            short = amount + fee - self.has[asset]
            if short > 0:
                # The money has to have come from somewhere: it was paid in some hours before.
                paid_at = max(event.at - timedelta(hours=rng.randint(1, 5)), self.opened_at + timedelta(hours=3))
                self._receive_coins(
                    paid_at, asset, network, short, addresses.txid(network, rng), addresses.address(network, rng),
                    self.deposit_to.get(network),
                )  # fmt: skip
        else:
            asset, network = rng.choice(_COINS)
            if self.has[asset] < 1000:
                return
            amount = self.has[asset] * rng.randint(20, 90) // 100
            fee = amount // 1000
        to = item.address if item and item.address else addresses.address(network, rng)
        entry = self.batch.book(
            event.at,
            "withdrawal",
            (self.id, "available", asset, -(amount + fee)),
            (None, "custody", asset, amount),
            (None, "fees", asset, fee),
        )
        self.has[asset] -= amount + fee
        movement = self.batch.add(
            "movement",
            account_id=self.id,
            at=event.at,
            entry_id=entry,
            kind="withdrawal",
            direction="out",
            asset=asset,
            amount=amount,
            fee_asset=asset,
            fee_amount=fee,
            network=network,
            txid=item.txid if item and item.txid else addresses.txid(network, rng),
            to_address=to,
            status="booked",
        )
        self._travel_rule(event.at, "out", movement, asset, amount, to)

    def _allow(self, event: _Event) -> None:
        assert event.planted is not None
        self.batch.add(
            "wallet_event",
            account_id=self.id,
            at=event.at,
            role="allowed_address",
            network=event.planted.network,
            address=event.planted.address,
            label="savings",
        )

    def _bank_in(self, event: _Event) -> None:
        amount = self._worth("EUR", 100, 6_000)
        entry = self.batch.book(
            event.at, "deposit", (self.id, "available", "EUR", amount), (None, "bank", "EUR", -amount)
        )
        self.has["EUR"] += amount
        self.batch.add(
            "movement",
            account_id=self.id,
            at=event.at,
            entry_id=entry,
            kind="deposit",
            direction="in",
            asset="EUR",
            amount=amount,
            memo=f"SEPA {self.bank}",
            status="booked",
        )

    def _trade(self, event: _Event) -> None:
        rng = self.rng
        held = sorted(asset for asset, amount in self.has.items() if amount * _EURO[asset] > 20 * _UNIT[asset])
        if not held:
            return
        sold = rng.choice(held)
        bought = rng.choice([asset for asset in ("BTC", "ETH", "EUR", "USDT") if asset != sold])
        amount = self.has[sold] * rng.randint(10, 80) // 100
        gross = amount * _EURO[sold] * _UNIT[bought] // (_UNIT[sold] * _EURO[bought])
        fee = gross * 2 // 1000
        entry = self.batch.book(
            event.at,
            "trade",
            (self.id, "available", sold, -amount),
            (None, "market", sold, amount),
            (self.id, "available", bought, gross - fee),
            (None, "market", bought, -gross),
            (None, "fees", bought, fee),
        )
        self.has[sold] -= amount
        self.has[bought] += gross - fee
        self.batch.add(
            "movement",
            account_id=self.id,
            at=event.at,
            entry_id=entry,
            kind="trade",
            direction="out",
            asset=sold,
            amount=amount,
            counter_asset=bought,
            counter_amount=gross - fee,
            fee_asset=bought,
            fee_amount=fee,
            status="booked",
        )

    def _transfer(self, event: _Event) -> None:
        rng = self.rng
        held = sorted(asset for asset, amount in self.has.items() if amount > 1000)
        if not held or not self.opened:
            return
        other = rng.choice(list(self.opened)[-200:])
        if self.opened[other] + timedelta(hours=3) > event.at:
            return
        asset = rng.choice(held)
        amount = self.has[asset] * rng.randint(5, 40) // 100
        entry = self.batch.book(
            event.at,
            "internal_transfer",
            (self.id, "available", asset, -amount),
            (account_id(other), "available", asset, amount),
        )
        self.has[asset] -= amount
        for owner, direction, counterparty in (
            (self.id, "out", account_id(other)),
            (account_id(other), "in", self.id),
        ):
            self.batch.add(
                "movement",
                account_id=owner,
                at=event.at,
                entry_id=entry,
                kind="internal_transfer",
                direction=direction,
                asset=asset,
                amount=amount,
                counterparty_account=counterparty,
                memo=rng.choice((None, "rent", "thanks", "loan")),
                status="booked",
            )

    def _order(self, event: _Event) -> None:
        # An order that was never filled: the money is still the customer's, and cannot be moved.
        amount = self.has["EUR"] // 10
        if amount and self.closed_at is None:
            self.batch.book(
                event.at, "order", (self.id, "available", "EUR", -amount), (self.id, "in_orders", "EUR", amount)
            )
            self.has["EUR"] -= amount

    def _worth(self, asset: str, least: int, most: int) -> int:
        """Return a made-up amount worth between `least` and `most` euro."""
        cents = self.rng.randint(least * 100, most * 100)
        return cents * _UNIT[asset] // (100 * _EURO[asset])

    def _travel_rule(
        self, at: datetime, direction: str, movement: int, asset: str, amount: int, counterparty: str
    ) -> None:
        rng = self.rng
        if amount * _EURO[asset] < 1000 * _UNIT[asset] or rng.random() < 0.4:
            return
        other, vasp = names.person(rng), f"{names.word('latin', 2, rng)[0]} VASP"
        sender, receiver = (other.full_name_latin, self.latin) if direction == "in" else (self.latin, other.full_name)
        source, aim = (counterparty, self.id) if direction == "in" else (self.id, counterparty)
        self.batch.add(
            "travel_rule",
            account_id=self.id,
            at=at,
            direction=direction,
            movement_number=movement,
            asset=asset,
            amount=amount,
            originator_name=sender,
            originator_account=source,
            beneficiary_name=receiver,
            beneficiary_account=aim,
            counterparty_vasp=vasp,
            counterparty_country=other.country,
        )

    # What is left.

    def _access(self) -> None:
        rng = self.rng
        moments = sorted(self._moment() for _ in range(rng.randint(5, 50)))
        for n, at in enumerate(moments):
            self._log_in(at, rng.choice(self.ips), f"S{self.number:08d}-{n + 1}")
        if "ip" in self.particulars:
            given = next((item.at for item in self.planted if item.ip and item.at), None)
            seen_at = given or self.until - timedelta(days=5, hours=3, seconds=17)
            self._log_in(seen_at, self.particulars["ip"], f"S{self.number:08d}-P")

    def _log_in(self, at: datetime, ip: str, session: str) -> None:
        rng = self.rng
        event = "log_in" if rng.random() < 0.85 else rng.choice(("log_in_failed", "password_changed", "log_out"))
        self.batch.add(
            "access_event",
            account_id=self.id,
            at=at,
            event="log_in" if session.endswith("P") else event,
            session_id=session,
            ip=ip,
            port=rng.randint(1024, 65535),
            country=self.person.country,
            city=None,
            device_id=rng.choice(self.devices),
        )

    def _messages(self) -> None:
        rng = self.rng
        for n in range(rng.choice((0, 0, 0, 1, 2))):
            at = self._moment()
            for step in range(rng.randint(1, 3)):
                author, body = rng.choice(_MESSAGES)
                self.batch.add(
                    "message",
                    account_id=self.id,
                    at=at + timedelta(minutes=7 * step),
                    channel="support",
                    thread_id=f"{self.id}-T{n + 1}",
                    author=author,
                    body=body,
                    is_privileged=False,
                )
