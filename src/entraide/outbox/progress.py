"""How far long work has come: told to the page while it runs, and kept so that a killed worker's successor goes on."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from entraide.database.doors import alias_of
from entraide.kernel.actors import Actor
from entraide.kernel.ids import uuid7
from entraide.outbox.models import Progress as ProgressRow

REPORT_EVERY_S = 0.5
_WORKER = Actor.system("worker")


class Cancelled(Exception):
    """Somebody asked for the work to be cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """How far one piece of work has come; `state` is running, finished, failed or cancelled."""

    work: str
    subject_id: UUID
    state: str
    done: int
    total: int | None
    note: str
    is_cancel_asked: bool
    started_at: datetime
    updated_at: datetime

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1; None where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None


class Progress:
    """The worker's hand on one piece of work.

    Reports go through a connection of their own that commits by itself, at most one in half a second: what the page
    sees does not wait for the work's transactions, and outlives them.

    Parameters
    ----------
    work : str
        A code, ``disclosure:package``.
    subject_id : UUID
        What is worked on; one row for each work and subject, taken up again where an earlier run left it.
    """

    def __init__(self, work: str, *, subject_id: UUID, organisation_id: UUID | None) -> None:
        self._work, self._subject = work, subject_id
        self._last_report = 0.0
        self._is_cancel_asked = False
        self._connection: BaseDatabaseWrapper | None = None
        row = self._execute(
            "INSERT INTO outbox_progress (id, work, subject_id, organisation_id, state, done, note, is_cancel_asked) "
            "VALUES (%s, %s, %s, %s, 'running', 0, '', false) "
            "ON CONFLICT (work, subject_id) DO UPDATE SET state = 'running', is_cancel_asked = "
            "outbox_progress.is_cancel_asked AND outbox_progress.state = 'running', updated_at = clock_timestamp() "
            "RETURNING cursor, done, is_cancel_asked",
            [uuid7(), work, subject_id, organisation_id],
        )
        stored, self.done, self._is_cancel_asked = row
        self.cursor: Any = json.loads(stored) if isinstance(stored, str) else stored

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self._end("finished", "")
        elif issubclass(kind, Cancelled):
            self._end("cancelled", "")
        else:
            self._end("failed", kind.__name__)
        self.close()

    def report(
        self, done: int, total: int | None = None, note: str = "", *, cursor: Mapping[str, Any] | None = None
    ) -> None:
        """Tell how far the work has come; what comes too soon is dropped unless it carries a cursor.

        Parameters
        ----------
        note : str
            A code or short word for the page, never personal data.
        cursor : Mapping, optional
            Where to go on after a kill; write it only when everything before it is safe on disk.
        """
        moment = time.monotonic()
        if cursor is None and moment - self._last_report < REPORT_EVERY_S:
            return
        self._last_report, self.done = moment, done
        if cursor is not None:
            self.cursor = dict(cursor)
        row = self._execute(
            "UPDATE outbox_progress SET done = %s, total = coalesce(%s, total), note = %s, "
            "cursor = coalesce(%s::jsonb, cursor), updated_at = clock_timestamp() "
            "WHERE work = %s AND subject_id = %s RETURNING is_cancel_asked",
            [done, total, note, None if cursor is None else json.dumps(cursor), self._work, self._subject],
        )
        self._is_cancel_asked = bool(row[0])

    def check(self) -> None:
        """Raise `Cancelled` where the work is to stop."""
        if self._is_cancel_asked:
            raise Cancelled(self._work)

    def close(self) -> None:
        """Close the connection; the row stays."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end(self, state: str, note: str) -> None:
        self._execute(
            "UPDATE outbox_progress SET state = %s, note = CASE WHEN %s = '' THEN note ELSE %s END, cursor = "
            "CASE WHEN %s = 'finished' THEN NULL ELSE cursor END, updated_at = clock_timestamp() "
            "WHERE work = %s AND subject_id = %s RETURNING id",
            [state, note, note, state, self._work, self._subject],
        )

    def _execute(self, statement: str, values: list[Any]) -> tuple[Any, ...]:
        if self._connection is None:
            self._connection = connections.create_connection(alias_of(_WORKER))
            self._connection.ensure_connection()
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT set_config('entraide.actor', 'system:worker', false)")
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return tuple(cursor.fetchone())


def progress_of(work: str, subject_id: UUID) -> ProgressView | None:
    """Return how far work has come, or None where it has not begun.  Use inside a door."""
    row = ProgressRow.objects.filter(work=work, subject_id=subject_id).first()
    if row is None:
        return None
    return ProgressView(
        work=row.work,
        subject_id=row.subject_id,
        state=row.state,
        done=row.done,
        total=row.total,
        note=row.note,
        is_cancel_asked=row.is_cancel_asked,
        started_at=row.started_at,
        updated_at=row.updated_at,
    )


def ask_to_cancel(work: str, subject_id: UUID) -> bool:
    """Ask running work to stop, inside the caller's operation; return whether there was any."""
    rows = ProgressRow.objects.filter(work=work, subject_id=subject_id, state="running")
    return rows.update(is_cancel_asked=True) > 0
