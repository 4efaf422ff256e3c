"""Receipts: after everything a person does here, the next page hands over a paper that the log cannot contradict."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from entraide.access.web.guards import actor_of, requires
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.kernel.errors import Unavailable


def tell(request: HttpRequest, entry_id: UUID | None) -> None:
    """Let the next page say what was done, with its signed receipt; where nothing was done, say nothing.

    Called after the operation, outside any door: the signer is asked.  It may be away; the act stands all the same, and
    the receipt can be fetched later.
    """
    if entry_id is None:
        return
    with reading_as(actor_of(request)):
        view, entry = audit.entry(entry_id), audit.entered(entry_id)
    try:
        note = audit.receipt(entry)
    except Unavailable:
        note = ""
    words = {
        "what": str(view.sentence),
        "n": entry.n,
        "head": entry.leaf_hash.hex(),
        "href": reverse("access:receipt", args=[entry_id]),
        "note": note,
    }
    messages.success(request, json.dumps(words), extra_tags="receipt")


@require_GET
@requires()
def receipt(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Send the signed receipt of an entry the reader may see, as a file to keep."""
    with reading_as(actor_of(request)):
        entry = audit.entered(entry_id)
    note = audit.receipt(entry)
    name = f"receipt-{entry.n}-{entry.leaf_hash.hex()[:8]}.txt"
    return HttpResponse(
        note,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
