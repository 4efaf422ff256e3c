"""Putting something into the outbox, inside the transaction of the fact that causes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, router
from procrastinate.contrib.django import django_connector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from entraide.kernel.ids import uuid7
from entraide.outbox import registry
from entraide.outbox.models import Effect as EffectRow
from entraide.outbox.models import Nature


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What is to be done outside.

    Parameters
    ----------
    order : str
        Reference of what was decided; with `action` and `version` it is the key the other side honours.
    version : int
        Rises with every change of the order; an older version is never sent after a newer one was asked for.
    request : Mapping
        The exact request; JSON values only, sealed with the key of the case.
    act_hash : bytes or None
        Hash of the signed act it rests on.
    """

    order: str
    action: str
    version: int
    request: Mapping[str, Any]
    act_hash: bytes | None
    case_id: UUID | None
    organisation_id: UUID | None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"{self.order}/{self.action}/{self.version}"


def ask(effect: Effect, *, now: datetime) -> UUID:
    """Ask for `effect` inside the caller's operation; the worker does it after the commit.

    Raises
    ------
    django.db.IntegrityError
        If this version of this order was asked for before: one order, one effect.
    """
    _check_inside_operation()
    row = EffectRow(
        nature=Nature.EFFECT,
        key=effect.key,
        order=effect.order,
        action=effect.action,
        version=effect.version,
        organisation_id=effect.organisation_id,
        case_id=effect.case_id,
        request=dict(effect.request),
        act_hash=effect.act_hash,
        asked_at=now,
    )
    row.save(force_insert=True)
    return row.id


def announce(
    kind: str, *, subject_id: UUID | None, organisation_id: UUID | None, case_id: UUID | None, now: datetime
) -> None:
    """Tell whoever has a reaction to news of `kind`, after the caller's operation has committed."""
    _check_inside_operation()
    news_id = uuid7()
    EffectRow(
        id=news_id,
        nature=Nature.NEWS,
        key=f"news/{news_id}",
        order=str(subject_id or ""),
        action=kind,
        organisation_id=organisation_id,
        case_id=case_id,
        subject_id=subject_id,
        asked_at=now,
    ).save(force_insert=True)


def later(job: str, **identifiers: str | int | None) -> None:
    """Queue the job of that name inside the caller's operation: a rollback takes the job with it.

    By name, as effects are asked for: jobs stand above the operations that queue them.

    Not for the agency's face, whose database role may not see the queue: announce news, and let a reaction queue it.
    """
    alias = _check_inside_operation()
    if connections[alias].settings_dict["USER"].endswith("_agency"):
        raise RuntimeError("the agency's face announces news; a reaction queues the job")
    # A task's own `defer`, and an app's that knows the task, always speak through the alias `default`, which is another
    # transaction than ours wherever a process has several roles.
    task = registry.job(job)
    configure_task(
        name=task.name,
        job_manager=JobManager(django_connector.DjangoConnector(alias=alias)),
        queue=task.queue,
        lock=task.lock,
        queueing_lock=task.queueing_lock,
    ).defer(**identifiers)


def _check_inside_operation() -> str:
    alias = router.db_for_write(EffectRow)
    if not connections[alias].in_atomic_block:
        raise RuntimeError("the outbox is written inside an operation only")
    return str(alias)
