"""What may be seen of requests, as values; called inside a door unless it says otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from entraide.access import api as access
from entraide.audit import api as audit
from entraide.database import key_store, reading_as
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Text
from entraide.requests import files, policies, rules
from entraide.requests.decision import Scope, scope_of
from entraide.requests.examining import FLAG_LABELS, Examination
from entraide.requests.law import LegalBasis, Urgency
from entraide.requests.models import (
    AccountMatch,
    Approval,
    Assignment,
    ClockStop,
    Countersignature,
    DecisionDraft,
    DecisionProposal,
    Draft,
    Filing,
    Instrument,
    LegalRequest,
    Lookup,
    Message,
    Target,
)
from entraide.requests.rules import Finding, Weight
from entraide.requests.search import search_query
from entraide.requests.states import (
    EDITABLE,
    OPEN_AT_DESK,
    REQUEST,
    LookupState,
    ProposalState,
    RequestState,
    RequestVerb,
)

S = RequestState
PAGE_ROWS = 50
NEW_PASSKEY = timedelta(days=1)

# ---------------------------------------------------------------------------------------------------------------- lists


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
            due_at=row.due_at,
            clock_stopped_at=row.clock_stopped_at,
            changed_at=row.changed_at,
            delivered_at=row.delivered_at,
        )


def _basis(value: str) -> LegalBasis | None:
    return LegalBasis(value) if value in set(LegalBasis) else None


def _urgency(value: str) -> Urgency | None:
    return Urgency(value) if value in set(Urgency) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that waits for a person, with the verb that ends the waiting."""

    what: Text
    verb: RequestVerb | None
    request: RequestRow


def waiting_for(actor: Actor) -> tuple[Waiting, ...]:
    """Return what waits for the actor: what is due first, then what has waited longest."""
    condition, reasons = _waits(actor)
    if condition is None:
        return ()
    found = LegalRequest.objects.visible_to(actor).filter(condition)
    found = found.order_by(F("due_at").asc(nulls_last=True), "changed_at", "pk")[:200]
    proposers = _proposers(found) if actor.has(Role.APPROVER) else {}
    rows = [row for row in rows_of(list(found), actor) if proposers.get(row.id, actor) != actor.person_id]
    waiting = []
    for row in rows:
        # Of two roles one person may hold, the one whose turn it is.
        what, verb = next((what, verb) for holds, what, verb in reasons if holds(row))
        waiting.append(Waiting(what=what, verb=verb, request=row))
    return tuple(waiting)


def _proposers(requests: Iterable[LegalRequest]) -> dict[UUID, Any]:
    alive = DecisionProposal.objects.filter(request__in=[row.pk for row in requests], state=ProposalState.OPEN.value)
    return {row.request_id: row.proposer_id for row in alive}


_Reason = tuple[Any, Text, RequestVerb | None]


def _waits(actor: Actor) -> tuple[Q | None, list[_Reason]]:
    """Return which requests wait for the actor, and what each waits for."""
    conditions: list[Q] = []
    reasons: list[_Reason] = []

    def add(condition: Q, holds: Any, what: Text, verb: RequestVerb | None) -> None:
        conditions.append(condition)
        reasons.append((holds, what, verb))

    def own(state: RequestState, what: Text, verb: RequestVerb | None) -> None:
        add(
            Q(state=state.value, officer_id=actor.person_id),
            lambda row: row.state is state and row.officer_id == actor.person_id, what, verb,
        )  # fmt: skip

    def mine(state: RequestState, what: Text, verb: RequestVerb | None) -> None:
        add(
            Q(state=state.value, assigned_to_id=actor.person_id),
            lambda row: row.state is state and row.assigned_to_id == actor.person_id, what, verb,
        )  # fmt: skip

    def everybodys(state: RequestState, what: Text, verb: RequestVerb | None) -> None:
        add(Q(state=state.value), lambda row: row.state is state, what, verb)

    if actor.face is Face.AGENCY:
        if actor.has(Role.OFFICER):
            own(S.QUESTION_ASKED, _("The desk asked a question"), RequestVerb.ANSWER)
            own(S.RETURNED_FOR_CORRECTION, _("Returned for correction"), RequestVerb.FILE)
            own(S.DELIVERED, _("The package is ready"), None)
            own(S.DRAFT, _("A draft to finish"), RequestVerb.FILE)
        if actor.has(Role.SUPERVISOR):
            add(
                Q(state=S.AWAITING_COUNTERSIGNATURE.value) & ~Q(officer_id=actor.person_id),
                lambda row: row.state is S.AWAITING_COUNTERSIGNATURE and row.officer_id != actor.person_id,
                _("Awaiting your countersignature"), RequestVerb.COUNTERSIGN,
            )  # fmt: skip
    if actor.face is Face.STAFF and actor.has(Role.ANALYST):
        mine(S.TRIAGE, _("In your triage"), RequestVerb.PROPOSE)
        everybodys(S.SUBMITTED, _("Received, not taken up yet"), RequestVerb.ACCEPT)
    if actor.face is Face.STAFF and actor.has(Role.APPROVER):
        everybodys(S.IN_DECISION, _("A decision to approve"), RequestVerb.APPROVE)
    if not conditions:
        return None, []
    condition = conditions[0]
    for other in conditions[1:]:
        condition |= other
    return condition, reasons


