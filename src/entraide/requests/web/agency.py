"""What the agency's people do with a filed request: countersign, send back, withdraw, answer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.receipts import tell
from entraide.access.web.signing import (
    answer_of,
    answer_with,
    check_shown,
    is_signed,
    signature,
    signature_on_demand,
)
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.acts import Act
from entraide.kernel.canonical import canonical
from entraide.kernel.errors import NotPermitted, NotPossible
from entraide.requests import operations, panels, policies, rules
from entraide.requests.operations.filing import REASON_MAX
from entraide.requests.queries import RequestView, read_request
from entraide.requests.states import STATE_LABELS, RequestState, RequestVerb
from entraide.ui import components as ui
from entraide.ui.words import listed

AGENCY = (Role.OFFICER, Role.SUPERVISOR)


class WordsForm(forms.Form):
    """One text that goes to others."""

    text = forms.CharField(max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 7}))

    def __init__(self, *args: object, label: str, hint: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # what a form takes
        self.fields["text"].label, self.fields["text"].help_text = label, hint


# ------------------------------------------------------------------------------------------------------- countersigning


@require_http_methods(["GET", "POST"])
@requires(Role.SUPERVISOR)
def countersign(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the supervisor the whole document and have it signed."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        answer = answer_of(request)
        done = operations.countersign(
            reference, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        return _finished(request, done)
    view = _readable(reference, RequestVerb.COUNTERSIGN, actor)
    filing = view.filing
    assert filing is not None  # what awaits countersignature was filed
    with reading_as(actor):
        _document, act = operations.prepare_countersigning(reference, actor=actor)
    form = signature_on_demand(
        act,
        options_href=reverse("requests:countersign_options", args=[reference]),
        title=_("Countersign this request"),
        button=_("Countersign and send to the desk"),
        action=request.path,
        facts=[
            ui.Fact(label=_("Request"), value=ui.Identifier(value=reference)),
            ui.Fact(label=_("Filed and signed by"), value=filing.filed.name),
            ui.Fact(label=_("Targets"), value=str(len(view.targets))),
            ui.Fact(label=_("Data asked for"), value=listed(filing.document["categories"])),
            ui.Fact(label=_("Hash of the document (SHA-256)"), value=ui.Identifier(value=filing.document_sha256)),
        ],
        is_demo=settings.KIND == "demo",
    )
    context = {
        "row": view.row,
        "panels": panels.of_document(view, actor),
        "noticed": _noticed(filing.document, now),
        "canonical": canonical(dict(filing.document)).decode(),
        "signature": form,
    }
    return render(request, "requests/case_countersign.html", context)


def _noticed(document: Mapping[str, Any], now: datetime) -> ui.Panel | None:
    """Return what the desk will notice of the document: the same as its officer saw before she signed."""
    found = [
        replace(one, about=_("Target %(n)s") % {"n": one.about}) if one.field == "targets" and one.about else one
        for one in rules.intake_findings(document, now.date())
    ]
    if not found:
        return None
    lead = _("None of this stops you. The desk sees the same remarks, and a person decides.")
    return ui.Panel(key="noticed", title=_("What the desk will notice"), lead=lead, body=(panels.signals(found),))


@require_POST
@requires(Role.SUPERVISOR)
def countersign_options(request: HttpRequest, reference: str) -> JsonResponse:
    """Begin the step-up when the button is pressed, over the document that was shown."""
    actor = actor_of(request)
    with reading_as(actor):
        _document, act = operations.prepare_countersigning(reference, actor=actor)
    check_shown(request, act)
    return answer_with(access.begin_step_up(act, actor=actor, now=clock.now()))


@require_http_methods(["GET", "POST"])
@requires(Role.SUPERVISOR)
def send_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the supervisor why, and send the request back to its officer."""
    actor = actor_of(request)
    form = WordsForm(
        request.POST or None,
        label=_("Why do you send it back?"),
        hint=_("Its officer reads this. The desk does not see the request, nor this text."),
    )
    if request.method == "POST" and form.is_valid():
        done = operations.send_back(reference, reason=form.cleaned_data["text"], actor=actor, now=clock.now())
        tell(request, done.entry_id)
        return redirect("desk:home")  # a draft is its officer's alone: the supervisor sees it no more
    view = _readable(reference, RequestVerb.RETURN_TO_DRAFT, actor)
    return _question(request, view, form, _("Send the request back to its officer"), _("Send it back"))


