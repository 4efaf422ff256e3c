"""What holds for every page: one host name, refusals as pages, nothing kept in caches."""

import errno
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from entraide.access.api import TooMany
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible, Refusal, Unavailable
from entraide.kernel.ids import uuid7
from entraide.ui import errors

_FULL = {errno.ENOSPC, errno.EDQUOT}
Answer = Callable[[HttpRequest], HttpResponse]
_log = logging.getLogger(__name__)

# The first that fits: TooMany is a way of being not permitted.
STATUS_OF: dict[type[Refusal], int] = {
    TooMany: 429,
    NotPermitted: 403,
    NotFound: 404,
    NotPossible: 409,
    Invalid: 422,
    Unavailable: 503,
}


class AddressMiddleware:
    """Send who typed 127.0.0.1 to localhost, as passkeys exist on the name only; a path with a NUL names nothing."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response
        self._host = urlsplit(settings.ORIGIN).hostname or ""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.get_host()
        if "\x00" in request.path_info:  # PostgreSQL holds none, so nothing has such a name
            return errors.page(request, 404)
        if self._host == "localhost" and asked.partition(":")[0] == "127.0.0.1" and request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(f"http://{asked.replace('127.0.0.1', 'localhost', 1)}{request.get_full_path()}")
        return self._get_response(request)


class RefusalMiddleware:
    """Turn refusals into pages, and faults nobody foresaw into a page with a reference that the log has too."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; let everything else go to the page for faults, with a reference."""
        if isinstance(exception, NotFound | Http404):
            # Always the same bytes: what exists for others looks like what does not exist at all.
            return errors.page(request, 404)
        if isinstance(exception, Refusal):
            status = next((code for kind, code in STATUS_OF.items() if isinstance(exception, kind)), 409)
            href = _case(request) if status == 409 else ""
            return errors.page(
                request, status, what=exception.what, why=exception.why, do=exception.do or None,
                href=href, link=_("Look at the request") if href else "",
            )  # fmt: skip
        if isinstance(exception, OSError) and exception.errno in _FULL:
            _log.error("the disk is full")
            why, do = _("the disk of this desk is full"), _("Tell whoever runs this desk; nothing was kept")
            return errors.page(request, 503, what=_("Saving"), why=why, do=do)
        reference = str(uuid7())
        request.reference = reference  # type: ignore[attr-defined]  # read by the page for faults
        _log.error("fault %s at %s", reference, request.resolver_match and request.resolver_match.view_name)
        return None


def _case(request: HttpRequest) -> str:
    """Return the page of the request that an address is about; empty where it is about none."""
    match = request.resolver_match
    if match is None or match.app_name != "requests" or "reference" not in match.kwargs:
        return ""
    return reverse("desk:case", args=[match.kwargs["reference"]])


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer a request over a limit."""
    return errors.page(request, 429, what=_("Too many attempts"))
