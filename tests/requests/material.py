"""Made-up requests that the tests of this room share."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from entraide.exchange.port import Category, Period
from entraide.requests import document
from entraide.requests.decision import Facts, TargetFacts
from entraide.requests.document import InstrumentFacts, Sender
from entraide.requests.law import LegalBasis
from entraide.requests.states import LookupState

OFFICER = UUID("00000000-0000-7000-8000-000000000001")
AGENCY = UUID("00000000-0000-7000-8000-0000000000a1")
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # the example of the checksum's own proposal
SENDER = Sender(
    officer_id=OFFICER, officer_name="Otto Brandt", organisation_id=AGENCY, agency_name="Made-up Police",
    agency_country="FR",
)  # fmt: skip
INSTRUMENT = InstrumentFacts(sha256="ab" * 32, name="order.pdf", size=12_345)


def target(**changes: Any) -> dict[str, Any]:
    """Return one target as a page sends it."""
    return {
        "kind": "address", "value": ADDRESS, "network": "evm", "role": "suspect", "period_from": "2026-01-01",
        "period_to": "2026-01-31", "time_zone": "Europe/Paris", **changes,
    }  # fmt: skip


def filled(**changes: Any) -> dict[str, Any]:
    """Return a draft with every question answered."""
    return {
        "legal_basis": "epoc", "agency_reference": "PV 2026/117", "language": "en",
        "authority_kind": "investigating_judge", "authority_name": "Tribunal of Made-up Town",
        "authority_country": "FR", "issued_on": "2026-02-20", "validating_kind": "", "validating_name": "",
        "offence": "Fraud, art. 313-1 of the Penal Code", "offence_years": "5", "offence_is_listed": False,
        "targets": [target()], "categories": ["S1"], "narrative": "The victim sent 1 ETH to this address.",
        "urgency": "standard", "emergency_reason": "", "non_disclosure_until": "2027-01-01", **changes,
    }  # fmt: skip


def request_document(**changes: Any) -> dict[str, Any]:
    """Return the document of `filled`."""
    return document.build(filled(**changes), reference="R-26-7K3F9Q", version=1, sender=SENDER, instrument=INSTRUMENT)


def facts(*targets: TargetFacts, categories: tuple[str, ...] = ("S1", "T2", "C1")) -> Facts:
    """Return what a decision rests on."""
    return Facts(
        reference="R-26-7K3F9Q", version=1, document_sha256="cd" * 32, legal_basis=LegalBasis.EPOC,
        categories=tuple(Category(code) for code in categories), targets=targets or (found(1),),
    )  # fmt: skip


def found(n: int, *accounts: str, lookup: LookupState = LookupState.FOUND) -> TargetFacts:
    """Return a target for which `accounts` were found."""
    period = Period(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 2, 1, tzinfo=UTC))
    return TargetFacts(n=n, period=period, lookup=lookup, accounts=accounts or ("A1", "A2"))
