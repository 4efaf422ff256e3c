"""The door of the requests for other rooms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from entraide.access import api as access
from entraide.database import reading_as
from entraide.exchange.port import IdentifierKind
from entraide.kernel.actors import Actor
from entraide.kernel.canonical import canonical, sha256
from entraide.kernel.errors import NotFound, NotPermitted
from entraide.requests import decision as decisions
from entraide.requests import demo, panels, policies
from entraide.requests import document as documents
from entraide.requests.decision import (
    ANSWER_LABELS,
    ANSWER_SENTENCES,
    AnswerCode,
    ApprovedScope,
    Pull,
    Scope,
    ScopeLine,
    scope_of,
)
from entraide.requests.labels import KIND_LABELS
from entraide.requests.law import BASIS_LABELS, CATEGORIES, GROUNDS, LANGUAGES, LegalBasis
from entraide.requests.models import Approval, Countersignature, DecisionProposal, LegalRequest
from entraide.requests.operations.ending import (
    mark_closed,
    mark_delivered,
    mark_in_production,
    mark_production_stopped,
)
from entraide.requests.panels import address_of, clock_of, label_of, state_pill
from entraide.requests.queries import (
    PAGE_ROWS,
    RequestList,
    RequestQuestion,
    RequestRow,
    RequestView,
    Waiting,
    read_request,
    request_view,
    requests_for,
    waiting_for,
)
from entraide.requests.queries.parties import Parties, parties_of
from entraide.requests.signatures import submitted_filing, verify_filing
from entraide.requests.states import STATE_LABELS, STATE_TONES, ProposalState, RequestState
from entraide.ui.words import listed

start_production = mark_in_production
stop_production = mark_production_stopped
_WORKER = Actor.system("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTarget:
    """One target as the letter names it."""

    n: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What the package says of the request it answers.

    Parameters
    ----------
    legal_basis, instrument, purpose : str
        One line each, in the language of the request where the desk speaks it.
    filing_act, countersign_act : bytes
        Canonical form of the acts the agency's people signed.
    """

    request_id: UUID
    reference: str
    state: RequestState
    organisation_id: UUID
    officer_id: UUID
    stream_id: UUID
    language: str
    agency_reference: str
    legal_basis: str
    instrument: str
    purpose: str
    document: Mapping[str, Any]
    targets: tuple[CaseTarget, ...]
    filing_act_id: UUID
    filing_act: bytes
    filer_id: UUID
    countersign_act_id: UUID | None
    countersign_act: bytes | None
    countersigner_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInWords:
    """The answer to one target, as the letter says it."""

    n: int
    value: str
    kind: str
    words: str


class Verify(Protocol):
    """Checks that `by` signed exactly `act`; raises where that does not hold."""

    def __call__(self, signed_act_id: UUID, /, *, act: bytes, by: UUID) -> None: ...


def case_of(request_id: UUID) -> CaseView:
    """Return a request that has reached the desk; used inside a door of the desk or the worker.

    Raises
    ------
    NotFound
        If there is none.
    """
    request = _request(request_id)
    filing = submitted_filing(request)
    second = Countersignature.objects.filter(filing=filing).first()
    document = filing.document
    language = request.language if request.language in LANGUAGES else "en"
    with override(language):
        legal_basis, instrument, purpose = _lines(document)
    return CaseView(
        request_id=request.pk,
        reference=request.reference,
        state=RequestState(request.state),
        organisation_id=request.organisation_id,
        officer_id=request.officer_id,
        stream_id=request.stream_id,
        language=language,
        agency_reference=request.agency_reference,
        legal_basis=legal_basis,
        instrument=instrument,
        purpose=purpose,
        document=document,
        targets=tuple(
            CaseTarget(n=target["n"], kind=target["kind"], value=target["value"]) for target in document["targets"]
        ),
        filing_act_id=filing.signed_act_id,
        filing_act=documents.file_act(document).canonical(),
        filer_id=filing.filer_id,
        countersign_act_id=second.signed_act_id if second else None,
        countersign_act=documents.countersign_act(document).canonical() if second else None,
        countersigner_id=second.countersigner_id if second else None,
    )


def approved_scope(request_id: UUID) -> ApprovedScope:
    """Return what two people approved to disclose; used inside a door of the desk or the worker.

    What stands here is what the rows say.  Before any effect, `verify_signatures`.

    Raises
    ------
    NotFound
        If there is no approved decision.
    """
    request = _request(request_id)
    proposal = DecisionProposal.objects.filter(request=request, state=ProposalState.APPROVED.value).first()
    approval = Approval.objects.filter(proposal=proposal).first() if proposal else None
    if proposal is None or approval is None or proposal.request_version != request.version:
        raise NotFound(_("An approved decision on %(ref)s") % {"ref": request.reference}, why=_("there is none"))
    document = proposal.document
    return ApprovedScope(
        request_id=request.pk,
        organisation_id=request.organisation_id,
        officer_id=request.officer_id,
        reference=request.reference,
        version=request.version,
        decision_id=proposal.pk,
        decision=document,
        decision_sha256=sha256(canonical(document)),
        proposer_id=proposal.proposer_id,
        proposal_act_id=proposal.signed_act_id,
        propose_act=decisions.propose_act(document).canonical(),
        approver_id=approval.approver_id,
        approval_act_id=approval.signed_act_id,
        approve_act=decisions.approve_act(document).canonical(),
        approved_at=approval.approved_at,
        scope=scope_of(document),
    )


