"""The decision: worked out by one, proposed with a signature, approved by another natural person, or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from entraide.access import api as access
from entraide.audit import api as audit
from entraide.database import operation
from entraide.exchange.port import Category, Period
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act
from entraide.kernel.canonical import canonical, sha256
from entraide.kernel.errors import Invalid, NotFound, NotPossible
from entraide.kernel.faults import fault
from entraide.requests import decision as decisions
from entraide.requests import document as documents
from entraide.requests import policies
from entraide.requests.decision import DecisionDocument, Facts, TargetFacts
from entraide.requests.law import LegalBasis
from entraide.requests.models import AccountMatch, Approval, DecisionDraft, DecisionProposal, LegalRequest, Lookup
from entraide.requests.operations.filing import tidy_text
from entraide.requests.operations.ground import Done, done, locked, move, open_proposal, person_of, save
from entraide.requests.operations.triage import announce
from entraide.requests.signatures import submitted_filing, verify_filing
from entraide.requests.states import PROPOSAL, LookupState, ProposalState, ProposalVerb, RequestState, RequestVerb

NOTE_MAX = 5_000
DRAFT_BYTES_MAX = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDecision:
    """What is about to be signed, by the proposer or by the approver."""

    reference: str
    document: DecisionDocument
    decision_sha256: bytes
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOut:
    """How far the decision on a request is worked out.

    Parameters
    ----------
    answers : Mapping of int to Mapping
        What the analyst has said so far, by target.
    time_zones : Mapping of int to str
        In which zone the officer wrote the period of each target.
    """

    facts: Facts
    time_zones: Mapping[int, str]
    answers: Mapping[int, Mapping[str, Any]]
    found: decisions.Examined


def shown_decision(document: Mapping[str, Any]) -> PreparedDecision:
    """Return a proposed decision with the act of approving it, for a reader who may look but not sign."""
    return _prepared(dict(document), decisions.approve_act(dict(document)))


@operation
def save_decision(reference: str, answers: Sequence[Mapping[str, Any]], *, actor: Actor, now: datetime) -> datetime:
    """Keep the analyst's working copy; not an act, and judged only when it is proposed.

    `answers` replace those to the same targets (by ``n``); see `decision.decide` for what each may say.
    """
    request = locked(reference, actor)
    _check_workable(request, actor)
    row = DecisionDraft.objects.filter(request=request).first()
    kept = {str(answer.get("n")): answer for answer in (row.answers if row else [])}
    kept |= {str(answer.get("n")): _without_secrets(answer) for answer in answers}
    merged = list(kept.values())
    if len(canonical(merged)) > DRAFT_BYTES_MAX:
        raise Invalid(_("Saving the decision"), why=_("it is too long"))
    is_new = row is None
    row = row or DecisionDraft(request=request, organisation_id=request.organisation_id)
    row.answers, row.saved_by_id, row.saved_at = merged, person_of(actor), now
    if is_new:
        row.save(force_insert=True)
    else:
        row.save(update_fields=["answers", "saved_by_id", "saved_at"])
    return now


def _without_secrets(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer whose explanations hold no private key: this is where one is kept for the first time."""
    kept: dict[str, Any] = {}
    for name, value in answer.items():
        kept[name] = _without_secrets(value) if isinstance(value, Mapping) else value
        if name == "text" and isinstance(value, str):
            kept[name] = documents.kept_text(value)
    return kept


def work_out(reference: str, *, actor: Actor) -> WorkedOut:
    """Return how far the decision is worked out, for the page on which it is; used inside a door.

    Raises
    ------
    NotPossible
        If the request is not in triage.
    """
    request = _visible(reference, actor)
    _check_workable(request, actor)
    draft = DecisionDraft.objects.filter(request=request).first()
    answers = draft.answers if draft else []
    facts = facts_of(request)
    return WorkedOut(
        facts=facts,
        time_zones=dict(submitted_filing(request).targets.values_list("n", "time_zone")),
        answers={int(answer["n"]): answer for answer in answers if str(answer.get("n", "")).isdigit()},
        found=decisions.examine(answers, facts),
    )


def _check_workable(request: LegalRequest, actor: Actor) -> None:
    policies.check(RequestVerb.PROPOSE, actor, request)
    if RequestState(request.state) is not RequestState.TRIAGE:
        raise NotPossible(
            _("Working on the decision"), why=_("the request is not in triage"),
            do=_("Look at the request: its page says what can be done now"),
        )  # fmt: skip


