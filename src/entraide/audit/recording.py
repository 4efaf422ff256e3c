"""Writing to the log, inside the transaction of the act: no entry, no act."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from struct import Struct
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, models, router, transaction
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

from entraide.audit import events
from entraide.audit.models import Entry as EntryRow
from entraide.audit.models import Stream, StreamKind
from entraide.database import key_store, operation
from entraide.evidence.leaves import new_salt
from entraide.kernel.actors import Actor, Face
from entraide.kernel.canonical import canonical
from entraide.kernel.clock import iso_ms, unix_ms
from entraide.kernel.errors import NotPossible, Unavailable
from entraide.kernel.faults import fault
from entraide.kernel.ids import uuid7
from entraide.kernel.sealing import DataKey, FileKeyStore

INSTANCE_STREAM = UUID("0197e000-0000-7000-8000-000000000001")
LOG_KEY = UUID("0197e000-0000-7000-8000-00000000000a")
"""Owner of the key for what outlives every case: who acted, and what is about no case and no organisation."""

READING_WINDOW_MS = 300_000

_HEAD = b"SELECT handle, kind, organisation_id, case_id, head_n, head_hash FROM audit_stream WHERE id = $1 FOR UPDATE"
_APPEND = b"""
WITH entry AS (
    INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
), payload AS (
    INSERT INTO audit_entrypayload (entry_id, organisation_id, key_owner_id, is_shared, sealed)
    VALUES ($1, $3, $10, $12, $11)
), actor AS (
    INSERT INTO audit_entryactor (entry_id, organisation_id, face, sealed) VALUES ($1, $3, $13, $14)
)
UPDATE audit_stream SET head_n = $4, head_hash = $8 WHERE id = $2 AND head_n = $4 - 1 RETURNING 1
"""
_UUID, _TEXT, _TEXTS, _BYTES, _INT, _TIME, _BOOL = 2950, 25, 1009, 17, 20, 1184, 16
_STATEMENTS = {
    _HEAD: (b"log_head", [_UUID]),
    _APPEND: (
        b"log_append",
        [_UUID, _UUID, _UUID, _INT, _TIME, _TEXT, _BYTES, _BYTES, _TEXTS, _UUID, _BYTES, _BOOL, _TEXT, _BYTES],
    ),
}
_INT8 = Struct(">q")
_BOOLS = (b"\x00", b"\x01")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts time from here
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it was just written: identifier, stream (and its random handle), place in it, leaf hash, time."""

    id: UUID
    stream_id: UUID
    stream: str
    n: int
    leaf_hash: bytes
    at: datetime


def instance_stream() -> UUID:
    """Return the stream of the desk itself."""
    return INSTANCE_STREAM


def open_stream(kind: StreamKind, *, organisation_id: UUID | None, case_id: UUID | None, now: datetime) -> UUID:
    """Open the stream of a case or organisation inside the caller's operation, and return its identifier.

    The key that its payloads are sealed with is made now: the one of the case, or the organisation's own.
    """
    _check_inside_operation()
    stream = Stream(
        id=INSTANCE_STREAM if kind == StreamKind.INSTANCE else uuid7(),
        handle=secrets.token_hex(16),
        kind=kind,
        organisation_id=organisation_id,
        case_id=case_id,
        opened_at=now,
    )
    key_store().create(_key_owner(kind, organisation_id, case_id))
    stream.save(force_insert=True)
    return stream.id


def record(
    kind: str,
    *,
    stream_id: UUID,
    actor: Actor,
    now: datetime,
    subject: models.Model | Iterable[models.Model] | None = None,
    payload: Mapping[str, Any] | None = None,
    act_hash: bytes | None = None,
    is_shared: bool | None = None,
) -> Entry:
    """Write one entry inside the caller's operation; what it is about cannot be committed without it.

    Call it last: from here to the commit the stream's head is locked and every other act of the same case waits.

    Parameters
    ----------
    kind : str
        A registered kind, ``requests:request:filed``.
    subject : Model or Iterable[Model], optional
        The row or rows this entry vouches for (see `database.schema.entry_required`).
    payload : Mapping, optional
        What happened in detail; JSON values only.  Sealed with the key of the case.
    act_hash : bytes, optional
        Hash of the act that was shown and signed.
    is_shared : bool, optional
        Whether the agency of the stream may read the payload; absent: what an agency's people wrote themselves.

    Raises
    ------
    ValueError
        If no room explained this kind.
    NotPossible
        If there is no such stream for this actor.
    """
    if not events.is_registered(kind):
        raise ValueError(f"no room explains {kind}: list it in the room's events.py")
    connection = _check_inside_operation()
    fault("audit.before_entry")
    head = _lock_head(connection, stream_id)
    entry_id, n = uuid7(), head.n + 1
    payload_part = _seal_payload(
        entry_id, _key_owner(head.kind, head.organisation_id, head.case_id), head.organisation_id, payload or {}
    )
    actor_part = _seal_actor(entry_id, actor)
    leaf = leaf_bytes(
        log=settings.LOG_ORIGIN,
        t=iso_ms(now),
        kind=kind,
        stream=head.handle,
        n=n,
        prev=head.hash.hex() if head.n else None,
        actor=actor_part.commitment,
        payload=payload_part.commitment,
        act=act_hash.hex() if act_hash else None,
    )
    entry = Entry(id=entry_id, stream_id=stream_id, stream=head.handle, n=n, leaf_hash=_leaf_hash(leaf), at=now)
    _append(
        connection,
        [
            *_entry_columns(entry, head.organisation_id, now, kind, leaf, _subjects(subject)),
            payload_part.owner.bytes,
            payload_part.sealed,
            _BOOLS[actor.face is Face.AGENCY if is_shared is None else is_shared],
            actor.face.value.encode(),
            actor_part.sealed,
        ],
    )
    fault("audit.after_entry")
    return entry


