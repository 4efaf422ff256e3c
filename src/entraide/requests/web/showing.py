"""What the desk's pages show of a request, as components: targets, what was found, and what would leave."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language_info, ngettext, override, pgettext
from django.utils.translation import gettext as _

from entraide.exchange.port import Category, Period
from entraide.kernel.errors import Text
from entraide.requests import panels
from entraide.requests.api import answer_in_words
from entraide.requests.decision import ANSWER_LABELS, AnswerCode, Scope, ScopeLine
from entraide.requests.labels import kind_label, language_name, network_label, problem_sentence
from entraide.requests.law import CATEGORIES, GROUNDS, LANGUAGES, ROLE_LABELS, TargetRole
from entraide.requests.queries import MatchView, OverlapView, RequestView, TargetView
from entraide.requests.rules import Finding
from entraide.requests.states import LOOKUP_LABELS, LOOKUP_TONES, STATE_LABELS
from entraide.requests.web.sheet import COLUMN_LABELS
from entraide.ui import components as ui
from entraide.ui.words import day_in_words, labelled, listed

# -------------------------------------------------------------------------------------------------------------- targets


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShown:
    """One account that was found, and why it answers to the target."""

    account_id: str
    identifier: ui.Identifier
    status: ui.Pill
    entity: str
    opened: str
    closed: str
    ties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetShown:
    """One target as it was asked, with everything a decision on it rests on."""

    n: int
    identifier: ui.Identifier
    kind: Text
    role: Text
    problem: Text
    period: str
    time_zone: str
    lookup: ui.Pill | None
    asked_at: ui.Moment | None
    accounts: tuple[AccountShown, ...]
    remarks: ui.Remarks | None


def targets(view: RequestView) -> dict[int, TargetShown]:
    """Return every target of the request, by its number."""
    about: dict[str, list[ui.Remark]] = {}
    for finding in view.findings:
        if finding.code == "identifier_unusable":
            continue  # said already, beside the identifier itself
        if finding.field == "targets" and finding.about:
            about.setdefault(finding.about, []).append(_remark(finding))
    for overlap in view.overlaps:
        about.setdefault(str(overlap.n), []).append(_overlap(overlap))
    return {target.n: _target(target, about.get(str(target.n), [])) for target in view.targets}


def _target(target: TargetView, remarks: Sequence[ui.Remark]) -> TargetShown:
    kind = str(kind_label(target.kind))
    return TargetShown(
        n=target.n,
        identifier=ui.Identifier(value=target.value),
        kind=f"{kind} · {network_label(target.network)}" if target.network else kind,
        role=ROLE_LABELS[TargetRole(target.role)],
        problem=problem_sentence(target.problem) if target.problem else "",
        period=_days(target),
        time_zone=target.time_zone,
        lookup=ui.Pill(label=_lookup_label(target), tone=LOOKUP_TONES[target.lookup]) if target.lookup else None,
        asked_at=ui.Moment(at=target.lookup_answered_at, compact=True) if target.lookup_answered_at else None,
        accounts=tuple(_account(match) for match in target.matches),
        remarks=ui.Remarks(remarks=tuple(remarks)) if remarks else None,
    )


def _days(target: TargetView) -> str:
    """Return the period by its first and last day, as the officer wrote them: in the zone of the request."""
    zone = ZoneInfo(target.time_zone)
    first, end = target.period_start.astimezone(zone), target.period_end.astimezone(zone)
    return f"{day_in_words(first.date())} – {day_in_words((end - timedelta(minutes=1)).date())}"


def _lookup_label(target: TargetView) -> Text:
    if target.matches:
        n = len(target.matches)
        return ngettext("%(n)s account found", "%(n)s accounts found", n) % {"n": n}
    return LOOKUP_LABELS[target.lookup] if target.lookup else ""


def _account(match: MatchView) -> AccountShown:
    return AccountShown(
        account_id=match.account_id,
        identifier=ui.Identifier(value=match.account_id, copy=False),
        status=ui.Pill(
            label=panels.ACCOUNT_LABELS.get(match.status, match.status),
            tone="good" if match.status == "open" else "quiet",
        ),
        entity=match.entity,
        opened=day_in_words(match.opened_at.date()),
        closed=day_in_words(match.closed_at.date()) if match.closed_at else "",
        ties=tuple(panels.tie_in_words(tie) for tie in match.ties),
    )


def _overlap(overlap: OverlapView) -> ui.Remark:
    same = _("Another request names the same identifier")
    if overlap.same == "account":
        same = _("Another request touches the same account")
    return ui.Remark(
        text=same,
        tone=ui.Tone.WARN,
        about=overlap.agency_name,
        detail=str(STATE_LABELS[overlap.state]),
        href=page_of("desk:case", overlap.reference),
        link=overlap.reference,
    )


def _remark(finding: Finding) -> ui.Remark:
    return ui.Remark(text=finding.text, tone=finding.weight.value, detail=finding.source)


def signals(view: RequestView) -> ui.Remarks | None:
    """Return what the machine noticed of the request as a whole; what concerns one target stands beside it."""
    found = [finding for finding in view.findings if not (finding.field == "targets" and finding.about)]
    return panels.signals(found) if found else None


# ---------------------------------------------------------------------------------------------- what would be answered


def answers_table(
    view: RequestView, lines: Mapping[int, ScopeLine], shown: Sequence[TargetView] | None = None
) -> ui.Table:
    """Return what was asked beside what is produced, target by target: a sign for each category, differences in words.

    Eleven categories still fit beside each other; their names stand in `legend`.  `shown`: only these targets.
    """
    categories = _asked_for(view)
    return ui.Table(
        caption=_("What was asked, and what is produced"),
        columns=[
            ui.Column(label=_("Target"), is_heading=True),
            ui.Column(label=_("Answer")),
            *(ui.Column(label=one.value) for one in categories),
            ui.Column(label=_("Where it differs from what was asked")),
        ],
        rows=[_row(target, lines.get(target.n), categories) for target in (view.targets if shown is None else shown)],
        empty=_("The request names no target."),
        hide_caption=True,
    )


def legend(view: RequestView) -> str:
    """Return what the codes of the categories asked for mean."""
    return " · ".join(f"{one.value} {CATEGORIES[one].label}" for one in _asked_for(view))


def _asked_for(view: RequestView) -> list[Category]:
    return [Category(code) for code in view.filing.document["categories"]] if view.filing else []


def _row(target: TargetView, line: ScopeLine | None, categories: Sequence[Category]) -> ui.Row:
    name = ui.Several(items=[f"{target.n}.", ui.Identifier(value=target.value, short=True, copy=False)], is_inline=True)
    if line is None:
        return ui.Row(cells=[name, ui.Mark(label=_("No answer yet"), tone="warn"), *([""] * len(categories)), ""])
    withheld = {one.category: one.answer for one in line.withheld}
    marks = [_mark(category in line.categories, withheld.get(category, line.answer)) for category in categories]
    differences = list(_differences(target, line))
    return ui.Row(cells=[name, _answer_mark(line), *marks, ui.Several(items=differences) if differences else ""])


def _mark(is_produced: bool, answer: AnswerCode) -> ui.Mark:
    if is_produced:
        return ui.Mark(label=_("Produced"), tone="good", is_bare=True)
    tone = "bad" if answer is AnswerCode.REFUSED else "quiet"
    return ui.Mark(label=ANSWER_LABELS[answer], tone=tone, is_bare=True)


def answer_pill(line: ScopeLine | None, *, is_filled: bool = False) -> ui.Pill:
    """Return in a word how a target is answered so far; `is_filled`: only whether it is covered is still to be said."""
    if line is None and is_filled:
        return ui.Pill(label=_("Filled in: covered or not?"), tone="warn")
    if line is None:
        return ui.Pill(label=_("No answer yet"), tone="warn")
    mark = _answer_mark(line)
    return ui.Pill(label=mark.label, tone="good" if line.answer is AnswerCode.PRODUCE else mark.tone)


def _answer_mark(line: ScopeLine) -> ui.Mark:
    if line.answer is AnswerCode.PRODUCE:
        tone = "warn" if line.withheld else "good"
        return ui.Mark(label=_("Produced in part") if line.withheld else ANSWER_LABELS[line.answer], tone=tone)
    return ui.Mark(label=ANSWER_LABELS[line.answer], tone="bad" if line.answer is AnswerCode.REFUSED else "quiet")


def _differences(target: TargetView, line: ScopeLine) -> Iterator[ui.Drawable]:
    """Yield in words whatever is not as it was asked, and whatever is shown that is masked otherwise."""
    if line.ground is not None:
        yield str(GROUNDS[line.ground].label)
    if line.accounts and len(line.accounts) < len(target.matches):
        yield _("%(n)s of %(found)s accounts found") % {"n": len(line.accounts), "found": len(target.matches)}
    if line.period is not None and line.period != Period(start=target.period_start, end=target.period_end):
        yield ui.Several(
            items=[
                _("Period narrowed:"),
                ui.Moment(at=line.period.start, compact=True),
                "–",
                ui.Moment(at=line.period.end, compact=True),
            ],
            is_inline=True,
        )
    for one in line.withheld:
        why = GROUNDS[one.ground].label if one.ground else ANSWER_LABELS[one.answer]
        if one.ground:
            yield _("%(category)s refused: %(why)s") % {"category": one.category.value, "why": why}
        else:
            yield labelled(one.category.value, why)
    for category, columns in line.named_columns.items():
        shown = listed(COLUMN_LABELS.get(column, column) for column in sorted(columns))
        yield ui.Mark(label=labelled(category.value, shown), tone="warn")


def what_leaves(scope: Scope) -> ui.SummaryList:
    """Return in a few lines what would leave the exchange, the unusual marked."""
    produced = [line for line in scope.lines if line.answer is AnswerCode.PRODUCE]
    accounts = scope.accounts()
    categories = [category for category in Category if any(category in line.categories for line in produced)]
    named = sorted({column for line in produced for columns in line.named_columns.values() for column in columns})
    facts = [
        ui.Fact(
            label=_("Targets answered with data"),
            value=_("%(n)s of %(all)s") % {"n": len(produced), "all": len(scope.lines)},
        ),
        ui.Fact(
            label=_("Accounts disclosed"),
            value=ui.Several(items=[ui.Identifier(value=account, copy=False) for account in accounts], is_inline=True)
            if accounts
            else pgettext("accounts", "None"),
        ),
        ui.Fact(
            label=_("Categories that leave"),
            value=ui.Several(items=[f"{one.value} {CATEGORIES[one].label}" for one in categories])
            if categories
            else pgettext("categories", "None"),
        ),
        ui.Fact(
            label=_("Shown in full that is masked otherwise"),
            value=ui.Mark(label=listed(COLUMN_LABELS.get(one, one) for one in named), tone="warn")
            if named
            else _("Nothing"),
        ),
    ]
    return ui.SummaryList(facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """One answer as the letter says it."""

    n: int
    identifier: ui.Identifier
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the letter will say, in its own language."""

    language: str
    language_name: str
    dir: str
    lines: tuple[LetterLine, ...]
    n_silent: int


