"""What everybody who may see a request can take away: the filed document on paper and as a file, the instrument."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from entraide.access.web.guards import actor_of, requires
from entraide.kernel import clock
from entraide.kernel.actors import CASE_READERS
from entraide.kernel.canonical import canonical
from entraide.kernel.errors import NotFound
from entraide.requests import panels
from entraide.requests.queries import FilingView, RequestView, read_instrument, read_request


@require_GET
@requires(*CASE_READERS)
def printed(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the filed request as it is printed and put into a file: what was signed, word for word, and by whom."""
    actor, now = actor_of(request), clock.now()
    view = read_request(reference, actor=actor, now=now, purpose="printing")
    filing = _filing(view)
    context = {
        "row": view.row,
        "now": now,
        "pill": panels.state_pill(view.row),
        "particulars": panels.particulars(view),
        "targets": panels.targets(view, actor),
        "categories": panels.categories(filing),
        "narrative": filing.document["narrative"],
        "instrument": panels.instrument(view),
        "signatures": panels.signed_by(filing),
        "canonical": canonical(dict(filing.document)).decode(),
        "filing": filing,
    }
    return render(request, "requests/case_printed.html", context)


@require_GET
@requires(*CASE_READERS)
def document(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the document exactly as it was signed: the bytes whose SHA-256 stands beside every signature."""
    view = read_request(reference, actor=actor_of(request), now=clock.now(), purpose="printing")
    return _attachment(canonical(dict(_filing(view).document)), "application/json", f"{reference}.json")


@require_GET
@requires(*CASE_READERS)
def instrument(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the instrument.  Only ever as an attachment: the file is foreign."""
    view, data = read_instrument(reference, actor=actor_of(request), now=clock.now())
    return _attachment(data, "application/pdf", f"{reference}-{view.sha256[:12]}.pdf")


def _filing(view: RequestView) -> FilingView:
    if view.filing is None:
        raise NotFound(_("The filed document"), why=_("nothing was filed yet, or its content was erased"))
    return view.filing


def _attachment(data: bytes, content_type: str, name: str) -> HttpResponse:
    # `name` is made here, of letters, digits, hyphen and full stop: nothing that was uploaded stands in a header.
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HttpResponse(data, content_type=content_type, headers=headers)
