"""The database backend of every alias: a transaction is one message at its begin and one at its end.

Django leaves both to the driver, which takes a lock, a round of its own state machine, and up to three calls for each;
every page and every act comes by here, and on a busy desk waking for an answer costs more than the answer.  So the
first message begins the transaction and says who acts, and the last one carries what is to be written with the commit
(the log's entries) and the commit.  The driver stays in autocommit and never begins a transaction itself.
"""

import select
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.errors import InFailedSqlTransaction, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL that each connection prepares once.

    Parameters
    ----------
    name : bytes
        Its name on a connection.
    sql : bytes
        One statement, its parameters as ``$1``, ``$2``, ….
    types : tuple of int
        PostgreSQL's type of each parameter, by OID.
    formats : tuple of int
        For each parameter 1 where its value is binary, 0 where it is text.
    """

    name: bytes
    sql: bytes
    types: tuple[int, ...] = ()
    formats: tuple[int, ...] = ()


Message = tuple[Statement, Sequence[bytes | None]]

_TEXT, _BINARY = 25, 1
_WHO = Statement(
    b"door_who",
    b"SELECT set_config('entraide.actor', $1, true), set_config('entraide.organisation', $2, true)",
    types=(_TEXT, _TEXT),
    formats=(0, 0),
)
_BEGIN, _BEGIN_READ_ONLY, _COMMIT, _ROLLBACK = (
    (Statement(b"door_" + name, sql), ())
    for name, sql in (
        (b"begin", b"BEGIN"),
        (b"begin_read_only", b"BEGIN READ ONLY"),
        (b"commit", b"COMMIT"),
        (b"rollback", b"ROLLBACK"),
    )
)


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection, with the first message of its next transaction and what goes with the commit of this one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first: list[Message] = [_BEGIN]
        self._last: list[tuple[frozenset[str], Message]] = []

    def say_who(self, actor: str, organisation: str, *, read_only: bool) -> None:
        """Let the next transaction, and only that one, tell PostgreSQL who acts for which organisation."""
        if self.in_atomic_block:
            return  # a door inside a door, which `atomic` refuses: nothing may be left for a transaction after it
        self._first = [
            _BEGIN_READ_ONLY if read_only else _BEGIN,
            (_WHO, [actor.encode(), organisation.encode()]),
        ]

    def ask(self, statement: Statement, values: Sequence[bytes | None]) -> Any:
        """Run `statement` now and return libpq's result, all binary; not through Django's and psycopg's cursors.

        For what every act waits for: those two cost more than the database.  Wrappers see it like any other statement.
        """
        return self._through_wrappers(self._send, [(statement, values)])[0]

    def write_with_commit(self, statement: Statement, values: Sequence[bytes | None]) -> None:
        """Run `statement` when this transaction commits, in the same message; when it fails, nothing is committed.

        A statement that finds nothing to do must fail by itself: nobody looks at its rows before the commit.
        """
        self._through_wrappers(self._keep_for_commit, [(statement, values)])

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint, and forget what was to be written with the commit since."""
        super().savepoint_rollback(sid)
        self._last = [(sids, message) for sids, message in self._last if sid not in sids]

    def _start_transaction_under_autocommit(self) -> None:
        first, self._first, self._last = self._first, [_BEGIN], []
        if self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            # Something cut its last transaction short before it was ended; PostgreSQL would go on with that one.
            self.connection.close()
        self._through_wrappers(self._send, first)

    def _commit(self) -> None:
        if self.connection is None:
            return
        last, self._last = [message for _, message in self._last], []
        if self._send([*last, _COMMIT])[-1].command_status == b"ROLLBACK":
            # An earlier error that somebody caught: PostgreSQL rolled back and says so only here.
            with self.wrap_database_errors:
                raise InFailedSqlTransaction("nothing was saved: a statement of the transaction had failed")

    def _rollback(self) -> None:
        self._last = []
        if self.connection is not None:
            self._send([_ROLLBACK])

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.connection.autocommit != autocommit:
            with self.wrap_database_errors:
                self.connection.autocommit = autocommit

    def _keep_for_commit(self, messages: Sequence[Message]) -> None:
        sids = frozenset(sid for sid in self.savepoint_ids if sid)
        self._last += [(sids, message) for message in messages]

    def _through_wrappers(self, do: Callable[[Sequence[Message]], Any], messages: Sequence[Message]) -> Any:
        """Do it, and let Django's wrappers see the statements as they see every other."""

        def execute(sql: str, params: Any, many: bool, context: Any) -> Any:
            return do(messages)

        for wrapper in reversed(self.execute_wrappers):
            execute = partial(wrapper, execute)
        sql = "; ".join(statement.sql.decode() for statement, _ in messages)
        return execute(sql, None, False, {"connection": self, "cursor": None})

    def _send(self, messages: Sequence[Message]) -> list[Any]:
        """Send prepared statements as one message; return the result of each, or raise the error of the first."""
        with self.wrap_database_errors:
            pgconn = self.connection.pgconn
            self._prepare(statement for statement, _ in messages)
            pgconn.enter_pipeline_mode()
            for statement, values in messages:
                pgconn.send_query_prepared(statement.name, values, statement.formats, _BINARY)
            pgconn.pipeline_sync()
            results = _received(pgconn, 2 * len(messages) + 1)  # a mark after each, and one at the end
            pgconn.exit_pipeline_mode()
            return [_checked(pgconn, result) for result in results[:-1:2]]

    def _prepare(self, statements: Iterable[Statement]) -> None:
        """Prepare on this connection what was not yet; its memory of that ends with it."""
        known = self.connection.__dict__.setdefault("prepared_by_entraide", set())
        for statement in statements:
            if statement not in known:
                pgconn = self.connection.pgconn
                _checked(pgconn, pgconn.prepare(statement.name, statement.sql, statement.types))
                known.add(statement)


def _received(pgconn: Any, count: int) -> list[Any]:
    """Return the next results, `count` of them.

    libpq would wait for each by itself, but the driver's call to it keeps every other thread waiting as well.
    """
    line = select.poll()
    while pgconn.flush():  # larger than the socket takes at once
        line.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        line.poll()
        pgconn.consume_input()
    line.register(pgconn.socket, select.POLLIN)
    results: list[Any] = []
    while len(results) < count:
        if pgconn.is_busy():
            line.poll()
            pgconn.consume_input()
        else:
            results.append(pgconn.get_result())
    if pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError(pgconn.get_error_message())
    return results


def _checked(pgconn: Any, result: Any) -> Any:
    if pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError(pgconn.get_error_message())
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise error_from_result(result, "utf-8")
    return result
