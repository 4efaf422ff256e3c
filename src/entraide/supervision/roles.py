"""The database's roles: who may sign in, as what, and within which limits.

The table below is the rule.  Migrations grant; only this module creates.  It serves the embedded server and, through
`entraide database init`, any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from entraide.kernel.errors import NotPossible

OWNER = "entraide_owner"
DESK_DATABASE = "entraide"
EXCHANGE_DATABASE = "reference_exchange"
EXCHANGE_ROLE = "reference_exchange"
VERSION_MIN = 150000


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role that signs in, with the limits that hold in each of its sessions."""

    name: str
    purpose: str
    statement_timeout: str
    lock_timeout: str
    idle_in_transaction_session_timeout: str
    becomes: str | None = None
    passes_row_security: bool = False
    reads_everything: bool = False

    def settings(self) -> dict[str, str]:
        """Return what is set at each sign-in of the role."""
        fixed = {
            "synchronous_commit": "on",  # any session may turn it off; a role that starts with it on was not told to
            "statement_timeout": self.statement_timeout,
            "lock_timeout": self.lock_timeout,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_session_timeout,
            "search_path": "public",
            "timezone": "UTC",
        }
        return fixed | ({"role": self.becomes} if self.becomes else {})


DESK_ROLES = (
    Role(
        name="entraide_migrate",
        purpose="migrations; acts as the owner",
        becomes=OWNER,
        statement_timeout="0",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="10min",
    ),
    Role(
        name="entraide_web",
        purpose="the staff face",
        statement_timeout="15s",
        lock_timeout="3s",
        idle_in_transaction_session_timeout="30s",
    ),
    Role(
        name="entraide_agency",
        purpose="the agency face",
        statement_timeout="15s",
        lock_timeout="3s",
        idle_in_transaction_session_timeout="30s",
    ),
    Role(
        name="entraide_worker",
        purpose="outbox, jobs, packages",
        statement_timeout="10min",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="60s",
    ),
    Role(
        name="entraide_sequencer",
        purpose="positions and checkpoints of the log",
        statement_timeout="10min",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="60s",
    ),
    Role(
        name="entraide_auditor",
        purpose="reading and verifying the log",
        statement_timeout="10min",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="10min",
    ),
    Role(
        name="entraide_backup",
        purpose="dumps",
        passes_row_security=True,
        reads_everything=True,
        statement_timeout="0",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="0",
    ),
)
EXCHANGE_ROLES = (
    Role(
        name=EXCHANGE_ROLE,
        purpose="the reference exchange, in its own database",
        becomes=None,
        statement_timeout="10min",
        lock_timeout="10s",
        idle_in_transaction_session_timeout="60s",
    ),
)
SERVING_ROLES = ("entraide_web", "entraide_agency", "entraide_worker", "entraide_sequencer", "entraide_auditor")


def names() -> list[str]:
    """Return the names of all roles that sign in."""
    return [role.name for role in (*DESK_ROLES, *EXCHANGE_ROLES)]


def establish(admin_url: str, passwords: Mapping[str, str], *, with_exchange: bool) -> list[str]:
    """Create what is missing of roles and databases, set what differs, and return what was done, a line each.

    Parameters
    ----------
    admin_url : str
        An administrator's URL for the database `postgres` (or any other to start from).
    passwords : mapping
        The password of each role.
    with_exchange : bool
        Whether the reference exchange gets its role and database as well.

    Raises
    ------
    NotPossible
        If the server is too old or the administrator may not create roles.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _check_version(connection)
        done = _establish_roles(connection, DESK_ROLES, passwords)
        done += _establish_database(connection, DESK_DATABASE, OWNER)
        if with_exchange:
            done += _establish_roles(connection, EXCHANGE_ROLES, passwords)
            done += _establish_database(connection, EXCHANGE_DATABASE, EXCHANGE_ROLE)
    open_to_desk(_in_database(admin_url, DESK_DATABASE), DESK_DATABASE)
    if with_exchange:
        close_database(_in_database(admin_url, EXCHANGE_DATABASE), EXCHANGE_DATABASE, EXCHANGE_ROLE)
    return done


def open_to_desk(admin_url: str, database: str) -> None:
    """Let the desk's roles, and nobody else, into `database`; its schema belongs to the owner.

    Parameters
    ----------
    admin_url : str
        An administrator's URL for that database.
    """
    close_database(admin_url, database, OWNER)
    with psycopg.connect(admin_url) as connection:
        for role in DESK_ROLES:
            who = sql.Identifier(role.name)
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), who))
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(who))


def close_database(admin_url: str, database: str, owner: str) -> None:
    """Give `database` and its schema to `owner` and shut everybody else out."""
    with psycopg.connect(admin_url) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(owner)))


def _in_database(url: str, database: str) -> str:
    return make_conninfo(url, dbname=database)


def _check_version(connection: psycopg.Connection) -> None:
    if connection.info.server_version < VERSION_MIN:
        raise NotPossible(
            "Making the database's roles",
            why=f"the server is PostgreSQL {connection.info.server_version // 10000}",
            do=f"Use PostgreSQL {VERSION_MIN // 10000} or later",
        )
    row = connection.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        raise NotPossible(
            "Making the database's roles",
            why="the user of the URL may not create roles",
            do="Use an administrator's URL in DATABASE_URL; it is needed for this command only",
        )


def _establish_roles(
    connection: psycopg.Connection, roles: tuple[Role, ...], passwords: Mapping[str, str]
) -> list[str]:
    done: list[str] = []
    existing = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    if OWNER not in existing:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(OWNER)))
        done.append(f"role {OWNER} made: owns the tables, nobody signs in as it")
    for role in roles:
        if role.name not in existing:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role.name)))
            done.append(f"role {role.name} made: {role.purpose}")
        _shape(connection, role, passwords[role.name])
    lacking = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolbypassrls"
    for (name,) in connection.execute(lacking, [[role.name for role in roles if role.passes_row_security]]):
        done.append(f"role {name} cannot dump yet: let a superuser run ALTER ROLE {name} BYPASSRLS")
    return done


def _shape(connection: psycopg.Connection, role: Role, password: str) -> None:
    who = sql.Identifier(role.name)
    # The server gets the verifier, never the password: it cannot end in a log or in somebody's list of activity.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.name.encode(), b"scram-sha-256").decode()
    is_super = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    shape: sql.Composable = sql.SQL("LOGIN NOCREATEDB NOCREATEROLE")
    if is_super and is_super[0]:
        shape += sql.SQL(
            " NOSUPERUSER NOREPLICATION BYPASSRLS"
            if role.passes_row_security
            else " NOSUPERUSER NOREPLICATION NOBYPASSRLS"
        )
    connection.execute(sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(who, shape, sql.Literal(verifier)))
    for name, value in role.settings().items():
        connection.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(who, sql.Identifier(name), sql.Literal(value)))
    if role.becomes:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role.becomes), who))
    if role.reads_everything:
        connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(who))


def _establish_database(connection: psycopg.Connection, name: str, owner: str) -> list[str]:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return []
    is_super = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if is_super and not is_super[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(owner)
        )
    )
    return [f"database {name} made"]
