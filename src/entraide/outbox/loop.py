"""The worker's side of the outbox: claim by lease, commit, do, store.

No transaction is open while something is done outside.  A worker that dies leaves a row whose lease runs out; the next
one does it again with the same key.  A worker that was only slow finds that `attempt` is no longer its own, and its
outcome is dropped.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, router

from entraide.audit import api as audit
from entraide.database import operation
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotFound, Refusal, Unavailable
from entraide.kernel.faults import fault
from entraide.outbox import registry
from entraide.outbox.models import ClockTimestamp, Effect, Nature
from entraide.outbox.registry import Confirmed, EffectToDo, Handler, News, Outcome, Refused
from entraide.outbox.states import EFFECT, EffectState, EffectVerb

WORKER = Actor.system("worker")
NEWS_LEASE_S = 60
BACK_OFF_S_MAX = 300
IDLE_S = 0.5

_log = logging.getLogger("entraide.outbox")

_CLAIM = """
UPDATE outbox_effect SET state = 'sent', attempt = attempt + 1, due_at = clock_timestamp() + %s * interval '1 second'
WHERE id = (
    SELECT id FROM outbox_effect
    WHERE state IN ('asked', 'sent', 'unknown') AND due_at <= clock_timestamp()
        AND (nature = 'news' OR (nature = 'effect' AND action = ANY(%s)) OR (nature = 'reaction' AND action = ANY(%s)))
    ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1
) RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A row that is ours until the lease ends."""

    id: UUID
    nature: str
    attempt: int
    effect: EffectToDo
    news: News


class _Blocked(Exception):
    """The effect must not be done: `kind` is the event that says why."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


def run(stop: threading.Event) -> None:
    """Do what is due until told to stop; the database may be away for a while."""
    while not stop.is_set():
        try:
            did_something = do_one()
        except Unavailable as error:
            _log.warning("the outbox waits: %s", error)
            connections.close_all()  # a broken connection is not met again
            did_something = False
        except Exception as error:
            # Whatever it was, this thread must not die while the process lives on: nobody would start it again.
            _log.error("the outbox waits after a fault: %s", type(error).__name__)
            connections.close_all()
            did_something = False
        if not did_something:
            stop.wait(IDLE_S)
    connections.close_all()


def drain(*, at_most: int = 1000) -> int:
    """Do what is due now, and return how much that was."""
    done = 0
    while done < at_most and do_one():
        done += 1
    return done


def do_one() -> bool:
    """Claim one row and do it; return whether there was one."""
    claim = _claim(actor=WORKER, now=clock.now())
    if claim is None:
        return False
    fault("outbox.after_claim")
    try:
        match claim.nature:
            case Nature.EFFECT:
                _do_effect(claim)
            case Nature.NEWS:
                _spread(claim, actor=WORKER, now=clock.now())
            case _:
                _react(claim)
    except Unavailable as error:
        _postpone(claim, str(error.why), actor=WORKER, now=clock.now())
    except Exception as error:
        # The message may hold what was sealed for a reason; the name of the fault and of the row must do.
        _log.error("%s %s failed: %s", claim.effect.action, claim.id, type(error).__name__)
        _postpone(claim, type(error).__name__, actor=WORKER, now=clock.now())
    return True


@operation
def _claim(*, actor: Actor, now: datetime) -> _Claim | None:
    handlers, reactions = registry.handlers(), registry.all_reactions()
    with connections[router.db_for_write(Effect)].cursor() as cursor:
        cursor.execute(_CLAIM, [NEWS_LEASE_S, list(handlers), list(reactions)])
        found = cursor.fetchone()
        if found is None:
            return None
        row = Effect.objects.get(pk=found[0])
        if row.nature == Nature.EFFECT:
            lease = timedelta(seconds=handlers[row.action].lease_s)
            Effect.objects.filter(pk=row.pk).update(due_at=ClockTimestamp() + lease)
    return _Claim(id=row.pk, nature=row.nature, attempt=row.attempt, effect=_to_do(row), news=_news(row))


def _do_effect(claim: _Claim) -> None:
    how = registry.handlers()[claim.effect.action]
    try:
        _check(claim, how)
    except _Blocked as blocked:
        _finish(claim, Refused(blocked.reason), how, blocked.kind, actor=WORKER, now=clock.now())
        return
    fault("outbox.during_call")
    outcome = how.do(claim.effect)
    fault("outbox.before_store")
    kind = "outbox:effect:confirmed" if isinstance(outcome, Confirmed) else "outbox:effect:refused"
    _finish(claim, outcome, how, kind, actor=WORKER, now=clock.now())
    fault("outbox.after_store")


