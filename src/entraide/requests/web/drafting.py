"""Writing a request: start page, task list, a page per question, discarding."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.agencies import api as agencies
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import Invalid, NotPossible
from entraide.requests import operations, queries
from entraide.requests.document import QUESTIONS, holds_secrets
from entraide.requests.queries import DraftView
from entraide.requests.states import STATE_LABELS, STATE_TONES, RequestState
from entraide.requests.web import instruments, questions
from entraide.requests.web.questions import FORMS, TASKS, TITLES, QuestionForm
from entraide.ui import components as ui

View = Callable[..., HttpResponse]
PAGES = tuple(QUESTIONS)
DRAFTS = frozenset({RequestState.DRAFT, RequestState.RETURNED_FOR_CORRECTION})


def of_a_draft(view: View) -> View:
    """Send who comes back to a filed request, by an old link or the browser's button, to what was filed."""

    @wraps(view)
    def wrapped(request: HttpRequest, reference: str, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, reference, *args, **kwargs)
        except NotPossible:
            if request.method != "GET":
                raise
            return HttpResponseRedirect(reverse("desk:case", args=[reference]))

    return wrapped


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Say what a request needs, and start one."""
    actor = actor_of(request)
    if request.method == "POST":
        done = operations.start_draft(actor=actor, now=clock.now())
        return HttpResponseRedirect(reverse("requests:draft", args=[done.reference]))
    assert actor.organisation_id is not None  # an officer belongs to an agency
    with reading_as(actor):
        drafts = queries.requests_for(actor, queries.RequestQuestion(states=DRAFTS))
        context = {
            "n_drafts": len(drafts.rows),
            "key_notice": key_notice(actor),
            "is_verified": agencies.agency(actor.organisation_id).is_verified,
        }
    return render(request, "requests/draft_new.html", context)


@requires(Role.OFFICER)
@require_GET
def drafts(request: HttpRequest) -> HttpResponse:
    """List what is not filed yet, or came back."""
    actor = actor_of(request)
    with reading_as(actor):
        found = queries.requests_for(actor, queries.RequestQuestion(states=DRAFTS))
    rows = [
        ui.Row(
            cells=[
                ui.Link(label=row.reference, href=reverse("requests:draft", args=[row.reference])),
                row.agency_reference,
                row.offence,
                ui.Moment(at=row.changed_at, compact=True),
                ui.Pill(label=STATE_LABELS[row.state], tone=STATE_TONES[row.state]),
            ]
        )
        for row in found.rows
        if row.officer_id == actor.person_id
    ]
    labels = [_("Your reference"), _("Offence"), _("Last changed"), _("State")]
    table = ui.Table(
        caption=_("Drafts"),
        columns=[ui.Column(label=_("Reference"), is_heading=True), *(ui.Column(label=label) for label in labels)],
        rows=rows,
        empty=_("There is no draft."),
        hide_caption=True,
    )
    return render(request, "requests/draft_list.html", {"table": table})


@requires(Role.OFFICER)
@require_GET
@of_a_draft
def draft(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is answered and what is not."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
        notice = key_notice(actor)
    open_pages = [page for page in PAGES if view.problems_on(page)]
    context = {
        "draft": view,
        "sections": [
            (title, ui.TaskList(tasks=[_task(view, page) for page in pages]))
            for title, pages in questions.SECTIONS.items()
        ],
        "last": ui.TaskList(tasks=[_last_task(view, open_pages)]),
        "n_done": len(PAGES) - len(open_pages),
        "n_pages": len(PAGES),
        "next_href": _href(reference, open_pages[0]) if open_pages else reverse("requests:file", args=[reference]),
        "key_notice": notice,
    }
    return render(request, "requests/draft_tasks.html", context)


def _task(view: DraftView, page: str) -> ui.Task:
    done = "answered" if view.is_as_returned else "done"  # nothing is done while what came back is as it was
    state = "todo" if view.problems_on(page) else done
    return ui.Task(label=TASKS[page], state=state, href=_href(view.reference, page))


def _last_task(view: DraftView, open_pages: list[str]) -> ui.Task:
    if open_pages:
        return ui.Task(label=_("Check your answers and sign"), state="blocked", reason=_("Some answers are missing"))
    return ui.Task(
        label=_("Check your answers and sign"),
        state="correct" if view.is_as_returned else "current",
        href=reverse("requests:file", args=[view.reference]),
        reason=_("Nothing has changed since it came back") if view.is_as_returned else "",
    )


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
@of_a_draft
def page(request: HttpRequest, reference: str, page: str) -> HttpResponse:
    """Ask one question; `Save and continue` keeps the answer whatever it is, and goes on only if it will do."""
    form_class = _form_of(page)
    if request.method == "POST":
        return _answered(request, reference, page, form_class.answers(request.POST))
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
        agency = agencies.agency(view.organisation_id)
    problems = view.problems_on(page) if "problems" in request.GET else {}
    content = {"authority_country": agency.facts.country, **_answered_so_far(view.content)}
    form = form_class(content, problems)
    if isinstance(form, questions.CategoriesForm):
        form.countersigned_by_supervisor(agency.countersigned_categories)
    return render(request, "requests/draft_page.html", {"form": form, **frame(request, view, page)})


@requires(Role.OFFICER)
@require_POST
def save(request: HttpRequest, reference: str, page: str) -> JsonResponse:
    """Keep what was typed so far; asked by the page itself after a pause."""
    return saved(request, reference, _form_of(page).answers(request.POST))


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
@of_a_draft
def instrument(request: HttpRequest, reference: str) -> HttpResponse:
    """Attach the instrument, replace it, or remove it; a file that will not do is refused on the page."""
    actor, now = actor_of(request), clock.now()
    refusal: Invalid | None = None
    if request.method == "POST":
        if "remove" in request.POST:
            operations.remove_instrument(reference, actor=actor, now=now)
            return HttpResponseRedirect(_href(reference, "instrument"))
        try:
            if _attach(request, reference, actor):
                return HttpResponseRedirect(f"{_href(reference, 'instrument')}{_query(request)}")
        except Invalid as refused:
            refusal = refused
        if refusal is None:
            return _onward(request, reference, "instrument")
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
    problems = view.problems_on("instrument") if "problems" in request.GET else {}
    if refusal is not None:
        problems = {"instrument": f"{_capital(refusal.why)}. {refusal.do}."}
    context = {
        "form": FORMS["instrument"]({}, problems),
        "facts": instruments.facts(view.instrument) if view.instrument else None,
        "remarks": instruments.remarks(view.instrument) if view.instrument else None,
        "is_upload": True,
        **frame(request, view, "instrument"),
    }
    return render(request, "requests/draft_instrument.html", context, status=422 if refusal else 200)


def _attach(request: HttpRequest, reference: str, actor: Actor) -> bool:
    """Attach the file that was sent and return True; False where none was."""
    file = request.FILES.get("instrument")
    if file is not None:
        operations.attach_instrument(reference, file.read(), file.name or "", actor=actor, now=clock.now())
        return True
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.INSTRUMENT_MAX_BYTES:  # such a file is not even kept
        raise Invalid(_("Attaching the instrument"), why=_("it is larger than 25 MB"), do=_("Send a smaller scan"))
    return False


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
@of_a_draft
def discard(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask whether the draft is really to go, and let it go."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        operations.discard_draft(reference, actor=actor, now=now)
        messages.success(request, _("The draft was discarded."))
        return HttpResponseRedirect(reverse("requests:drafts"))
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
    if view.is_known_to_desk:
        raise NotPossible(_("Discarding the draft"), why=_("the desk has it already"), do=_("Withdraw the request"))
    return render(request, "requests/draft_discard.html", {"draft": view})


# ---------------------------------------------------------------------------------------- shared with the other pages


def frame(request: HttpRequest, view: DraftView, page: str) -> dict[str, Any]:
    """Return what every question page shows around its question."""
    at = PAGES.index(page)
    then = request.GET.get("then", "")
    back = reverse("requests:file", args=[view.reference]) if then == "check" else (
        _href(view.reference, PAGES[at - 1]) if at else reverse("requests:draft", args=[view.reference])
    )  # fmt: skip
    return {
        "draft": view,
        "page": page,
        "question": TITLES[page],
        "caption": _("Request %(reference)s · question %(n)s of %(total)s")
        % {"reference": view.reference, "n": at + 1, "total": len(PAGES)},
        "back_href": back,
        "action_href": request.path,  # without the fragment and query the page was opened with
        "autosave_href": _autosave_href(view.reference, page),
        "then": then,
    }


def _autosave_href(reference: str, page: str) -> str:
    if page == "instrument":
        return ""
    if page == "targets":
        return reverse("requests:draft_save_targets", args=[reference])
    return reverse("requests:draft_save", args=[reference, page])


def key_notice(actor: Actor) -> ui.Notice | None:
    """Return the word to an officer to whom no package could be encrypted; used inside a door."""
    if actor.person_id is None or access.age_key_of(actor.person_id) is not None:
        return None
    return ui.Notice(
        title=_("You have no key for packages yet"),
        body=_("The answer is encrypted to you alone. Without a key the desk cannot send it, even when it is ready."),
        tone=ui.Tone.WARN,
        href=reverse("access:age_key"),
        link=_("Make a key now (one minute)"),
    )


def saved(request: HttpRequest, reference: str, answers: dict[str, Any]) -> JsonResponse:
    """Keep answers for the page's own saving, and answer it."""
    done = operations.save_draft(reference, answers, actor=actor_of(request), now=clock.now())
    return JsonResponse({"saved_at": done.saved_at.isoformat(), "secret": holds_secrets(answers)})