# ---------------------------------------------------------------------------------------------------------- one request


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
    draft_saved_at: datetime | None
    instrument: InstrumentView | None
    filing: FilingView | None
    targets: tuple[TargetView, ...]
    messages: tuple[MessageView, ...]
    clock: rules.ClockReading | None
    findings: tuple[Finding, ...]
    overlaps: tuple[OverlapView, ...]
    assignments: tuple[AssignmentView, ...]
    decision_answers: tuple[Mapping[str, Any], ...]
    proposals: tuple[ProposalView, ...]
    verbs: tuple[VerbView, ...]

    @property
    def proposal(self) -> ProposalView | None:
        """The decision that is proposed or approved, if any."""
        alive = (ProposalState.OPEN, ProposalState.APPROVED)
        return next((one for one in self.proposals if one.state in alive), None)


def read_request(reference: str, *, actor: Actor, now: datetime, purpose: str = "handling") -> RequestView:
    """Return one request after the log has noted who reads it; opens its own doors.

    Raises
    ------
    NotFound
        If there is none, or it is not the actor's to see.
    NotPermitted
        If the actor may know that it exists but not read it.
    """
    note_reading(reference, "request", actor=actor, now=now, purpose=purpose)
    with reading_as(actor):
        return request_view(reference, actor=actor, now=now)


def note_reading(reference: str, what: str, *, actor: Actor, now: datetime, purpose: str) -> None:
    """Note in the log that the actor reads `what` of a request; when it raises, show nothing.  Opens its own doors."""
    with reading_as(actor):
        request = _get(reference, actor)
        policies.check_may_read(actor, request)
        stream_id = request.stream_id
    audit.record_reading(what, stream_id=stream_id, actor=actor, purpose=purpose, now=now)


def read_instrument(
    reference: str, *, actor: Actor, now: datetime, purpose: str = "handling"
) -> tuple[InstrumentView, bytes]:
    """Return the instrument's bytes after the log has noted who reads it; opens its own doors.

    Only ever as an attachment: the file is foreign.
    """
    note_reading(reference, "instrument", actor=actor, now=now, purpose=purpose)
    with reading_as(actor):
        request = _get(reference, actor)
        view = _instrument_view(request, _filing(request, actor), actor)
    if view is None:
        raise policies.no_such_request()
    return view, b"".join(files.read(case_id=request.pk, file_id=view.id))


def request_view(reference: str, *, actor: Actor, now: datetime) -> RequestView:
    """Return one request inside the caller's door; the caller has noted the reading."""
    request = _get(reference, actor)
    policies.check_may_read(actor, request)
    is_staff = actor.face is Face.STAFF
    if request.erased_at is not None:
        return _erased_view(request, actor)
    filing = _filing(request, actor)
    draft = Draft.objects.filter(request=request).first() if request.officer_id == actor.person_id else None
    is_editable = RequestState(request.state) in EDITABLE
    proposals = _proposals(request) if is_staff else ()
    instrument = _instrument_view(request, filing, actor)
    decision_draft = DecisionDraft.objects.filter(request=request).first() if is_staff else None
    findings: tuple[Finding, ...] = ()
    if is_staff and filing is not None:
        findings = (
            *rules.intake_findings(filing.document, now.date()),
            *authenticity(request, filing, instrument, now=now),
        )
    return RequestView(
        row=next(rows_of([request], actor)),
        stream_id=request.stream_id,
        draft=draft.content if draft and is_editable else None,
        draft_saved_at=draft.saved_at if draft and is_editable else None,
        instrument=instrument,
        filing=_filing_view(filing) if filing else None,
        targets=_targets(filing, is_staff=is_staff) if filing else (),
        messages=_messages(request, actor),
        clock=_clock(request),
        findings=findings,
        overlaps=overlaps(request) if is_staff else (),
        assignments=_assignments(request) if is_staff else (),
        decision_answers=tuple(decision_draft.answers) if decision_draft else (),
        proposals=proposals,
        verbs=_verbs(request, actor, proposals),
    )


