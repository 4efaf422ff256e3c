"""A request with six targets of every kind an analyst meets, and what the exchange knows about them."""

from datetime import timedelta
from typing import Any

from entraide.exchange.port import IdentifierKind, MatchReason
from tests.requests.material import ADDRESS, target
from tests.requests.story import ACCOUNT, Story

CATEGORIES = ["S1", "S2", "T2", "C1"]
BITCOIN = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
TXID = "0x" + "5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"[:64]
SECOND, THIRD = "A-1001", "A-20771"
NOTHING_FOUND = 3


def six_targets() -> list[dict[str, Any]]:
    """Return an address of three accounts, one of another network, two that nobody knows, a mailbox and an account."""
    return [
        target(),
        target(value=BITCOIN, network="bitcoin", role="observed"),
        target(kind="txid", value=TXID, network="evm", role="observed", period_from="2025-01-01"),
        target(kind="email", value="beneficiary.of.the.transfers@made-up-mail.example", network="", role="suspect"),
        target(kind="iban", value="DE89370400440532013000", network="", role="victim"),
        target(kind="uid", value=THIRD, network="", role="witness", time_zone="UTC"),
    ]


def in_triage(story: Story, **changes: Any) -> Story:
    """Bring a request with six targets to the analyst's desk, looked up."""
    exchange, then = story.exchange, story.now - timedelta(days=400)
    exchange.open_account(SECOND, opened_at=then, closed_at=then + timedelta(days=300), entity="Aurelia Exchange GmbH")
    exchange.open_account(THIRD, opened_at=then, entity="Aurelia Exchange GmbH")
    link = exchange.link
    link(ACCOUNT, IdentifierKind.ADDRESS, ADDRESS.lower(), MatchReason.DEPOSIT_ADDRESS, at=then, network="evm")
    for day in range(3):
        at = then + timedelta(days=10 * day)
        link(SECOND, IdentifierKind.ADDRESS, ADDRESS.lower(), MatchReason.WITHDRAWAL_TO, at=at, network="evm")
        link(THIRD, IdentifierKind.ADDRESS, ADDRESS.lower(), MatchReason.DEPOSIT_FROM, at=at, network="evm")
    link(THIRD, IdentifierKind.ADDRESS, BITCOIN, MatchReason.ALLOWED_ADDRESS, at=then, network="bitcoin")
    link(SECOND, IdentifierKind.EMAIL, six_targets()[3]["value"], MatchReason.KYC_EMAIL, at=then)
    given = {"targets": six_targets(), "categories": CATEGORIES, "narrative": NARRATIVE} | changes
    story.draft(**given).file()
    if story.row().state == "awaiting_countersignature":
        story.countersign()
    return story.accept().look_up()


NARRATIVE = (
    "On 3 January 2026 the victim was called by a person who said she worked for her bank, and was led to send "
    "1.75 ETH to the first address. The amount was split within an hour; two parts went to addresses that the public "
    "ledger ties to the exchange. The identity behind the accounts, and where the amount went from them, cannot be "
    "found otherwise."
)
