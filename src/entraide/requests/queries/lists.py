"""Requests in lists: rows, what may be asked of a list, and its pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.db.models.expressions import RawSQL

from entraide.access import api as access
from entraide.kernel.actors import Actor, Face
from entraide.requests.law import LegalBasis, Urgency
from entraide.requests.models import LegalRequest
from entraide.requests.search import search_query
from entraide.requests.states import OPEN_AT_DESK, RequestState

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request in a list.  Names of the desk's people are empty for the agency."""

    id: UUID
    reference: str
    state: RequestState
    version: int
    legal_basis: LegalBasis | None
    urgency: Urgency | None
    agency_reference: str
    offence: str
    organisation_id: UUID
    agency_name: str
    officer_id: UUID
    officer_name: str
    assigned_to_id: UUID | None
    assigned_to_name: str
    created_at: datetime
    filed_at: datetime | None
    submitted_at: datetime | None
    received_at: datetime | None
    due_at: datetime | None
    clock_stopped_at: datetime | None
    changed_at: datetime
    delivered_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether the answer is owed already."""
        return self.due_at is not None and self.state in OPEN_AT_DESK and now > self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQuestion:
    """What may be asked of the list.  Absent means: do not narrow by this."""

    states: frozenset[RequestState] = frozenset()
    text: str = ""
    assigned_to_id: UUID | None = None
    unassigned: bool = False
    organisation_id: UUID | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestList:
    """A page of the list: what is due first, then what changed last."""

    rows: tuple[RequestRow, ...]
    offset: int
    has_more: bool


def requests_for(actor: Actor, question: RequestQuestion | None = None, *, offset: int = 0) -> RequestList:
    """Return the requests the actor sees, narrowed by `question`, `PAGE_ROWS` at a time."""
    asked = question or RequestQuestion()
    found = LegalRequest.objects.visible_to(actor)
    if asked.states:
        found = found.filter(state__in=[state.value for state in asked.states])
    if asked.assigned_to_id is not None:
        found = found.filter(assigned_to_id=asked.assigned_to_id)
    if asked.unassigned:
        found = found.filter(assigned_to_id__isnull=True)
    if asked.organisation_id is not None:
        found = found.filter(organisation_id=asked.organisation_id)
    if asked.overdue_at is not None:
        found = found.filter(due_at__lt=asked.overdue_at, state__in=[state.value for state in OPEN_AT_DESK])
    if asked.text.strip():
        query = search_query(asked.text)
        if not query:
            return RequestList(rows=(), offset=offset, has_more=False)
        matches = RawSQL("SELECT id FROM requests_legalrequest WHERE search @@ to_tsquery('simple', %s)", [query])
        found = found.filter(pk__in=matches)
    ordered = found.order_by(F("due_at").asc(nulls_last=True), "-changed_at", "pk")
    rows = list(ordered[offset : offset + PAGE_ROWS + 1])
    return RequestList(rows=tuple(rows_of(rows[:PAGE_ROWS], actor)), offset=offset, has_more=len(rows) > PAGE_ROWS)


def rows_of(requests: Sequence[LegalRequest], actor: Actor) -> Iterator[RequestRow]:
    """Yield requests as rows with names, in a number of queries that does not grow with them."""
    is_agency = actor.face is Face.AGENCY
    ids = {row.officer_id for row in requests} | (
        set() if is_agency else {row.assigned_to_id for row in requests if row.assigned_to_id}
    )
    people = access.people_by_ids(ids) if ids else {}
    agencies = {one.id: one.name for one in access.organisations()} if requests else {}
    for row in requests:
        officer, analyst = people.get(row.officer_id), people.get(row.assigned_to_id or row.officer_id)
        yield RequestRow(
            id=row.pk,
            reference=row.reference,
            state=RequestState(row.state),
            version=row.version,
            legal_basis=_basis(row.legal_basis),
            urgency=_urgency(row.urgency),
            agency_reference=row.agency_reference,
            offence=row.offence,
            organisation_id=row.organisation_id,
            agency_name=agencies.get(row.organisation_id, ""),
            officer_id=row.officer_id,
            officer_name=officer.name if officer else "",
            assigned_to_id=None if is_agency else row.assigned_to_id,
            assigned_to_name=analyst.name if analyst and row.assigned_to_id and not is_agency else "",
            created_at=row.created_at,
            filed_at=row.filed_at,
            submitted_at=row.submitted_at,
            received_at=row.received_at,
            due_at=row.due_at,
            clock_stopped_at=row.clock_stopped_at,
            changed_at=row.changed_at,
            delivered_at=row.delivered_at,
        )


def _basis(value: str) -> LegalBasis | None:
    return LegalBasis(value) if value in set(LegalBasis) else None


def _urgency(value: str) -> Urgency | None:
    return Urgency(value) if value in set(Urgency) else None
