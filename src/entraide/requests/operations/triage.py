"""What the desk does before it decides: taking up, handing over, asking, returning, looking up again."""

from datetime import datetime
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from entraide.access import api as access
from entraide.audit import api as audit
from entraide.database import operation
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import NotPermitted, NotPossible
from entraide.outbox import api as outbox
from entraide.requests import document as documents
from entraide.requests.models import Assignment, LegalRequest, Lookup
from entraide.requests.operations.filing import write_message
from entraide.requests.operations.ground import (
    Done,
    done,
    locked,
    move,
    person_of,
    resume_clock,
    save,
    stop_clock,
)
from entraide.requests.signatures import submitted_filing, verify_filing
from entraide.requests.states import (
    LOOKUP,
    LookupState,
    LookupVerb,
    RequestVerb,
)

_CLOCK = ("due_at", "clock_stopped_at")


@operation
def accept(reference: str, *, actor: Actor, now: datetime) -> Done:
    """Take a request up: it is the actor's, and its accounts are looked for at the exchange.

    The signatures of the agency's people are verified first, with keys from the log: rows that somebody wrote into the
    database without them get no further.
    """
    request = locked(reference, actor)
    move(request, RequestVerb.ACCEPT, actor=actor, now=now)
    filing = submitted_filing(request)
    verify_filing(filing)
    touched: list[Model] = [request]
    if request.assigned_to_id != person_of(actor):
        touched.append(_assign(request, person_of(actor), "", actor=actor, now=now))
    lookups = [
        Lookup(target=target, request=request, organisation_id=request.organisation_id, asked_at=now)
        for target in filing.targets.order_by("n")
    ]
    Lookup.objects.bulk_create(lookups)
    save(request, "assigned_to_id")
    entry = audit.record(
        "requests:request:accepted", stream_id=request.stream_id, actor=actor, now=now, subject=[*touched, *lookups],
        payload={"version": filing.version}, is_shared=False,
    )  # fmt: skip
    announce("requests:lookup:asked", request, now)
    return done(request, entry)


@operation
def hand_over(reference: str, *, to: UUID, note: str, actor: Actor, now: datetime) -> Done:
    """Hand a request over to another analyst, with a note for them."""
    request = locked(reference, actor)
    move(request, RequestVerb.HAND_OVER, actor=actor, now=now)
    if to not in {person.id for person in access.people_with(Role.ANALYST, now=now)}:
        raise NotPermitted(_("Handing the request over"), why=_("this person is no analyst"), do=_("Choose an analyst"))
    if to == request.assigned_to_id:
        raise NotPossible(_("Handing the request over"), why=_("it is theirs already"))
    assignment = _assign(request, to, documents.kept_text(note)[:2_000], actor=actor, now=now)
    save(request, "assigned_to_id")
    entry = audit.record(
        "requests:request:handed-over", stream_id=request.stream_id, actor=actor, now=now,
        subject=[request, assignment], payload={"to": str(to)},
    )  # fmt: skip
    return done(request, entry)


@operation
def return_for_correction(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Return a request that cannot be carried out as it is; the clock stops until it is filed again."""
    return _stop(
        reference, reason, RequestVerb.RETURN_FOR_CORRECTION, "return", "requests:request:returned", actor, now
    )


@operation
def ask_question(reference: str, *, text: str, actor: Actor, now: datetime) -> Done:
    """Ask the agency something; the clock stops until it answers."""
    return _stop(reference, text, RequestVerb.ASK, "question", "requests:question:asked", actor, now)


def _stop(reference: str, text: str, verb: RequestVerb, reason: str, kind: str, actor: Actor, now: datetime) -> Done:
    request = locked(reference, actor)
    move(request, verb, actor=actor, now=now)
    message = write_message(request, reason, text, side="desk", actor=actor, now=now)
    stop = stop_clock(request, reason, now)
    save(request, *_CLOCK)
    entry = audit.record(
        kind, stream_id=request.stream_id, actor=actor, now=now, subject=[request, message, stop], is_shared=True
    )
    announce(kind, request, now)
    return done(request, entry)


@operation
def answer_question(reference: str, *, text: str, actor: Actor, now: datetime) -> Done:
    """Answer the desk's question; the clock goes on."""
    request = locked(reference, actor)
    move(request, RequestVerb.ANSWER, actor=actor, now=now)
    message = write_message(request, "answer", text, side="agency", actor=actor, now=now)
    stops = resume_clock(request, now)
    save(request, *_CLOCK)
    entry = audit.record(
        "requests:question:answered", stream_id=request.stream_id, actor=actor, now=now,
        subject=[request, message, *stops],
    )  # fmt: skip
    announce("requests:question:answered", request, now)
    return done(request, entry)


@operation
def take_back_question(reference: str, *, reason: str, actor: Actor, now: datetime) -> Done:
    """Take the question back, because the answer was found otherwise; the clock goes on."""
    request = locked(reference, actor)
    move(request, RequestVerb.TAKE_BACK_QUESTION, actor=actor, now=now)
    message = write_message(request, "taken_back", reason, side="desk", actor=actor, now=now)
    stops = resume_clock(request, now)
    save(request, *_CLOCK)
    entry = audit.record(
        "requests:question:taken-back", stream_id=request.stream_id, actor=actor, now=now,
        subject=[request, message, *stops],
    )  # fmt: skip
    announce("requests:lookup:asked", request, now)  # answers that came meanwhile were not taken
    return done(request, entry)


@operation
def look_up_again(reference: str, *, actor: Actor, now: datetime) -> Done:
    """Ask the exchange again about every target, whatever it answered before."""
    request = locked(reference, actor)
    move(request, RequestVerb.LOOK_UP, actor=actor, now=now)
    touched: list[Model] = [request]
    for lookup in Lookup.objects.filter(request=request, target__filing=submitted_filing(request)):
        if LookupState(lookup.state) is LookupState.WAITING:
            continue
        lookup.state = LOOKUP.step(LookupState(lookup.state), LookupVerb.ASK_AGAIN).target.value
        lookup.code, lookup.asked_at = "", now
        lookup.save(update_fields=["state", "code", "asked_at"])
        touched.append(lookup)
    save(request)
    entry = audit.record(
        "requests:lookup:asked", stream_id=request.stream_id, actor=actor, now=now, subject=touched,
        payload={"n_targets": len(touched) - 1},
    )  # fmt: skip
    announce("requests:lookup:asked", request, now)
    return done(request, entry)


def announce(kind: str, request: LegalRequest, now: datetime) -> None:
    """Tell the worker, after the commit."""
    outbox.announce(kind, subject_id=request.pk, organisation_id=request.organisation_id, case_id=request.pk, now=now)


def _assign(request: LegalRequest, to: UUID, note: str, *, actor: Actor, now: datetime) -> Assignment:
    request.assigned_to_id = to
    assignment = Assignment(
        request=request,
        organisation_id=request.organisation_id,
        analyst_id=to,
        assigned_by_id=person_of(actor),
        note=note,
        assigned_at=now,
    )
    assignment.save(force_insert=True)
    return assignment
