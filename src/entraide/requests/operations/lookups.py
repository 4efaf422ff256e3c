"""Looking accounts up at the exchange: asked outside of any transaction, noted in one, resumed after a failure.

The worker does this.  While the exchange does not answer, the request says so and is asked again; an answer that comes
when the request has moved on is dropped, because a decision must not change under those who decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Model

from entraide.audit import api as audit
from entraide.database import key_store, operation, reading_as
from entraide.exchange import wiring
from entraide.exchange.port import (
    AccountMatch,
    Answer,
    ExchangeError,
    ExchangeUnavailable,
    IdentifierKind,
    IdentifierQuestion,
    Purpose,
    moment_text,
)
from entraide.kernel.actors import Actor
from entraide.kernel.errors import Refusal, Unavailable
from entraide.kernel.faults import fault
from entraide.requests.models import AccountMatch as AccountMatchRow
from entraide.requests.models import LegalRequest, Lookup, Target
from entraide.requests.operations.ground import locked_by_id, save
from entraide.requests.states import LOOKUP, LookupState, LookupVerb, RequestState

PENDING = (LookupState.WAITING.value, LookupState.FAILED.value)
TAKES_ANSWERS = frozenset({RequestState.TRIAGE, RequestState.QUESTION_ASKED})
BATCH = 100

_VERB = {
    Answer.FOUND: LookupVerb.FIND,
    Answer.NOT_FOUND: LookupVerb.FIND_NOTHING,
    Answer.NOT_SEARCHABLE: LookupVerb.CANNOT_SEARCH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    target_id: UUID
    question: IdentifierQuestion | None  # None: nothing that could be asked for


def look_up(request_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Ask the exchange about every target that still waits, and note each answer.

    Raises
    ------
    Unavailable
        If the exchange did not answer; the request says so, and asking again goes on where it broke off.
    """
    while batch := _pending(request_id, actor=actor):
        reference, asked = batch
        _note_what_cannot_be_asked(request_id, asked, actor=actor, now=now)
        questions = [one for one in asked if one.question is not None]
        if not questions:
            continue
        purpose = Purpose(reference=reference, act="requests:triage:looked_up", actor=actor.key)
        try:
            answers = wiring.connector().find_accounts(
                [one.question for one in questions if one.question is not None], purpose=purpose
            )
        except (ExchangeUnavailable, Unavailable) as error:
            code = error.code if isinstance(error, ExchangeError) else "unreachable"
            note_failure(request_id, [one.target_id for one in questions], code, actor=actor, now=now)
            raise
        except Refusal as error:
            code = error.code if isinstance(error, ExchangeError) else "not_connected"
            note_failure(request_id, [one.target_id for one in questions], code, is_lasting=True, actor=actor, now=now)
            continue
        fault("requests.after_lookup")
        note_answers(
            request_id,
            [(one.target_id, answer) for one, answer in zip(questions, answers, strict=True)],
            actor=actor,
            now=now,
        )


def _pending(request_id: UUID, *, actor: Actor) -> tuple[str, list[_Asked]] | None:
    """Return the next targets to ask about, or None where there are none or the request has moved on."""
    with reading_as(actor):
        request = LegalRequest.objects.visible_to(actor).filter(pk=request_id).first()
        if request is None or RequestState(request.state) not in TAKES_ANSWERS or request.erased_at is not None:
            return None
        targets = Target.objects.filter(
            request=request, filing__version=request.version, filing__submitted_at__isnull=False,
            lookup__state__in=PENDING,
        ).order_by("n")[:BATCH]  # fmt: skip
        asked = [_Asked(target_id=target.pk, question=_question(target)) for target in targets]
        return (request.reference, asked) if asked else None


def _question(target: Target) -> IdentifierQuestion | None:
    if target.value["problem"]:
        return None
    kind = IdentifierKind(target.kind)
    if kind is IdentifierKind.IP:  # some time within the period: its middle, reaching to its ends
        half = (target.period_end - target.period_start) / 2
        return IdentifierQuestion(
            kind=kind,
            value=target.value["normalised"],
            at=target.period_start + half,
            within_s=int(half.total_seconds()) + 1,
        )
    on_chain = kind in (IdentifierKind.ADDRESS, IdentifierKind.TXID)
    return IdentifierQuestion(
        kind=kind,
        value=target.value["normalised"],
        network=target.network or None if on_chain else None,
    )