def facts_of(request: LegalRequest) -> Facts:
    """Return what a decision rests on at present; used inside a door."""
    filing = submitted_filing(request)
    targets = list(filing.targets.order_by("n"))
    lookups = {row.target_id: LookupState(row.state) for row in Lookup.objects.filter(target__filing=filing)}
    accounts: dict[UUID, list[str]] = {}
    for match in AccountMatch.objects.filter(target__filing=filing):
        accounts.setdefault(match.target_id, []).append(match.account["account_id"])
    return Facts(
        reference=request.reference,
        version=filing.version,
        document_sha256=bytes(filing.document_hash).hex(),
        legal_basis=LegalBasis(filing.document["legal_basis"]),
        categories=tuple(Category(code) for code in filing.document["categories"]),
        targets=tuple(
            TargetFacts(
                n=target.n,
                period=Period(start=target.period_start, end=target.period_end),
                lookup=lookups.get(target.pk, LookupState.WAITING),
                accounts=tuple(sorted(accounts.get(target.pk, ()))),
            )
            for target in targets
        ),
    )


def prepare_proposal(reference: str, *, actor: Actor) -> PreparedDecision:
    """Return the decision document as it would be proposed now; used inside a door.

    Raises
    ------
    Invalid
        If a target or category would be met with silence, or more would be produced than was asked for.
    """
    request = _visible(reference, actor)
    policies.check(RequestVerb.PROPOSE, actor, request)
    draft = DecisionDraft.objects.filter(request=request).first()
    document = decisions.decide(draft.answers if draft else [], facts_of(request))
    return _prepared(document, decisions.propose_act(document))


@operation
def propose(reference: str, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime, note: str = "") -> Done:
    """Propose the decision as worked out, signed; it is frozen until it is approved, rejected or taken back."""
    request = locked(reference, actor)
    if DecisionProposal.objects.filter(request=request, step_up_id=step_up_id, proposer_id=person_of(actor)).exists():
        return done(request, None)
    move(request, RequestVerb.PROPOSE, actor=actor, now=now)
    prepared = prepare_proposal(reference, actor=actor)
    signed = access.sign(
        prepared.act, step_up_id=step_up_id, assertion=assertion, case_id=request.pk, actor=actor, now=now
    )
    proposal = DecisionProposal(
        request=request,
        organisation_id=request.organisation_id,
        request_version=request.version,
        document=prepared.document,
        decision_hash=prepared.decision_sha256,
        note=documents.kept_text(note)[:NOTE_MAX],
        proposer_id=person_of(actor),
        step_up_id=step_up_id,
        signed_act_id=signed.id,
        act_hash=signed.act_hash,
        proposed_at=now,
    )
    proposal.save(force_insert=True)
    fault("requests.after_proposal")
    save(request)
    entry = audit.record(
        "requests:decision:proposed", stream_id=request.stream_id, actor=actor, now=now, subject=[request, proposal],
        payload={"decision_sha256": prepared.decision_sha256.hex()}, act_hash=signed.act_hash,
    )  # fmt: skip
    announce("requests:decision:proposed", request, now)
    return done(request, entry)


def prepare_approval(reference: str, *, actor: Actor) -> PreparedDecision:
    """Return the proposed decision and the act the approver signs; used inside a door.

    Raises
    ------
    NotPossible
        If the proposal is stale: what it rests on is not what it was.
    """
    request = _visible(reference, actor)
    proposal = DecisionProposal.objects.filter(request=request, state=ProposalState.OPEN.value).first()
    policies.check(RequestVerb.APPROVE, actor, request, proposer=proposal.proposer_id if proposal else None)
    if proposal is None:
        raise NotFound(_("An open proposal"), why=_("there is none"))
    check_still_holds(proposal, request)
    return _prepared(proposal.document, decisions.approve_act(proposal.document))


