"""The answer a page gets that asks how far a piece of work is."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from entraide.ui.components import Progress

STOP_POLLING = 286  # htmx's own status: take this answer and ask no more


def answer(request: HttpRequest, progress: Progress) -> HttpResponse:
    """Draw the progress as the fragment the page holds; ends the asking when the work has ended."""
    context = {"c": progress, "csrf_token": get_token(request)}
    body = render_to_string(Progress.template, context)
    status = 200 if progress.state == "working" else STOP_POLLING
    return HttpResponse(body, status=status, headers={"Cache-Control": "no-store"})
