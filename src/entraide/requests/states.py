"""The states of a request, of a look-up and of a proposed decision, each machine one table."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from entraide.kernel.errors import Text
from entraide.kernel.workflow import Step, Workflow


class RequestState(StrEnum):
    """Where a request stands.  Overdue is computed, never stored."""

    DRAFT = "draft"
    DISCARDED = "discarded"
    AWAITING_COUNTERSIGNATURE = "awaiting_countersignature"
    SUBMITTED = "submitted"
    TRIAGE = "triage"
    QUESTION_ASKED = "question_asked"
    RETURNED_FOR_CORRECTION = "returned_for_correction"
    IN_DECISION = "in_decision"
    APPROVED = "approved"
    IN_PRODUCTION = "in_production"
    DELIVERED = "delivered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class RequestVerb(StrEnum):
    """What can be done to a request."""

    DISCARD = "discard"
    FILE = "file"
    FILE_FOR_COUNTERSIGNATURE = "file_for_countersignature"
    COUNTERSIGN = "countersign"
    RETURN_TO_DRAFT = "return_to_draft"
    RETURN_TO_CORRECTION = "return_to_correction"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"
    LOOK_UP = "look_up"
    RETURN_FOR_CORRECTION = "return_for_correction"
    ASK = "ask"
    ANSWER = "answer"
    TAKE_BACK_QUESTION = "take_back_question"
    PROPOSE = "propose"
    TAKE_BACK_PROPOSAL = "take_back_proposal"
    REJECT = "reject"
    APPROVE = "approve"
    REOPEN = "reopen"
    START_PRODUCTION = "start_production"
    STOP_PRODUCTION = "stop_production"
    DELIVER = "deliver"
    CLOSE = "close"
    WITHDRAW = "withdraw"


S, V = RequestState, RequestVerb

# A refusal has no state of its own: every decided request, also one refused whole, is answered by a package whose
# letter says so target by target.  What the outcome was stands in the decision.
REQUEST = Workflow(
    "request",
    [
        Step(S.DRAFT, V.FILE, S.SUBMITTED),
        Step(S.DRAFT, V.FILE_FOR_COUNTERSIGNATURE, S.AWAITING_COUNTERSIGNATURE),
        Step(S.DRAFT, V.DISCARD, S.DISCARDED),
        Step(S.AWAITING_COUNTERSIGNATURE, V.COUNTERSIGN, S.SUBMITTED, approvers=1),
        Step(S.AWAITING_COUNTERSIGNATURE, V.RETURN_TO_DRAFT, S.DRAFT),
        Step(S.AWAITING_COUNTERSIGNATURE, V.RETURN_TO_CORRECTION, S.RETURNED_FOR_CORRECTION),
        Step(S.AWAITING_COUNTERSIGNATURE, V.WITHDRAW, S.WITHDRAWN),
        Step(S.SUBMITTED, V.ACCEPT, S.TRIAGE),
        Step(S.SUBMITTED, V.RETURN_FOR_CORRECTION, S.RETURNED_FOR_CORRECTION),
        Step(S.SUBMITTED, V.WITHDRAW, S.WITHDRAWN),
        Step(S.TRIAGE, V.LOOK_UP, S.TRIAGE),
        Step(S.TRIAGE, V.HAND_OVER, S.TRIAGE),
        Step(S.TRIAGE, V.ASK, S.QUESTION_ASKED),
        Step(S.TRIAGE, V.RETURN_FOR_CORRECTION, S.RETURNED_FOR_CORRECTION),
        Step(S.TRIAGE, V.PROPOSE, S.IN_DECISION),
        Step(S.TRIAGE, V.WITHDRAW, S.WITHDRAWN),
        Step(S.QUESTION_ASKED, V.ANSWER, S.TRIAGE),
        Step(S.QUESTION_ASKED, V.TAKE_BACK_QUESTION, S.TRIAGE),
        Step(S.QUESTION_ASKED, V.HAND_OVER, S.QUESTION_ASKED),
        Step(S.QUESTION_ASKED, V.WITHDRAW, S.WITHDRAWN),
        Step(S.RETURNED_FOR_CORRECTION, V.FILE, S.SUBMITTED),
        Step(S.RETURNED_FOR_CORRECTION, V.FILE_FOR_COUNTERSIGNATURE, S.AWAITING_COUNTERSIGNATURE),
        Step(S.RETURNED_FOR_CORRECTION, V.WITHDRAW, S.WITHDRAWN),
        Step(S.IN_DECISION, V.APPROVE, S.APPROVED, approvers=1),
        Step(S.IN_DECISION, V.REJECT, S.TRIAGE),
        Step(S.IN_DECISION, V.TAKE_BACK_PROPOSAL, S.TRIAGE),
        Step(S.IN_DECISION, V.HAND_OVER, S.IN_DECISION),
        Step(S.IN_DECISION, V.WITHDRAW, S.WITHDRAWN),
        Step(S.APPROVED, V.START_PRODUCTION, S.IN_PRODUCTION),
        Step(S.APPROVED, V.REOPEN, S.TRIAGE),
        Step(S.APPROVED, V.WITHDRAW, S.WITHDRAWN),
        Step(S.IN_PRODUCTION, V.STOP_PRODUCTION, S.APPROVED),
        Step(S.IN_PRODUCTION, V.DELIVER, S.DELIVERED),
        Step(S.IN_PRODUCTION, V.WITHDRAW, S.WITHDRAWN),
        Step(S.DELIVERED, V.CLOSE, S.CLOSED),
    ],
    start=S.DRAFT,
)

OPEN_AT_DESK = frozenset({S.SUBMITTED, S.TRIAGE, S.QUESTION_ASKED, S.RETURNED_FOR_CORRECTION, S.IN_DECISION,
                          S.APPROVED, S.IN_PRODUCTION})  # fmt: skip
EDITABLE = frozenset({S.DRAFT, S.RETURNED_FOR_CORRECTION})
ENDED = frozenset({S.DISCARDED, S.CLOSED, S.WITHDRAWN})
# What the agency's database role may leave behind; anything else is the desk's word (see the migration).
WRITTEN_BY_AGENCY = frozenset({S.DRAFT, S.DISCARDED, S.AWAITING_COUNTERSIGNATURE, S.SUBMITTED, S.TRIAGE,
                               S.RETURNED_FOR_CORRECTION, S.WITHDRAWN})  # fmt: skip

STATE_LABELS: dict[RequestState, Text] = {
    S.DRAFT: _("Draft"),
    S.DISCARDED: _("Discarded"),
    S.AWAITING_COUNTERSIGNATURE: _("Awaiting countersignature"),
    S.SUBMITTED: pgettext_lazy("state of a request", "Received"),
    S.TRIAGE: _("In triage"),
    S.QUESTION_ASKED: _("Question asked"),
    S.RETURNED_FOR_CORRECTION: _("Returned for correction"),
    S.IN_DECISION: _("In decision"),
    S.APPROVED: _("Approved"),
    S.IN_PRODUCTION: _("In production"),
    S.DELIVERED: pgettext_lazy("state of a request", "Delivered"),
    S.CLOSED: pgettext_lazy("state of a request", "Closed"),
    S.WITHDRAWN: _("Withdrawn"),
}
STATE_TONES: dict[RequestState, str] = {
    S.DRAFT: "quiet",
    S.DISCARDED: "quiet",
    S.AWAITING_COUNTERSIGNATURE: "warn",
    S.SUBMITTED: "info",
    S.TRIAGE: "info",
    S.QUESTION_ASKED: "warn",
    S.RETURNED_FOR_CORRECTION: "warn",
    S.IN_DECISION: "info",
    S.APPROVED: "good",
    S.IN_PRODUCTION: "info",
    S.DELIVERED: "good",
    S.CLOSED: "quiet",
    S.WITHDRAWN: "quiet",
}


class LookupState(StrEnum):
    """How far the look-up of one target at the exchange has come."""

    WAITING = "waiting"
    FAILED = "failed"  # nothing is known; it is asked again by itself
    STUCK = "stuck"  # something came back that cannot be believed, or a lasting no: a person must look
    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_SEARCHABLE = "not_searchable"  # this exchange cannot look for such a thing; it is not a "no"


class LookupVerb(StrEnum):
    """What an answer of the exchange, or a person, does to a look-up."""

    FIND = "find"
    FIND_NOTHING = "find_nothing"
    CANNOT_SEARCH = "cannot_search"
    FAIL = "fail"
    GET_STUCK = "get_stuck"
    ASK_AGAIN = "ask_again"


L, W = LookupState, LookupVerb

LOOKUP = Workflow(
    "look-up",
    [
        *(
            Step(source, verb, target)
            for source in (L.WAITING, L.FAILED)
            for verb, target in (
                (W.FIND, L.FOUND),
                (W.FIND_NOTHING, L.NOT_FOUND),
                (W.CANNOT_SEARCH, L.NOT_SEARCHABLE),
                (W.FAIL, L.FAILED),
                (W.GET_STUCK, L.STUCK),
            )
        ),
        *(
            Step(source, W.ASK_AGAIN, L.WAITING)
            for source in (L.FAILED, L.STUCK, L.FOUND, L.NOT_FOUND, L.NOT_SEARCHABLE)
        ),
    ],
    start=L.WAITING,
)
LOOKED_UP = frozenset({L.FOUND, L.NOT_FOUND, L.NOT_SEARCHABLE})

LOOKUP_LABELS: dict[LookupState, Text] = {
    L.WAITING: _("Waiting for the exchange"),
    L.FAILED: _("The exchange does not answer; asked again by itself"),
    L.STUCK: _("The exchange's answer needs a look"),
    L.FOUND: _("Accounts found"),
    L.NOT_FOUND: _("No account found"),
    L.NOT_SEARCHABLE: _("Cannot be searched for"),
}
LOOKUP_TONES: dict[LookupState, str] = {
    L.WAITING: "info",
    L.FAILED: "warn",
    L.STUCK: "bad",
    L.FOUND: "good",
    L.NOT_FOUND: "quiet",
    L.NOT_SEARCHABLE: "quiet",
}


class ProposalState(StrEnum):
    """What became of a proposed decision."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    TAKEN_BACK = "taken_back"
    STALE = "stale"  # something it rested on changed, before or after its approval


class ProposalVerb(StrEnum):
    """What can be done to a proposed decision."""

    APPROVE = "approve"
    REJECT = "reject"
    TAKE_BACK = "take_back"
    OVERTAKE = "overtake"


PROPOSAL = Workflow(
    "proposal",
    [
        Step(ProposalState.OPEN, ProposalVerb.APPROVE, ProposalState.APPROVED, approvers=1),
        Step(ProposalState.OPEN, ProposalVerb.REJECT, ProposalState.REJECTED),
        Step(ProposalState.OPEN, ProposalVerb.TAKE_BACK, ProposalState.TAKEN_BACK),
        Step(ProposalState.OPEN, ProposalVerb.OVERTAKE, ProposalState.STALE),
        Step(ProposalState.APPROVED, ProposalVerb.OVERTAKE, ProposalState.STALE),
    ],
    start=ProposalState.OPEN,
)

WORKFLOWS = (REQUEST, LOOKUP, PROPOSAL)
