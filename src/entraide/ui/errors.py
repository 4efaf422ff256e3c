"""Pages for what went wrong: what was asked, why not, what to do next."""

import logging
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text

_log = logging.getLogger(__name__)


_STANDING_WORDS: Mapping[int, tuple[Text, Text, Text]] = {  # what, why, what to do
    400: (
        _("This cannot be read"),
        _("What was sent is incomplete or malformed."),
        _("Go back, reload the page and send it again."),
    ),
    403: (
        _("This is not yours to do"),
        _("Your role does not cover it."),
        _("If it should, ask the administrator of your agency or desk."),
    ),
    404: (
        _("There is no such page"),
        _("It does not exist, or it is not yours to see."),
        _("Check the address, or start from your own list."),
    ),
    405: (
        _("This address does not take that"),
        _("It was opened in a way it is not made for."),
        _("Go back and use the button on the page."),
    ),
    409: (
        _("This cannot be done now"),
        _("Things have changed since you opened the page."),
        _("Reload the page and look at the present state."),
    ),
    413: (
        _("This is too large"),
        _("The file or the text is larger than the desk takes."),
        _("Send a smaller file, or split it."),
    ),
    422: (
        _("This cannot be used as it is"),
        _("Something in what was sent is wrong."),
        _("Go back and correct it."),
    ),
    429: (
        _("Too many attempts"),
        _("The desk slows down whoever asks too often."),
        _("Wait a few minutes and try again."),
    ),
    503: (
        _("Something the desk needs does not answer"),
        _("Nothing was lost and nothing was half done."),
        _("Try again in a minute."),
    ),
}
_FAULT: tuple[Text, Text, Text] = (
    _("The desk has made a mistake"),
    _("It is recorded. What you were doing was not half done."),
    _("Try again; if it happens again, tell whoever runs the desk, with the reference."),
)


def page(
    request: HttpRequest,
    status: int,
    *,
    what: Text = "",
    why: Text = "",
    do: Text | None = None,
    reference: str = "",
    href: str = "",
    link: Text = "",
) -> HttpResponse:
    """Answer with a page for `status`; what is not given is said in standing words.

    `reference` is where the log has more, for faults; `href` leads on, to what `link` says.  If even that page cannot
    be drawn, a plainer one is.
    """
    standing = _STANDING_WORDS.get(status, _FAULT)
    context = {
        "status": status,
        "what": what or standing[0],
        "why": _sentence(why) or standing[1],
        "do": standing[2] if do is None else _sentence(do),
        "reference": reference,
        "href": href,
        "link": link,
    }
    try:
        body = render_to_string("ui/errors/page.html", context, request)
    except TemplateDoesNotExist:
        raise
    except Exception:
        # A context processor may be what failed (it asks the database who is there): say it without any of them.
        _log.exception("the page for status %s could not be drawn", status)
        body = render_to_string("ui/errors/plain.html", context)
    answer = HttpResponse(body, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _sentence(text: Text) -> str:
    """Return the text as a sentence: refusals come without capital and full stop."""
    words = str(text).strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words[-1] in ".!?؟:" else ".")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Be ``handler400``."""
    return page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Be ``handler403``."""
    return page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Be ``CSRF_FAILURE_VIEW``: almost always a page that was open too long."""
    return page(
        request,
        403,
        what=_("Nothing was sent"),
        why=_("The page was open too long, or another window has signed you in or out since."),
        do=_("Go back, reload the page and send it again."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Be ``handler404``."""
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Be ``handler500``."""
    return page(request, 500, reference=str(getattr(request, "reference", "")))
