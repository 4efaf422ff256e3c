"""Writing a request: drafts that save themselves, and the instrument."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from entraide.audit import api as audit
from entraide.database import key_store, operation
from entraide.kernel.actors import Actor
from entraide.kernel.canonical import sha256
from entraide.kernel.errors import NotPossible, Unavailable
from entraide.kernel.ids import new_reference, uuid7
from entraide.requests import files, policies
from entraide.requests.document import clean_draft
from entraide.requests.examining import Examination, examine
from entraide.requests.models import Draft, Filing, Instrument, LegalRequest
from entraide.requests.operations.ground import Done, done, locked, move, save
from entraide.requests.search import search_text
from entraide.requests.states import EDITABLE, RequestState, RequestVerb

_DRAWS = 5
LINE_MAX = {"agency_reference": 80, "offence": 300}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSaved:
    """A draft as it was just saved."""

    reference: str
    version: int
    saved_at: datetime


def start_draft(*, actor: Actor, now: datetime, content: Mapping[str, Any] | None = None) -> Done:
    """Start a request; raises `NotPermitted` where the actor is no officer."""
    policies.check_may_draft(actor)
    for _attempt in range(_DRAWS):
        try:
            return _start_draft(new_reference("R", now), content or {}, actor=actor, now=now)
        except IntegrityError:  # the reference was drawn before
            continue
    raise Unavailable(_("Starting a request"), why=_("no free reference was found"), do=_("Try again"))


@operation
def _start_draft(reference: str, content: Mapping[str, Any], *, actor: Actor, now: datetime) -> Done:
    assert actor.organisation_id is not None and actor.person_id is not None  # an officer is both
    request = LegalRequest(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        officer_id=actor.person_id,
        reference=reference,
        created_at=now,
        changed_at=now,
    )
    request.stream_id = audit.open_stream(
        audit.StreamKind.CASE, organisation_id=actor.organisation_id, case_id=request.pk, now=now
    )
    kept = clean_draft(content)
    _summarise(request, kept)
    request.save(force_insert=True)
    Draft(request=request, organisation_id=request.organisation_id, content=kept, saved_at=now).save(force_insert=True)
    entry = audit.record(
        "requests:draft:started", stream_id=request.stream_id, actor=actor, now=now, subject=request,
        payload={"reference": reference},
    )  # fmt: skip
    return done(request, entry)


@operation
def save_draft(reference: str, content: Mapping[str, Any], *, actor: Actor, now: datetime) -> DraftSaved:
    """Keep the given answers beside those already there; saving the same again changes nothing.

    Not an act: a draft is nobody's word yet, and the log does not grow with typing.

    Raises
    ------
    NotPossible
        If the request is filed: what is signed is changed only when it comes back.
    """
    request = locked(reference, actor)
    policies.check_may_edit(actor, request)
    _check_editable(request)
    draft = Draft.objects.get(request=request)
    merged = {**draft.content, **clean_draft(content)}
    if merged == draft.content:
        return DraftSaved(reference=reference, version=draft.version, saved_at=draft.saved_at)
    draft.content, draft.version, draft.saved_at = merged, draft.version + 1, now
    draft.save(update_fields=["content", "version", "saved_at"])
    if request.submitted_at is None:  # once the desk knows the request, only a signed document changes what it reads
        _summarise(request, merged)
        request.save(update_fields=["agency_reference", "offence", "legal_basis", "urgency", "search_text"])
    return DraftSaved(reference=reference, version=draft.version, saved_at=now)


@operation
def discard_draft(reference: str, *, actor: Actor, now: datetime) -> Done:
    """Discard a draft that was never filed, with everything in it."""
    request = locked(reference, actor)
    move(request, RequestVerb.DISCARD, actor=actor, now=now)
    if request.submitted_at is not None:
        raise NotPossible(_("Discarding the draft"), why=_("the desk has it already"), do=_("Withdraw the request"))
    Draft.objects.filter(request=request).delete()
    request.agency_reference = request.offence = request.search_text = ""
    save(request, "agency_reference", "offence", "search_text")
    entry = audit.record("requests:draft:discarded", stream_id=request.stream_id, actor=actor, now=now, subject=request)
    return done(request, entry)


def attach_instrument(reference: str, data: bytes, name: str, *, actor: Actor, now: datetime) -> Done:
    """Attach the instrument, in place of one attached before.

    The file is examined in a process of its own and kept sealed before the database hears of it; a file without a row
    is swept away later.

    Raises
    ------
    Invalid
        If it is no PDF, larger than 25 MB, or so built that it cannot be opened safely.
    """
    request = _for_attaching(reference, actor=actor, now=now)
    examination = examine(data)
    instrument_id = uuid7()
    files.keep(data, case_id=request.pk, file_id=instrument_id)
    return _attach(
        reference, instrument_id, examination, sha256(data), len(data), files.tidy_name(name), actor=actor, now=now
    )


def remove_instrument(reference: str, *, actor: Actor, now: datetime) -> Done:
    """Remove what was attached and not yet signed for, bytes and all; an instrument of a signed document stays.

    Raises
    ------
    NotPossible
        If nothing is attached that could be removed.
    """
    removed, answer = _remove_instruments(reference, actor=actor, now=now)
    for instrument_id in removed:
        files.remove(instrument_id)  # after the commit: a row without its file would be worse than the reverse
    return answer


@operation
def _remove_instruments(reference: str, *, actor: Actor, now: datetime) -> tuple[list[UUID], Done]:
    request = locked(reference, actor)
    policies.check_may_edit(actor, request)
    _check_editable(request)
    signed_for = Filing.objects.filter(request=request).values("instrument_id")
    rows = list(Instrument.objects.filter(request=request).exclude(pk__in=signed_for))
    if not rows:
        raise NotPossible(
            _("Removing the instrument"),
            why=_("what you signed keeps its instrument, and nothing else is attached"),
            do=_("Attach another in its place"),
        )
    entry = audit.record(
        "requests:instrument:removed", stream_id=request.stream_id, actor=actor, now=now, subject=rows,
        payload={"sha256": [row.details["sha256"] for row in rows]},
    )  # fmt: skip
    removed = [row.pk for row in rows]
    Instrument.objects.filter(pk__in=removed).delete()
    return removed, done(request, entry)


@operation
def _for_attaching(reference: str, *, actor: Actor, now: datetime) -> LegalRequest:
    request = locked(reference, actor)
    policies.check_may_edit(actor, request)
    _check_editable(request)
    return request


@operation
def _attach(
    reference: str,
    instrument_id: Any,
    examination: Examination,
    digest: bytes,
    size: int,
    name: str,
    *,
    actor: Actor,
    now: datetime,
) -> Done:
    request = locked(reference, actor)
    policies.check_may_edit(actor, request)
    _check_editable(request)
    instrument = Instrument(
        id=instrument_id,
        request=request,
        organisation_id=request.organisation_id,
        details={"name": name, "size": size, "sha256": digest.hex(), "n_pages": examination.n_pages},
        findings=examination.as_json(),
        hash_index=key_store().blind_index("instrument", digest.hex()),
        attached_at=now,
    )
    instrument.save(force_insert=True)
    entry = audit.record(
        "requests:instrument:attached", stream_id=request.stream_id, actor=actor, now=now, subject=instrument,
        payload={"sha256": digest.hex(), "size": size},
    )  # fmt: skip
    return done(request, entry)


def _check_editable(request: LegalRequest) -> None:
    if RequestState(request.state) not in EDITABLE:
        raise NotPossible(
            _("Changing the draft"), why=_("the request is filed"), do=_("Withdraw it, or wait until it comes back")
        )


def _summarise(request: LegalRequest, content: Mapping[str, Any]) -> None:
    """Write what lists show of a draft, so that drawing a list opens no draft."""
    for name, length in LINE_MAX.items():
        setattr(request, name, " ".join(str(content.get(name) or "").split())[:length])
    request.legal_basis = str(content.get("legal_basis") or "")[:20]
    request.urgency = str(content.get("urgency") or "")[:12]
    request.search_text = search_text(request.reference, request.agency_reference, request.offence)
