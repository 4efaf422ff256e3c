"""The decision under four eyes: proposed with a signature, read and approved by another natural person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.receipts import tell
from entraide.access.web.signing import answer_of, answer_with, check_shown, signature_on_demand
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import CASE_STAFF, Actor, Role
from entraide.kernel.errors import Invalid, NotPermitted, NotPossible
from entraide.requests import operations, panels
from entraide.requests.decision import scope_of
from entraide.requests.operations import PreparedDecision
from entraide.requests.queries import ProposalView, RequestView, read_request
from entraide.requests.states import RequestVerb
from entraide.requests.web import showing
from entraide.requests.web.deciding import TARGETS_A_PAGE
from entraide.requests.web.staff import check_verb
from entraide.ui import components as ui


class Note(forms.Form):
    """What the proposer wants the approver to know."""

    note = forms.CharField(
        label=_later("Note to the approver"), required=False, max_length=5_000,
        help_text=_later("Stays within the desk. It is no part of the decision and of what is signed."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )  # fmt: skip


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def sign_proposal(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the whole decision before it is proposed, and take the proposer's signature."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        with reading_as(actor):
            check_shown(request, operations.prepare_proposal(reference, actor=actor).act)
        answer = answer_of(request)
        done = operations.propose(
            reference, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now,
            note=request.POST.get("note", ""),
        )  # fmt: skip
        tell(request, done.entry_id)
        return HttpResponseRedirect(reverse("desk:case", args=[reference]))
    view = read_request(reference, actor=actor, now=now)
    check_verb(view, RequestVerb.PROPOSE)
    try:
        with reading_as(actor):
            prepared = operations.prepare_proposal(reference, actor=actor)
    except Invalid as refusal:
        first = min((int(key.split(".")[1]) for key in refusal.fields), default=1)
        page = (first - 1) // TARGETS_A_PAGE + 1
        return HttpResponseRedirect(f"{reverse('requests:propose', args=[reference])}?page={page}&check=1")
    signature = signature_on_demand(
        prepared.act,
        options_href=reverse("requests:sign_proposal_options", args=[reference]),
        title=_("Propose this decision"),
        button=_("Propose and sign"),
        action=request.path,
        facts=_signed_facts(view, prepared.decision_sha256.hex()),
        is_demo=settings.KIND == "demo",
    )
    context = _decision_context(view, prepared.document, actor) | {"signature": replace(signature, form=Note())}
    return render(request, "requests/sign_proposal.html", context)


@requires(Role.ANALYST)
@require_POST
def sign_proposal_options(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin the proposer's step-up for exactly the decision she was shown."""
    actor = actor_of(request)
    with reading_as(actor):
        prepared = operations.prepare_proposal(reference, actor=actor)
    return _begin(request, prepared, actor)


@requires(*CASE_STAFF)
@require_http_methods(["GET", "POST"])
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything a second person needs to say no, and take her signature where she says yes.

    Who may not approve sees the same, with the reason beside the button.
    """
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        with reading_as(actor):
            check_shown(request, operations.prepare_approval(reference, actor=actor).act)
        answer = answer_of(request)
        done = operations.approve(
            reference, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, done.entry_id)
        return HttpResponseRedirect(reverse("requests:approved", args=[reference]))
    view = read_request(reference, actor=actor, now=now)
    proposal = _open_proposal(view)
    prepared, why_not, trouble = _prepared(reference, actor)
    act_shown = prepared or _as_shown(proposal)
    form = signature_on_demand(
        act_shown.act,
        options_href=reverse("requests:approve_options", args=[reference]),
        title=_("Approve this decision"),
        button=_("Approve and sign"),
        action=request.path,
        facts=[
            ui.Fact(label=_("Proposed by"), value=proposal.proposed.name),
            *_signed_facts(view, proposal.decision_sha256),
        ],
        is_demo=settings.KIND == "demo",
        reason=trouble or why_not,
    )
    context = _decision_context(view, proposal.document, actor) | {
        "signature": form,
        "proposal": proposal,
        "trouble": trouble,
        "is_own": proposal.proposed.person_id == actor.person_id,
        "reject": _reject_button(view),
    }
    return render(request, "requests/approve.html", context)


@requires(Role.APPROVER)
@require_POST
def approve_options(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin the approver's step-up for exactly the decision she was shown."""
    actor = actor_of(request)
    with reading_as(actor):
        prepared = operations.prepare_approval(reference, actor=actor)
    return _begin(request, prepared, actor)


