"""What goes out with the commit, in one message: it is there whole with it, or nothing of the transaction is."""

from datetime import datetime
from typing import cast
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connections, router, transaction

from entraide.audit.models import SignerKey
from entraide.database import operation
from entraide.database.postgresql.base import DatabaseWrapper, Statement
from entraide.kernel.actors import Actor
from entraide.kernel.errors import Unavailable
from tests.plugins.desk import NOON, Desk

SETUP = Actor.system("setup")
_READING = Statement(
    b"tests_reading",
    b'INSERT INTO audit_reading (id, mark, "window") VALUES ($1, $2, 1)',
    types=(2950, 17),
    formats=(1, 1),
)


def _connection() -> DatabaseWrapper:
    return cast(DatabaseWrapper, connections[router.db_for_write(SignerKey)])


def _write(n: int, mark: bytes = b"") -> None:
    _connection().write_with_commit(_READING, [UUID(int=n).bytes, mark or str(n).encode()])


def _written(desk: Desk) -> list[int]:
    return [row[0].int for row in desk.superuser_sql("SELECT id FROM audit_reading ORDER BY xmin::text, ctid")]


@operation
def _write_all(*numbers: int, actor: Actor, now: datetime) -> None:
    for n in numbers:
        _write(n)


def test_what_goes_with_the_commit_is_written_in_its_order(desk: Desk) -> None:
    _write_all(3, 1, 2, actor=SETUP, now=NOON)
    _write_all(4, actor=SETUP, now=NOON)

    assert _written(desk) == [3, 1, 2, 4]


def test_one_that_fails_takes_the_whole_transaction_with_it_and_the_connection_goes_on(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor, now: datetime) -> None:
        with _connection().cursor() as cursor:
            cursor.execute("INSERT INTO audit_reading (id, mark, \"window\") VALUES (%s, 'x', 1)", [UUID(int=9)])
        for n in (5, 5, 6):
            _write(n)

    with pytest.raises(IntegrityError, match="audit_reading_pkey"):
        act(actor=SETUP, now=NOON)
    assert _written(desk) == []

    _write_all(7, actor=SETUP, now=NOON)
    assert _written(desk) == [7]


def test_what_a_savepoint_took_back_is_not_written(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor, now: datetime) -> None:
        _write(1)
        for n in (2, 4):
            with pytest.raises(KeyError), transaction.atomic(using=_connection().alias):
                _write(n)
                raise KeyError
        with transaction.atomic(using=_connection().alias):
            _write(3)

    act(actor=SETUP, now=NOON)

    assert _written(desk) == [1, 3]


def test_nothing_is_left_for_the_transaction_after_one_that_failed(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor, now: datetime) -> None:
        _write(1)
        raise KeyError

    with pytest.raises(KeyError):
        act(actor=SETUP, now=NOON)
    _write_all(2, actor=SETUP, now=NOON)

    assert _written(desk) == [2]


def test_an_error_that_somebody_caught_commits_nothing_and_says_so(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor, now: datetime, is_more: bool) -> None:
        with pytest.raises(Exception, match="division by zero"):
            _connection().ask(Statement(b"tests_zero", b"SELECT 1 / 0"), [])
        _connection().needs_rollback = False
        if is_more:
            _write(1)

    for is_more in (True, False):
        with pytest.raises(Exception, match=r"aborted|nothing was saved"):
            act(actor=SETUP, now=NOON, is_more=is_more)
    _write_all(2, actor=SETUP, now=NOON)

    assert _written(desk) == [2]


def test_a_transaction_that_was_cut_short_is_not_gone_on_with(desk: Desk) -> None:
    """A program that is interrupted between begin and end leaves its connection in the middle."""
    _write_all(1, actor=SETUP, now=NOON)
    raw = connections["default"].connection
    raw.pgconn.exec_(b"BEGIN")
    raw.pgconn.exec_(b"SELECT set_config('entraide.actor', 'somebody', true)")
    raw.pgconn.exec_(b"INSERT INTO audit_reading (id, mark, \"window\") VALUES (gen_random_uuid(), 'half', 1)")

    with pytest.raises((Unavailable, OperationalError)):
        _write_all(2, actor=SETUP, now=NOON)
    connections["default"].close()
    _write_all(3, actor=SETUP, now=NOON)

    assert _written(desk) == [1, 3]


def test_what_goes_with_the_commit_may_be_larger_than_any_buffer(desk: Desk) -> None:
    @operation
    def act(*, actor: Actor, now: datetime) -> None:
        for n in range(1, 5):
            _write(n, mark=bytes([n]) * 1_900)
            _connection().write_with_commit(
                Statement(b"tests_length", b"SELECT length($1)", types=(17,), formats=(1,)), [bytes(8_000_000)]
            )

    act(actor=SETUP, now=NOON)

    assert _written(desk) == [1, 2, 3, 4]
