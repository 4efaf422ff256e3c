"""What the operations of this room share: finding and locking a request, moving it, and its clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from entraide.audit import api as audit
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPermitted
from entraide.requests import policies, rules
from entraide.requests.law import LegalBasis, Urgency
from entraide.requests.models import ClockStop, DecisionProposal, LegalRequest
from entraide.requests.states import REQUEST, ProposalState, RequestState, RequestVerb


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an operation did.

    Parameters
    ----------
    entry_id : UUID | None
        The entry in the log, for the receipt; None where the same had been done before and nothing was done again.
    """

    request_id: UUID
    reference: str
    state: RequestState
    entry_id: UUID | None


def done(request: LegalRequest, entry: audit.Entry | None) -> Done:
    """Return what was done."""
    return Done(
        request_id=request.pk,
        reference=request.reference,
        state=RequestState(request.state),
        entry_id=entry.id if entry else None,
    )


def person_of(actor: Actor) -> UUID:
    """Return which natural person acts; raises `NotPermitted` where none does."""
    if actor.person_id is None:
        raise NotPermitted(_("Signing"), why=_("only a person can"))
    return actor.person_id


def locked(reference: str, actor: Actor) -> LegalRequest:
    """Return the request, locked until the operation ends; always the first lock that is taken.

    Raises
    ------
    NotFound
        If there is none, or it is not the actor's to see.
    """
    row = LegalRequest.objects.visible_to(actor).select_for_update().filter(reference=reference).first()
    if row is None:
        raise policies.no_such_request()
    return row


def locked_by_id(request_id: UUID, actor: Actor) -> LegalRequest:
    """Return the request by its identifier, as `locked` does."""
    row = LegalRequest.objects.visible_to(actor).select_for_update().filter(pk=request_id).first()
    if row is None:
        raise policies.no_such_request()
    return row


def move(
    request: LegalRequest,
    verb: RequestVerb,
    *,
    actor: Actor,
    now: datetime,
    approvers: Collection[object] = (),
    proposer: UUID | None = None,
) -> None:
    """Take one step of the table, if the actor may and the state allows; the caller saves."""
    policies.check(verb, actor, request, proposer=proposer)
    request.state = REQUEST.step(RequestState(request.state), verb, approvers=approvers).target.value
    request.changed_at = now


def save(request: LegalRequest, *fields: str) -> None:
    """Save the state and the named columns only: a role may write no others."""
    request.save(update_fields=["state", "changed_at", *fields])


def open_proposal(request: LegalRequest) -> DecisionProposal | None:
    """Return the decision that is proposed or approved, locked."""
    alive = [ProposalState.OPEN.value, ProposalState.APPROVED.value]
    return DecisionProposal.objects.select_for_update().filter(request=request, state__in=alive).first()


def stop_clock(request: LegalRequest, reason: str, now: datetime) -> ClockStop:
    """Let the clock stand still; the caller saves `due_at` and `clock_stopped_at` and names the stop in its entry."""
    stop = ClockStop(request=request, organisation_id=request.organisation_id, reason=reason, started_at=now)
    stop.save(force_insert=True)
    request.clock_stopped_at, request.due_at = now, None
    return stop


def resume_clock(request: LegalRequest, now: datetime) -> list[ClockStop]:
    """Let the clock go on where it stood still; the caller saves `due_at` and `clock_stopped_at`."""
    standing = list(ClockStop.objects.filter(request=request, ended_at__isnull=True))
    for stop in standing:
        stop.ended_at = max(now, stop.started_at)
        stop.save(update_fields=["ended_at"])
    request.clock_stopped_at = None
    request.due_at = due_at(request)
    return standing


def due_at(request: LegalRequest) -> datetime | None:
    """Return when the answer is owed by the stops there are now."""
    if request.received_at is None:
        return None
    stops = [
        rules.Stop(row.started_at, row.ended_at)
        for row in ClockStop.objects.filter(request=request, started_at__gte=request.received_at)
    ]
    return rules.due_at(request.received_at, LegalBasis(request.legal_basis), Urgency(request.urgency), stops=stops)
