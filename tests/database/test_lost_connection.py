"""What a person is told when the database goes away: that nothing was changed where that is true, and no more."""

from datetime import datetime

import pytest
from django.db import connections, router

from entraide.audit.models import SignerKey
from entraide.database import operation
from entraide.kernel.actors import Actor
from entraide.kernel.errors import OutcomeUnknown, Unavailable
from tests.plugins.desk import NOON, Desk, close_connections

SETUP = Actor.system("setup")


@operation
def _act(desk: Desk, is_last: bool, *, actor: Actor, now: datetime) -> None:
    """Lose the connection: as the last thing before the commit, or with a statement still to come."""
    connection = connections[router.db_for_write(SignerKey)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        desk.superuser_sql("SELECT pg_terminate_backend(%s)", cursor.fetchone()[0])
        desk.superuser_sql("SELECT pg_sleep(0.2)")
        if not is_last:
            cursor.execute("SELECT 1")


@operation
def _full(*, actor: Actor, now: datetime) -> None:
    with connections[router.db_for_write(SignerKey)].cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$")


def test_F45_a_connection_lost_before_the_commit_changed_nothing_and_says_so(desk: Desk) -> None:
    with pytest.raises(Unavailable, match="nothing was changed") as refusal:
        _act(desk, False, actor=SETUP, now=NOON)
    close_connections()

    assert not isinstance(refusal.value, OutcomeUnknown)


def test_F45_a_connection_lost_in_the_commit_is_said_to_be_unknown(desk: Desk) -> None:
    with pytest.raises(OutcomeUnknown, match="not known whether it was saved") as refusal:
        _act(desk, True, actor=SETUP, now=NOON)
    close_connections()

    assert "nothing was changed" not in str(refusal.value)
    assert "before you try again" in str(refusal.value)


def test_F35_a_full_disk_of_the_database_is_named(desk: Desk) -> None:
    with pytest.raises(Unavailable, match="the disk of the database is full"):
        _full(actor=SETUP, now=NOON)
    assert desk.superuser_sql("SELECT count(*) FROM audit_signerkey") == [(0,)]
