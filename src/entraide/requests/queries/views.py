"""One request as values: everything a page may show, in the shape it shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from entraide.kernel.errors import Text
from entraide.requests import rules
from entraide.requests.decision import Scope, scope_of
from entraide.requests.examining import Examination
from entraide.requests.queries.lists import RequestRow
from entraide.requests.rules import Finding
from entraide.requests.states import LookupState, ProposalState, RequestState, RequestVerb


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentView:
    """The instrument as pages show it; the file itself through `read_instrument`."""

    id: UUID
    name: str
    size: int
    sha256: str
    attached_at: datetime
    examination: Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """Who signed a document, and when."""

    person_id: UUID
    name: str
    signed_at: datetime
    signed_act_id: UUID
    act_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingView:
    """One signed document."""

    version: int
    document: Mapping[str, Any]
    document_sha256: str
    filed: SignatureView
    needs_countersignature: bool
    countersigned: SignatureView | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TieView:
    """Why an account answers to an identifier; `reason` is a code of `exchange.port.MatchReason`."""

    reason: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """An account the exchange found for a target."""

    account_id: str
    entity: str
    status: str
    opened_at: datetime
    closed_at: datetime | None
    ties: tuple[TieView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """One target.  For the agency `lookup` is None and `matches` empty: what the exchange found is not its to see."""

    id: UUID
    n: int
    kind: str
    value: str
    normalised: str
    problem: str | None
    network: str
    role: str
    period_start: datetime
    period_end: datetime
    time_zone: str
    lookup: LookupState | None
    lookup_code: str
    lookup_attempts: int
    lookup_answered_at: datetime | None
    matches: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message of the thread.

    Parameters
    ----------
    kind : str
        ``question``, ``answer``, ``return``, ``taken_back``, ``withdrawal``, ``sent_back``.
    author : str
        Empty where the reader sees only the side: the agency does not learn names of the desk's people.
    """

    id: UUID
    kind: str
    side: str
    author: str
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentView:
    """Who works on it, since when, and the note that came with it."""

    analyst: str
    assigned_by: str
    note: str
    assigned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapView:
    """Another request that asks about the same identifier, or that touches the same account."""

    reference: str
    agency_name: str
    state: RequestState
    n: int
    same: str  # "identifier" or "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposed decision with its fate."""

    id: UUID
    state: ProposalState
    document: Mapping[str, Any]
    decision_sha256: str
    note: str
    proposed: SignatureView
    approved: SignatureView | None
    ended_at: datetime | None
    ended_by: str
    reason: str

    @property
    def scope(self) -> Scope:
        """What the decision allows."""
        return scope_of(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbView:
    """Something the state allows; `why_not` is the policy's reason where this person may not."""

    verb: RequestVerb
    why_not: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """One request for one reader: everything the page shows, and nothing the reader may not see.

    Parameters
    ----------
    draft : Mapping | None
        What its officer typed, while it is hers to edit.
    filing : FilingView | None
        The document the reader works on: the latest for the agency, the latest that reached it for the desk.
    findings : tuple of Finding
        For the desk: what intake and authenticity checks say.
    """

    row: RequestRow
    stream_id: UUID
    draft: Mapping[str, Any] | None
    instrument: InstrumentView | None
    filing: FilingView | None
    targets: tuple[TargetView, ...]
    messages: tuple[MessageView, ...]
    clock: rules.ClockReading | None
    findings: tuple[Finding, ...]
    overlaps: tuple[OverlapView, ...]
    assignments: tuple[AssignmentView, ...]
    proposals: tuple[ProposalView, ...]
    verbs: tuple[VerbView, ...]

    @property
    def proposal(self) -> ProposalView | None:
        """The decision that is proposed or approved, if any."""
        alive = (ProposalState.OPEN, ProposalState.APPROVED)
        return next((one for one in self.proposals if one.state in alive), None)
