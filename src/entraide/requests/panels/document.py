"""What was asked for, as its signers read it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from entraide.exchange.port import Category
from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import Text
from entraide.requests.decision import ANSWER_LABELS, AnswerCode, ScopeLine
from entraide.requests.labels import kind_label, language_name, network_label, problem_sentence
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
from entraide.requests.panels.instruments import instrument
from entraide.requests.queries import FilingView, RequestView, TargetView
from entraide.ui import components as ui
from entraide.ui.places import country_name
from entraide.ui.words import day_in_words, listed

ANSWER_TONES: Mapping[AnswerCode, str] = {AnswerCode.PRODUCE: ui.Tone.GOOD, AnswerCode.REFUSED: ui.Tone.WARN}
_ONE_MINUTE = timedelta(minutes=1)


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
    yield _("Issued on"), _day(authority["issued_on"])
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
    yield _("Do not inform the person before"), _day(until) if until else None
    yield _("Language of the instrument"), language_name(document["language"])


def _authority(authority: Mapping[str, Any]) -> str:
    kind = str(AUTHORITY_LABELS[AuthorityKind(authority["kind"])])
    country = authority.get("country")
    parts = [authority["name"], kind, country_name(country) if country else ""]
    return listed(part for part in parts if part)


def _day(iso: str) -> str:
    return day_in_words(date.fromisoformat(iso))


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
        ui.Column(label=_("Period"), is_unbroken=True),
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
    shown: list[ui.Drawable] = [ui.Identifier(value=target.value, whole=True), words]
    if target.problem:  # it was sent all the same, because so it stands on the instrument
        shown.append(ui.Pill(label=_("As written"), tone=ui.Tone.WARN))
        shown.append(ui.Pill(label=problem_sentence(target.problem), tone=ui.Tone.WARN))
    return shown


def _period(target: TargetView) -> ui.Several:
    """Return the period by its days as the officer wrote them: in the time zone of the order."""
    zone = ZoneInfo(target.time_zone)
    first, end = target.period_start.astimezone(zone), target.period_end.astimezone(zone)
    last = (end - _ONE_MINUTE).date()
    return ui.Several(items=(f"{day_in_words(first.date())} – {day_in_words(last)}", target.time_zone))


def _answer(line: ScopeLine | None) -> ui.Drawable:
    if line is None:
        return ui.Pill(label=_("Not answered yet"))
    shown: list[ui.Drawable] = [ui.Pill(label=ANSWER_LABELS[line.answer], tone=ANSWER_TONES.get(line.answer, "quiet"))]
    if line.categories:
        shown.append(listed(category.value for category in line.categories))
    if line.ground:
        shown.append(GROUNDS[line.ground].label)
    return ui.Several(items=shown)