def _check(claim: _Claim, how: Handler) -> None:
    """Refuse an effect that a newer version replaced, or whose signed acts do not hold."""
    if _is_superseded(claim, actor=WORKER, now=clock.now()):
        raise _Blocked("outbox:effect:superseded", "superseded")
    if how.verifies is not None:
        try:
            how.verifies(claim.effect)
        except Unavailable:
            raise
        except Refusal as refusal:
            _log.error("%s %s is blocked: its signatures do not hold", claim.effect.action, claim.id)
            raise _Blocked("outbox:effect:blocked", "signatures do not hold") from refusal


@operation
def _is_superseded(claim: _Claim, *, actor: Actor, now: datetime) -> bool:
    effect = claim.effect
    newer = Effect.objects.filter(nature=Nature.EFFECT, order=effect.order, action=effect.action)
    return newer.filter(version__gt=effect.version).exists()


@operation
def _finish(claim: _Claim, outcome: Outcome, how: Handler, kind: str, *, actor: Actor, now: datetime) -> None:
    row = _mine(claim)
    if row is None:
        return
    if isinstance(outcome, Confirmed):
        verb, answer = EffectVerb.CONFIRM, dict(outcome.answer)
    else:
        verb, answer = EffectVerb.REFUSE, {"reason": outcome.reason, **outcome.answer}
    row.state, row.answer = EFFECT.step(EffectState(row.state), verb).target.value, answer
    row.finished_at, row.last_problem = now, ""
    row.save(update_fields=["state", "answer", "finished_at", "last_problem"])
    if how.note is not None:
        how.note(claim.effect, outcome, actor=actor, now=now)
    payload = {"key": row.key, "attempt": row.attempt, "answer": row.answer}
    audit.record(kind, stream_id=_stream(row), actor=actor, now=now, payload=payload, act_hash=claim.effect.act_hash)


@operation
def _spread(claim: _Claim, *, actor: Actor, now: datetime) -> None:
    """Turn news into one row for each reaction to it; again is harmless, because a reaction's key is fixed."""
    row = _mine(claim)
    if row is None:
        return
    rows = [
        Effect(
            nature=Nature.REACTION,
            key=f"{row.key}/{name}",
            order=row.action,
            action=name,
            organisation_id=row.organisation_id,
            case_id=row.case_id,
            subject_id=row.subject_id,
            asked_at=row.asked_at,
        )
        for name in registry.reactions_to(row.action)
    ]
    Effect.objects.bulk_create(rows, ignore_conflicts=True)
    _close(row, now)


def _react(claim: _Claim) -> None:
    registry.all_reactions()[claim.effect.action](claim.news, actor=WORKER, now=clock.now())
    fault("outbox.before_store")
    _reacted(claim, actor=WORKER, now=clock.now())


@operation
def _reacted(claim: _Claim, *, actor: Actor, now: datetime) -> None:
    row = _mine(claim)
    if row is not None:
        _close(row, now)


@operation
def _postpone(claim: _Claim, problem: str, *, actor: Actor, now: datetime) -> None:
    row = _mine(claim)
    if row is None:
        return
    wait = timedelta(seconds=min(2 ** min(row.attempt, 10), BACK_OFF_S_MAX))
    row.state = EFFECT.step(EffectState(row.state), EffectVerb.LOSE_TRACK).target.value
    row.last_problem = problem[:120]
    row.due_at = ClockTimestamp() + wait
    row.save(update_fields=["state", "last_problem", "due_at"])


def _mine(claim: _Claim) -> Effect | None:
    """Return the row if it is still ours: the fence against a worker that was slow and is no longer alone."""
    row = Effect.objects.select_for_update().filter(pk=claim.id, attempt=claim.attempt, state="sent").first()
    if row is None:
        _log.warning("%s %s was taken over by another worker; this outcome is dropped", claim.effect.action, claim.id)
    return row


def _close(row: Effect, now: datetime) -> None:
    row.state = EFFECT.step(EffectState(row.state), EffectVerb.CONFIRM).target.value
    row.finished_at, row.last_problem = now, ""
    row.save(update_fields=["state", "finished_at", "last_problem"])


def _stream(row: Effect) -> UUID:
    """Return the stream that hears of the outcome: the case's, the organisation's, or the desk's own."""
    try:
        if row.case_id:
            return audit.stream_of_case(row.case_id).id
        if row.organisation_id:
            return audit.stream_of_organisation(row.organisation_id).id
    except NotFound:
        pass
    return audit.instance_stream()


def _to_do(row: Effect) -> EffectToDo:
    return EffectToDo(
        id=row.pk,
        key=row.key,
        order=row.order,
        action=row.action,
        version=row.version,
        request=row.request or {},
        act_hash=bytes(row.act_hash) if row.act_hash else None,
        case_id=row.case_id,
        organisation_id=row.organisation_id,
        asked_at=row.asked_at,
        attempt=row.attempt,
    )


def _news(row: Effect) -> News:
    kind = row.order if row.nature == Nature.REACTION else row.action
    return News(
        kind=kind,
        subject_id=row.subject_id,
        organisation_id=row.organisation_id,
        case_id=row.case_id,
        at=row.asked_at,
    )
