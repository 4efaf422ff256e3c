"""Reading the log: entries as values, payloads checked against what the leaf committed to."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from entraide.audit.events import sentence_of
from entraide.audit.models import Entry as EntryRow
from entraide.audit.models import EntryActor, EntryPayload, Position, Stream
from entraide.audit.place import LOG_KEY
from entraide.audit.recording import actor_place, payload_place
from entraide.database import key_store
from entraide.evidence.leaves import Leaf
from entraide.kernel.errors import NotFound, NotPossible, Text
from entraide.kernel.sealing import SealBroken


class Erased(NotPossible):
    """The key was destroyed: the content is gone for good and the entry still stands in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry for a page or an export.

    `position` is its place in the whole tree, None while the sequencer has not been there.  `actor` is None where the
    reader may not know who acted; `payload` is None where he may not read it, or where it was erased (`is_erased`).
    """

    id: UUID
    stream_id: UUID
    n: int
    at: datetime
    kind: str
    sentence: Text
    leaf: bytes
    leaf_hash: bytes
    act_hash: str | None
    position: int | None
    actor: Mapping[str, Any] | None
    payload: Mapping[str, Any] | None
    is_erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamView:
    """A stream: its random handle, and how many entries it has with the hash of the last."""

    id: UUID
    handle: str
    kind: str
    organisation_id: UUID | None
    case_id: UUID | None
    head_n: int
    head_hash: bytes | None


def stream(stream_id: UUID) -> StreamView:
    """Return one stream; raises `NotFound` where the reader has none of that name.  Use inside a door."""
    return _stream_view(Stream.objects.filter(pk=stream_id).first(), str(stream_id))


def lock_stream(stream_id: UUID) -> StreamView:
    """Lock a stream's head until the caller's operation ends, so that what is recorded next has the place n + 1."""
    return _stream_view(Stream.objects.select_for_update().filter(pk=stream_id).first(), str(stream_id))


def stream_of_case(case_id: UUID) -> StreamView:
    """Return the stream of a case."""
    return _stream_view(Stream.objects.filter(kind="case", case_id=case_id).first(), f"case {case_id}")


def stream_of_organisation(organisation_id: UUID) -> StreamView:
    """Return the stream of an organisation."""
    row = Stream.objects.filter(kind="organisation", organisation_id=organisation_id).first()
    return _stream_view(row, f"organisation {organisation_id}")


def leaves_of(stream_id: UUID, *, up_to: int | None = None) -> Iterator[bytes]:
    """Yield the canonical leaves 1..n of a stream, in order and in constant memory.  Use inside a door."""
    rows = EntryRow.objects.filter(stream_id=stream_id).order_by("n").values_list("leaf", flat=True)
    if up_to is not None:
        rows = rows.filter(n__lte=up_to)
    return (bytes(leaf) for leaf in rows.iterator(chunk_size=1000))


def entries_of(stream_id: UUID, *, newest_first: bool = False, kinds: Sequence[str] | None = None) -> list[EntryView]:
    """Return the entries of a stream, or those of some kinds, with what the reader may see of actors and payloads."""
    rows = EntryRow.objects.filter(stream_id=stream_id).select_related("position", "payload", "actor")
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return [_view(row) for row in rows.order_by("-n" if newest_first else "n")]


def entries_about(subject_id: UUID, *, stream_id: UUID, kind: str) -> list[UUID]:
    """Return the entries of a kind that vouch for a row, in order."""
    rows = EntryRow.objects.filter(stream_id=stream_id, kind=kind, subjects__contains=[str(subject_id)])
    return list(rows.order_by("n").values_list("pk", flat=True))


def first_of_kind(kind: str, count: int) -> list[EntryView]:
    """Return the first entries of a kind in the whole log, by the places that the sequencer gave them."""
    places = Position.objects.filter(entry__kind=kind).order_by("position").values_list("entry_id", flat=True)[:count]
    found = entries_by_ids(list(places))
    return [found[entry_id] for entry_id in places if entry_id in found]


def entry(entry_id: UUID) -> EntryView:
    """Return one entry; raises `NotFound`."""
    row = EntryRow.objects.select_related("position", "payload", "actor").filter(pk=entry_id).first()
    if row is None:
        raise _no_entry(entry_id)
    return _view(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """An entry as a receipt names it: its stream's random handle, its place there, its leaf hash, and when."""

    stream: str
    n: int
    leaf_hash: bytes
    at: datetime


