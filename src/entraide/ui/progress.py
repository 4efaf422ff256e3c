"""The answer a page gets that asks how far a piece of work is."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from entraide.ui.components import Progress

STOP_POLLING = 286  # htmx's own status: take this answer and ask no more


def answer(request: HttpRequest, progress: Progress) -> HttpResponse:
    """Draw the progress as the fragment the page holds.

    When the work has ended the asking ends, and the page is loaded anew: what else it says of the work is old by then.
    """
    context = {"c": progress, "csrf_token": get_token(request)}
    body = render_to_string(Progress.template, context)
    headers = {"Cache-Control": "no-store"}
    if progress.state == "working":
        return HttpResponse(body, headers=headers)
    return HttpResponse(body, status=STOP_POLLING, headers=headers | {"HX-Refresh": "true"})