def warn_of_secrets(request: HttpRequest, answers: dict[str, Any]) -> None:
    """Say that a private key was taken out, without saying which."""
    if holds_secrets(answers):
        messages.warning(
            request,
            _("A private key or recovery phrase was taken out and not kept. Whoever has it controls the money: keep it "
              "out of requests and e-mails, and treat it as evidence."),
        )  # fmt: skip


def _answered(request: HttpRequest, reference: str, page: str, answers: dict[str, Any]) -> HttpResponse:
    operations.save_draft(reference, answers, actor=actor_of(request), now=clock.now())
    warn_of_secrets(request, answers)
    return _onward(request, reference, page)


def _onward(request: HttpRequest, reference: str, page: str) -> HttpResponse:
    return HttpResponseRedirect(onward(request, reference, page))


def onward(request: HttpRequest, reference: str, page: str) -> str:
    """Return where `Save and continue` leads: the next page, the check, or this page with what is wrong."""
    if request.POST.get("go") == "list":
        return reverse("requests:draft", args=[reference])
    actor = actor_of(request)
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=clock.now())
    if view.problems_on(page):
        return f"{_href(reference, page)}{_query(request, problems='1')}"
    if request.POST.get("then") == "check" or page == PAGES[-1]:
        return reverse("requests:file", args=[reference])
    return _href(reference, PAGES[PAGES.index(page) + 1])


def _query(request: HttpRequest, **asked: str) -> str:
    """Return what a page is asked for in its address, where this leads back to `Check your answers` too."""
    if request.POST.get("then") == "check":
        asked["then"] = "check"
    return f"?{urlencode(asked)}" if asked else ""


def _form_of(page: str) -> type[QuestionForm]:
    if page not in FORMS or page == "instrument":
        raise Http404
    return FORMS[page]


def _href(reference: str, page: str) -> str:
    return reverse(f"requests:draft_{page}" if page in ("instrument", "targets") else "requests:draft_page",
                   args=[reference] if page in ("instrument", "targets") else [reference, page])  # fmt: skip


def _answered_so_far(content: Any) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in (None, "")}


def _capital(text: object) -> str:
    words = str(text)
    return words[:1].upper() + words[1:]