def draft_of(reference: str, *, actor: Actor) -> tuple[Mapping[str, Any], InstrumentView | None]:
    """Return what the officer typed so far, and the attached instrument; for the question pages."""
    request = _get(reference, actor)
    policies.check_may_edit(actor, request)
    draft = Draft.objects.filter(request=request).first()
    if draft is None:
        raise policies.no_such_request()
    return draft.content, _instrument_view(request, None, actor)


def _get(reference: str, actor: Actor) -> LegalRequest:
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    return request


def _filing(request: LegalRequest, actor: Actor) -> Filing | None:
    found = Filing.objects.filter(request=request, ended_at__isnull=True)
    if actor.face is not Face.AGENCY:
        found = found.filter(version=request.version, submitted_at__isnull=False)
    return found.order_by("-version").first()


def _filing_view(filing: Filing) -> FilingView:
    second = Countersignature.objects.filter(filing=filing).first()
    people = access.people_by_ids([filing.filer_id, *([second.countersigner_id] if second else [])])
    return FilingView(
        version=filing.version,
        document=filing.document,
        document_sha256=bytes(filing.document_hash).hex(),
        filed=_signature(filing.filer_id, people, filing.filed_at, filing.signed_act_id, filing.act_hash),
        needs_countersignature=filing.needs_countersignature,
        countersigned=_signature(
            second.countersigner_id, people, second.countersigned_at, second.signed_act_id, second.act_hash
        )
        if second
        else None,
        submitted_at=filing.submitted_at,
    )


def _signature(
    person_id: UUID, people: Mapping[UUID, access.PersonView], at: datetime, act_id: UUID, act_hash: Any
) -> SignatureView:
    person = people.get(person_id)
    return SignatureView(
        person_id=person_id,
        name=person.name if person else "",
        signed_at=at,
        signed_act_id=act_id,
        act_hash=bytes(act_hash).hex(),
    )


def _instrument_view(request: LegalRequest, filing: Filing | None, actor: Actor) -> InstrumentView | None:
    """Return the instrument of the document the reader works on; for its officer the one attached last."""
    if filing is not None and not (actor.face is Face.AGENCY and RequestState(request.state) in EDITABLE):
        row: Instrument | None = filing.instrument
    else:
        row = Instrument.objects.filter(request=request).order_by("-attached_at", "-pk").first()
    if row is None:
        return None
    return InstrumentView(
        id=row.pk,
        name=row.details["name"],
        size=row.details["size"],
        sha256=row.details["sha256"],
        attached_at=row.attached_at,
        examination=Examination.from_json(row.findings),
    )


def _targets(filing: Filing, *, is_staff: bool) -> tuple[TargetView, ...]:
    targets = list(filing.targets.order_by("n"))
    lookups: dict[UUID, Lookup] = {}
    matches: dict[UUID, list[MatchView]] = {}
    if is_staff:
        lookups = {row.target_id: row for row in Lookup.objects.filter(target__filing=filing)}
        for match in AccountMatch.objects.filter(target__filing=filing):
            matches.setdefault(match.target_id, []).append(_match(match.account))
    return tuple(_target(target, lookups.get(target.pk), matches.get(target.pk, [])) for target in targets)


def _target(target: Target, lookup: Lookup | None, matches: list[MatchView]) -> TargetView:
    return TargetView(
        id=target.pk,
        n=target.n,
        kind=target.kind,
        value=target.value["value"],
        normalised=target.value["normalised"],
        problem=target.value["problem"],
        network=target.network,
        role=target.role,
        period_start=target.period_start,
        period_end=target.period_end,
        time_zone=target.time_zone,
        lookup=LookupState(lookup.state) if lookup else None,
        lookup_code=lookup.code if lookup else "",
        lookup_attempts=lookup.n_attempts if lookup else 0,
        lookup_answered_at=lookup.answered_at if lookup else None,
        matches=tuple(sorted(matches, key=lambda match: match.account_id)),
    )


def _match(account: Mapping[str, Any]) -> MatchView:
    return MatchView(
        account_id=account["account_id"],
        entity=account["entity"],
        status=account["status"],
        opened_at=datetime.fromisoformat(account["opened_at"]),
        closed_at=datetime.fromisoformat(account["closed_at"]) if account["closed_at"] else None,
        ties=tuple(
            TieView(
                reason=tie["reason"],
                count=tie["count"],
                first_at=datetime.fromisoformat(tie["first_at"]),
                last_at=datetime.fromisoformat(tie["last_at"]),
            )
            for tie in account["ties"]
        ),
    )