def verify_signatures(request_id: UUID, *, verify: Verify | Callable[..., None]) -> None:
    """Check every signature a disclosure rests on, over exactly what it is about, and that four eyes were two people.

    `verify(signed_act_id, act=…, by=…)` is called for the filing, its countersignature where one was needed, the
    proposal and the approval.  Used inside a door.

    Raises
    ------
    NotPermitted
        If one is missing, is about something else, or one person stands for two.
    """
    request = _request(request_id)
    filing = submitted_filing(request)
    verify_filing(filing, missing=_missing(), verify=verify)
    scope = approved_scope(request_id)
    asked = scope.decision["request"]
    _require(asked == {"version": filing.version, "sha256": documents.document_hash(filing.document).hex()})
    _require(scope.decision["reference"] == request.reference)
    _require(scope.proposer_id != scope.approver_id)
    verify(scope.proposal_act_id, act=scope.propose_act, by=scope.proposer_id)
    verify(scope.approval_act_id, act=scope.approve_act, by=scope.approver_id)
    earliest, latest = access.signed_between(scope.approval_act_id)  # what is disclosed stood so at that moment
    _require(earliest <= scope.approved_at <= latest)


def answers_in_words(request_id: UUID, *, language: str) -> tuple[AnswerInWords, ...]:
    """Return the answer to each target as the letter says it; opens its own door, as the worker."""
    with reading_as(_WORKER):
        case, scope = case_of(request_id), approved_scope(request_id)
    return words_of(scope.scope, case, language=language)


def words_of(scope: Scope, case: CaseView, *, language: str) -> tuple[AnswerInWords, ...]:
    """Return the answer to each target of `case` in words."""
    targets = {target.n: target for target in case.targets}
    with override(language if language in LANGUAGES else "en"):
        return tuple(
            AnswerInWords(
                n=line.n,
                value=targets[line.n].value,
                kind=str(KIND_LABELS[IdentifierKind(targets[line.n].kind)]),
                words=answer_in_words(line),
            )
            for line in scope.lines
        )


def answer_in_words(line: ScopeLine) -> str:
    """Return one answer in the active language: never silence, also about what is not produced."""
    sentences = [str(ANSWER_SENTENCES[line.answer])]
    if line.ground is not None:
        sentences = [str(GROUNDS[line.ground].sentence)]
    if line.text:
        sentences.append(line.text)
    if line.answer is AnswerCode.PRODUCE:
        named = listed(f"{CATEGORIES[category].label} ({category.value})" for category in line.categories)
        sentences.append(_("Produced: %(categories)s.") % {"categories": named})
    for withheld in line.withheld:
        why = GROUNDS[withheld.ground].sentence if withheld.ground else ANSWER_SENTENCES[withheld.answer]
        label = f"{CATEGORIES[withheld.category].label} ({withheld.category.value})"
        sentences.append(
            _("Not produced: %(category)s. %(why)s") % {"category": label, "why": f"{why} {withheld.text}".strip()}
        )
    return " ".join(sentences)


def _lines(document: Mapping[str, Any]) -> tuple[str, str, str]:
    authority, instrument = document["authority"], document["instrument"]
    line = _("%(name)s, issued by %(authority)s on %(day)s (SHA-256 %(digest)s)") % {
        "name": instrument["name"],
        "authority": authority["name"],
        "day": authority["issued_on"],
        "digest": instrument["sha256"],
    }
    return str(BASIS_LABELS[LegalBasis(document["legal_basis"])]), line, document["offence"]["name"]


def _request(request_id: UUID) -> LegalRequest:
    request = LegalRequest.objects.filter(pk=request_id, submitted_at__isnull=False).first()
    if request is None:
        raise policies.no_such_request()
    return request


def _require(holds: bool) -> None:
    if not holds:
        raise _missing()


def _missing() -> NotPermitted:
    return NotPermitted(
        _("Disclosing"),
        why=_("a signature it rests on is missing or about something else"),
        do=_("Tell the auditor; nothing was disclosed"),
    )


__all__ = [
    "ANSWER_LABELS",
    "PAGE_ROWS",
    "STATE_LABELS",
    "STATE_TONES",
    "AnswerCode",
    "AnswerInWords",
    "ApprovedScope",
    "CaseTarget",
    "CaseView",
    "Parties",
    "Pull",
    "RequestList",
    "RequestQuestion",
    "RequestRow",
    "RequestState",
    "RequestView",
    "Scope",
    "ScopeLine",
    "Waiting",
    "address_of",
    "answer_in_words",
    "answers_in_words",
    "approved_scope",
    "case_of",
    "clock_of",
    "demo",
    "label_of",
    "mark_closed",
    "mark_delivered",
    "mark_in_production",
    "mark_production_stopped",
    "panels",
    "parties_of",
    "read_request",
    "request_view",
    "requests_for",
    "start_production",
    "state_pill",
    "stop_production",
    "verify_signatures",
    "waiting_for",
    "words_of",
]
