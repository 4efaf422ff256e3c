"""Reading one request: first the log notes who reads it, then it is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.kernel.actors import Actor, Face
from entraide.requests import files, policies, rules
from entraide.requests.models import Draft, LegalRequest
from entraide.requests.queries.lists import rows_of
from entraide.requests.queries.parts import (
    assignments_of,
    clock_of,
    filing_for,
    filing_view,
    instrument_view,
    messages_of,
    proposals_of,
    request_of,
    targets_of,
    verbs_of,
)
from entraide.requests.queries.signals import authenticity, overlaps
from entraide.requests.queries.views import InstrumentView, RequestView
from entraide.requests.rules import Finding
from entraide.requests.states import EDITABLE, RequestState


def read_request(reference: str, *, actor: Actor, now: datetime, purpose: str = "handling") -> RequestView:
    """Return one request after the log has noted who reads it; opens its own doors.

    Raises
    ------
    NotFound
        If there is none, or it is not the actor's to see.
    NotPermitted
        If the actor may know that it exists but not read it.
    """
    note_reading(reference, "request", actor=actor, now=now, purpose=purpose)
    with reading_as(actor):
        return request_view(reference, actor=actor, now=now)


def note_reading(reference: str, what: str, *, actor: Actor, now: datetime, purpose: str) -> None:
    """Note in the log that the actor reads `what` of a request; when it raises, show nothing.  Opens its own doors."""
    with reading_as(actor):
        request = request_of(reference, actor)
        policies.check_may_read(actor, request)
        stream_id = request.stream_id
    audit.record_reading(what, stream_id=stream_id, actor=actor, purpose=purpose, now=now)


def read_instrument(
    reference: str, *, actor: Actor, now: datetime, purpose: str = "handling"
) -> tuple[InstrumentView, bytes]:
    """Return the instrument's bytes after the log has noted who reads it; opens its own doors.

    Only ever as an attachment: the file is foreign.
    """
    note_reading(reference, "instrument", actor=actor, now=now, purpose=purpose)
    with reading_as(actor):
        request = request_of(reference, actor)
        view = instrument_view(request, filing_for(request, actor), actor)
    if view is None:
        raise policies.no_such_request()
    return view, b"".join(files.read(case_id=request.pk, file_id=view.id))


def request_view(reference: str, *, actor: Actor, now: datetime) -> RequestView:
    """Return one request inside the caller's door; the caller has noted the reading."""
    request = request_of(reference, actor)
    policies.check_may_read(actor, request)
    is_staff = actor.face is Face.STAFF
    if request.erased_at is not None:
        return _erased_view(request, actor)
    filing = filing_for(request, actor)
    draft = Draft.objects.filter(request=request).first() if request.officer_id == actor.person_id else None
    is_editable = RequestState(request.state) in EDITABLE
    proposals = proposals_of(request) if is_staff else ()
    instrument = instrument_view(request, filing, actor)
    findings: tuple[Finding, ...] = ()
    if is_staff and filing is not None:
        findings = (
            *rules.intake_findings(filing.document, now.date()),
            *authenticity(request, filing, instrument),
        )
    return RequestView(
        row=next(rows_of([request], actor)),
        stream_id=request.stream_id,
        draft=draft.content if draft and is_editable else None,
        instrument=instrument,
        filing=filing_view(filing) if filing else None,
        targets=targets_of(filing, is_staff=is_staff) if filing else (),
        messages=messages_of(request, actor),
        clock=clock_of(request),
        findings=findings,
        overlaps=overlaps(request) if is_staff else (),
        assignments=assignments_of(request) if is_staff else (),
        proposals=proposals,
        verbs=verbs_of(request, actor, proposals),
    )


def draft_of(reference: str, *, actor: Actor) -> tuple[Mapping[str, Any], InstrumentView | None]:
    """Return what the officer typed so far, and the attached instrument; for the question pages."""
    request = request_of(reference, actor)
    policies.check_may_edit(actor, request)
    draft = Draft.objects.filter(request=request).first()
    if draft is None:
        raise policies.no_such_request()
    return draft.content, instrument_view(request, None, actor)


def _erased_view(request: LegalRequest, actor: Actor) -> RequestView:
    return RequestView(
        row=next(rows_of([request], actor)), stream_id=request.stream_id, draft=None,
        instrument=None, filing=None, targets=(), messages=(), clock=None, findings=(), overlaps=(), assignments=(),
        proposals=(), verbs=(),
    )  # fmt: skip
