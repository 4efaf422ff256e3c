"""The database backend of every alias: a transaction is one message at its begin and one at its end.

Django leaves both to the driver, which takes a lock, a round of its own state machine, and up to three calls for each;
every page and every act comes by here.  The driver stays in autocommit and never begins a transaction itself.
"""

from functools import partial

import psycopg
from django.db.backends.postgresql import base
from psycopg.errors import InFailedSqlTransaction, error_from_result
from psycopg.pq import ConnStatus, Escaping, ExecStatus

_BEGIN = "BEGIN"


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; `begins` is the first message of its next transaction."""

    begins = _BEGIN

    def say_who(self, actor: str, organisation: str, *, read_only: bool) -> None:
        """Let the next transaction, and only that one, tell PostgreSQL who acts for which organisation."""
        if self.in_atomic_block:
            return  # a door inside a door, which `atomic` refuses: nothing may be left for a transaction after it
        self.ensure_connection()
        literal = Escaping(self.connection.pgconn).escape_literal
        who, tenant = (literal(word.encode()).decode() for word in (actor, organisation))
        self.begins = (
            f"{_BEGIN}{' READ ONLY' if read_only else ''}; "
            f"SELECT set_config('entraide.actor', {who}, true), set_config('entraide.organisation', {tenant}, true)"
        )

    def _start_transaction_under_autocommit(self) -> None:
        statement, self.begins = self.begins, _BEGIN
        execute = partial(_send, self)
        for wrapper in reversed(self.execute_wrappers):
            execute = partial(wrapper, execute)
        execute(statement, None, False, {"connection": self, "cursor": None})

    def _commit(self) -> None:
        if self.connection is not None and _send(self, "COMMIT") == b"ROLLBACK":
            # An earlier error that somebody caught: PostgreSQL rolled back and says so only here.
            with self.wrap_database_errors:
                raise InFailedSqlTransaction("nothing was saved: a statement of the transaction had failed")

    def _rollback(self) -> None:
        if self.connection is not None:
            _send(self, "ROLLBACK")

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.connection.autocommit != autocommit:
            with self.wrap_database_errors:
                self.connection.autocommit = autocommit


def _send(
    connection: DatabaseWrapper, statement: str, params: None = None, many: bool = False, context: object = None
) -> bytes | None:
    """Send one message of SQL and return PostgreSQL's word for what it did."""
    pgconn = connection.connection.pgconn
    with connection.wrap_database_errors:
        result = pgconn.exec_(statement.encode())
        if pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result, "utf-8")
        return bytes(result.command_status or b"")
