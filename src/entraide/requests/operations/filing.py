"""Filing, countersigning, withdrawing: what the agency's people sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from entraide.access import api as access
from entraide.agencies import api as agencies
from entraide.audit import api as audit
from entraide.database import key_store, operation
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible
from entraide.kernel.faults import fault
from entraide.outbox import api as outbox
from entraide.requests import document as documents
from entraide.requests import policies, rules
from entraide.requests.document import Document, InstrumentFacts, Sender
from entraide.requests.models import Countersignature, Draft, Filing, Instrument, LegalRequest, Message, Target
from entraide.requests.operations.ground import Done, done, due_at, locked, move, person_of, resume_clock, save
from entraide.requests.search import search_text
from entraide.requests.states import EDITABLE, RequestState, RequestVerb

REASON_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFiling:
    """What the officer is about to sign.

    Parameters
    ----------
    findings : tuple of Finding
        What a machine notices; none of it forbids filing.
    """

    reference: str
    document: Document
    act: Act
    needs_countersignature: bool
    findings: tuple[rules.Finding, ...]


def prepare_filing(reference: str, *, actor: Actor, now: datetime) -> PreparedFiling:
    """Return the document as it would be filed now; used inside a door, by the page and by the operation alike.

    Raises
    ------
    Invalid
        If an answer is missing or cannot be used.
    """
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    policies.check(RequestVerb.FILE, actor, request)
    if RequestState(request.state) not in EDITABLE:
        raise NotPossible(_("Filing the request"), why=_("it is filed already"))
    instrument = _instrument(request)
    document = documents.build(
        Draft.objects.get(request=request).content,
        reference=reference,
        version=request.version + 1,
        sender=_sender(request, actor),
        instrument=_facts(instrument) if instrument else None,
    )
    if problems := documents.not_yet_issued(document, now.date()):
        raise Invalid(
            _("Filing the request"), why=_("some answers are missing or cannot be used"), do=_("Correct them"),
            fields=problems,
        )  # fmt: skip
    return PreparedFiling(
        reference=reference,
        document=document,
        act=documents.file_act(document),
        needs_countersignature=agencies.countersignature_needed(
            request.organisation_id, set(document["categories"]), document["urgency"]
        ),
        findings=rules.intake_findings(document, now.date()),
    )


@operation
def file(reference: str, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Done:
    """File the draft as it stands, signed by its officer.

    Where the agency wants it countersigned, it waits for a supervisor and the desk does not see it.  The same step-up
    again (a double click) gives the same request again and does nothing.

    Raises
    ------
    NotPermitted
        If the signature is not over exactly this document, or the agency is not verified.
    """
    request = locked(reference, actor)
    if Filing.objects.filter(request=request, step_up_id=step_up_id, filer_id=person_of(actor)).exists():
        return done(request, None)
    prepared = prepare_filing(reference, actor=actor, now=now)
    _check_agency(request)
    needs = prepared.needs_countersignature
    verb = RequestVerb.FILE_FOR_COUNTERSIGNATURE if needs else RequestVerb.FILE
    move(request, verb, actor=actor, now=now)
    signed = access.sign(
        prepared.act, step_up_id=step_up_id, assertion=assertion, case_id=request.pk, actor=actor, now=now
    )
    instrument = _instrument(request)
    assert instrument is not None  # the document has one
    filing = Filing(
        request=request,
        organisation_id=request.organisation_id,
        instrument=instrument,
        version=request.version + 1,
        document=prepared.document,
        document_hash=documents.document_hash(prepared.document),
        filer_id=person_of(actor),
        step_up_id=step_up_id,
        signed_act_id=signed.id,
        act_hash=signed.act_hash,
        needs_countersignature=needs,
        filed_at=now,
    )
    filing.save(force_insert=True)
    fault("requests.after_filing")
    targets = _targets(filing)
    Target.objects.bulk_create(targets)
    request.filed_at = now
    touched: list[Model] = [request, filing, *targets]
    if not needs:
        touched += _submit(request, filing, now)
    save(request, "filed_at", *(() if needs else SUBMITTED_COLUMNS))
    entry = audit.record(
        "requests:request:filed", stream_id=request.stream_id, actor=actor, now=now, subject=touched,
        payload={"version": filing.version, "document_sha256": filing.document_hash.hex(), "awaits_supervisor": needs},
        act_hash=signed.act_hash,
    )  # fmt: skip
    _announce("requests:request:awaits-countersignature" if needs else "requests:request:filed", request, now)
    return done(request, entry)


def prepare_countersigning(reference: str, *, actor: Actor) -> tuple[Document, Act]:
    """Return the filed document and the act the supervisor signs; used inside a door."""
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    policies.check(RequestVerb.COUNTERSIGN, actor, request)
    filing = _awaiting(request)
    return filing.document, documents.countersign_act(filing.document)


@operation
def countersign(reference: str, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Done:
    """Countersign the filed document, by a supervisor who is another natural person; then the desk sees it."""
    request = locked(reference, actor)
    if Countersignature.objects.filter(
        request=request, step_up_id=step_up_id, countersigner_id=person_of(actor)
    ).exists():
        return done(request, None)
    move(request, RequestVerb.COUNTERSIGN, actor=actor, now=now, approvers={person_of(actor)} - {request.officer_id})
    _check_agency(request)
    filing = _awaiting(request)
    signed = access.sign(
        documents.countersign_act(filing.document), step_up_id=step_up_id, assertion=assertion, case_id=request.pk,
        actor=actor, now=now,
    )  # fmt: skip
    countersignature = Countersignature(
        request=request,
        organisation_id=request.organisation_id,
        filing=filing,
        filer_id=filing.filer_id,
        document_hash=bytes(filing.document_hash),
        countersigner_id=person_of(actor),
        step_up_id=step_up_id,
        signed_act_id=signed.id,
        act_hash=signed.act_hash,
        countersigned_at=now,
    )
    countersignature.save(force_insert=True)
    touched = [request, countersignature, *_submit(request, filing, now)]
    save(request, *SUBMITTED_COLUMNS)
    entry = audit.record(
        "requests:request:countersigned", stream_id=request.stream_id, actor=actor, now=now, subject=touched,
        payload={"version": filing.version, "document_sha256": bytes(filing.document_hash).hex()},
        act_hash=signed.act_hash,
    )  # fmt: skip
    _announce("requests:request:filed", request, now)
    return done(request, entry)


@operation
def send_back(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Send a request that awaits countersignature back to its officer, with a reason the desk does not see."""
    request = locked(reference, actor)
    verb = RequestVerb.RETURN_TO_DRAFT if request.submitted_at is None else RequestVerb.RETURN_TO_CORRECTION
    move(request, verb, actor=actor, now=now)
    filing = _awaiting(request)
    filing.ended_at = now
    filing.save(update_fields=["ended_at"])
    message = write_message(request, "sent_back", reason, side="agency", audience="agency", actor=actor, now=now)
    save(request)
    entry = audit.record(
        "requests:request:sent-back", stream_id=request.stream_id, actor=actor, now=now,
        subject=[request, filing, message],
    )  # fmt: skip
    return done(request, entry)


