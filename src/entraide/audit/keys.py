"""The signer's public keys in the log, and what only the signer can give: receipts; and proofs from the stored tree."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, router

from entraide.audit.models import Checkpoint, Position, SignerKey
from entraide.audit.queries import Entered, entry, salted_payload_of
from entraide.audit.recording import INSTANCE_STREAM, record
from entraide.audit.signing import SignerClient
from entraide.audit.tiles import nodes
from entraide.database import operation, reading_as
from entraide.evidence.bag import Trust, public_key_pem
from entraide.evidence.merkle import inclusion_proof
from entraide.evidence.notes import LogProof, Note, Policy, VerifierKey
from entraide.evidence.receipts import Receipt
from entraide.kernel.actors import Actor

_KEEPER = Actor.system("keys")

# A checkpoint shows itself a moment after its time; of older ones none comes any more.
_SIGNED_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All an outsider needs to check one entry: its leaf, salt and payload, and the way up to a signed checkpoint."""

    leaf: bytes
    salt: bytes
    payload: Mapping[str, Any]
    proof: LogProof


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


def receipt(entered: Entered) -> str:
    """Return the signed receipt of an entry that was committed: a paper for the other side's hands.

    It is the same whenever it is asked for, to the byte, as long as the signer keeps its key: it names the last
    checkpoint before the entry, not the newest one.

    Raises
    ------
    Unavailable
        If the signer does not answer.  The entry stands all the same.
    """
    with _some_door():
        before = Checkpoint.objects.filter(at__lt=entered.at - _SIGNED_WITHIN)
        size = before.order_by("-size").values_list("size", flat=True).first() or 0
    words = Receipt(
        log=settings.LOG_ORIGIN, stream=entered.stream, n=entered.n, head=entered.leaf_hash.hex(), checkpoint_size=size
    )
    return str(signer().sign_receipt(words))


def last_checkpoint() -> Note | None:
    """Return the newest signed checkpoint, or None before the first."""
    with _some_door():
        note = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
    return Note.parse(note) if note else None


def log_proof_of(entry_id: UUID) -> LogProof | None:
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


def proof_of(entry_id: UUID) -> Proof | None:
    """Return an entry with salt, payload and proof, or None while the tree over it is not signed.

    Raises
    ------
    NotFound, Erased, SealBroken
        As `payload_of` does.
    """
    proof = log_proof_of(entry_id)
    if proof is None:
        return None
    salt, document = salted_payload_of(entry_id)
    return Proof(leaf=entry(entry_id).leaf, salt=salt, payload=json.loads(document), proof=proof)


def sign_package(tag_manifest: bytes) -> bytes:
    """Return the signature over the bytes of a bag's tag manifest; raises `Unavailable` or `NotPossible`."""
    return signer().sign_package(tag_manifest)


def trust() -> Trust:
    """Return what stands beside a bag: the package key, all keys signed by it, and the policy of the log."""
    known = signer()
    keys = known.public_keys()
    return Trust(
        package_key=keys["packages"].public_key,
        keys_note=known.keys_note(),
        policy=Policy(logs=(keys["log"],)),
    )


def package_key_pem() -> bytes:
    """Return the public key that recipients check packages with, as it is handed over at onboarding."""
    return public_key_pem(signer().public_keys()["packages"].public_key)


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
