"""This desk: of what kind it is, fixed when it is made, in the database and in the first entry of the log."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connections, router

from entraide.audit.models import Entry, Instance, StreamKind
from entraide.audit.queries import payload_of
from entraide.audit.recording import INSTANCE_STREAM, open_stream, record
from entraide.database import operation, reading_as
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPossible

KINDS = ("demo", "trial", "production", "exercise")
_SETUP = Actor.system("setup")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView:
    """What the desk is."""

    kind: str
    origin: str
    created_at: datetime
    demo_loaded_at: datetime | None


def create_instance(kind: str, *, now: datetime) -> InstanceView:
    """Make this desk, once: its kind, its log, and the log's first entry.

    Made again with the same kind and log it changes nothing, so that a start that was cut can be repeated.

    Raises
    ------
    NotPossible
        If it was made as another kind, or with another name of the log: kinds never mix.
    """
    if kind not in KINDS:
        raise NotPossible(f"Making a desk of kind {kind}", why="there is no such kind", do=f"One of {', '.join(KINDS)}")
    found = find_instance()
    if found is None:
        _create(kind, actor=_SETUP, now=now)
        found = instance()
    check_instance(kind)
    return found


def check_instance(kind: str) -> None:
    """Refuse to go on where the desk, by its row or by the first entry of its log, is not the one the settings say.

    Raises
    ------
    NotPossible
        If kind or log differ, or there is no desk yet.
    """
    found = instance()
    if (found.kind, found.origin) != (kind, settings.LOG_ORIGIN):
        raise NotPossible(
            f"Starting as {kind} with the log {settings.LOG_ORIGIN}",
            why=f"this database holds a desk of kind {found.kind} with the log {found.origin}, fixed when it was made",
            do="Start it as what it is, or use another data directory",
        )
    made = _kind_in_log()
    if made != kind:
        raise NotPossible(
            f"Starting as {kind}",
            why=f"the first entry of the log says that this desk was made as {made}",
            do="Start it as what it is, and tell the auditor that its row was changed",
        )


def _kind_in_log() -> str:
    with reading_as(_SETUP):
        first = Entry.objects.get(stream_id=INSTANCE_STREAM, n=1)
        return str(payload_of(first.pk)["kind"])


def find_instance() -> InstanceView | None:
    """Return the desk, or None while it is not made; inside a door or, where none is open, through one of its own."""
    if connections[router.db_for_read(Instance)].in_atomic_block:
        return _find()
    with reading_as(_SETUP):
        return _find()


def _find() -> InstanceView | None:
    row = Instance.objects.first()
    if row is None:
        return None
    return InstanceView(
        kind=row.kind, origin=row.log_origin, created_at=row.created_at, demo_loaded_at=row.demo_loaded_at
    )


def instance() -> InstanceView:
    """Return the desk; raises `NotPossible` while it is not made."""
    found = find_instance()
    if found is None:
        raise NotPossible(
            "Starting the desk", why="it has not been made yet", do="Run ./entraide up or ./entraide demo"
        )
    return found


def note_demo_loaded(*, now: datetime) -> None:
    """Write down when the demo was loaded."""
    _note_demo_loaded(actor=_SETUP, now=now)


@operation
def _create(kind: str, *, actor: Actor, now: datetime) -> None:
    row = Instance.objects.create(kind=kind, log_origin=settings.LOG_ORIGIN, created_at=now)
    open_stream(StreamKind.INSTANCE, organisation_id=None, case_id=None, now=now)
    payload = {"kind": kind, "log": settings.LOG_ORIGIN, "origin": settings.ORIGIN}
    record("audit:instance:created", stream_id=INSTANCE_STREAM, actor=actor, now=now, subject=row, payload=payload)


@operation
def _note_demo_loaded(*, actor: Actor, now: datetime) -> None:
    row = Instance.objects.get(pk=1)
    row.demo_loaded_at = now
    row.save(update_fields=["demo_loaded_at"])
    record("audit:demo:loaded", stream_id=INSTANCE_STREAM, actor=actor, now=now, subject=row)
