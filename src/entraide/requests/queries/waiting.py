"""What waits for a person: the answer to the first question of the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Text
from entraide.requests.models import DecisionProposal, LegalRequest
from entraide.requests.queries.lists import RequestRow, rows_of
from entraide.requests.states import ProposalState, RequestState, RequestVerb

S = RequestState


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
