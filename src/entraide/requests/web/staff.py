"""What the desk does around a decision, each verb a page: take up, hand over, ask, return, look up again, give back.

A page says what will happen before anybody presses the button, and refuses whom the operation would refuse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.views.decorators.http import require_http_methods

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.receipts import tell
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import Invalid, NotPermitted, NotPossible, Text
from entraide.requests import operations, panels, rules
from entraide.requests.law import PROFILES, LegalBasis
from entraide.requests.operations import Done
from entraide.requests.policies import VERB_LABELS
from entraide.requests.queries import RequestView, read_request
from entraide.requests.states import STATE_LABELS, RequestVerb
from entraide.ui import components as ui
from entraide.ui.words import owed_in_words, span_in_words

V = RequestVerb
REASON_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbPage:
    """What the page of a verb says and asks.

    Parameters
    ----------
    question : Text
        Its heading.
    lead : Text
        What happens when the button is pressed, and who learns of it.
    asks : Text
        The label of the one text it wants; empty: none.
    reason : Text
        Why the button cannot be pressed at present.
    """

    verb: RequestVerb
    question: Text
    lead: Text
    asks: Text = ""
    hint: Text = ""
    reason: Text = ""
    is_dangerous: bool = False


class Plain(forms.Form):
    """A button and nothing to fill in."""


class Reason(forms.Form):
    """One text."""

    text = forms.CharField(
        max_length=REASON_MAX, strip=True, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto", "autofocus": True}),
        error_messages={"required": _later("Write a sentence")},
    )  # fmt: skip

    def __init__(self, *args: Any, asks: Text, hint: Text = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label, self.fields["text"].help_text = str(asks), str(hint)


class HandOver(forms.Form):
    """To whom, and what they should know."""

    to = forms.TypedChoiceField(
        label=_later("To whom?"), coerce=UUID, widget=forms.RadioSelect,
        error_messages={"required": _later("Choose an analyst")},
    )  # fmt: skip
    note = forms.CharField(
        label=_later("What they should know"), required=False, max_length=2_000,
        help_text=_later("Stays within the desk."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[access.PersonView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(str(person.id), person.name) for person in people]


def check_verb(view: RequestView, verb: RequestVerb) -> None:
    """Refuse a page whose verb the state or the policy does not allow, in the words of the operation."""
    found = next((one for one in view.verbs if one.verb is verb), None)
    if found is None:
        state = str(STATE_LABELS[view.row.state])
        raise NotPossible(
            VERB_LABELS[verb], why=_("the state of the request is now: %(state)s") % {"state": state},
            do=_("Look at the request: its page says what can be done now"),
        )  # fmt: skip
    if found.why_not is not None:
        raise NotPermitted(VERB_LABELS[verb], why=found.why_not, do=_("Ask somebody who may"))


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a request up."""
    page = VerbPage(
        verb=V.ACCEPT,
        question=_("Take this request up?"),
        lead=_(
            "It becomes yours. The agency's signatures are verified first, then the exchange is asked about every "
            "target."
        ),
    )
    return _answer(
        request, reference, page, Plain, lambda form, **by: operations.accept(reference, **by), then="requests:propose"
    )


@requires(Role.ANALYST, Role.APPROVER)
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Hand a request over to another analyst."""
    actor, now = actor_of(request), clock.now()
    view = read_request(reference, actor=actor, now=now)
    with reading_as(actor):
        people = [one for one in access.people_with(Role.ANALYST, now=now) if one.id != view.row.assigned_to_id]
    page = VerbPage(
        verb=V.HAND_OVER,
        question=_("Who takes this request over?"),
        lead=_("What was worked out so far goes along. The clock goes on."),
        reason="" if people else _("There is no other analyst at this desk."),
    )
    return _answer(
        request, reference, page, lambda *args: HandOver(*args, people=people),
        lambda form, **by: operations.hand_over(
            reference, to=form.cleaned_data["to"], note=form.cleaned_data["note"], **by
        ),
        then="" if actor.has(Role.APPROVER) else "desk:home", view=view,
    )  # fmt: skip


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def look_up(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the exchange again about every target."""
    page = VerbPage(
        verb=V.LOOK_UP,
        question=_("Ask the exchange again?"),
        lead=_(
            "Every target is looked up anew and what was found before is replaced. Answers you worked out stay, and "
            "are checked against what is found."
        ),
    )
    return _answer(
        request, reference, page, Plain, lambda form, **by: operations.look_up_again(reference, **by),
        then="requests:propose",
    )  # fmt: skip


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def return_for_correction(request: HttpRequest, reference: str) -> HttpResponse:
    """Return a request that cannot be carried out as it is."""
    page = VerbPage(
        verb=V.RETURN_FOR_CORRECTION,
        question=_("What must be corrected?"),
        lead=_("The officer corrects the request and signs it anew. Until then the clock stands still."),
        asks=_("To the agency"),
        hint=_("Say what is missing or wrong, and where. The officer reads this; your name does not appear."),
        is_dangerous=True,
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.return_for_correction(reference, reason=form.cleaned_data["text"], **by),
    )  # fmt: skip


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the agency something; the clock stops."""
    actor, now = actor_of(request), clock.now()
    view = read_request(reference, actor=actor, now=now)
    page = VerbPage(
        verb=V.ASK,
        question=_("What do you want to ask?"),
        lead=_ask_lead(view, now),
        asks=_("Question to the agency"),
        hint=_("One question at a time. The officer reads this; your name does not appear."),
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.ask_question(reference, text=form.cleaned_data["text"], **by), view=view,
    )  # fmt: skip


def _ask_lead(view: RequestView, now: datetime) -> str:
    words = [_("The clock stops the moment you ask, and goes on when the agency answers.")]
    if view.clock is not None and view.clock.due_at is not None:
        if now <= view.clock.due_at:
            left = span_in_words(view.clock.due_at - now)
            words.append(_("Then %(span)s will be left.") % {"span": left})
        else:
            words.append(_("The answer is overdue already; asking does not change that."))
    if view.row.legal_basis is not None:
        rule = PROFILES[LegalBasis(view.row.legal_basis)].clarification
        due = rules.answer_due_at(now, LegalBasis(view.row.legal_basis))
        by = owed_in_words(due)
        words.append(_("The agency owes its answer by %(day)s (%(source)s).") % {"day": by, "source": rule.source})
    return " ".join(words)


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def take_back_question(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the question back; the clock goes on."""
    page = VerbPage(
        verb=V.TAKE_BACK_QUESTION,
        question=_("Take the question back?"),
        lead=_("The clock goes on at once where it stood still. The agency sees that it is settled, and why."),
        asks=_("Why it is settled"),
        hint=_("The officer reads this."),
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.take_back_question(reference, reason=form.cleaned_data["text"], **by),
        then="requests:propose",
    )  # fmt: skip


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def take_back_proposal(request: HttpRequest, reference: str) -> HttpResponse:
    """Take one's own proposal back."""
    page = VerbPage(
        verb=V.TAKE_BACK_PROPOSAL,
        question=_("Take your proposal back?"),
        lead=_("The decision can then be changed and proposed anew. Your signature stays in the log, without effect."),
        asks=_("Reason"),
        hint=_("Stays within the desk."),
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.take_back_proposal(reference, reason=form.cleaned_data["text"], **by),
        then="requests:propose",
    )  # fmt: skip


