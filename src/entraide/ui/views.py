"""The reader's own choices, and the gallery."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from entraide.ui import gallery as showcase
from entraide.ui.context import OWN_NAMES, THEME_COOKIE, THEMES

_A_YEAR_S = 365 * 24 * 3600
View = TypeVar("View", bound=Callable[..., HttpResponse])


def public(view: View) -> View:
    """Say that a page is for everybody; who may open the others is said in the rooms above, in the same word."""
    view.required_roles = None  # type: ignore[attr-defined]
    return view


@public
@require_http_methods(["GET", "HEAD", "POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on; who opens the bare address is led to the first page."""
    if request.method != "POST":
        return HttpResponseRedirect("/")
    answer = HttpResponseRedirect(_back(request))
    code = request.POST.get("language", "")
    if code in OWN_NAMES and translation.check_for_language(code):
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, code)
    return answer


@public
@require_http_methods(["GET", "HEAD", "POST"])
def theme(request: HttpRequest) -> HttpResponse:
    """Draw pages light, dark, or as the reader's system wishes; the bare address leads to the first page."""
    if request.method != "POST":
        return HttpResponseRedirect("/")
    answer = HttpResponseRedirect(_back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        _remember(answer, THEME_COOKIE, chosen)
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


@public
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, to who works on them: no desk has an address for it."""
    return render(request, "ui/gallery.html", showcase.everything())


def _back(request: HttpRequest) -> str:
    """Return where the reader came from, if that is here."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else "/"


def _remember(answer: HttpResponse, name: str, value: str) -> None:
    answer.set_cookie(
        name, value, max_age=_A_YEAR_S, samesite="Lax", secure=bool(settings.CSRF_COOKIE_SECURE), httponly=True
    )