def prepare_withdrawal(reference: str, reason: str, *, actor: Actor) -> Act:
    """Return the act of withdrawing; used inside a door."""
    request = LegalRequest.objects.visible_to(actor).filter(reference=reference).first()
    if request is None:
        raise policies.no_such_request()
    policies.check(RequestVerb.WITHDRAW, actor, request)
    return documents.withdraw_act(reference, version=request.version, reason=tidy_text(reason))


@operation
def withdraw(reference: str, *, reason: str, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Done:
    """Withdraw a filed request, signed; whatever was being done for it ends."""
    request = locked(reference, actor)
    move(request, RequestVerb.WITHDRAW, actor=actor, now=now)
    act = documents.withdraw_act(reference, version=request.version, reason=tidy_text(reason))
    signed = access.sign(act, step_up_id=step_up_id, assertion=assertion, case_id=request.pk, actor=actor, now=now)
    audience = "both" if request.submitted_at else "agency"
    message = write_message(request, "withdrawal", reason, side="agency", audience=audience, actor=actor, now=now)
    touched: list[Model] = [request, message, *resume_clock(request, now)]
    for filing in Filing.objects.filter(request=request, submitted_at__isnull=True, ended_at__isnull=True):
        filing.ended_at = now
        filing.save(update_fields=["ended_at"])
        touched.append(filing)
    request.due_at = None
    save(request, "due_at", "clock_stopped_at")
    entry = audit.record(
        "requests:request:withdrawn", stream_id=request.stream_id, actor=actor, now=now, subject=touched,
        act_hash=signed.act_hash,
    )  # fmt: skip
    if request.submitted_at:
        _announce("requests:request:withdrawn", request, now)
    return done(request, entry)


def write_message(
    request: LegalRequest, kind: str, text: str, *, side: str, actor: Actor, now: datetime, audience: str = "both"
) -> Message:
    """Add a message to the thread; the caller names it in its entry."""
    message = Message(
        request=request,
        organisation_id=request.organisation_id,
        kind=kind,
        side=side,
        audience=audience,
        author_id=person_of(actor),
        text=tidy_text(text),
        sent_at=now,
    )
    message.save(force_insert=True)
    return message


def tidy_text(text: str) -> str:
    """Return a reason or message as it is kept, or raise `Invalid` where there is none."""
    tidy = documents.kept_text(text).replace("\r\n", "\n")
    if not tidy:
        raise Invalid(_("Sending"), why=_("the text is missing"), fields={"text": _("Write a sentence")})
    if len(tidy) > REASON_MAX:
        problem = _("At most %(n)s characters") % {"n": REASON_MAX}
        raise Invalid(_("Sending"), why=_("the text is too long"), fields={"text": problem})
    return tidy


SUBMITTED_COLUMNS = (
    "version", "submitted_at", "received_at", "due_at", "clock_stopped_at", "legal_basis", "urgency", "language",
    "agency_reference", "offence", "search_text",
)  # fmt: skip


def _submit(request: LegalRequest, filing: Filing, now: datetime) -> list[Model]:
    """Let the desk see the filing, and let the clock run; return the rows that changed."""
    document: Mapping[str, Any] = filing.document
    # A correction goes on where the clock stood, unless it made the matter another one.
    is_other_clock = (request.legal_basis, request.urgency) != (document["legal_basis"], document["urgency"])
    if request.received_at is None or (request.submitted_at is not None and is_other_clock):
        request.received_at = now
    request.submitted_at = request.submitted_at or now
    request.version = filing.version
    request.legal_basis, request.urgency = document["legal_basis"], document["urgency"]
    request.language = document["language"]
    request.agency_reference = document["agency"]["reference"]
    request.offence = document["offence"]["name"]
    request.search_text = search_text(request.reference, request.agency_reference, request.offence)
    stops = resume_clock(request, now)
    request.due_at = due_at(request)
    filing.submitted_at = now
    filing.save(update_fields=["submitted_at"])
    filing.instrument.submitted_at = now
    filing.instrument.save(update_fields=["submitted_at"])
    targets = list(filing.targets.all())
    filing.targets.update(submitted_at=now)
    return [filing, filing.instrument, *targets, *stops]


def _targets(filing: Filing) -> list[Target]:
    return [
        Target(
            request=filing.request,
            organisation_id=filing.organisation_id,
            filing=filing,
            n=target["n"],
            kind=target["kind"],
            network=target["network"] or "",
            role=target["role"],
            value={"value": target["value"], "normalised": target["normalised"], "problem": target["problem"]},
            blind_index=key_store().blind_index(target["kind"], target["normalised"]),
            period_start=datetime.fromisoformat(target["period"]["start"]),
            period_end=datetime.fromisoformat(target["period"]["end"]),
            time_zone=target["period"]["time_zone"],
        )
        for target in filing.document["targets"]
    ]


def _awaiting(request: LegalRequest) -> Filing:
    filing = (
        Filing.objects.filter(request=request, submitted_at__isnull=True, ended_at__isnull=True)
        .order_by("-version")
        .first()
    )
    if filing is None:
        raise NotFound(_("A filing that awaits countersignature"), why=_("there is none"))
    return filing


def _instrument(request: LegalRequest) -> Instrument | None:
    return Instrument.objects.filter(request=request).order_by("-attached_at", "-pk").first()


def _facts(instrument: Instrument) -> InstrumentFacts:
    details = instrument.details
    return InstrumentFacts(sha256=details["sha256"], name=details["name"], size=details["size"])


def _sender(request: LegalRequest, actor: Actor) -> Sender:
    agency = agencies.agency(request.organisation_id)
    return Sender(
        officer_id=request.officer_id,
        officer_name=actor.name,
        organisation_id=request.organisation_id,
        agency_name=agency.name,
        agency_country=agency.facts.country,
    )


def _check_agency(request: LegalRequest) -> None:
    if not agencies.agency(request.organisation_id).is_verified:
        raise NotPermitted(
            _("Filing the request"), why=_("your agency is not verified yet"), do=_("Wait for the desk to verify it")
        )


def _announce(kind: str, request: LegalRequest, now: datetime) -> None:
    outbox.announce(kind, subject_id=request.pk, organisation_id=request.organisation_id, case_id=request.pk, now=now)