# ----------------------------------------------------------------------------------------------- answering, withdrawing


@require_http_methods(["GET", "POST"])
@requires(*AGENCY)
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the desk's question and take the answer; the clock goes on."""
    actor = actor_of(request)
    form = WordsForm(
        request.POST or None,
        label=_("Your answer"),
        hint=_("The desk reads this. Never write a password, a private key or a seed phrase."),
    )
    if request.method == "POST" and form.is_valid():
        done = operations.answer_question(reference, text=form.cleaned_data["text"], actor=actor, now=clock.now())
        return _finished(request, done)
    view = _readable(reference, RequestVerb.ANSWER, actor)
    return _question(
        request, view, form, _("Answer the desk's question"), _("Send the answer"), before=panels.thread(view, actor)
    )


@require_http_methods(["GET", "POST"])
@requires(*AGENCY)
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask why, have the withdrawal signed, and withdraw."""
    actor, now = actor_of(request), clock.now()
    form = WordsForm(
        request.POST or None,
        label=_("Why do you withdraw it?"),
        hint=_("What was being done for this request ends. It cannot be taken back; you can file a new one."),
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["text"]
        if is_signed(request):
            signed = answer_of(request)
            done = operations.withdraw(
                reference,
                reason=reason,
                step_up_id=signed.step_up_id,
                assertion=signed.assertion,
                actor=actor,
                now=now,
            )
            return _finished(request, done)
        view = _readable(reference, RequestVerb.WITHDRAW, actor)
        with reading_as(actor):
            act = operations.prepare_withdrawal(reference, reason, actor=actor)
        return _sign_withdrawal(request, view, act, reason)
    view = _readable(reference, RequestVerb.WITHDRAW, actor)
    return _question(request, view, form, _("Withdraw the request"), _("Continue"))


def _sign_withdrawal(request: HttpRequest, view: RequestView, act: Act, reason: str) -> HttpResponse:
    step_up = access.begin_step_up(act, actor=actor_of(request), now=clock.now())
    form = signature(
        step_up,
        title=_("Withdraw this request"),
        button=_("Sign and withdraw"),
        action=request.path,
        facts=[
            ui.Fact(label=_("Request"), value=ui.Identifier(value=view.row.reference)),
            ui.Fact(label=_("Version"), value=str(view.row.version)),
            ui.Fact(label=_("Reason"), value=ui.Words(text=reason)),
        ],
        hidden={"text": reason},
    )
    return render(request, "requests/case_sign.html", {"row": view.row, "signature": form})


# ------------------------------------------------------------------------------------------------------------ in common


def _readable(reference: str, verb: RequestVerb, actor: Actor) -> RequestView:
    """Return the request where `actor` may do `verb` to it now, so that no page asks for what would be refused."""
    view = read_request(reference, actor=actor, now=clock.now())
    why_not = {one.verb: one.why_not for one in view.verbs}
    if verb not in why_not:
        raise NotPossible(
            policies.VERB_LABELS[verb],
            why=_("its state is: %(state)s") % {"state": STATE_LABELS[RequestState(view.row.state)]},
            do=_("Look at the request"),
        )
    if (why := why_not[verb]) is not None:
        raise NotPermitted(policies.VERB_LABELS[verb], why=why, do=_("Ask somebody who may"))
    return view


def _question(
    request: HttpRequest,
    view: RequestView,
    form: WordsForm,
    title: str,
    button: str,
    *,
    before: ui.Drawable | None = None,
) -> HttpResponse:
    context = {
        "row": view.row,
        "form": form,
        "heading": title,
        "go_on": button,
        "before": before,
        "caption": view.row.reference,
        "back_href": reverse("desk:case", args=[view.row.reference]),
    }
    return render(request, "requests/case_words.html", context, status=422 if form.errors else 200)


def _finished(request: HttpRequest, done: operations.Done) -> HttpResponse:
    tell(request, done.entry_id)
    return redirect("desk:case", reference=done.reference)
