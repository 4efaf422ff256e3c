"""Making the customers and what they did, from a seed: the same parameters give the same rows, byte for byte.

Each customer has a random source of its own, so that the hundredth customer is the same whether there are a hundred
or a million.  Nothing here touches the database; `loading` copies the rows in.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from reference_exchange.customers import Customer, Parameters
from reference_exchange.money import Money
from reference_exchange.planting import Planted
from reference_exchange.rows import Batch, Numbers

_HOUSE = ("custody", "bank", "market", "fees")
_ASSETS = ("BTC", "ETH", "EUR", "LTC", "TRX", "USD", "USDC", "USDT")


def batches(parameters: Parameters, numbers: Numbers, *, customers_each: int = 500) -> Iterator[Batch]:
    """Yield the rows of all customers, some hundred customers at a time."""
    planted: dict[int, list[Planted]] = defaultdict(list)
    for item in parameters.planted:
        planted[item.customer].append(item)
    opened: dict[int, datetime] = {}
    for first in range(1, parameters.n_customers + 1, customers_each):
        batch = Batch(numbers)
        if first == 1:
            for asset in _ASSETS:
                for purpose in _HOUSE:
                    batch.ledger_account(None, purpose, asset)
        for number in range(first, min(first + customers_each, parameters.n_customers + 1)):
            customer = Customer(batch, parameters, number, planted[number])
            customer.open()
            Money(customer, opened).move()
            customer.use()
            if customer.closed_at is None:
                opened[number] = customer.opened_at
        yield batch
