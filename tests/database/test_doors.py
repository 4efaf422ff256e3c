"""What holds at the two doors whatever is done inside."""

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError

from entraide.audit import api as audit
from entraide.database import operation, reading_as
from entraide.kernel.actors import Actor, Face
from entraide.kernel.ids import uuid7
from tests.audit.conftest import ANOUK, open_cases
from tests.plugins.desk import NOON, Desk

STRANGER = Actor(face=Face.STAFF, name="Somebody else")


def actor_in_the_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('entraide.actor', true)")
        (actor,) = cursor.fetchone()
    return actor or ""


def test_the_database_knows_who_acts_for_the_length_of_one_transaction(desk: Desk) -> None:
    with reading_as(ANOUK):
        inside = actor_in_the_database()
    with transaction.atomic():
        after = actor_in_the_database()

    assert (inside, after) == (ANOUK.key, "")


def test_a_door_refused_inside_a_door_leaves_nobody_for_the_next_transaction(desk: Desk) -> None:
    with reading_as(ANOUK), pytest.raises(RuntimeError, match="durable"), reading_as(STRANGER):
        pass
    with transaction.atomic():
        after = actor_in_the_database()

    assert after == ""


def test_reading_writes_nothing(desk: Desk) -> None:
    with pytest.raises(InternalError, match="read-only"), reading_as(ANOUK), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id(); CREATE TEMPORARY TABLE t (n int)")


def test_a_caught_error_of_the_database_does_not_pass_for_saved(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor) -> None:
        audit.open_stream(audit.StreamKind.CASE, organisation_id=None, case_id=uuid7(), now=NOON)
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError, match="nothing was saved"):
        act(actor=ANOUK)

    assert desk.superuser_sql("SELECT count(*) FROM audit_stream WHERE kind = 'case'") == [(0,)]
    assert len(open_cases(1, actor=ANOUK)) == 1  # and the connection serves on