def letter(view: RequestView, lines: Mapping[int, ScopeLine], shown: Sequence[TargetView] | None = None) -> Letter:
    """Return the letter's answers as far as they are worked out, in the language of the request.

    `shown`: only those to these targets; how many are silent is counted over all.
    """
    asked_for = str(view.filing.document["language"]) if view.filing else "en"
    language = asked_for if asked_for in LANGUAGES else "en"
    info = get_language_info(language)
    with override(language):
        said = tuple(
            LetterLine(
                n=target.n,
                identifier=ui.Identifier(value=target.value, whole=True, copy=False),
                words=answer_in_words(lines[target.n]),
            )
            for target in (view.targets if shown is None else shown)
            if target.n in lines
        )
    return Letter(
        language=language,
        language_name=language_name(language),
        dir="rtl" if info["bidi"] else "ltr",
        lines=said,
        n_silent=sum(1 for target in view.targets if target.n not in lines),
    )


def page_of(name: str, reference: str) -> str:
    """Return the address of a page of the desk that may be served by a room above; empty where it is not served."""
    try:
        return reverse(name, args=[reference])
    except NoReverseMatch:
        return ""


def sentence(words: Text) -> str:
    """Return a refusal's reason as a sentence of its own."""
    text = str(words)
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?؟" else ".")