def entered(entry_id: UUID) -> Entered:
    """Return what the receipt of an entry names; raises `NotFound`.  Use inside a door."""
    row = EntryRow.objects.select_related("stream").filter(pk=entry_id).first()
    if row is None:
        raise _no_entry(entry_id)
    return Entered(stream=row.stream.handle, n=row.n, leaf_hash=bytes(row.leaf_hash), at=row.at)


def entries_by_ids(entry_ids: Iterable[UUID]) -> dict[UUID, EntryView]:
    """Return several entries by identifier; those the reader may not see are missing."""
    rows = EntryRow.objects.select_related("position", "payload", "actor").filter(pk__in=list(entry_ids))
    return {row.pk: _view(row) for row in rows}


def payload_of(entry_id: UUID) -> dict[str, Any]:
    """Return what an entry says, after checking that it is what the leaf committed to.

    Raises
    ------
    NotFound
        If the reader has no such entry, or may not read its payload.
    Erased
        If the key it was sealed with was destroyed.
    SealBroken
        If the payload is not the one that was entered.
    """
    document: dict[str, Any] = json.loads(salted_payload_of(entry_id)[1])
    return document


def salted_payload_of(entry_id: UUID) -> tuple[bytes, bytes]:
    """Return salt and canonical document of an entry's payload: with the leaf, what an outsider needs to check it."""
    row = EntryPayload.objects.select_related("entry").filter(pk=entry_id).first()
    if row is None:
        raise _no_entry(entry_id)
    return _open_payload(row, Leaf.parse(bytes(row.entry.leaf)))


def actor_of(entry_id: UUID) -> dict[str, Any]:
    """Return who acted, checked against the leaf; raises as `payload_of` does."""
    row = EntryActor.objects.select_related("entry").filter(pk=entry_id).first()
    if row is None:
        raise _no_entry(entry_id)
    return _open_actor(row, Leaf.parse(bytes(row.entry.leaf)))


def _view(row: EntryRow) -> EntryView:
    leaf = Leaf.parse(bytes(row.leaf))
    payload, is_erased = None, False
    if hasattr(row, "payload"):
        try:
            payload = json.loads(_open_payload(row.payload, leaf)[1])
        except Erased:
            is_erased = True
    position = getattr(row, "position", None)
    return EntryView(
        id=row.pk,
        stream_id=row.stream_id,
        n=row.n,
        at=row.at,
        kind=row.kind,
        sentence=sentence_of(row.kind),
        leaf=bytes(row.leaf),
        leaf_hash=bytes(row.leaf_hash),
        act_hash=leaf.act,
        position=position.position if position else None,
        actor=_open_actor(row.actor, leaf) if hasattr(row, "actor") else None,
        payload=payload,
        is_erased=is_erased,
    )


def _open_payload(row: EntryPayload, leaf: Leaf) -> tuple[bytes, bytes]:
    place = payload_place(row.entry_id, row.organisation_id, is_shared=row.is_shared)
    try:
        key = key_store().get(row.key_owner_id)
    except NotPossible as error:
        raise Erased(error.what, why=error.why, do=error.do) from error
    salted = key.open(bytes(row.sealed), place=place)
    _check(salted, leaf.payload, place)
    return salted[:32], salted[32:]


def _open_actor(row: EntryActor, leaf: Leaf) -> dict[str, Any]:
    place = actor_place(row.entry_id, row.face)
    salted = key_store().get(LOG_KEY).open(bytes(row.sealed), place=place)
    _check(salted, leaf.actor, place)
    document: dict[str, Any] = json.loads(salted[32:])
    return document


def _check(salted: bytes, committed: str, place: str) -> None:
    if hashlib.sha256(salted).hexdigest() != committed:
        raise SealBroken(place)


def _stream_view(row: Stream | None, what: str) -> StreamView:
    if row is None:
        raise NotFound(f"The log of {what}", why="there is none")
    return StreamView(
        id=row.pk,
        handle=row.handle,
        kind=row.kind,
        organisation_id=row.organisation_id,
        case_id=row.case_id,
        head_n=row.head_n,
        head_hash=bytes(row.head_hash) if row.head_hash else None,
    )


def _no_entry(entry_id: UUID) -> NotFound:
    return NotFound(f"Entry {entry_id}", why="there is none")
