"""What a page shows of a request: frozen components, drawn alike by the case page, the print and the pages of verbs.

They are built from what `queries` lets the reader see; nothing here asks the database, and nothing here decides what
may be seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from entraide.exchange.port import Category
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Text
from entraide.requests.decision import ANSWER_LABELS, AnswerCode, ScopeLine
from entraide.requests.examining import FLAG_LABELS, SignatureFinding
from entraide.requests.labels import kind_label, network_label, problem_sentence
from entraide.requests.law import (
    AUTHORITY_LABELS,
    BASIS_LABELS,
    CATEGORIES,
    GROUNDS,
    ROLE_LABELS,
    URGENCY_LABELS,
    AuthorityKind,
    LegalBasis,
    TargetRole,
    Urgency,
)
from entraide.requests.queries import (
    FilingView,
    InstrumentView,
    MatchView,
    OverlapView,
    ProposalView,
    RequestRow,
    RequestView,
    SignatureView,
    TargetView,
    TieView,
)
from entraide.requests.rules import Finding, Weight
from entraide.requests.states import (
    LOOKUP_LABELS,
    LOOKUP_TONES,
    STATE_LABELS,
    STATE_TONES,
    LookupState,
    ProposalState,
    RequestState,
    RequestVerb,
)
from entraide.ui import components as ui

S, V = RequestState, RequestVerb
_ONE_MINUTE = timedelta(minutes=1)

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

MESSAGE_LABELS: Mapping[str, Text] = {
    "question": gettext_lazy("Question"),
    "answer": gettext_lazy("Answer"),
    "return": gettext_lazy("Returned for correction"),
    "taken_back": gettext_lazy("Question taken back"),
    "withdrawal": gettext_lazy("Withdrawn"),
    "sent_back": gettext_lazy("Sent back to the officer"),
}
PROPOSAL_LABELS: Mapping[ProposalState, Text] = {
    ProposalState.OPEN: gettext_lazy("Proposed"),
    ProposalState.APPROVED: gettext_lazy("Approved"),
    ProposalState.REJECTED: gettext_lazy("Rejected"),
    ProposalState.TAKEN_BACK: gettext_lazy("Taken back"),
    ProposalState.STALE: gettext_lazy("Overtaken"),
}
_PROPOSAL_TONES: Mapping[ProposalState, str] = {
    ProposalState.OPEN: ui.Tone.INFO,
    ProposalState.APPROVED: ui.Tone.GOOD,
    ProposalState.REJECTED: ui.Tone.BAD,
}
ANSWER_TONES: Mapping[AnswerCode, str] = {AnswerCode.PRODUCE: ui.Tone.GOOD, AnswerCode.REFUSED: ui.Tone.WARN}
TIE_LABELS: Mapping[str, Text] = {
    "deposit_address": gettext_lazy("its deposit address"),
    "deposit_from": gettext_lazy("deposits from it"),
    "withdrawal_to": gettext_lazy("withdrawals to it"),
    "allowed_address": gettext_lazy("on its list of allowed addresses"),
    "deposit_txid": gettext_lazy("deposited by it"),
    "withdrawal_txid": gettext_lazy("withdrawn by it"),
    "kyc_email": gettext_lazy("its e-mail address"),
    "kyc_phone": gettext_lazy("its telephone number"),
    "payment_iban": gettext_lazy("its bank account"),
    "login_ip": gettext_lazy("log-ins from it"),
    "account_uid": gettext_lazy("its own number"),
}
ACCOUNT_LABELS: Mapping[str, Text] = {
    "open": gettext_lazy("Open"),
    "closed": gettext_lazy("Closed"),
}
_COVERS: Mapping[str, Text] = {
    "whole_file": gettext_lazy("covers the whole file"),
    "whole_revision": gettext_lazy("something was added to the file after it"),
    "part": gettext_lazy("covers only a part of the file"),
    "unclear": gettext_lazy("what it covers is unclear"),
}
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


# ------------------------------------------------------------------------------------------------------ state and clock


def state_pill(row: RequestRow) -> ui.Pill:
    """Return the state of a request."""
    return ui.Pill(label=STATE_LABELS[row.state], tone=STATE_TONES[row.state])


def clock_of(row: RequestRow, now: datetime) -> ui.Drawable:
    """Return the clock of a request in a list: in words, overdue said; nothing where none runs."""
    if row.clock_stopped_at is not None and row.due_at is None:
        return ui.Pill(label=_("Clock stopped"), tone=ui.Tone.QUIET)
    if row.received_at is None or row.due_at is None:
        return ""
    return ui.Deadline(received_at=row.received_at, due_at=row.due_at, now=now, answered_at=row.delivered_at)


def clock_facts(view: RequestView, now: datetime) -> ui.SummaryList | None:
    """Return the clock with the moments it rests on; None where none has started."""
    row, reading = view.row, view.clock
    if row.received_at is None:
        return None
    facts = [ui.Fact(label=_("Received"), value=ui.Moment(at=row.received_at))]
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
        facts.append(ui.Fact(label=_("Answer owed by"), value=ui.Moment(at=row.due_at)))
    if row.delivered_at is not None:
        facts.append(ui.Fact(label=_("Delivered"), value=ui.Moment(at=row.delivered_at)))
    return ui.SummaryList(facts=facts)


def what_comes_next(row: RequestRow, actor: Actor) -> Text:
    """Return in a sentence what the request waits for, as this side may know it."""
    for_agency, for_desk = _NEXT[row.state]
    return (for_agency if actor.face is Face.AGENCY else for_desk) or for_agency


# ----------------------------------------------------------------------------------------------------- what can be done


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


# --------------------------------------------------------------------------------------------------- what was asked for


def particulars(view: RequestView) -> ui.SummaryList:
    """Return who asks, on what basis and how urgently."""
    row = view.row
    facts: list[tuple[Text, ui.Drawable | Sequence[ui.Drawable] | None]] = [
        (_("Agency"), row.agency_name),
        (_("Agency's reference"), row.agency_reference),
        (_("Officer"), row.officer_name),
    ]
    if view.filing is None:
        facts.append((_("Offence"), row.offence))
    else:
        facts += _of_document(view.filing.document)
        facts.append((_("Version"), str(view.filing.version) if view.filing.version > 1 else None))
    return ui.SummaryList(facts=[ui.Fact(label=label, value=value) for label, value in facts if value])


def _of_document(document: Mapping[str, Any]) -> Iterator[tuple[Text, ui.Drawable | Sequence[ui.Drawable] | None]]:
    authority, offence = document["authority"], document["offence"]
    yield _("Legal basis"), BASIS_LABELS[LegalBasis(document["legal_basis"])]
    yield _("Issued by"), _authority(authority)
    yield _("Issued on"), authority["issued_on"]
    validated = authority["validated_by"]
    yield _("Validated by"), _authority(validated) if validated else None
    details = [offence["name"]]
    if offence["maximum_years"] is not None:
        years = offence["maximum_years"]
        details.append(ngettext("Maximum penalty: %(n)s year", "Maximum penalty: %(n)s years", years) % {"n": years})
    if offence["is_listed"]:
        details.append(_("Listed in the Regulation"))
    yield _("Offence"), details
    yield _("Urgency"), URGENCY_LABELS[Urgency(document["urgency"])]
    reason = document["emergency_reason"]
    yield _("What threatens life or safety"), ui.Words(text=reason) if reason else None
    until = document["non_disclosure_until"]
    yield _("Do not inform the person before"), until
    yield _("Language of the instrument"), document["language"].upper()


def _authority(authority: Mapping[str, Any]) -> str:
    kind = str(AUTHORITY_LABELS[AuthorityKind(authority["kind"])])
    parts = [authority["name"], kind, authority.get("country")]
    return ", ".join(part for part in parts if part)


def categories(filing: FilingView) -> ui.Table:
    """Return the categories of data that are asked for, with what each holds and leaves out."""
    rules = [CATEGORIES[Category(code)] for code in filing.document["categories"]]
    return ui.Table(
        caption=_("Data asked for"),
        hide_caption=True,
        columns=(
            ui.Column(label=_("Category"), is_heading=True),
            ui.Column(label=_("What it holds")),
            ui.Column(label=_("What is left out")),
        ),
        rows=[ui.Row(cells=(f"{rule.category.value} {rule.label}", rule.holds, rule.minimise)) for rule in rules],
        empty=_("No category was asked for."),
    )


def targets(view: RequestView, actor: Actor) -> ui.Table:
    """Return the targets; for the desk with the answers proposed or approved so far."""
    answers = {line.n: line for line in view.proposal.scope.lines} if view.proposal else {}
    is_desk = actor.face is not Face.AGENCY
    columns = [
        ui.Column(label=_("No.")),
        ui.Column(label=_("Target"), is_heading=True),
        ui.Column(label=_("Role")),
        ui.Column(label=_("Period")),
        *([ui.Column(label=_("Answer"))] if is_desk else []),
    ]
    rows = []
    for target in view.targets:
        cells: list[ui.Drawable] = [
            str(target.n),
            ui.Several(items=_identified(target)),
            ROLE_LABELS[TargetRole(target.role)],
            _period(target),
        ]
        if is_desk:
            cells.append(_answer(answers.get(target.n)))
        rows.append(ui.Row(cells=cells))
    return ui.Table(
        caption=_("Targets"), hide_caption=True, columns=columns, rows=rows, empty=_("No target was named yet.")
    )


def _identified(target: TargetView) -> list[ui.Drawable]:
    kind = str(kind_label(target.kind))
    words = f"{kind} · {network_label(target.network)}" if target.network else kind
    shown: list[ui.Drawable] = [ui.Identifier(value=target.value), words]
    if target.problem:
        shown.append(ui.Pill(label=problem_sentence(target.problem), tone=ui.Tone.WARN))
    return shown


def _period(target: TargetView) -> ui.Several:
    """Return the period by its days as the officer wrote them: in the time zone of the order."""
    zone = ZoneInfo(target.time_zone)
    first, end = target.period_start.astimezone(zone), target.period_end.astimezone(zone)
    last = (end - _ONE_MINUTE).date()
    return ui.Several(items=(f"{first.date().isoformat()} – {last.isoformat()}", target.time_zone))


def _answer(line: ScopeLine | None) -> ui.Drawable:
    if line is None:
        return ui.Pill(label=_("Not answered yet"))
    shown: list[ui.Drawable] = [ui.Pill(label=ANSWER_LABELS[line.answer], tone=ANSWER_TONES.get(line.answer, "quiet"))]
    if line.categories:
        shown.append(", ".join(category.value for category in line.categories))
    if line.ground:
        shown.append(GROUNDS[line.ground].label)
    return ui.Several(items=shown)


# ----------------------------------------------------------------------------------------------- instrument, signatures


def instrument(view: RequestView) -> ui.SummaryList | None:
    """Return the facts about the instrument: its hash, and what its signatures are worth."""
    found = view.instrument
    if found is None:
        return None
    return ui.SummaryList(facts=list(_instrument_facts(found)))


def _instrument_facts(found: InstrumentView) -> Iterator[ui.Fact]:
    pages = found.examination.n_pages
    yield ui.Fact(
        label=_("File"),
        value=(
            ui.Identifier(value=found.name, copy=False),
            ngettext("%(n)s page, %(size)s bytes", "%(n)s pages, %(size)s bytes", pages)
            % {"n": pages, "size": found.size},
        ),
    )
    yield ui.Fact(label=_("SHA-256"), value=ui.Identifier(value=found.sha256))
    signatures = found.examination.signatures
    shown: list[ui.Drawable] = [ui.Several(items=_signature_words(one)) for one in signatures]
    yield ui.Fact(label=_("Electronic signature"), value=shown or _("The file carries none"))
    if found.examination.flags:
        yield ui.Fact(label=_("Noticed"), value=[FLAG_LABELS.get(flag, flag) for flag in found.examination.flags])


def _signature_words(one: SignatureFinding) -> list[ui.Drawable]:
    if not one.is_intact:
        pill = ui.Pill(label=_("Does not hold"), tone=ui.Tone.BAD)
    elif one.is_trusted and one.covers == "whole_file":
        pill = ui.Pill(label=_("Intact and trusted"), tone=ui.Tone.GOOD)
    else:
        pill = ui.Pill(label=_("Intact"), tone=ui.Tone.INFO)
    trust = _("by a certificate the desk trusts") if one.is_trusted else _("by a certificate not known here")
    return [pill, one.signer, f"{_COVERS.get(one.covers, one.covers)}; {trust}"]


def signed_by(filing: FilingView) -> ui.SummaryList:
    """Return who signed the document and the hash they signed."""
    facts = [ui.Fact(label=_("Filed and signed by"), value=_signer(filing.filed))]
    if filing.countersigned is not None:
        facts.append(ui.Fact(label=_("Countersigned by"), value=_signer(filing.countersigned)))
    elif filing.needs_countersignature:
        facts.append(
            ui.Fact(label=_("Countersigned by"), value=ui.Pill(label=_("Not countersigned yet"), tone=ui.Tone.WARN))
        )
    facts.append(ui.Fact(label=_("Hash of the document (SHA-256)"), value=ui.Identifier(value=filing.document_sha256)))
    return ui.SummaryList(facts=facts)


def _signer(one: SignatureView) -> ui.Several:
    return ui.Several(items=(one.name, ui.Moment(at=one.signed_at)))


# --------------------------------------------------------------------------------------------------------------- thread


def thread(view: RequestView, actor: Actor) -> ui.Thread:
    """Return question and answer; the agency reads that the desk wrote, never who."""
    side = "agency" if actor.face is Face.AGENCY else "desk"
    said = [
        ui.Said(
            who=one.author or (_("The desk") if one.side == "desk" else view.row.agency_name),
            kind=MESSAGE_LABELS.get(one.kind, one.kind),
            at=one.sent_at,
            text=one.text,
            is_own_side=one.side == side,
        )
        for one in view.messages
    ]
    return ui.Thread(messages=said, empty=_("Nothing was asked and nothing was answered."))


# --------------------------------------------------------------------------------------------------- for the desk alone


def signals(findings: Iterable[Finding]) -> ui.Remarks:
    """Return what speaks for and against a request, the heaviest first."""
    weights = (Weight.BAD, Weight.WARN, Weight.INFO, Weight.GOOD)
    ordered = sorted(findings, key=lambda one: weights.index(one.weight))
    return ui.Remarks(
        remarks=[ui.Remark(text=one.text, tone=one.weight.value, about=one.about, detail=one.source) for one in ordered]
    )


def matches(view: RequestView) -> ui.Table:
    """Return what the exchange found for each target, or why nothing is known yet."""
    rows = []
    for target in view.targets:
        found: list[ui.Drawable] = [ui.Several(items=_account(match)) for match in target.matches]
        rows.append(
            ui.Row(
                cells=(
                    str(target.n),
                    ui.Identifier(value=target.value, short=True, copy=False),
                    _lookup(target),
                    ui.Several(items=found) if found else "–",
                ),
                tone=ui.Tone.BAD if target.lookup is LookupState.STUCK else "",
            )
        )
    return ui.Table(
        caption=_("What the exchange found"),
        hide_caption=True,
        columns=(
            ui.Column(label=_("No.")),
            ui.Column(label=_("Target"), is_heading=True),
            ui.Column(label=_("Look-up")),
            ui.Column(label=_("Accounts")),
        ),
        rows=rows,
        empty=_("No target was named yet."),
    )


def _lookup(target: TargetView) -> ui.Drawable:
    if target.lookup is None:
        return ui.Pill(label=_("Not asked yet"))
    shown: list[ui.Drawable] = [ui.Pill(label=LOOKUP_LABELS[target.lookup], tone=LOOKUP_TONES[target.lookup])]
    if target.lookup in (LookupState.FAILED, LookupState.STUCK) and target.lookup_code:
        shown.append(ui.Identifier(value=target.lookup_code, copy=False))
        tries = target.lookup_attempts
        shown.append(ngettext("asked %(n)s time", "asked %(n)s times", tries) % {"n": tries})
    if target.lookup_answered_at is not None:
        shown.append(ui.Moment(at=target.lookup_answered_at, compact=True))
    return ui.Several(items=shown)


def _account(match: MatchView) -> list[ui.Drawable]:
    opened = match.opened_at.date().isoformat()
    closed = match.closed_at.date().isoformat() if match.closed_at else ""
    span = f"{opened} – {closed}" if closed else _("since %(day)s") % {"day": opened}
    status = ACCOUNT_LABELS.get(match.status, match.status)
    return [
        ui.Several(
            items=(ui.Identifier(value=match.account_id), ui.Pill(label=status), span),
            is_inline=True,
        ),
        *(_tie(tie) for tie in match.ties),
    ]


def _tie(tie: TieView) -> str:
    reason = TIE_LABELS.get(tie.reason, tie.reason)
    first, last = tie.first_at.date().isoformat(), tie.last_at.date().isoformat()
    span = first if first == last else f"{first} – {last}"
    return f"{reason} ×{tie.count}, {span}" if tie.count > 1 else f"{reason}, {span}"


def overlaps(view: RequestView) -> ui.Table | None:
    """Return other requests about the same identifiers or accounts; None where there are none."""
    if not view.overlaps:
        return None
    same = {"identifier": _("Target %(n)s: the same identifier"), "account": _("Target %(n)s: the same account")}
    by_reference: dict[str, list[OverlapView]] = {}
    for one in view.overlaps:
        by_reference.setdefault(one.reference, []).append(one)
    rows = [
        ui.Row(
            cells=(
                ui.Identifier(value=reference, href=reverse("desk:case", args=[reference]), copy=False),
                found[0].agency_name,
                ui.Several(items=[same.get(one.same, "%(n)s") % {"n": one.n} for one in found]),
                ui.Pill(label=STATE_LABELS[found[0].state], tone=STATE_TONES[found[0].state]),
            )
        )
        for reference, found in by_reference.items()
    ]
    return ui.Table(
        caption=_("Overlapping requests"),
        hide_caption=True,
        columns=(
            ui.Column(label=_("Reference"), is_heading=True),
            ui.Column(label=_("Agency")),
            ui.Column(label=_("What is shared")),
            ui.Column(label=_("State")),
        ),
        rows=rows,
        empty="",
    )


def proposals(view: RequestView) -> ui.Table:
    """Return the proposed decisions with their fate, the newest first."""
    return ui.Table(
        caption=_("Decisions"),
        hide_caption=True,
        columns=(
            ui.Column(label=_("Decision"), is_heading=True),
            ui.Column(label=_("Proposed by")),
            ui.Column(label=_("Approved by")),
            ui.Column(label=_("State")),
        ),
        rows=[ui.Row(cells=_proposal(one)) for one in view.proposals],
        empty=_("No decision was proposed yet."),
    )


def _proposal(one: ProposalView) -> tuple[ui.Drawable, ...]:
    end: list[ui.Drawable] = [ui.Pill(label=PROPOSAL_LABELS[one.state], tone=_PROPOSAL_TONES.get(one.state, "quiet"))]
    if one.ended_at is not None:
        end += [words for words in (one.ended_by, one.reason) if words]
        end.append(ui.Moment(at=one.ended_at, compact=True))
    first: list[ui.Drawable] = [ui.Identifier(value=one.decision_sha256, short=True)]
    if one.note:
        first.append(ui.Words(text=one.note))
    return (
        ui.Several(items=first),
        _signer(one.proposed),
        _signer(one.approved) if one.approved else "–",
        ui.Several(items=end),
    )


def assignments(view: RequestView) -> ui.SummaryList | None:
    """Return who works on it, since when, and how it came to them; None where nobody does."""
    if not view.assignments:
        return None
    facts: list[ui.Fact] = []
    for one in view.assignments:
        notes: list[ui.Drawable] = [one.analyst, ui.Moment(at=one.assigned_at, compact=True)]
        if one.assigned_by != one.analyst:
            notes.append(_("handed over by %(name)s") % {"name": one.assigned_by})
        if one.note:
            notes.append(ui.Words(text=one.note))
        facts.append(ui.Fact(label=_("Analyst") if not facts else _("Before"), value=notes))
    return ui.SummaryList(facts=facts)


# --------------------------------------------------------------------------------------------------------------- panels


def of_document(view: RequestView, actor: Actor) -> tuple[ui.Panel, ...]:
    """Return what was asked for, panel by panel, as its signers read it."""
    return tuple(_of_request(view, actor))


def _of_request(view: RequestView, actor: Actor) -> Iterator[ui.Panel]:
    reference, filing, found = view.row.reference, view.filing, instrument(view)
    yield ui.Panel(key="particulars", title=_("The request"), body=(particulars(view),))
    if filing is not None:
        yield ui.Panel(key="targets", title=_("Targets"), body=(targets(view, actor),))
        yield ui.Panel(key="data", title=_("Data asked for"), body=(categories(filing),))
        yield ui.Panel(key="narrative", title=_("What happened"), body=(ui.Words(text=filing.document["narrative"]),))
    if found is not None:
        download = ui.Button(
            label=_("Download the instrument"), kind="secondary", icon="download",
            href=reverse("requests:instrument_file", args=[reference]),
        )  # fmt: skip
        yield ui.Panel(key="instrument", title=_("Instrument"), body=(found,), actions=(download,))


def of_thread(view: RequestView, actor: Actor) -> ui.Panel:
    """Return question and answer."""
    return ui.Panel(key="thread", title=_("Questions and answers"), body=(thread(view, actor),))


def of_triage(view: RequestView, actor: Actor) -> tuple[ui.Panel, ...]:
    """Return what only the desk sees; nothing for the agency."""
    return () if actor.face is Face.AGENCY else tuple(_of_desk(view, actor))


def _of_desk(view: RequestView, actor: Actor) -> Iterator[ui.Panel]:
    if view.findings:
        lead = _("What a machine noticed. None of it decides; a person does.")
        yield ui.Panel(key="signals", title=_("Authenticity and law"), lead=lead, body=(signals(view.findings),))
    again = [button for button in buttons_of(view, actor) if button.value == V.LOOK_UP.value]
    yield ui.Panel(key="matches", title=_("What the exchange found"), body=(matches(view),), actions=again)
    if (others := overlaps(view)) is not None:
        yield ui.Panel(key="overlaps", title=_("Overlapping requests"), body=(others,))
    yield ui.Panel(key="decisions", title=_("Decisions"), body=(proposals(view),))


def of_standing(view: RequestView, actor: Actor, now: datetime) -> ui.Panel:
    """Return where the request stands, its clock, and what the reader can do now."""
    buttons = [button for button in buttons_of(view, actor) if button.value != V.LOOK_UP.value]
    clock = clock_facts(view, now)
    body: list[ui.Drawable] = [what_comes_next(view.row, actor), *([clock] if clock else [])]
    return ui.Panel(key="standing", title=_("Where it stands"), body=body, actions=buttons)


def of_people(view: RequestView, actor: Actor) -> tuple[ui.Panel, ...]:
    """Return who signed, and for the desk who works on it."""
    shown = []
    if view.filing is not None:
        shown.append(ui.Panel(key="signatures", title=_("Signatures"), body=(signed_by(view.filing),)))
    work = assignments(view)
    if actor.face is not Face.AGENCY:
        body: ui.Drawable = work or _("Nobody has taken it up yet.")
        shown.append(ui.Panel(key="assigned", title=_("Who works on it"), body=(body,)))
    return tuple(shown)