def _messages(request: LegalRequest, actor: Actor) -> tuple[MessageView, ...]:
    rows = list(Message.objects.filter(request=request).order_by("sent_at", "pk"))
    people = access.people_by_ids({row.author_id for row in rows}) if rows else {}
    hides_desk = actor.face is Face.AGENCY
    return tuple(
        MessageView(
            id=row.pk,
            kind=row.kind,
            side=row.side,
            author=_author(row, people, hides_desk=hides_desk),
            text=row.text,
            sent_at=row.sent_at,
        )
        for row in rows
    )  # fmt: skip


def _author(row: Message, people: Mapping[UUID, access.PersonView], *, hides_desk: bool) -> str:
    if (hides_desk and row.side == "desk") or row.author_id not in people:
        return ""
    return people[row.author_id].name


def _assignments(request: LegalRequest) -> tuple[AssignmentView, ...]:
    rows = list(Assignment.objects.filter(request=request).order_by("-assigned_at", "-pk"))
    people = access.people_by_ids({row.analyst_id for row in rows} | {row.assigned_by_id for row in rows})
    return tuple(
        AssignmentView(
            analyst=people[row.analyst_id].name if row.analyst_id in people else "",
            assigned_by=people[row.assigned_by_id].name if row.assigned_by_id in people else "",
            note=row.note,
            assigned_at=row.assigned_at,
        )
        for row in rows
    )


def _proposals(request: LegalRequest) -> tuple[ProposalView, ...]:
    rows = list(DecisionProposal.objects.filter(request=request).order_by("-proposed_at", "-pk"))
    approvals = {row.proposal_id: row for row in Approval.objects.filter(proposal__in=rows)}
    ids = {row.proposer_id for row in rows} | {row.approver_id for row in approvals.values()}
    people = access.people_by_ids(ids | {row.ended_by_id for row in rows if row.ended_by_id}) if rows else {}
    return tuple(_proposal(row, approvals.get(row.pk), people) for row in rows)


def _proposal(
    row: DecisionProposal, approval: Approval | None, people: Mapping[UUID, access.PersonView]
) -> ProposalView:
    ended_by = people.get(row.ended_by_id) if row.ended_by_id else None
    return ProposalView(
        id=row.pk,
        state=ProposalState(row.state),
        document=row.document,
        decision_sha256=bytes(row.decision_hash).hex(),
        note=row.note,
        proposed=_signature(row.proposer_id, people, row.proposed_at, row.signed_act_id, row.act_hash),
        approved=_signature(
            approval.approver_id, people, approval.approved_at, approval.signed_act_id, approval.act_hash
        )
        if approval
        else None,
        ended_at=row.ended_at,
        ended_by=ended_by.name if ended_by else "",
        reason=row.reason or "",
    )


def _clock(request: LegalRequest) -> rules.ClockReading | None:
    if request.received_at is None or RequestState(request.state) not in OPEN_AT_DESK:
        return None
    stops = [
        rules.Stop(row.started_at, row.ended_at)
        for row in ClockStop.objects.filter(request=request, started_at__gte=request.received_at)
    ]
    return rules.read_clock(request.received_at, LegalBasis(request.legal_basis), Urgency(request.urgency), stops=stops)


def _verbs(request: LegalRequest, actor: Actor, proposals: Sequence[ProposalView]) -> tuple[VerbView, ...]:
    """Return what the state allows, with the policy's reason where this person may not."""
    proposer = next((one.proposed.person_id for one in proposals if one.state is ProposalState.OPEN), None)
    verbs = []
    for verb in REQUEST.verbs_from(RequestState(request.state)):
        assert isinstance(verb, RequestVerb)
        why = policies.why_not(verb, actor, request, proposer=proposer)
        verbs.append(VerbView(verb=verb, why_not=why))
    return tuple(verbs)