def _note_what_cannot_be_asked(request_id: UUID, asked: Sequence[_Asked], *, actor: Actor, now: datetime) -> None:
    unusable = [one.target_id for one in asked if one.question is None]
    if unusable:
        _note(request_id, [(target_id, LookupVerb.CANNOT_SEARCH, "unusable", ()) for target_id in unusable],
              actor=actor, now=now)  # fmt: skip


def note_answers(
    request_id: UUID, answers: Sequence[tuple[UUID, AccountMatch]], *, actor: Actor, now: datetime
) -> None:
    """Keep what the exchange found for these targets."""
    _note(
        request_id,
        [(target_id, _VERB[match.answer], "", (match,)) for target_id, match in answers],
        actor=actor,
        now=now,
    )


def note_failure(
    request_id: UUID, targets: Sequence[UUID], code: str, *, is_lasting: bool = False, actor: Actor, now: datetime
) -> None:
    """Keep that the exchange did not answer, or not in a way that can be used (`is_lasting`: a person must look)."""
    verb = LookupVerb.GET_STUCK if is_lasting else LookupVerb.FAIL
    _note(request_id, [(target_id, verb, code, ()) for target_id in targets], actor=actor, now=now)


_Note = tuple[UUID, LookupVerb, str, tuple[AccountMatch, ...]]


@operation
def _note(request_id: UUID, notes: Sequence[_Note], *, actor: Actor, now: datetime) -> None:
    request = locked_by_id(request_id, actor)
    if RequestState(request.state) not in TAKES_ANSWERS:
        return
    rows = {row.pk: row for row in Lookup.objects.filter(request=request, target_id__in=[note[0] for note in notes])}
    touched: list[Model] = []
    n_found = 0
    for target_id, verb, code, matches in notes:
        row = rows.get(target_id)
        if row is None or row.state not in PENDING:  # another worker was first
            continue
        row.state = LOOKUP.step(LookupState(row.state), verb).target.value
        row.code, row.answered_at, row.n_attempts = code, now, row.n_attempts + 1
        row.save(update_fields=["state", "code", "answered_at", "n_attempts"])
        touched.append(row)
        n_found += _keep_matches(request, target_id, matches, now)
    if not touched:
        return
    request.changed_at = now
    save(request)
    failed = [row for row in touched if getattr(row, "state", "") in (LookupState.FAILED, LookupState.STUCK)]
    codes = sorted({code for _target, _verb, code, _matches in notes if code})
    audit.record(
        "requests:lookup:failed" if failed else "requests:lookup:answered",
        stream_id=request.stream_id, actor=actor, now=now, subject=[request, *touched],
        payload={"n_targets": len(touched), "n_accounts": n_found, "codes": codes},
        is_shared=False,
    )  # fmt: skip


def _keep_matches(request: LegalRequest, target_id: UUID, matches: Sequence[AccountMatch], now: datetime) -> int:
    """Put what was found now in place of what was found before; return how many accounts."""
    AccountMatchRow.objects.filter(target_id=target_id).delete()
    rows = [
        AccountMatchRow(
            request=request,
            organisation_id=request.organisation_id,
            target_id=target_id,
            account={
                "account_id": account.account_id,
                "entity": account.entity,
                "status": account.status.value,
                "opened_at": moment_text(account.opened_at),
                "closed_at": moment_text(account.closed_at) if account.closed_at else None,
                "ties": [
                    {
                        "reason": tie.reason.value,
                        "count": tie.count,
                        "first_at": moment_text(tie.first_at),
                        "last_at": moment_text(tie.last_at),
                    }
                    for tie in account.ties
                ],
            },
            account_index=key_store().blind_index("account", account.account_id),
            found_at=now,
        )
        for match in matches
        for account in match.accounts
    ]
    AccountMatchRow.objects.bulk_create(rows)
    return len(rows)
