"""A demo loaded in this process, with an exchange in memory that knows what the reference exchange would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from entraide.audit.api import create_instance, publish_keys
from entraide.database import acting_in
from entraide.desk.demo import __main__ as demo
from entraide.disclosure import building
from entraide.exchange import wiring
from entraide.exchange.memory import InMemoryExchange
from entraide.exchange.port import IdentifierKind, MatchReason
from entraide.kernel import clock
from reference_exchange import planting
from tests.plugins.desk import NOON, Desk, DeskDatabase, close_connections, home_of_a_desk

PLANTED = Path(demo.__file__).with_name("planted.jsonl")
CUSTOMERS = 200


def planted(now: datetime) -> list[planting.Planted]:
    """Return what the demo's exchange is told to know."""
    lines = PLANTED.read_text(encoding="utf-8").splitlines()
    return planting.read(lines, n_customers=CUSTOMERS, until=now)


def an_exchange_that_knows_the_story(now: datetime) -> InMemoryExchange:
    """Install an exchange in memory with the planted accounts."""
    exchange = InMemoryExchange()
    opened = set()
    for item in planted(now):
        account = f"RX{item.customer:08d}"
        if account not in opened:
            exchange.open_account(account, opened_at=now - timedelta(days=900))
            opened.add(account)
        at = item.at or now - timedelta(days=30)
        for kind, value, reason in (
            (IdentifierKind.ADDRESS, item.address, MatchReason.DEPOSIT_ADDRESS),
            (IdentifierKind.TXID, item.txid, MatchReason.DEPOSIT_TXID),
            (IdentifierKind.EMAIL, item.email, MatchReason.KYC_EMAIL),
        ):
            if value:
                exchange.link(account, kind, value, reason, at=at, network=item.network)
    wiring.install(lambda: exchange)
    return exchange


@contextmanager
def empty_demo(database: DeskDatabase) -> Iterator[Desk]:
    """Have a demo's desk just made, long enough ago for its story, and the clock standing at noon."""
    with home_of_a_desk() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        create_instance("demo", now=NOON - timedelta(days=45))
        desk = Desk(database, home, NOON)
        an_exchange_that_knows_the_story(NOON)
        desk.start_signer()
        try:
            yield desk
        finally:
            desk.stop()
            close_connections()
            database.empty()


def build_packages(desk: Desk) -> None:
    """Do what the worker does for approved requests, with the sequencer beside it."""
    with acting_in("worker"):
        publish_keys(now=desk.now)
    desk.work()
    desk.sequence()
    for (package_id,) in desk.superuser_sql("SELECT id FROM disclosure_package"):
        with acting_in("worker"):
            building.build(package_id, tell=lambda done, total, stage: None)
    desk.work()
    desk.sequence()
