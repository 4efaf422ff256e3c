"""The end of a case: what the package's making and delivery do to the request, and erasure."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from entraide.audit import api as audit
from entraide.database import key_store, operation
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPossible
from entraide.requests import files, policies
from entraide.requests.models import Instrument, LegalRequest
from entraide.requests.operations.ground import Done, done, locked, locked_by_id, move, save
from entraide.requests.states import ENDED, RequestState, RequestVerb


def mark_in_production(request_id: UUID, *, actor: Actor, now: datetime) -> audit.Entry:
    """Note, inside the caller's operation, that the package is being made."""
    return _mark(request_id, RequestVerb.START_PRODUCTION, "requests:production:started", actor, now)


def mark_production_stopped(request_id: UUID, *, actor: Actor, now: datetime) -> audit.Entry:
    """Note, inside the caller's operation, that making the package was given up; the decision still stands."""
    return _mark(request_id, RequestVerb.STOP_PRODUCTION, "requests:production:stopped", actor, now)


def mark_delivered(request_id: UUID, *, actor: Actor, now: datetime) -> audit.Entry:
    """Note, inside the caller's operation, that the package was delivered."""
    return _mark(request_id, RequestVerb.DELIVER, "requests:request:delivered", actor, now, "delivered_at")


def mark_closed(request_id: UUID, *, actor: Actor, now: datetime) -> audit.Entry:
    """Note, inside the caller's operation, that nothing is left to do."""
    return _mark(request_id, RequestVerb.CLOSE, "requests:request:closed", actor, now, "closed_at")


def _mark(request_id: UUID, verb: RequestVerb, kind: str, actor: Actor, now: datetime, *moments: str) -> audit.Entry:
    request = locked_by_id(request_id, actor)
    move(request, verb, actor=actor, now=now)
    for moment in moments:
        setattr(request, moment, now)
    save(request, *moments)
    return audit.record(kind, stream_id=request.stream_id, actor=actor, now=now, subject=request, is_shared=True)


@operation
def close(reference: str, *, actor: Actor, now: datetime) -> Done:
    """Close a delivered request."""
    request = locked(reference, actor)
    entry = mark_closed(request.pk, actor=actor, now=now)
    request.refresh_from_db(fields=["state"])
    return done(request, entry)


def erase(reference: str, *, actor: Actor, now: datetime) -> None:
    """Erase the content of an ended request for good: its key is destroyed, its files removed, its log still verifies.

    Repeating it finishes what a crash left undone.
    """
    request_id, instruments = _erase_rows(reference, actor=actor, now=now)
    key_store().destroy(request_id)
    for instrument in instruments:
        files.remove(instrument)


@operation
def _erase_rows(reference: str, *, actor: Actor, now: datetime) -> tuple[UUID, list[UUID]]:
    request: LegalRequest = locked(reference, actor)
    policies.check_is_auditor_of_erasure(actor)
    if RequestState(request.state) not in ENDED:
        raise NotPossible(_("Erasing the request"), why=_("it has not ended"), do=_("Close it first"))
    instruments = list(Instrument.objects.filter(request=request).values_list("pk", flat=True))
    if request.erased_at is None:
        request.erased_at = request.changed_at = now
        request.agency_reference = request.offence = request.search_text = ""
        save(request, "erased_at", "agency_reference", "offence", "search_text")
        # Sealed with the log's own key once the case's is gone; written before, so it says nothing of the content.
        audit.record(
            "requests:request:erased", stream_id=request.stream_id, actor=actor, now=now, subject=request,
            is_shared=False,
        )  # fmt: skip
    return request.pk, instruments
