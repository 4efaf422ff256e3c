"""From an approved decision to the package that is made of it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from entraide.access.web.guards import actor_of, requires
from entraide.database import reading_as
from entraide.disclosure import api as disclosure
from entraide.kernel import clock
from entraide.kernel.actors import CASE_STAFF, Actor
from entraide.requests import api as requests
from entraide.requests.api import RequestState
from entraide.ui import components as ui
from entraide.ui.progress import answer

_AWAITS_PACKAGE = (RequestState.APPROVED, RequestState.IN_PRODUCTION)


@require_GET
@requires(*CASE_STAFF)
def package_of(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead to the newest package of a request; until the worker has begun it, say so and lead on by itself."""
    actor = actor_of(request)
    view = requests.read_request(reference, actor=actor, now=clock.now())
    if (package_id := _newest(view.row.id, actor)) is not None:
        return HttpResponseRedirect(reverse("disclosure:package", args=[package_id]))
    return render(request, "desk/package_awaited.html", {"row": view.row, "progress": _progress(view.row)})


@require_GET
@requires(*CASE_STAFF)
def package_begun(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer the page that waits: still waiting, or where to go."""
    actor = actor_of(request)
    view = requests.read_request(reference, actor=actor, now=clock.now())
    if (package_id := _newest(view.row.id, actor)) is not None:
        return HttpResponse(status=200, headers={"HX-Redirect": reverse("disclosure:package", args=[package_id])})
    return answer(request, _progress(view.row))


def _newest(request_id: UUID, actor: Actor) -> UUID | None:
    with reading_as(actor):
        packages = disclosure.packages_of(request_id, actor)
    return packages[0].id if packages else None


def _progress(row: requests.RequestRow) -> ui.Progress:
    if row.state not in _AWAITS_PACKAGE:
        return ui.Progress(label=_("No package is being made"), state="cancelled", detail=_("Look at the request."))
    return ui.Progress(
        label=_("Verifying the signatures and beginning the package"),
        href=reverse("desk:package_begun", args=[row.reference]),
        detail=_("This page leads on by itself. You may also leave: nothing depends on it."),
    )
