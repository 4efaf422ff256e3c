"""What each stored field of this room is, why it is kept, and for how long."""

from entraide.database.dataclasses import FieldClass

_CASE = "as long as the case"
_LOG = "as long as the log"
_DRAFT = "until the draft is discarded, else as long as the case"

_TIES = FieldClass("internal", "Ties rows together.", _LOG)
_AT = FieldClass("internal", "When it happened, to keep deadlines and to answer questions later.", _LOG)
_STATE = FieldClass("internal", "Says how far it has come.", _LOG)
_HASH = FieldClass("internal", "Names exactly what was signed.", _LOG)
_SIGNED = FieldClass("internal", "Names the act that a person signed.", _LOG)
_INDEX = FieldClass("internal", "Finds the same sealed value again without showing it.", _CASE, "full")

FIELDS: dict[str, FieldClass] = {
    "legalrequest.*": _TIES,
    "legalrequest.reference": FieldClass("internal", "Names the request between agency and desk.", _LOG),
    "legalrequest.state": _STATE,
    "legalrequest.version": FieldClass("internal", "Tells corrected documents apart.", _LOG),
    "legalrequest.legal_basis": FieldClass("internal", "Decides which rules and deadlines hold.", _LOG),
    "legalrequest.urgency": FieldClass("internal", "Decides the deadline and the order of work.", _LOG),
    "legalrequest.language": FieldClass("internal", "Decides in which language the letter is written.", _LOG),
    "legalrequest.agency_reference": FieldClass("internal", "Lets the agency find its request again.", _CASE),
    "legalrequest.offence": FieldClass(
        "internal", "Lets requests be found by offence and thresholds be checked.", _CASE
    ),
    "legalrequest.search_text": FieldClass(
        "internal", "Reference, agency's reference and offence, for searching.", _CASE
    ),
    **{
        f"legalrequest.{name}": _AT
        for name in (
            "created_at", "filed_at", "submitted_at", "received_at", "due_at", "clock_stopped_at", "changed_at",
            "delivered_at", "closed_at", "erased_at",
        )
    },
    "draft.*": _TIES,
    "draft.content": FieldClass("special", "Keeps what the officer typed until she files it.", _DRAFT, "full"),
    "draft.version": FieldClass("internal", "Shows that a draft changed.", _DRAFT),
    "draft.saved_at": _AT,
    "instrument.*": _TIES,
    "instrument.details": FieldClass(
        "personal", "Name, size and hash of the order, to prove which one it was.", _CASE, "full"
    ),
    "instrument.findings": FieldClass(
        "personal", "What a machine noticed about the file and its signatures.", _CASE, "full"
    ),
    "instrument.hash_index": _INDEX,
    "instrument.attached_at": _AT,
    "instrument.submitted_at": _AT,
    "filing.*": _TIES,
    "filing.version": FieldClass("internal", "Tells corrected documents apart.", _LOG),
    "filing.document": FieldClass("special", "The request as it was signed.", _CASE, "full"),
    "filing.document_hash": _HASH,
    "filing.act_hash": _SIGNED,
    "filing.needs_countersignature": FieldClass("internal", "Says whether a supervisor had to sign too.", _LOG),
    "filing.filed_at": _AT,
    "filing.submitted_at": _AT,
    "filing.ended_at": _AT,
    "countersignature.*": _TIES,
    "countersignature.document_hash": _HASH,
    "countersignature.act_hash": _SIGNED,
    "countersignature.countersigned_at": _AT,
    "target.*": _TIES,
    "target.n": FieldClass("internal", "Numbers the targets as the document does.", _LOG),
    "target.kind": FieldClass("internal", "Decides how the identifier is looked up.", _CASE),
    "target.network": FieldClass("internal", "Decides where the identifier is looked up.", _CASE),
    "target.role": FieldClass("personal", "Says what the person is in the proceedings.", _CASE, "full"),
    "target.value": FieldClass("personal", "The identifier that is looked up.", _CASE, "full"),
    "target.blind_index": _INDEX,
    "target.period_start": FieldClass("internal", "Limits what may be produced.", _CASE),
    "target.period_end": FieldClass("internal", "Limits what may be produced.", _CASE),
    "target.time_zone": FieldClass("internal", "Says in which zone the period was given.", _CASE),
    "target.submitted_at": _AT,
    "lookup.*": _TIES,
    "lookup.state": _STATE,
    "lookup.code": FieldClass("internal", "Says why the exchange did not answer.", _CASE),
    "lookup.n_attempts": FieldClass("internal", "Shows how often it was asked.", _CASE),
    "lookup.asked_at": _AT,
    "lookup.answered_at": _AT,
    "accountmatch.*": _TIES,
    "accountmatch.account": FieldClass(
        "personal", "The account the exchange found and what ties it to the target.", _CASE, "full"
    ),
    "accountmatch.account_index": _INDEX,
    "accountmatch.found_at": _AT,
    "message.*": _TIES,
    "message.kind": FieldClass("internal", "Tells questions, answers and reasons apart.", _CASE),
    "message.side": FieldClass("internal", "Says who wrote: the agency or the desk.", _CASE),
    "message.audience": FieldClass(
        "internal", "Keeps what is between a supervisor and her officer from the desk.", _CASE
    ),
    "message.text": FieldClass("special", "What the two sides wrote to each other.", _CASE, "full"),
    "message.sent_at": _AT,
    "clockstop.*": _TIES,
    "clockstop.reason": FieldClass("internal", "Says why the clock stood still.", _LOG),
    "clockstop.started_at": _AT,
    "clockstop.ended_at": _AT,
    "assignment.*": _TIES,
    "assignment.note": FieldClass("personal", "What the next analyst must know.", _CASE, "full"),
    "assignment.assigned_at": _AT,
    "decisiondraft.*": _TIES,
    "decisiondraft.answers": FieldClass(
        "personal", "The decision as far as it is worked out.", "until the request is decided", "full"
    ),
    "decisiondraft.saved_at": _AT,
    "decisionproposal.*": _TIES,
    "decisionproposal.request_version": FieldClass("internal", "Says which document it decides on.", _LOG),
    "decisionproposal.document": FieldClass("personal", "The decision as it was signed.", _CASE, "full"),
    "decisionproposal.decision_hash": _HASH,
    "decisionproposal.note": FieldClass("personal", "What the proposer tells the approver.", _CASE, "full"),
    "decisionproposal.act_hash": _SIGNED,
    "decisionproposal.state": _STATE,
    "decisionproposal.proposed_at": _AT,
    "decisionproposal.ended_at": _AT,
    "decisionproposal.reason": FieldClass("personal", "Why the proposal was rejected or set aside.", _CASE, "full"),
    "approval.*": _TIES,
    "approval.decision_hash": _HASH,
    "approval.act_hash": _SIGNED,
    "approval.approved_at": _AT,
}  # fmt: skip
