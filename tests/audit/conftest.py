"""A log to tamper with."""

from uuid import UUID

import pytest

from entraide.audit import api as audit
from entraide.database import operation
from entraide.kernel.actors import Actor, Face
from entraide.kernel.ids import uuid7
from tests.plugins.desk import NOON, Desk

POLICE = UUID(int=1)
ANOUK = Actor(face=Face.STAFF, name="Anouk Analyst", person_id=UUID(int=13), organisation_id=UUID(int=3))

audit.register_events({"tests:thing:done": "Something was done.", "tests:thing:noted": "Something was noted."})


@operation
def open_cases(count: int, *, actor: Actor) -> list[UUID]:
    """Open streams of made-up cases."""
    kind = audit.StreamKind.CASE
    return [audit.open_stream(kind, organisation_id=POLICE, case_id=uuid7(), now=NOON) for _ in range(count)]


@operation
def act_often(streams: list[UUID], *, actor: Actor, rounds: int) -> list[audit.Entry]:
    """Record `rounds` entries in each stream, in one transaction."""
    return [
        audit.record("tests:thing:done", stream_id=stream, actor=actor, now=NOON, payload={"n": n})
        for n in range(rounds)
        for stream in streams
    ]


@pytest.fixture
def signed_log(desk: Desk) -> Desk:
    """Return a desk with 331 entries in seven streams, one full tile, three checkpoints, and published keys."""
    desk.start_signer()
    audit.publish_keys(now=NOON)
    streams = open_cases(6, actor=ANOUK)
    for rounds in (20, 30, 5):
        for _ in range(rounds // 5):
            act_often(streams, actor=ANOUK, rounds=5)
        desk.sequence()
    return desk
