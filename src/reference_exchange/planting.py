"""Reading the file of addresses and transactions that are to be found at this exchange.

One line each.  A line is an address or a transaction id as it stands, or a JSON object with any of::

    {"address": "bc1q…", "txid": "…", "network": "bitcoin", "role": "deposit_address", "customer": 3,
     "asset": "BTC", "amount": "150000", "at": "2026-11-01T10:00:00Z", "email": "…", "phone": "…", "iban": "…",
     "ip": "…", "name": "…"}

Instead of `at`, `hours_before` says how long before the last moment of what is made up.  `role` is `deposit_address`
(the address is the customer's own deposit address and was paid into), `deposit_from` (a deposit came from it),
`withdrawal_to` (a withdrawal went to it) or `allowed_address`.  `customer` counts from 1.  Empty lines and lines that
begin with ``#`` are passed over.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reference_exchange import addresses

ROLES = ("deposit_address", "deposit_from", "withdrawal_to", "allowed_address")
_ASSET_ON = {"bitcoin": "BTC", "evm": "ETH", "tron": "USDT", "litecoin": "LTC"}
_FIELDS = {
    "address", "txid", "network", "role", "customer", "asset", "amount", "at", "email", "phone", "iban", "ip", "name",
    "hours_before",
}  # fmt: skip


class CannotPlant(Exception):
    """A line of the file cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What one line asks for.  `customer` is the number of a customer, counted from 1."""

    line: int
    customer: int
    role: str | None
    network: str | None
    address: str | None
    txid: str | None
    asset: str | None
    amount: int | None
    at: datetime | None
    email: str | None
    phone: str | None
    iban: str | None
    ip: str | None
    name: str | None


def read(lines: Iterable[str], *, n_customers: int, until: datetime | None = None) -> list[Planted]:
    """Return what the lines ask for; `until` is the moment that `hours_before` counts back from.

    A line that names no customer gets the next one in turn, and a bare address is by turns a deposit address, the
    source of a deposit and the aim of a withdrawal.

    Raises
    ------
    CannotPlant
        Naming the first line that cannot be used, and why.
    """
    planted: list[Planted] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        given = _object(number, text) if text.startswith("{") else _bare(text)
        planted.append(_planted(number, given, len(planted), n_customers, until))
    return planted


def _object(number: int, text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise CannotPlant(f"line {number}: not JSON ({error})") from None
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise CannotPlant(f"line {number}: {unknown[0]!r} is not a field; there are {', '.join(sorted(_FIELDS))}")
    return dict(given)


def _bare(text: str) -> dict[str, Any]:
    return {"txid": text} if addresses.is_txid(text) else {"address": text}


def _planted(number: int, given: dict[str, Any], n_before: int, n_customers: int, until: datetime | None) -> Planted:
    address, txid = given.get("address"), given.get("txid")
    has_chain = address is not None or txid is not None
    network = given.get("network") or (addresses.network_of(str(address or txid)) if has_chain else None)
    if has_chain and network is None:
        raise CannotPlant(f"line {number}: its network cannot be told from its shape; name it in a JSON line")
    customer = int(given.get("customer") or n_before % n_customers + 1)
    if not 1 <= customer <= n_customers:
        raise CannotPlant(f"line {number}: there are customers 1 to {n_customers}, not {customer}")
    role = given.get("role") or (ROLES[n_before % 3] if has_chain else None)
    if role is not None and role not in ROLES:
        raise CannotPlant(f"line {number}: {role!r} is not a role; there are {', '.join(ROLES)}")
    asset = given.get("asset") or (_ASSET_ON.get(network) if network else None)
    if has_chain and asset is None:
        raise CannotPlant(f"line {number}: nothing is traded on {network} here by default; name the asset")
    return Planted(
        line=number,
        customer=customer,
        role=role,
        network=network,
        address=addresses.normal(address) if address is not None else None,
        txid=addresses.normal(txid) if txid is not None else None,
        asset=asset,
        amount=_amount(number, given.get("amount")),
        at=_moment(number, given.get("at")) or _before(number, given.get("hours_before"), until),
        email=given.get("email"),
        phone=given.get("phone"),
        iban=given.get("iban"),
        ip=given.get("ip"),
        name=given.get("name"),
    )


def _amount(number: int, given: object) -> int | None:
    if given is None:
        return None
    text = str(given)
    if isinstance(given, float) or not text.isdigit() or int(text) == 0:
        raise CannotPlant(f"line {number}: an amount is a whole number of base units")
    return int(text)


def _moment(number: int, given: object) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise CannotPlant(f"line {number}: {given!r} is not a moment") from None
    if moment.tzinfo is None:
        raise CannotPlant(f"line {number}: a moment has a time zone, such as Z")
    return moment


def _before(number: int, given: object, until: datetime | None) -> datetime | None:
    if given is None:
        return None
    if until is None or not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise CannotPlant(f"line {number}: hours_before is a whole number, counted back from the last moment")
    return until - timedelta(hours=given)
