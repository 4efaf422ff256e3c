"""The decision, worked out target by target; `four_eyes` has it proposed and approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access.web.guards import actor_of, requires
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import NotPermitted, NotPossible, Text
from entraide.requests import operations, panels
from entraide.requests.decision import TargetFacts
from entraide.requests.operations import WorkedOut
from entraide.requests.queries import RequestView, TargetView, read_request
from entraide.requests.states import LookupState, RequestVerb
from entraide.requests.suggestions import carry_over, suggest
from entraide.requests.web import showing
from entraide.requests.web.sheet import Sheet, answer_sent, place_of, sheet
from entraide.requests.web.staff import check_verb
from entraide.ui import components as ui
from entraide.ui import progress as progressing
from entraide.ui.words import labelled, listed

TARGETS_A_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One target on the page: what was asked and found, and the sheet to answer it on."""

    shown: showing.TargetShown
    sheet: Sheet
    pill: ui.Pill
    can_suggest: bool


@requires(Role.ANALYST)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the targets with what was found, and keep what the analyst answers."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        return _keep(request, reference, actor)
    view = read_request(reference, actor=actor, now=now)
    check_verb(view, RequestVerb.PROPOSE)
    with reading_as(actor):
        worked = operations.work_out(reference, actor=actor)
    page = _page_of(request, len(view.targets))
    here = view.targets[(page - 1) * TARGETS_A_PAGE : page * TARGETS_A_PAGE]
    is_checking = "check" in request.GET
    errors = worked.found.errors if is_checking else {}
    context = {
        "row": view.row,
        "pill": panels.state_pill(view.row),
        "cards": _cards(view, worked, page, errors),
        "overview": _overview(here, worked),
        "pages": _pages(view.targets, page, worked),
        "page": page,
        "has_many": len(view.targets) > 1,
        "answered": _answered(worked),
        "n_suggested": sum(1 for target in worked.facts.targets if _may_suggest(worked, target)),
        "n_uncovered": len(_covered(worked)),
        "awaited": _awaited(worked, reference),
        "errors": ui.ErrorSummary(faults=_faults(errors)) if errors else None,
        "clock": panels.clock_facts(view, now),
        "signals": showing.signals(view),
        "particulars": panels.particulars(view),
        "instrument": panels.instrument(view),
        "instrument_href": showing.page_of("requests:instrument_file", reference),
        "narrative": view.filing.document["narrative"] if view.filing else "",
        "thread": panels.thread(view, actor) if view.messages else None,
        "table": showing.answers_table(view, worked.found.lines, here),
        "legend": showing.legend(view),
        "letter": showing.letter(view, worked.found.lines, here),
        "last_end": next((one for one in view.proposals if one.reason), None),
    }
    return render(request, "requests/decision.html", context, status=422 if errors else 200)


