"""Where a request stands: its state, its clock, and what the reader can do now."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Text
from entraide.requests.queries import RequestRow, RequestView
from entraide.requests.states import STATE_LABELS, STATE_TONES, RequestState, RequestVerb
from entraide.ui import components as ui

S, V = RequestState, RequestVerb
BUTTONS: Mapping[RequestVerb, Text] = {
    V.DISCARD: gettext_lazy("Discard the draft"),
    V.FILE: gettext_lazy("Go on with the draft"),
    V.COUNTERSIGN: gettext_lazy("Read and countersign"),
    V.RETURN_TO_DRAFT: gettext_lazy("Send back to the officer"),
    V.RETURN_TO_CORRECTION: gettext_lazy("Send back to the officer"),
    V.ACCEPT: gettext_lazy("Take it up"),
    V.HAND_OVER: gettext_lazy("Hand it over"),
    V.LOOK_UP: gettext_lazy("Look up again"),
    V.RETURN_FOR_CORRECTION: gettext_lazy("Return for correction"),
    V.ASK: gettext_lazy("Ask the agency"),
    V.ANSWER: gettext_lazy("Answer the question"),
    V.TAKE_BACK_QUESTION: gettext_lazy("Take the question back"),
    V.PROPOSE: gettext_lazy("Work out the decision"),
    V.TAKE_BACK_PROPOSAL: gettext_lazy("Take the proposal back"),
    V.REJECT: gettext_lazy("Reject the proposal"),
    V.APPROVE: gettext_lazy("Read and approve"),
    V.REOPEN: gettext_lazy("Reopen"),
    V.CLOSE: gettext_lazy("Close the request"),
    V.WITHDRAW: gettext_lazy("Withdraw the request"),
}
"""What the button of a verb says.  What is not here happens by itself and has no button."""

# Who, by role, a verb is for at all.  Only these people see it disabled, with the reason why it is not theirs now.
_MEANT_FOR: Mapping[RequestVerb, tuple[Role, ...]] = {
    V.FILE: (Role.OFFICER,),
    V.DISCARD: (Role.OFFICER,),
    V.ANSWER: (Role.OFFICER, Role.SUPERVISOR),
    V.WITHDRAW: (Role.OFFICER, Role.SUPERVISOR),
    V.COUNTERSIGN: (Role.SUPERVISOR,),
    V.APPROVE: (Role.APPROVER,),
    V.ACCEPT: (Role.ANALYST,),
    V.PROPOSE: (Role.ANALYST,),
}
_DANGEROUS = frozenset({V.WITHDRAW, V.DISCARD, V.REJECT, V.REOPEN})
_FIRST = (V.FILE, V.COUNTERSIGN, V.ANSWER, V.ACCEPT, V.PROPOSE, V.APPROVE)
_NEXT: Mapping[RequestState, tuple[Text, Text]] = {
    S.DRAFT: (gettext_lazy("The draft is not signed yet. Nobody but its officer sees it."), ""),
    S.DISCARDED: (gettext_lazy("The draft was discarded. Nothing was sent."), ""),
    S.AWAITING_COUNTERSIGNATURE: (
        gettext_lazy("A supervisor of the agency must countersign it. Until then the desk does not see it."),
        gettext_lazy("A correction awaits countersignature at the agency."),
    ),
    S.SUBMITTED: (
        gettext_lazy("The desk has received it and will take it up. The clock runs."),
        gettext_lazy("Nobody has taken it up yet."),
    ),
    S.TRIAGE: (
        gettext_lazy("The desk is working on it."),
        gettext_lazy("The analyst compares it with the instrument and works out the decision."),
    ),
    S.QUESTION_ASKED: (
        gettext_lazy("The desk asked a question. The clock stands still until you answer."),
        gettext_lazy("The agency's answer is awaited. The clock stands still."),
    ),
    S.RETURNED_FOR_CORRECTION: (
        gettext_lazy("The desk returned it. Correct it and file it again; the clock stands still."),
        gettext_lazy("The agency must correct it. The clock stands still."),
    ),
    S.IN_DECISION: (
        gettext_lazy("The desk is deciding on it."),
        gettext_lazy("A second person must approve the proposed decision."),
    ),
    S.APPROVED: (
        gettext_lazy("The desk has decided. The package is being prepared."),
        gettext_lazy("Two people have decided. The package is ordered."),
    ),
    S.IN_PRODUCTION: (
        gettext_lazy("The package is being built and sealed."),
        gettext_lazy("The package is being built and sealed."),
    ),
    S.DELIVERED: (
        gettext_lazy("The package is ready. Fetch it before its link ends."),
        gettext_lazy("The officer can fetch the package."),
    ),
    S.CLOSED: (gettext_lazy("It is answered and closed."), gettext_lazy("It is answered and closed.")),
    S.WITHDRAWN: (
        gettext_lazy("It was withdrawn. Nothing more is done for it."),
        gettext_lazy("The agency withdrew it. Nothing more is done for it."),
    ),
}


def of_standing(view: RequestView, actor: Actor, now: datetime) -> ui.Panel:
    """Return where the request stands, its clock, and what the reader can do now."""
    buttons = [button for button in buttons_of(view, actor) if button.value != V.LOOK_UP.value]
    clock = clock_facts(view, now)
    body: list[ui.Drawable] = [what_comes_next(view.row, actor), *([clock] if clock else [])]
    return ui.Panel(key="standing", title=_("Where it stands"), body=body, actions=buttons)


def state_pill(row: RequestRow) -> ui.Pill:
    """Return the state of a request."""
    return ui.Pill(label=STATE_LABELS[row.state], tone=STATE_TONES[row.state])


def clock_of(row: RequestRow, now: datetime) -> ui.Drawable:
    """Return the clock of a request in a list: in words, overdue said; where none runs, that it does not yet."""
    if row.clock_stopped_at is not None and row.due_at is None:
        return ui.Pill(label=_("Clock stopped"), tone=ui.Tone.QUIET)
    if row.received_at is None and row.state in (S.DRAFT, S.AWAITING_COUNTERSIGNATURE):
        return _("Not running yet")
    if row.received_at is None or row.due_at is None:
        return "–"
    return ui.Deadline(received_at=row.received_at, due_at=row.due_at, now=now, answered_at=row.delivered_at)


def clock_facts(view: RequestView, now: datetime) -> ui.SummaryList | None:
    """Return the clock with the moments it rests on; None where none has started."""
    row, reading = view.row, view.clock
    if row.received_at is None:
        return None
    facts = [ui.Fact(label=pgettext("moment", "Received"), value=ui.Moment(at=row.received_at))]
    if reading is not None and reading.stopped_at is not None and reading.left is not None:
        clock = ui.Deadline(
            received_at=row.received_at,
            due_at=reading.stopped_at + reading.left,
            now=now,
            stopped_since=reading.stopped_at,
        )
        facts.append(ui.Fact(label=_("Clock"), value=clock))
        facts.append(ui.Fact(label=_("Stands still since"), value=ui.Moment(at=reading.stopped_at)))
    elif row.due_at is not None:
        facts.append(ui.Fact(label=_("Clock"), value=clock_of(row, now)))
        facts.append(ui.Fact(label=_("Answer owed by"), value=ui.owed_by(row.due_at)))
    if row.delivered_at is not None:
        facts.append(ui.Fact(label=pgettext("moment", "Delivered"), value=ui.Moment(at=row.delivered_at)))
    return ui.SummaryList(facts=facts)


def what_comes_next(row: RequestRow, actor: Actor) -> Text:
    """Return in a sentence what the request waits for, as this side may know it."""
    for_agency, for_desk = _NEXT[row.state]
    return (for_agency if actor.face is Face.AGENCY else for_desk) or for_agency


def address_of(verb: RequestVerb | None, reference: str) -> str:
    """Return the page of a verb; empty where it has none, because it happens by itself."""
    if verb is None or verb not in BUTTONS:
        return ""
    # A draft is gone on with where it was left, not at its signature.
    name = "draft" if verb is V.FILE else verb.value
    try:
        return reverse(f"requests:{name}", args=[reference])
    except NoReverseMatch:
        return ""


def label_of(verb: RequestVerb, row: RequestRow) -> Text:
    """Return what the button or link of a verb says for this request."""
    if verb is V.FILE and row.state is S.RETURNED_FOR_CORRECTION:
        return _("Correct it and file it again")
    return BUTTONS[verb]


def buttons_of(view: RequestView, actor: Actor) -> tuple[ui.Button, ...]:
    """Return what the reader can do now, the main thing first; where it is not theirs, disabled with the reason."""
    return tuple(_buttons(view, actor))


def _buttons(view: RequestView, actor: Actor) -> Iterator[ui.Button]:
    # Sending back is one thing for a person and two in the table: where to depends on whether the desk has seen it.
    other_way = V.RETURN_TO_CORRECTION if view.row.submitted_at is None else V.RETURN_TO_DRAFT
    offered = {one.verb: one.why_not for one in view.verbs if one.verb in BUTTONS and one.verb is not other_way}
    for verb in sorted(
        offered, key=lambda one: (_FIRST.index(one) if one in _FIRST else len(_FIRST), one in _DANGEROUS)
    ):
        why, href = offered[verb], address_of(verb, view.row.reference)
        is_meant = actor.has(*_MEANT_FOR.get(verb, ())) if verb in _MEANT_FOR else False
        if not href or (why is not None and not is_meant):
            continue
        kind = "danger" if verb in _DANGEROUS else "primary" if verb in _FIRST else "secondary"
        yield ui.Button(
            label=label_of(verb, view.row), kind=kind, href=href, reason=_sentence(why) if why else "", value=verb.value
        )


def _sentence(words: Text) -> str:
    """Return a reason, which stands in the middle of refusals, as a sentence of its own."""
    text = str(words)
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?؟" else ".")
