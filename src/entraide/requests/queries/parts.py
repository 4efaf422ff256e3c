"""The parts of one request, each from the rows it is kept in, without what this reader may not see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from entraide.access import api as access
from entraide.kernel.actors import Actor, Face
from entraide.requests import policies, rules
from entraide.requests.examining import Examination
from entraide.requests.law import LegalBasis, Urgency
from entraide.requests.models import (
    AccountMatch,
    Approval,
    Assignment,
    ClockStop,
    Countersignature,
    DecisionProposal,
    Filing,
    Instrument,
    LegalRequest,
    Lookup,
    Message,
    Target,
)
from entraide.requests.queries.views import (
    AssignmentView,
    FilingView,
    InstrumentView,
    MatchView,
    MessageView,
    ProposalView,
    SignatureView,
    TargetView,
    TieView,
    VerbView,
)
from entraide.requests.states import (
    EDITABLE,
    OPEN_AT_DESK,
    REQUEST,
    LookupState,
    ProposalState,
    RequestState,
    RequestVerb,
)


def request_of(reference: str, actor: Actor) -> LegalRequest:
    """Return the request of this reference, where the actor may see it; otherwise there is none."""
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    return request


def filing_for(request: LegalRequest, actor: Actor) -> Filing | None:
    """Return the document the actor works on: for the desk, the one that reached it."""
    found = Filing.objects.filter(request=request, ended_at__isnull=True)
    if actor.face is not Face.AGENCY:
        found = found.filter(version=request.version, submitted_at__isnull=False)
    return found.order_by("-version").first()


def filing_view(filing: Filing) -> FilingView:
    """Return a signed document with its signatures."""
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


def instrument_view(request: LegalRequest, filing: Filing | None, actor: Actor) -> InstrumentView | None:
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


def targets_of(filing: Filing, *, is_staff: bool) -> tuple[TargetView, ...]:
    """Return the targets; what the exchange found only for the desk."""
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


def messages_of(request: LegalRequest, actor: Actor) -> tuple[MessageView, ...]:
    """Return the thread, oldest first."""
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


def assignments_of(request: LegalRequest) -> tuple[AssignmentView, ...]:
    """Return who has worked on it, latest first."""
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


def proposals_of(request: LegalRequest) -> tuple[ProposalView, ...]:
    """Return every decision that was proposed, latest first."""
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


def clock_of(request: LegalRequest) -> rules.ClockReading | None:
    """Return how the clock stands, while the desk has the request."""
    if request.received_at is None or RequestState(request.state) not in OPEN_AT_DESK:
        return None
    stops = [
        rules.Stop(row.started_at, row.ended_at)
        for row in ClockStop.objects.filter(request=request, started_at__gte=request.received_at)
    ]
    return rules.read_clock(request.received_at, LegalBasis(request.legal_basis), Urgency(request.urgency), stops=stops)


def verbs_of(request: LegalRequest, actor: Actor, proposals: Sequence[ProposalView]) -> tuple[VerbView, ...]:
    """Return what the state allows, with the policy's reason where this person may not."""
    proposer = next((one.proposed.person_id for one in proposals if one.state is ProposalState.OPEN), None)
    verbs = []
    for verb in REQUEST.verbs_from(RequestState(request.state)):
        assert isinstance(verb, RequestVerb)
        why = policies.why_not(verb, actor, request, proposer=proposer)
        verbs.append(VerbView(verb=verb, why_not=why))
    return tuple(verbs)
