"""Who has a part in a request, for whoever tells people that something waits; used inside a door of the worker."""

from dataclasses import dataclass
from uuid import UUID

from entraide.kernel.errors import NotFound
from entraide.requests.models import DecisionProposal, LegalRequest
from entraide.requests.states import ProposalState, RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """One request by its reference, the state it is in, and the people in it."""

    reference: str
    state: RequestState
    organisation_id: UUID
    officer_id: UUID
    analyst_id: UUID | None
    proposer_id: UUID | None


def parties_of(request_id: UUID) -> Parties:
    """Return who has a part in a request; raises `NotFound` where there is none."""
    request = LegalRequest.objects.filter(pk=request_id).first()
    if request is None:
        raise NotFound("This request", why="there is none")
    proposal = DecisionProposal.objects.filter(request=request, state=ProposalState.OPEN.value).first()
    return Parties(
        reference=request.reference,
        state=RequestState(request.state),
        organisation_id=request.organisation_id,
        officer_id=request.officer_id,
        analyst_id=request.assigned_to_id,
        proposer_id=proposal.proposer_id if proposal else None,
    )