@requires(Role.APPROVER)
@require_GET
def approved(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that it is decided, and what happens now."""
    actor, now = actor_of(request), clock.now()
    view = read_request(reference, actor=actor, now=now)
    proposal = view.proposal
    if proposal is None or proposal.approved is None:
        raise NotPossible(_("Showing the approval"), why=_("no decision is approved"))
    context = {
        "row": view.row,
        "proposal": proposal,
        "case_href": reverse("desk:case", args=[reference]),
        "package_href": showing.page_of("desk:package_of", reference),
        "home_href": reverse("desk:home"),
    }
    return render(request, "requests/approved.html", context)


def _begin(request: HttpRequest, prepared: PreparedDecision, actor: Actor) -> HttpResponse:
    check_shown(request, prepared.act)
    return answer_with(access.begin_step_up(prepared.act, actor=actor, now=clock.now()))


def _open_proposal(view: RequestView) -> ProposalView:
    proposal = view.proposal
    if proposal is None or proposal.approved is not None:
        raise NotPossible(
            _("Approving the decision"), why=_("no decision is proposed"),
            do=_("Look at the request: its page says what can be done now"),
        )  # fmt: skip
    return proposal


def _prepared(reference: str, actor: Actor) -> tuple[PreparedDecision | None, str, str]:
    """Return what would be approved; or why this person may not, or why nobody can."""
    try:
        with reading_as(actor):
            return operations.prepare_approval(reference, actor=actor), "", ""
    except NotPermitted as refusal:
        return None, showing.sentence(refusal.why), ""
    except NotPossible as refusal:
        return None, "", showing.sentence(refusal.why)


def _as_shown(proposal: ProposalView) -> PreparedDecision:
    return operations.shown_decision(proposal.document)


def _reject_button(view: RequestView) -> ui.Button | None:
    found = next((one for one in view.verbs if one.verb is RequestVerb.REJECT), None)
    if found is None or found.why_not is not None:
        return None
    href = reverse("requests:reject", args=[view.row.reference])
    return ui.Button(label=_("Reject with a reason"), kind="danger", href=href)


def _signed_facts(view: RequestView, decision_sha256: str) -> Sequence[ui.Fact]:
    return [
        ui.Fact(label=_("Request"), value=ui.Identifier(value=view.row.reference, copy=False)),
        ui.Fact(label=_("Agency"), value=view.row.agency_name),
        ui.Fact(label=_("Hash of the decision (SHA-256)"), value=ui.Identifier(value=decision_sha256)),
    ]


def _decision_context(view: RequestView, document: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Return what the proposer sees before she proposes and the approver before she approves: the same."""
    scope = scope_of(document)
    lines = {line.n: line for line in scope.lines}
    return {
        "row": view.row,
        "pill": panels.state_pill(view.row),
        "leaves": showing.what_leaves(scope),
        "table": showing.answers_table(view, lines),
        "legend": showing.legend(view),
        "letter": showing.letter(view, lines),
        "found": list(showing.targets(view).values()),
        "signals": showing.signals(view),
        "particulars": panels.particulars(view),
        "narrative": view.filing.document["narrative"] if view.filing else "",
        "signed_by": panels.signed_by(view.filing) if view.filing else None,
        "instrument": panels.instrument(view),
        "instrument_href": showing.page_of("requests:instrument_file", view.row.reference),
        "clock": panels.clock_facts(view, clock.now()),
        "thread": panels.thread(view, actor) if view.messages else None,
        "case_href": reverse("desk:case", args=[view.row.reference]),
        "decision_href": reverse("requests:propose", args=[view.row.reference]),
    }
