"""The signer's public keys in the log, and what only the signer can give: receipts; and proofs from the stored tree."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, router

from entraide.audit.models import Checkpoint, Position, SignerKey
from entraide.audit.recording import INSTANCE_STREAM, Entry, record
from entraide.audit.signing import SignerClient
from entraide.audit.tiles import nodes
from entraide.database import operation, reading_as
from entraide.evidence.merkle import inclusion_proof
from entraide.evidence.notes import LogProof, Note, VerifierKey
from entraide.evidence.receipts import Receipt
from entraide.kernel.actors import Actor

Proof = LogProof
_KEEPER = Actor.system("keys")


def signer() -> SignerClient:
    """Return the signer of this desk."""
    return SignerClient(Path(settings.SIGNER_SOCKET))


def publish_keys(*, now: datetime) -> list[str]:
    """Enter in the log the signer's public keys that are not there yet, and return their purposes.

    Raises
    ------
    Unavailable
        If the signer does not answer.
    """
    return _publish(signer().public_keys(), actor=_KEEPER, now=now)


@operation
def _publish(keys: dict[str, VerifierKey], *, actor: Actor, now: datetime) -> list[str]:
    known = set(SignerKey.objects.values_list("verifier", flat=True))
    fresh = [
        SignerKey(purpose=purpose, verifier=str(key), published_at=now)
        for purpose, key in keys.items()
        if str(key) not in known
    ]
    for row in fresh:
        row.save(force_insert=True)
    if fresh:
        payload = {"keys": {row.purpose: row.verifier for row in fresh}}
        record("audit:keys:published", stream_id=INSTANCE_STREAM, actor=actor, now=now, subject=fresh, payload=payload)
    return [row.purpose for row in fresh]


def published_keys(purpose: str) -> list[VerifierKey]:
    """Return the published public keys of a purpose (log, receipts, packages), the one in use first."""
    with _some_door():
        rows = SignerKey.objects.filter(purpose=purpose).order_by("-published_at", "-id")
        return [VerifierKey.parse(row.verifier) for row in rows]


def receipt(entry: Entry) -> str:
    """Return the signed receipt of an entry that was committed: a paper for the other side's hands.

    Raises
    ------
    Unavailable
        If the signer does not answer.  The entry stands all the same.
    """
    with _some_door():
        size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    words = Receipt(
        log=settings.LOG_ORIGIN, stream=entry.stream, n=entry.n, head=entry.leaf_hash.hex(), checkpoint_size=size
    )
    return str(signer().sign_receipt(words))


def last_checkpoint() -> Note | None:
    """Return the newest signed checkpoint, or None before the first."""
    with _some_door():
        note = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
    return Note.parse(note) if note else None


def proof_of(entry_id: UUID) -> Proof | None:
    """Return the proof that an entry is in the log as the newest checkpoint signed it, or None while it is not.

    Use inside a door; of an entry the reader may not see there is no proof.
    """
    position = Position.objects.filter(entry_id=entry_id).values_list("position", flat=True).first()
    checkpoint = Checkpoint.objects.order_by("-size").first()
    if position is None or checkpoint is None or checkpoint.size <= position:
        return None
    tree = nodes(_fetch, checkpoint.size)
    hashes = inclusion_proof(tree, position, checkpoint.size)
    return LogProof(index=position, hashes=tuple(hashes), note=Note.parse(checkpoint.note))


@contextmanager
def _some_door() -> Iterator[None]:
    """Stay in the door that is open, or open one: what is read here is the same for everybody."""
    if connections[router.db_for_read(Checkpoint)].in_atomic_block:
        yield
    else:
        with reading_as(_KEEPER):
            yield


def _fetch(statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    with connections[router.db_for_read(Checkpoint)].cursor() as cursor:
        cursor.execute(statement, values)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows
