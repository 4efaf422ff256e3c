"""Who may do what to a request.  Whether it can be done now is the table's business (see `states`)."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import NotFound, NotPermitted, Refusal, Text
from entraide.requests.models import LegalRequest
from entraide.requests.states import RequestVerb

Rule = Callable[[Actor, LegalRequest, UUID | None], Text | None]
"""Says why `actor` may not, or None.  The last argument is the proposer of the open decision, where there is one."""


def _is_of_agency(actor: Actor, request: LegalRequest) -> bool:
    return actor.face is Face.AGENCY and actor.organisation_id == request.organisation_id


def _its_officer(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if _is_of_agency(actor, request) and actor.has(Role.OFFICER) and actor.person_id == request.officer_id:
        return None
    return _("only the officer whose request it is may do this")


def _its_officer_or_a_supervisor(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if _is_of_agency(actor, request) and actor.has(Role.SUPERVISOR):
        return None
    return _its_officer(actor, request, proposer)


def _another_supervisor(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if not (_is_of_agency(actor, request) and actor.has(Role.SUPERVISOR)):
        return _("only a supervisor of the agency may do this")
    if actor.person_id == request.officer_id:
        return _("nobody countersigns a request of their own")
    return None


def _an_analyst(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    return None if _is_staff(actor, Role.ANALYST) else _("only an analyst of the desk may do this")


def _its_analyst(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if why := _an_analyst(actor, request, proposer):
        return why
    return None if request.assigned_to_id == actor.person_id else _("the request is not assigned to you")


def _its_analyst_or_an_approver(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    return None if _is_staff(actor, Role.APPROVER) else _its_analyst(actor, request, proposer)


def _its_proposer(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if _is_staff(actor, Role.ANALYST) and proposer is not None and actor.person_id == proposer:
        return None
    return _("only who proposed the decision may take it back")


def _another_approver(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if not _is_staff(actor, Role.APPROVER):
        return _("only an approver of the desk may do this")
    if actor.person_id == proposer:
        return _("nobody approves a decision of their own")
    return None


def _the_desk(actor: Actor, request: LegalRequest, proposer: UUID | None) -> Text | None:
    if actor.face is Face.SYSTEM or _is_staff(actor, Role.ANALYST, Role.APPROVER):
        return None
    return _("only the desk may do this")


def _is_staff(actor: Actor, *roles: Role) -> bool:
    return actor.face is Face.STAFF and actor.person_id is not None and actor.has(*roles)


V = RequestVerb
WHO: Mapping[RequestVerb, Rule] = {
    V.DISCARD: _its_officer,
    V.FILE: _its_officer,
    V.FILE_FOR_COUNTERSIGNATURE: _its_officer,
    V.COUNTERSIGN: _another_supervisor,
    V.RETURN_TO_DRAFT: _another_supervisor,
    V.RETURN_TO_CORRECTION: _another_supervisor,
    V.ACCEPT: _an_analyst,
    V.HAND_OVER: _its_analyst_or_an_approver,
    V.LOOK_UP: _its_analyst,
    V.RETURN_FOR_CORRECTION: _an_analyst,
    V.ASK: _its_analyst,
    V.ANSWER: _its_officer_or_a_supervisor,
    V.TAKE_BACK_QUESTION: _its_analyst,
    V.PROPOSE: _its_analyst,
    V.TAKE_BACK_PROPOSAL: _its_proposer,
    V.REJECT: _another_approver,
    V.APPROVE: _another_approver,
    V.REOPEN: _its_analyst_or_an_approver,
    V.START_PRODUCTION: _the_desk,
    V.STOP_PRODUCTION: _the_desk,
    V.DELIVER: _the_desk,
    V.CLOSE: _the_desk,
    V.WITHDRAW: _its_officer_or_a_supervisor,
}
VERB_LABELS: Mapping[RequestVerb, Text] = {
    V.DISCARD: _("Discarding the draft"),
    V.FILE: _("Filing the request"),
    V.FILE_FOR_COUNTERSIGNATURE: _("Filing the request"),
    V.COUNTERSIGN: _("Countersigning the request"),
    V.RETURN_TO_DRAFT: _("Sending the request back to its officer"),
    V.RETURN_TO_CORRECTION: _("Sending the request back to its officer"),
    V.ACCEPT: _("Taking the request up"),
    V.HAND_OVER: _("Handing the request over"),
    V.LOOK_UP: _("Looking for accounts"),
    V.RETURN_FOR_CORRECTION: _("Returning the request for correction"),
    V.ASK: _("Asking the agency"),
    V.ANSWER: _("Answering the question"),
    V.TAKE_BACK_QUESTION: _("Taking the question back"),
    V.PROPOSE: _("Proposing the decision"),
    V.TAKE_BACK_PROPOSAL: _("Taking the proposal back"),
    V.REJECT: _("Rejecting the proposal"),
    V.APPROVE: _("Approving the decision"),
    V.REOPEN: _("Reopening the request"),
    V.START_PRODUCTION: _("Making the package"),
    V.STOP_PRODUCTION: _("Stopping the package"),
    V.DELIVER: _("Delivering the package"),
    V.CLOSE: _("Closing the request"),
    V.WITHDRAW: _("Withdrawing the request"),
}


def why_not(verb: RequestVerb, actor: Actor, request: LegalRequest, *, proposer: UUID | None = None) -> Text | None:
    """Return why `actor` may not do this, as a disabled button says it; None where he may."""
    return WHO[verb](actor, request, proposer)


def check(verb: RequestVerb, actor: Actor, request: LegalRequest, *, proposer: UUID | None = None) -> None:
    """Raise `NotPermitted` where `actor` may not do this."""
    why = why_not(verb, actor, request, proposer=proposer)
    if why is not None:
        raise NotPermitted(VERB_LABELS[verb], why=why, do=_("Ask somebody who may"))


def check_may_draft(actor: Actor) -> None:
    """Raise `NotPermitted` where `actor` is no officer."""
    if not (actor.face is Face.AGENCY and actor.person_id is not None and actor.has(Role.OFFICER)):
        raise NotPermitted(_("Writing a request"), why=_("only officers do"), do=_("Ask an officer of your agency"))


def check_may_edit(actor: Actor, request: LegalRequest) -> None:
    """Raise `NotPermitted` where the draft is not the actor's own."""
    if why := _its_officer(actor, request, None):
        raise NotPermitted(_("Changing the draft"), why=why)


def check_may_read(actor: Actor, request: LegalRequest) -> None:
    """Raise `NotPermitted` where `actor` sees that the request exists but not what it says.

    Within the desk a request is read by its analyst (by any, while it has none), by approvers and by auditors.
    """
    if actor.face is not Face.STAFF or actor.has(Role.APPROVER, Role.AUDITOR):
        return
    if request.assigned_to_id not in (None, actor.person_id):
        raise NotPermitted(
            _("Reading the request"), why=_("it is assigned to another analyst"), do=_("Ask to have it handed over")
        )


def check_is_auditor_of_erasure(actor: Actor) -> None:
    """Raise `NotPermitted` where `actor` may not erase what retention has ended for."""
    if not (actor.face is Face.SYSTEM or _is_staff(actor, Role.AUDITOR)):
        raise NotPermitted(_("Erasing the request"), why=_("only the auditor may do this"))


def no_such_request() -> Refusal:
    """Return the one answer for what does not exist and for what is not this person's to see."""
    return NotFound(_("This request"), why=_("there is none, or it is not yours to see"))