@operation
def approve(reference: str, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Done:
    """Approve the proposed decision: another natural person, the exact document, nothing changed meanwhile.

    Two approvers at once queue at the request; the second finds it approved.
    """
    request = locked(reference, actor)
    if Approval.objects.filter(request=request, step_up_id=step_up_id, approver_id=person_of(actor)).exists():
        return done(request, None)
    proposal = open_proposal(request)
    proposer = proposal.proposer_id if proposal else None
    move(
        request, RequestVerb.APPROVE, actor=actor, now=now, proposer=proposer,
        approvers={person_of(actor)} - {proposer},
    )  # fmt: skip
    if proposal is None:
        raise NotFound(_("An open proposal"), why=_("there is none"))
    check_still_holds(proposal, request)
    signed = access.sign(
        decisions.approve_act(proposal.document), step_up_id=step_up_id, assertion=assertion, case_id=request.pk,
        actor=actor, now=now,
    )  # fmt: skip
    approval = Approval(
        request=request,
        organisation_id=request.organisation_id,
        proposal=proposal,
        proposer_id=proposal.proposer_id,
        decision_hash=bytes(proposal.decision_hash),
        approver_id=person_of(actor),
        step_up_id=step_up_id,
        signed_act_id=signed.id,
        act_hash=signed.act_hash,
        approved_at=now,
    )
    approval.save(force_insert=True)
    fault("requests.after_approval")
    step_proposal(proposal, ProposalVerb.APPROVE, approvers={person_of(actor)})
    save(request)
    entry = audit.record(
        "requests:decision:approved", stream_id=request.stream_id, actor=actor, now=now,
        subject=[request, proposal, approval], payload={"decision_sha256": bytes(proposal.decision_hash).hex()},
        act_hash=signed.act_hash,
    )  # fmt: skip
    announce("requests:decision:approved", request, now)
    return done(request, entry)


@operation
def reject(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Reject the proposed decision, with a reason for its proposer."""
    return _end(reference, RequestVerb.REJECT, ProposalVerb.REJECT, "requests:decision:rejected", reason, actor, now)


@operation
def take_back_proposal(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Take one's own proposal back."""
    return _end(
        reference, RequestVerb.TAKE_BACK_PROPOSAL, ProposalVerb.TAKE_BACK, "requests:decision:taken-back", reason,
        actor, now,
    )  # fmt: skip


@operation
def reopen(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Set an approved decision aside before its package is made, because something is wrong with it."""
    return _end(reference, RequestVerb.REOPEN, ProposalVerb.OVERTAKE, "requests:request:reopened", reason, actor, now)


def _end(
    reference: str, verb: RequestVerb, fate: ProposalVerb, kind: str, reason: str, actor: Actor, now: datetime
) -> Done:
    request = locked(reference, actor)
    proposal = open_proposal(request)
    move(request, verb, actor=actor, now=now, proposer=proposal.proposer_id if proposal else None)
    touched: list[Model] = [request]
    if proposal is not None:
        proposal.ended_at, proposal.ended_by_id, proposal.reason = now, actor.person_id, tidy_text(reason)
        step_proposal(proposal, fate, "ended_at", "ended_by_id", "reason")
        touched.append(proposal)
    save(request)
    entry = audit.record(kind, stream_id=request.stream_id, actor=actor, now=now, subject=touched, is_shared=False)
    announce("requests:lookup:asked", request, now)  # answers that came meanwhile were not taken
    return done(request, entry)


@operation
def overtake_proposal(request_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Note that the decision of a withdrawn request has no effect any more; harmless if repeated."""
    request = LegalRequest.objects.visible_to(actor).select_for_update().filter(pk=request_id).first()
    if request is None or RequestState(request.state) is not RequestState.WITHDRAWN:
        return
    proposal = open_proposal(request)
    if proposal is None:
        return
    proposal.ended_at = now
    step_proposal(proposal, ProposalVerb.OVERTAKE, "ended_at")
    audit.record(
        "requests:decision:overtaken", stream_id=request.stream_id, actor=actor, now=now, subject=proposal,
        is_shared=False,
    )  # fmt: skip


def check_still_holds(proposal: DecisionProposal, request: LegalRequest) -> None:
    """Check that the proposal is whole and that what it rests on is what it was.

    Raises
    ------
    NotPossible
        If the document was altered, the request corrected, or the exchange's answer changed.
    """
    document = proposal.document
    try:
        again = decisions.decide(answers_of(document), facts_of(request))
    except Invalid:
        again = None
    if again != document or sha256(canonical(document)) != bytes(proposal.decision_hash):
        raise NotPossible(
            _("Approving the decision"),
            why=_("what it rests on changed since it was proposed"),
            do=_("Reject it, and have it proposed anew"),
        )
    verify_filing(submitted_filing(request))


def answers_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers a decision document was made of."""
    return [{**line, "withheld": {one["category"]: one for one in line["withheld"]}} for line in document["targets"]]


def step_proposal(
    proposal: DecisionProposal, verb: ProposalVerb, *fields: str, approvers: set[UUID] | None = None
) -> None:
    """Take one step of the proposal's table and save it."""
    proposal.state = PROPOSAL.step(ProposalState(proposal.state), verb, approvers=approvers or ()).target.value
    proposal.save(update_fields=["state", *fields])


def _visible(reference: str, actor: Actor) -> LegalRequest:
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    return request


def _prepared(document: DecisionDocument, act: Act) -> PreparedDecision:
    return PreparedDecision(
        reference=document["reference"], document=document, decision_sha256=sha256(canonical(document)), act=act
    )
