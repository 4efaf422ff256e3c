"""What may be seen of the outbox."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from entraide.outbox.models import Effect, Nature
from entraide.outbox.states import EffectState


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectView:
    """Where one effect stands."""

    id: UUID
    key: str
    order: str
    action: str
    version: int
    state: EffectState
    attempts: int
    asked_at: datetime
    finished_at: datetime | None
    last_problem: str


def effect_of(order: str, action: str) -> EffectView | None:
    """Return the newest version of an effect, or None where it was never asked for."""
    row = Effect.objects.filter(nature=Nature.EFFECT, order=order, action=action).order_by("-version").first()
    return _view(row) if row else None


def effects_of_case(case_id: UUID) -> list[EffectView]:
    """Return the effects of a case, oldest first."""
    return [_view(row) for row in Effect.objects.filter(nature=Nature.EFFECT, case_id=case_id).order_by("asked_at")]


def _view(row: Effect) -> EffectView:
    return EffectView(
        id=row.pk,
        key=row.key,
        order=row.order,
        action=row.action,
        version=row.version,
        state=EffectState(row.state),
        attempts=row.attempt,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        last_problem=row.last_problem,
    )
