"""The reader's own choices, and the gallery."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from entraide.ui import gallery as showcase
from entraide.ui.context import OWN_NAMES, THEME_COOKIE, THEMES

_A_YEAR_S = 365 * 24 * 3600
View = TypeVar("View", bound=Callable[..., HttpResponse])


def public(view: View) -> View:
    """Say that a page is for everybody; who may open the others is said in the rooms above, in the same word."""
    view.required_roles = None  # type: ignore[attr-defined]
    return view


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on."""
    answer = HttpResponseRedirect(_back(request))
    code = request.POST.get("language", "")
    if code in OWN_NAMES and translation.check_for_language(code):
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, code)
    return answer


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Draw pages light, dark, or as the reader's system wishes."""
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
    """Show every component in every state; only where no real case can be."""
    if getattr(settings, "KIND", "production") not in ("demo", "trial"):
        raise Http404
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