def _entry_columns(
    entry: Entry, organisation_id: UUID | None, now: datetime, kind: str, leaf: bytes, subjects: list[str]
) -> list[bytes | None]:
    """Return the first nine values of `_APPEND`, in PostgreSQL's binary form."""
    return [
        entry.id.bytes,
        entry.stream_id.bytes,
        organisation_id.bytes if organisation_id else None,
        _INT8.pack(entry.n),
        _INT8.pack((now - _EPOCH) // _MICROSECOND),
        kind.encode(),
        leaf,
        entry.leaf_hash,
        _array(subjects),
    ]


def _leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes, as RFC 9162 has it."""
    return hashlib.sha256(b"\x00" + leaf).digest()


class _Head(NamedTuple):
    """A stream as it stands under its lock: whose it is, and its last entry."""

    handle: str
    kind: str
    organisation_id: UUID | None
    case_id: UUID | None
    n: int
    hash: bytes


def _lock_head(connection: Any, stream_id: UUID) -> _Head:
    """Lock the head of a stream until the commit, and return it."""
    result = _execute(connection, _HEAD, [stream_id.bytes])
    if not result.ntuples:
        raise NotPossible("Writing to the log", why="there is no such stream here", do="Open it first")
    (n,) = _INT8.unpack(result.get_value(0, 4))
    return _Head(
        handle=result.get_value(0, 0).decode(),
        kind=result.get_value(0, 1).decode(),
        organisation_id=_uuid(result.get_value(0, 2)),
        case_id=_uuid(result.get_value(0, 3)),
        n=n,
        hash=result.get_value(0, 5),
    )


def _append(connection: Any, row: list[bytes | None]) -> None:
    """Write entry, payload and actor, and move the head, in one statement."""
    if _execute(connection, _APPEND, row).ntuples != 1:
        raise RuntimeError("the head of the stream is not where it was when it was locked")


def leaf_bytes(
    *,
    log: str,
    t: str,
    kind: str,
    stream: str,
    n: int,
    prev: str | None,
    actor: str,
    payload: str,
    act: str | None,
) -> bytes:
    """Return the canonical form of a leaf, as `evidence.leaves.Leaf` has it, at a tenth of the time.

    Every value comes from here, a registered kind or the settings: visible ASCII without quote or backslash, for which
    writing the members in order *is* the canonical form.
    """
    return (
        f'{{"act":{_hex(act)},"actor":"{actor}","kind":"{kind}","log":"{log}","n":{n},"payload":"{payload}",'
        f'"prev":{_hex(prev)},"stream":"{stream}","t":"{t}","v":1}}'
    ).encode("ascii")


def _hex(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


def _execute(connection: Any, statement: bytes, values: list[bytes | None]) -> Any:
    """Run one of the two statements of the log, prepared, and return libpq's result.

    Straight through libpq, because every act waits here and the layers above cost more than the database: a cursor of
    Django's, and one of psycopg's, would take as long as everything else in `record` together.  Wrappers see the
    statement like any other.
    """
    execute = partial(_execute_raw, connection)
    for wrapper in reversed(connection.execute_wrappers):
        execute = partial(wrapper, execute)
    return execute(statement, values, False, {"connection": connection, "cursor": None})


def _execute_raw(connection: Any, statement: bytes, values: list[bytes | None], many: bool, context: Any) -> Any:
    raw = connection.connection
    pgconn = raw.pgconn
    with connection.wrap_database_errors:
        if pgconn.transaction_status == TransactionStatus.IDLE:
            raw.execute("SELECT 1")  # begins the transaction that Django believes to be in
        name, types = _STATEMENTS[statement]
        prepared = raw.__dict__.setdefault("log_statements", set())
        if name not in prepared:
            _checked(pgconn.prepare(name, statement, types))
            prepared.add(name)
        return _checked(pgconn.exec_prepared(name, values, _FORMATS[len(values)], 1))


_FORMATS = {1: [1], 14: [1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]}  # all binary but the array


def _checked(result: Any) -> Any:
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise error_from_result(result, "utf-8")
    return result


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=bytes(value))


def _array(words: list[str]) -> bytes:
    """Return PostgreSQL's text form of an array."""
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return ("{" + ",".join(f'"{word}"' for word in quoted) + "}").encode()


def record_reading(what: str, *, stream_id: UUID, actor: Actor, purpose: str, now: datetime) -> None:
    """Enter in the log that `actor` reads personal data, before it is shown.

    One entry for each person, stream, purpose and `what` in five minutes.  Called outside of a door it is an
    operation of its own; inside an operation it belongs to that.  Inside `reading_as` nothing can be written:
    record first, then read.  When it raises, show nothing.

    Raises
    ------
    Unavailable
        If the log cannot be written, for whatever reason.
    """
    try:
        if transaction.get_connection(_alias()).in_atomic_block:
            _note_reading(what, stream_id, actor, purpose, now)
        else:
            _note_reading_alone(what, stream_id, actor=actor, purpose=purpose, now=now)
    except DatabaseError as error:
        raise Unavailable(
            "Reading the case", why="the log cannot be written, and nothing is shown unlogged", do="Try again later"
        ) from error


@operation
def _note_reading_alone(what: str, stream_id: UUID, *, actor: Actor, purpose: str, now: datetime) -> None:
    _note_reading(what, stream_id, actor, purpose, now)


def _note_reading(what: str, stream_id: UUID, actor: Actor, purpose: str, now: datetime) -> None:
    mark = key_store().blind_index("reading", f"{actor.key}\n{stream_id}\n{what}\n{purpose}")
    tenant = actor.organisation_id if actor.face is Face.AGENCY else None
    with connections[_alias()].cursor() as cursor:
        cursor.execute(
            'INSERT INTO audit_reading (id, mark, "window", organisation_id) VALUES (%s, %s, %s, %s) '
            "ON CONFLICT DO NOTHING",
            [uuid7(), mark, unix_ms(now) // READING_WINDOW_MS, tenant],
        )
        is_first = cursor.rowcount == 1
    if is_first:
        payload = {"what": what, "purpose": purpose}
        record("audit:data:read", stream_id=stream_id, actor=actor, now=now, payload=payload)


def _check_inside_operation() -> Any:
    connection = connections[_alias()]
    if not connection.in_atomic_block:
        raise RuntimeError("the log is written inside an operation only")
    return connection


def _alias() -> str:
    return router.db_for_write(EntryRow)


def _key_owner(kind: str, organisation_id: UUID | None, case_id: UUID | None) -> UUID:
    """Return whose key seals the payloads of a stream."""
    return case_id or organisation_id or LOG_KEY


def _subjects(subject: models.Model | Iterable[models.Model] | None) -> list[str]:
    if subject is None:
        return []
    return [str(subject.pk)] if isinstance(subject, models.Model) else [str(item.pk) for item in subject]


class _SealedPart(NamedTuple):
    """Salt and document, sealed; whose key sealed them; and the commitment to them that the leaf carries."""

    owner: UUID
    sealed: bytes
    commitment: str


def _seal_payload(entry_id: UUID, owner: UUID, organisation_id: UUID | None, payload: Mapping[str, Any]) -> _SealedPart:
    salted = new_salt() + canonical(dict(payload))
    try:
        key = key_store().create(owner)
    except NotPossible:  # the case was erased; what is entered about it from now on lives as long as the log
        owner, key = LOG_KEY, _log_key(key_store())
    sealed = key.seal(salted, place=payload_place(entry_id, organisation_id))
    return _SealedPart(owner, sealed, hashlib.sha256(salted).hexdigest())


def _seal_actor(entry_id: UUID, actor: Actor) -> _SealedPart:
    salted = new_salt() + _actor_bytes(actor)
    sealed = _log_key(key_store()).seal(salted, place=actor_place(entry_id))
    return _SealedPart(LOG_KEY, sealed, hashlib.sha256(salted).hexdigest())


@lru_cache(maxsize=4)
def _log_key(store: FileKeyStore) -> DataKey:
    """Return the log's own key; the one key that may be kept in memory, because it is never destroyed."""
    return store.create(LOG_KEY)


@lru_cache(maxsize=1024)
def _actor_bytes(actor: Actor) -> bytes:
    return canonical(actor_document(actor))


def actor_document(actor: Actor) -> dict[str, Any]:
    """Return what the log keeps of who acted."""
    return {
        "key": actor.key,
        "name": actor.name,
        "face": actor.face.value,
        "roles": sorted(role.value for role in actor.roles),
        "organisation": str(actor.organisation_id) if actor.organisation_id else None,
        "sign_in": str(actor.sign_in_id) if actor.sign_in_id else None,
    }


def payload_place(entry_id: UUID, organisation_id: UUID | None) -> str:
    """Return the place a payload is sealed for."""
    return f"audit.entrypayload:{entry_id}:sealed:{organisation_id}"


def actor_place(entry_id: UUID) -> str:
    """Return the place an actor is sealed for."""
    return f"audit.entryactor:{entry_id}:sealed:"