@requires(Role.ANALYST)
@require_POST
def autosave(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep what is on the page while the analyst works on it; answer with the parts of it that say how far she is."""
    actor = actor_of(request)
    with reading_as(actor):
        worked = operations.work_out(reference, actor=actor)
    _save(request, reference, worked, actor)
    with reading_as(actor):
        worked = operations.work_out(reference, actor=actor)
    shown = set(request.POST.getlist("target"))
    pills = {
        f"answer-{n}": render_to_string(pill.template, {"c": pill})
        for n, pill in _pills(worked).items()
        if str(n) in shown
    }
    return JsonResponse({"parts": {"answered": escape(_answered(worked)), **pills}})


@requires(Role.ANALYST)
@require_GET
def lookups_awaited(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer the page that waits for the exchange: how far it is, and then a button that shows what was found.

    The button belongs to the form of the page, so that what is filled in there is kept.
    """
    actor = actor_of(request)
    try:
        with reading_as(actor):
            worked = operations.work_out(reference, actor=actor)
    except (NotPermitted, NotPossible) as refusal:  # somebody else went on with it; asking again would not help
        moved_on = ui.Notice(title=_("Reload the page"), body=showing.sentence(refusal.why), tone=ui.Tone.WARN)
        body = render_to_string(moved_on.template, {"c": moved_on})
    else:
        progress = _awaited(worked, reference)
        if progress is not None:
            return progressing.answer(request, progress)
        body = render_to_string("requests/_lookups_answered.html")
    return HttpResponse(body, status=progressing.STOP_POLLING, headers={"Cache-Control": "no-store"})


def _keep(request: HttpRequest, reference: str, actor: Actor) -> HttpResponse:
    """Keep the page's answers, then do what the button says."""
    with reading_as(actor):
        worked = operations.work_out(reference, actor=actor)
    _save(request, reference, worked, actor)
    what, _dash, about = request.POST.get("do", "").partition("-")
    here = f"{reverse('requests:propose', args=[reference])}?page={request.POST.get('page', '1')}"
    match what:
        case "propose":
            return HttpResponseRedirect(reverse("requests:sign_proposal", args=[reference]))
        case "page":
            return HttpResponseRedirect(f"{reverse('requests:propose', args=[reference])}?page={about}")
        case "suggest" | "cover" | "same":
            with reading_as(actor):
                worked = operations.work_out(reference, actor=actor)
            match what:
                case "suggest":
                    spread = _suggested(worked, about)
                case "cover":
                    spread = _covered(worked)
                case _:
                    spread = _carried_over(request, worked, about)
            if spread:
                operations.save_decision(reference, spread, actor=actor, now=clock.now())
            return HttpResponseRedirect(f"{here}#{_anchor(about)}")
        case _:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(f"{here}#letter" if what == "look" else here)


def _anchor(about: str) -> str:
    return f"target-{about}" if about.isdigit() else "targets"


def _save(request: HttpRequest, reference: str, worked: WorkedOut, actor: Actor) -> None:
    shown = {n for n in request.POST.getlist("target") if n.isdigit()}
    answers = [
        answer
        for target in worked.facts.targets
        if str(target.n) in shown
        and (
            answer := answer_sent(
                request.POST, target, categories=worked.facts.categories, time_zone=worked.time_zones[target.n]
            )
        )
    ]
    if answers:
        operations.save_decision(reference, answers, actor=actor, now=clock.now())


def _may_suggest(worked: WorkedOut, target: TargetFacts) -> bool:
    """Say whether the look-up has an answer to offer for a target that has none yet."""
    answer = worked.answers.get(target.n, {})
    is_open = not answer.get("answer") and answer.get("covered") is not False
    return is_open and suggest(target, worked.facts) is not None


def _suggested(worked: WorkedOut, about: str) -> list[dict[str, Any]]:
    wanted = [one for one in worked.facts.targets if about == "all" or str(one.n) == about]
    return [
        # Whether it is covered is hers to say: a yes that was said stands, nothing says it for her.
        {**answer, "covered": True if worked.answers.get(one.n, {}).get("covered") is True else None}
        for one in wanted
        if (about != "all" or _may_suggest(worked, one)) and (answer := suggest(one, worked.facts)) is not None
    ]


def _covered(worked: WorkedOut) -> list[dict[str, Any]]:
    """Return what is answered so far to each target of which nobody said whether it is covered: with a yes."""
    answers = {one.n: worked.answers.get(one.n, {}) for one in worked.facts.targets}
    return [{"text": "", **answer, "n": n, "covered": True} for n, answer in answers.items()
            if answer.get("covered") is None]  # fmt: skip


def _carried_over(request: HttpRequest, worked: WorkedOut, about: str) -> list[dict[str, Any]]:
    answer = worked.answers.get(int(about) if about.isdigit() else -1)
    if answer is None:
        messages.warning(request, _("Answer this target first, then let the others have the same."))
        return []
    others = [one for one in worked.facts.targets if one.n != answer["n"]]
    carried = [one for target in others if (one := carry_over(answer, target)) is not None]
    messages.info(request, _same_in_words(len(carried), len(others) - len(carried)))
    return carried


def _same_in_words(n_carried: int, n_left: int) -> str:
    words = ngettext(
        "%(n)s other target has the same answer now.", "%(n)s other targets have the same answer now.", n_carried
    ) % {"n": n_carried}
    if n_left:
        left = ngettext(
            "%(n)s was left alone: what was found for it is different.",
            "%(n)s were left alone: what was found for them is different.",
            n_left,
        )
        words += " " + left % {"n": n_left}
    return words


def _cards(view: RequestView, worked: WorkedOut, page: int, errors: Mapping[str, Text]) -> list[Card]:
    shown, pills = showing.targets(view), _pills(worked)
    first = (page - 1) * TARGETS_A_PAGE
    asked = {target.n: target for target in view.targets}
    return [
        Card(
            shown=shown[facts.n],
            pill=pills[facts.n],
            sheet=_sheet(facts.n, asked[facts.n], worked, errors),
            can_suggest=suggest(facts, worked.facts) is not None,
        )
        for facts in worked.facts.targets[first : first + TARGETS_A_PAGE]
    ]


def _sheet(n: int, target: TargetView, worked: WorkedOut, errors: Mapping[str, Text]) -> Sheet:
    prefix = f"targets.{n}."
    return sheet(
        next(one for one in worked.facts.targets if one.n == n),
        worked.answers.get(n, {}),
        legal_basis=worked.facts.legal_basis,
        categories=worked.facts.categories,
        time_zone=target.time_zone,
        errors={key.removeprefix(prefix): text for key, text in errors.items() if key.startswith(prefix)},
    )


def _answered(worked: WorkedOut) -> str:
    n = len(worked.facts.targets)
    return _("%(n)s of %(all)s targets answered") % {"n": n - len(worked.found.unanswered), "all": n}


def _pills(worked: WorkedOut) -> dict[int, ui.Pill]:
    """Return how each target is answered so far, in a word."""
    lines = worked.found.lines
    filled = {n for n, answer in worked.answers.items() if answer.get("answer") and answer.get("covered") is None}
    return {one.n: showing.answer_pill(lines.get(one.n), is_filled=one.n in filled) for one in worked.facts.targets}


def _awaited(worked: WorkedOut, reference: str) -> ui.Progress | None:
    """Return how far the look-ups are while some are under way, or None: what cannot go on by itself is no wait."""
    targets = worked.facts.targets
    n_waiting = sum(1 for one in targets if one.lookup in (LookupState.WAITING, LookupState.FAILED))
    if not n_waiting:
        return None
    return ui.Progress(
        label=_("The exchange is being asked about the targets"),
        href=reverse("requests:lookups_awaited", args=[reference]),
        done=len(targets) - n_waiting,
        total=len(targets),
        detail=_("You can read the request meanwhile. This page says when the answer is there."),
    )


def _overview(here: Sequence[TargetView], worked: WorkedOut) -> list[dict[str, Any]]:
    """Return the targets of this page with how each is answered so far, each a link to its sheet."""
    pills = _pills(worked)
    return [{"n": one.n, "value": one.value, "href": f"#target-{one.n}", "pill": pills[one.n]} for one in here]


def _page_of(request: HttpRequest, n_targets: int) -> int:
    asked = request.GET.get("page", "1")
    last = max(1, -(-n_targets // TARGETS_A_PAGE))
    return min(max(int(asked), 1), last) if asked.isdigit() and len(asked) < 6 else 1


def _pages(targets: Sequence[TargetView], page: int, worked: WorkedOut) -> list[dict[str, Any]]:
    """Return the pages of targets with how many are open on each; empty where one page is enough."""
    if len(targets) <= TARGETS_A_PAGE:
        return []
    unanswered = set(worked.found.unanswered)
    pages = []
    for number, start in enumerate(range(0, len(targets), TARGETS_A_PAGE), start=1):
        on_it = targets[start : start + TARGETS_A_PAGE]
        pages.append(
            {
                "number": number,
                "label": f"{on_it[0].n}–{on_it[-1].n}",
                "n_open": sum(1 for target in on_it if target.n in unanswered),
                "is_current": number == page,
            }
        )
    return pages


def _faults(errors: Mapping[str, Text]) -> list[ui.Fault]:
    """Return a line for every answer at fault, naming its target, with the way to its field."""
    faults = []
    for key, problem in sorted(errors.items(), key=lambda item: (int(item[0].split(".")[1]), item[0])):
        n = int(key.split(".")[1])
        category = key.split(".")[3] if ".withheld." in key else ""
        where = listed(filter(None, (_("Target %(n)s") % {"n": n}, category)))
        page = (n - 1) // TARGETS_A_PAGE + 1
        faults.append(ui.Fault(text=labelled(where, problem), href=f"?page={page}&check=1#{place_of(key)}"))
    return faults
