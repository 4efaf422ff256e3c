"""What a customer does with her money, booked in double entry: each movement with its legs, fees and travel rule."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reference_exchange import addresses, names
from reference_exchange.customers import Customer, account_id
from reference_exchange.planting import Planted

_COINS = (("BTC", "bitcoin"), ("ETH", "evm"), ("USDT", "tron"), ("USDC", "evm"))
_UNIT = {"BTC": 10**8, "ETH": 10**18, "EUR": 10**2, "LTC": 10**8, "TRX": 10**6, "USD": 10**2, "USDC": 10**6,
         "USDT": 10**6}  # fmt: skip
# Roughly what a whole coin is worth, so that amounts look like amounts; nothing is computed from it but trades.
_EURO = {"BTC": 60_000, "ETH": 2_500, "EUR": 1, "LTC": 70, "TRX": 1, "USD": 1, "USDC": 1, "USDT": 1}


@dataclass(slots=True)
class _Event:
    """Something that moves money: when, how it is booked, and what is planted of it."""

    at: datetime
    book: Callable[["_Event"], None]
    planted: Planted | None = None


class Money:
    """The money of one customer: what comes in, goes out and changes hands, in the order of time, always in balance.

    `opened` are the open customers made before her, who can be paid: number and moment of opening.
    """

    def __init__(self, customer: Customer, opened: Mapping[int, datetime]) -> None:
        self.customer = customer
        self.batch = customer.batch
        self.rng = customer.rng
        self.id = customer.id
        self.opened = opened
        self.has: dict[str, int] = defaultdict(int)

    def move(self) -> None:
        """Make all her movements, planted ones among them."""
        rng, moment = self.rng, self.customer.moment
        first = self.customer.opened_at + timedelta(hours=3)
        kinds = (self._deposit, self._trade, self._trade, self._withdrawal, self._bank_in, self._transfer, self._order)
        events = [_Event(moment(first), self._bank_in), _Event(moment(first), self._deposit)]
        events += [_Event(moment(first), rng.choice(kinds)) for _ in range(rng.randint(4, 40))]
        events += [event for item in self.customer.planted for event in self._planted_events(item)]
        # Sorted by moment alone; the sort is stable, so the order of equal moments is repeatable too.
        for event in sorted(events, key=lambda event: event.at):
            event.book(event)

    def _planted_events(self, item: Planted) -> list[_Event]:
        if item.address is None and item.txid is None:
            return []
        at = item.at or self.customer.until - timedelta(
            days=self.rng.randint(3, 30), seconds=self.rng.randint(0, 86399)
        )
        # Never before the account was there, never in the future.
        at = min(max(at, self.customer.opened_at + timedelta(hours=4)), self.customer.until - timedelta(seconds=1))
        if item.role == "allowed_address":
            return [_Event(at, self._allow, item)]
        if item.role == "withdrawal_to":
            return [_Event(at, self._withdrawal, item)]
        return [_Event(at, self._deposit, item)]

    def _deposit(self, event: _Event) -> None:
        rng, item = self.rng, event.planted
        asset, network = rng.choice(_COINS)
        if item is not None:
            assert item.asset is not None and item.network is not None
            asset, network = item.asset, item.network
        amount = item.amount if item and item.amount else self._worth(asset, 200, 9_000)
        source = addresses.address(network, rng)
        txid = addresses.txid(network, rng)
        to = self.customer.deposit_to.get(network)
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
                paid_at = max(
                    event.at - timedelta(hours=rng.randint(1, 5)), self.customer.opened_at + timedelta(hours=3)
                )
                self._receive_coins(
                    paid_at, asset, network, short, addresses.txid(network, rng), addresses.address(network, rng),
                    self.customer.deposit_to.get(network),
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
            memo=f"SEPA {self.customer.bank}",
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
        if amount and self.customer.closed_at is None:
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
        own = self.customer.latin
        sender, receiver = (other.full_name_latin, own) if direction == "in" else (own, other.full_name)
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
