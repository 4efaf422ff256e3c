"""Writing to the log, inside the transaction of the act: no entry, no act."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, models, router, transaction

from entraide.audit import events
from entraide.audit.models import Entry as EntryRow
from entraide.audit.models import Stream, StreamKind
from entraide.audit.place import LOG_KEY
from entraide.database import key_store, operation
from entraide.database.postgresql.base import DatabaseWrapper, Statement
from entraide.evidence.leaves import new_salt
from entraide.kernel.actors import Actor, Face
from entraide.kernel.canonical import canonical
from entraide.kernel.clock import iso_ms, unix_ms
from entraide.kernel.errors import NotPossible, Unavailable
from entraide.kernel.faults import fault
from entraide.kernel.ids import uuid7
from entraide.kernel.sealing import DataKey, FileKeyStore

INSTANCE_STREAM = UUID("0197e000-0000-7000-8000-000000000001")

READING_WINDOW_MS = 300_000

# The head moves first: its row is locked and its newest version read by that, even where another act was waited for.
# The leaf is put together from what was sealed and from the place that is free; the texts hold visible ASCII without
# quote or backslash only, for which writing the members in order *is* the canonical form (RFC 8785) of a leaf.
# Without a head that this actor may move, the entry has no place, and its row is refused for that.
_LEAF = """convert_to($6 || {n} || $7 || coalesce('"' || encode({previous}, 'hex') || '"', 'null')
    || ',"stream":"' || handle || $8, 'UTF8')"""
_APPEND_SQL = """
WITH head AS (
    UPDATE audit_stream
    SET head_n = head_n + 1, previous_hash = head_hash, head_hash = sha256('\\x00'::bytea || {next_leaf})
    WHERE id = $2 RETURNING handle, head_n, previous_hash, head_hash
), payload AS (
    INSERT INTO audit_entrypayload (entry_id, organisation_id, key_owner_id, is_shared, sealed)
    VALUES ($1, $3, $10, $11, $12)
), actor AS (
    INSERT INTO audit_entryactor (entry_id, organisation_id, face, sealed) VALUES ($1, $3, $13, $14)
)
INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects)
SELECT $1, $2, $3, head_n, $4, $5, {leaf}, head_hash, $9 FROM (SELECT) AS always LEFT JOIN head ON true
""".format(  # noqa: S608  # constants; RETURNING shows the row as it is now, hence the leaf in both its forms
    next_leaf=_LEAF.format(n="head_n + 1", previous="head_hash"),
    leaf=_LEAF.format(n="head_n", previous="previous_hash"),
).encode()
_UUID, _TEXT, _TEXTS, _BYTES, _TIME, _BOOL = 2950, 25, 1009, 17, 1184, 16
_WHOSE = Statement(b"log_whose", b"SELECT organisation_id, case_id FROM audit_stream WHERE id = $1", (_UUID,), (1,))
_APPEND = Statement(
    b"log_append",
    _APPEND_SQL,
    (_UUID, _UUID, _UUID, _TIME, _TEXT, _TEXT, _TEXT, _TEXT, _TEXTS, _UUID, _BOOL, _BYTES, _TEXT, _BYTES),
    (1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1),  # all binary but the array
)
_INT8 = Struct(">q")
_BOOLS = (b"\x00", b"\x01")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts time from here
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry that is written when the operation commits, which gives it its place in the stream and its hash."""

    id: UUID
    stream_id: UUID
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
    key_store().create(_key_owner(organisation_id, case_id))
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
    """Write one entry with the commit of the caller's operation; what it is about cannot be committed without it.

    It goes out in one message with the commit, so the stream's head is locked for no longer than PostgreSQL takes to
    write both, and other acts of the same case hardly wait.  Entries of one operation keep their order.

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
    entry_id = uuid7()
    owner, organisation_id = _whose(stream_id, connection.alias, actor.organisation_id)
    shared = actor.face is Face.AGENCY if is_shared is None else is_shared
    place = payload_place(entry_id, organisation_id, is_shared=shared)
    payload_part = _seal_payload(place, owner, payload or {})
    actor_part = _seal_actor(entry_id, actor)
    connection.write_with_commit(
        _APPEND,
        [
            entry_id.bytes,
            stream_id.bytes,
            organisation_id.bytes if organisation_id else None,
            _INT8.pack((now - _EPOCH) // _MICROSECOND),
            kind.encode(),
            *_leaf_around(kind, actor_part, payload_part, act_hash, now),
            _array(_subjects(subject)),
            payload_part.owner.bytes,
            _BOOLS[shared],
            payload_part.sealed,
            actor.face.value.encode(),
            actor_part.sealed,
        ],
    )
    fault("audit.entry_ready")
    return Entry(id=entry_id, stream_id=stream_id, at=now)


def _leaf_around(
    kind: str, actor: "_SealedPart", payload: "_SealedPart", act_hash: bytes | None, now: datetime
) -> tuple[bytes, bytes, bytes]:
    """Return the leaf in three pieces: before its place in the stream, before the entry it names, and after both."""
    act = f'"{act_hash.hex()}"' if act_hash else "null"
    return (
        f'{{"act":{act},"actor":"{actor.commitment}","kind":"{kind}","log":"{settings.LOG_ORIGIN}","n":'.encode(),
        f',"payload":"{payload.commitment}","prev":'.encode(),
        f'","t":"{iso_ms(now)}","v":1}}'.encode(),
    )


@lru_cache(maxsize=4096)
def _whose(stream_id: UUID, alias: str, tenant: UUID | None) -> tuple[UUID, UUID | None]:
    """Return the owner of the key that seals a stream's payloads, and its organisation; neither ever changes.

    Kept from earlier acts of the same role and tenant, which are all that decides whether there is such a stream here.
    """
    result = _check_inside_operation().ask(_WHOSE, [stream_id.bytes])
    if not result.ntuples:
        raise NotPossible("Writing to the log", why="there is no such stream here", do="Open it first")
    organisation_id, case_id = (_uuid(result.get_value(0, column)) for column in range(2))
    return _key_owner(organisation_id, case_id), organisation_id


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


def _check_inside_operation() -> DatabaseWrapper:
    connection = cast(DatabaseWrapper, connections[_alias()])
    if not connection.in_atomic_block:
        raise RuntimeError("the log is written inside an operation only")
    return connection


def _alias() -> str:
    return router.db_for_write(EntryRow)


def _key_owner(organisation_id: UUID | None, case_id: UUID | None) -> UUID:
    """Return whose key seals the payloads of a stream."""
    return case_id or organisation_id or LOG_KEY


def _subjects(subject: models.Model | Iterable[models.Model] | None) -> list[str]:
    if subject is None:
        return []
    return [str(subject.pk)] if isinstance(subject, models.Model) else [str(item.pk) for item in subject]


class _SealedPart(NamedTuple):
    """Salt and document, sealed; whose key sealed them; and the commitment to them (hex) that the leaf carries."""

    owner: UUID
    sealed: bytes
    commitment: str


def _seal_payload(place: str, owner: UUID, payload: Mapping[str, Any]) -> _SealedPart:
    salted = new_salt() + canonical(dict(payload))
    try:
        key = key_store().create(owner)
    except NotPossible:  # the case was erased; what is entered about it from now on lives as long as the log
        owner, key = LOG_KEY, _log_key(key_store())
    sealed = key.seal(salted, place=place)
    return _SealedPart(owner, sealed, hashlib.sha256(salted).hexdigest())


def _seal_actor(entry_id: UUID, actor: Actor) -> _SealedPart:
    salted = new_salt() + _actor_bytes(actor)
    sealed = _log_key(key_store()).seal(salted, place=actor_place(entry_id, actor.face.value))
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


def payload_place(entry_id: UUID, organisation_id: UUID | None, *, is_shared: bool) -> str:
    """Return the place a payload is sealed for: one that is shown to an agency later does not open."""
    return f"audit.entrypayload:{entry_id}:sealed:{organisation_id}:{'shared' if is_shared else 'own'}"


def actor_place(entry_id: UUID, face: str) -> str:
    """Return the place an actor is sealed for: one that is shown to an agency later does not open."""
    return f"audit.entryactor:{entry_id}:sealed:{face}"