def _erased_view(request: LegalRequest, actor: Actor) -> RequestView:
    return RequestView(
        row=next(rows_of([request], actor)), stream_id=request.stream_id, draft=None, draft_saved_at=None,
        instrument=None, filing=None, targets=(), messages=(), clock=None, findings=(), overlaps=(), assignments=(),
        decision_answers=(), proposals=(), verbs=(),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- signals for the desk


def authenticity(
    request: LegalRequest, filing: Filing, instrument: InstrumentView | None, *, now: datetime
) -> tuple[Finding, ...]:
    """Return what speaks for and against the origin of a request, each with its reason."""
    of_instrument = _instrument_signals(request, instrument) if instrument else ()
    return (*_signer_signals(request, filing, now), *of_instrument)


def _signer_signals(request: LegalRequest, filing: Filing, now: datetime) -> Iterator[Finding]:
    earlier = LegalRequest.objects.filter(officer_id=request.officer_id, submitted_at__isnull=False).exclude(
        pk=request.pk
    )
    n_earlier = earlier.count()
    if n_earlier == 0:
        yield Finding(code="first_request", weight=Weight.WARN, text=_("The first request of this officer"))
    else:
        text = _("This officer has filed %(n)s requests before") % {"n": n_earlier}
        yield Finding(code="known_officer", weight=Weight.GOOD, text=text)
    keys = [key for key in access.passkeys_of(request.officer_id) if key.disabled_at is None]
    if keys and filing.filed_at - min(key.registered_at for key in keys) < NEW_PASSKEY:
        yield Finding(code="new_passkey", weight=Weight.WARN, text=_("Signed with a passkey less than a day old"))
    if filing.needs_countersignature:
        yield Finding(code="countersigned", weight=Weight.GOOD, text=_("Countersigned by a supervisor of the agency"))


def _instrument_signals(request: LegalRequest, instrument: InstrumentView) -> Iterator[Finding]:
    index = key_store().blind_index("instrument", instrument.sha256)
    seen = (
        Instrument.objects.filter(hash_index=index, submitted_at__isnull=False)
        .exclude(request=request)
        .values_list("request__reference", flat=True)
    )
    for reference in sorted(set(seen)):
        yield Finding(
            code="instrument_seen", weight=Weight.BAD, field="instrument", about=reference,
            text=_("The same instrument came with another request"),
        )  # fmt: skip
    for flag in instrument.examination.flags:
        yield Finding(
            code=f"instrument_{flag}", weight=Weight.WARN, field="instrument", text=FLAG_LABELS.get(flag, flag)
        )
    if instrument.examination.problem:
        yield Finding(
            code="instrument_unclear", weight=Weight.WARN, field="instrument",
            text=_("The file could not be looked through completely"),
        )  # fmt: skip
    if not instrument.examination.signatures:
        yield Finding(
            code="instrument_unsigned", weight=Weight.INFO, field="instrument",
            text=_("The file carries no electronic signature"),
        )  # fmt: skip
    for signature in instrument.examination.signatures:
        yield _signature_finding(signature.is_valid, signature.is_trusted, signature.covers, signature.signer)


def _signature_finding(is_valid: bool, is_trusted: bool, covers: str, signer: str) -> Finding:
    if not is_valid:
        code, weight, text = "signature_broken", Weight.BAD, _("A signature on the file does not hold")
    elif covers != "whole_file":
        code, weight, text = "signature_partial", Weight.WARN, _("A signature does not cover the whole file")
    elif is_trusted:
        code, weight, text = "signature_trusted", Weight.GOOD, _("Signed, by a certificate the desk trusts")
    else:
        code, weight, text = "signature_unknown", Weight.INFO, _("Signed and intact, by a certificate not known here")
    return Finding(code=code, weight=weight, text=text, field="instrument", about=signer)


def overlaps(request: LegalRequest) -> tuple[OverlapView, ...]:
    """Return other requests about the same identifiers or accounts; for the desk only."""
    own = list(Target.objects.filter(request=request, filing__version=request.version))
    by_index = {bytes(target.blind_index): target.n for target in own}
    others = Target.objects.filter(blind_index__in=list(by_index), submitted_at__isnull=False).exclude(request=request)
    found = {
        (row.request_id, by_index[bytes(row.blind_index)], "identifier")
        for row in others.only("request_id", "blind_index")
    }
    accounts = {
        bytes(match.account_index): match.target.n
        for match in AccountMatch.objects.filter(target__in=own).select_related("target")
    }
    shared = AccountMatch.objects.filter(account_index__in=list(accounts)).exclude(request=request)
    found |= {(row.request_id, accounts[bytes(row.account_index)], "account") for row in shared}
    requests = {row.pk: row for row in LegalRequest.objects.filter(pk__in={pk for pk, _n, _same in found})}
    names = {one.id: one.name for one in access.organisations()} if found else {}
    return tuple(
        OverlapView(
            reference=requests[pk].reference,
            agency_name=names.get(requests[pk].organisation_id, ""),
            state=RequestState(requests[pk].state),
            n=n,
            same=same,
        )
        for pk, n, same in sorted(found, key=lambda one: (one[1], one[2], str(one[0])))
        if pk in requests
    )  # fmt: skip