@requires(Role.APPROVER)
@require_http_methods(["GET", "POST"])
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    """Reject a proposed decision, with a reason for its proposer."""
    page = VerbPage(
        verb=V.REJECT,
        question=_("Why do you reject the decision?"),
        lead=_("Nothing leaves the exchange. The request goes back to its analyst, with your reason."),
        asks=_("To the analyst"),
        hint=_("Say which target, and what would have to be different. Stays within the desk."),
        is_dangerous=True,
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.reject(reference, reason=form.cleaned_data["text"], **by),
    )  # fmt: skip


@requires(Role.ANALYST, Role.APPROVER)
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Set an approved decision aside before its package is made."""
    page = VerbPage(
        verb=V.REOPEN,
        question=_("Set the approved decision aside?"),
        lead=_("No package is made of it. The request goes back to triage and is decided anew by two people."),
        asks=_("What is wrong with it"),
        hint=_("Stays within the desk."),
        is_dangerous=True,
    )
    return _answer(
        request, reference, page, _reason(page),
        lambda form, **by: operations.reopen(reference, reason=form.cleaned_data["text"], **by),
    )  # fmt: skip


@requires(Role.ANALYST, Role.APPROVER)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, reference: str) -> HttpResponse:
    """Close a delivered request."""
    page = VerbPage(
        verb=V.CLOSE,
        question=_("Close this request?"),
        lead=_("The answer was delivered and nothing is left to do. A closed request is not opened again."),
    )
    return _answer(request, reference, page, Plain, lambda form, **by: operations.close(reference, **by))


def _reason(page: VerbPage) -> Callable[..., forms.Form]:
    return lambda *args: Reason(*args, asks=page.asks, hint=page.hint)


def _answer(
    request: HttpRequest,
    reference: str,
    page: VerbPage,
    form_class: Callable[..., forms.Form],
    do: Callable[..., Done],
    *,
    then: str = "",
    view: RequestView | None = None,
) -> HttpResponse:
    """Show the page of a verb, or do it and lead on: to the request, unless `then` names another page."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid() and (done := _try(form, do, actor, now)) is not None:
            tell(request, done.entry_id)
            return HttpResponseRedirect(_address(then, reference))
    else:
        form = form_class()
    view = view or read_request(reference, actor=actor, now=now)
    check_verb(view, page.verb)
    context = {
        "page": page,
        "form": form,
        "row": view.row,
        "button": ui.Button(
            label=panels.BUTTONS[page.verb], kind="danger" if page.is_dangerous else "primary", reason=page.reason
        ),
        "facts": panels.particulars(view),
        "clock": panels.clock_facts(view, now),
        "back_href": reverse("desk:case", args=[reference]),
    }
    return render(request, "requests/verb.html", context, status=422 if form.errors else 200)


def _try(form: forms.Form, do: Callable[..., Done], actor: Actor, now: datetime) -> Done | None:
    """Do it; what the operation has against a field is said at the field."""
    try:
        return do(form, actor=actor, now=now)
    except Invalid as refusal:
        for name, problem in refusal.fields.items():
            form.add_error(name if name in form.fields else None, str(problem))
        if not refusal.fields:
            raise
        return None


def _address(name: str, reference: str) -> str:
    return reverse("desk:home") if name == "desk:home" else reverse(name or "desk:case", args=[reference])
