"""What only the desk sees of a request: signals, what the exchange found, other requests, decisions."""

from collections.abc import Iterable, Iterator, Mapping

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import Text
from entraide.requests.panels.people import signer
from entraide.requests.panels.standing import buttons_of
from entraide.requests.queries import MatchView, OverlapView, ProposalView, RequestView, TargetView, TieView
from entraide.requests.rules import Finding, Weight
from entraide.requests.states import (
    LOOKUP_LABELS,
    LOOKUP_TONES,
    STATE_LABELS,
    STATE_TONES,
    LookupState,
    ProposalState,
    RequestVerb,
)
from entraide.ui import components as ui
from entraide.ui.words import day_in_words

V = RequestVerb
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
    "open": pgettext_lazy("state of an account", "Open"),
    "closed": pgettext_lazy("state of an account", "Closed"),
}


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
    opened = day_in_words(match.opened_at.date())
    closed = day_in_words(match.closed_at.date()) if match.closed_at else ""
    span = f"{opened} – {closed}" if closed else _("since %(day)s") % {"day": opened}
    status = ACCOUNT_LABELS.get(match.status, match.status)
    return [
        ui.Several(
            items=(ui.Identifier(value=match.account_id), ui.Pill(label=status), span),
            is_inline=True,
        ),
        *(tie_in_words(tie) for tie in match.ties),
    ]


def tie_in_words(tie: TieView) -> str:
    """Return why an account answers to a target, and when."""
    reason = TIE_LABELS.get(tie.reason, tie.reason)
    first, last = day_in_words(tie.first_at.date()), day_in_words(tie.last_at.date())
    if tie.count <= 1 or first == last:
        return _("%(reason)s, %(day)s") % {"reason": reason, "day": first}
    return _("%(reason)s, %(n)s times, %(first)s to %(last)s") % {
        "reason": reason, "n": tie.count, "first": first, "last": last,
    }  # fmt: skip


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
        signer(one.proposed),
        signer(one.approved) if one.approved else "–",
        ui.Several(items=end),
    )
