"""What a server and a role must be before anything is served through them."""

import secrets

import psycopg

from entraide.kernel.errors import NotPossible
from entraide.supervision import roles, urls

_SAFE = {"fsync": "on", "full_page_writes": "on", "data_sync_retry": "off"}
_LOOSE_COMMITS = ("off", "local")  # an acknowledged commit could be lost in a crash, or live on one machine only


def check_server(connection: psycopg.Connection, *, production: bool) -> None:
    """Refuse a server that may lose what it acknowledged, or that asks nobody for a password.

    Parameters
    ----------
    connection
        Any role's connection.
    production : bool
        Whether checksums of the data pages are demanded as well.

    Raises
    ------
    NotPossible
        With the setting that is wrong and what to set.
    """
    if connection.info.server_version < roles.VERSION_MIN:
        version = connection.info.server_version // 10000
        raise _unsafe(f"it is PostgreSQL {version}", f"Use PostgreSQL {roles.VERSION_MIN // 10000} or later")
    for name, wanted in _SAFE.items():
        found = _setting(connection, name)
        if found != wanted:
            raise _unsafe(f"{name} is {found}", f"Set {name} = {wanted} and restart the server")
    if production and _setting(connection, "data_checksums") != "on":
        raise _unsafe("data checksums are off", "Stop the server, run pg_checksums --enable, start it")


def check_password_is_asked(server_url: str, role: str, database: str) -> None:
    """Refuse a server that lets `role` in with a made-up password.

    Raises
    ------
    NotPossible
        If it does (`trust` in pg_hba.conf, or a map that everybody is in).
    """
    try:
        psycopg.connect(urls.as_role(server_url, role, secrets.token_urlsafe(16), database), connect_timeout=10).close()
    except psycopg.OperationalError:
        return
    raise _unsafe(f"it lets {role} in without the right password", "Use scram-sha-256 instead of trust in pg_hba.conf")


def check_serving_role(connection: psycopg.Connection) -> None:
    """Refuse to serve as a role that row-level security and grants would not bind.

    Parameters
    ----------
    connection
        The connection pages, jobs or the log are served through.

    Raises
    ------
    NotPossible
        If its role is a superuser, passes row-level security, may make roles or databases, replicates, owns tables
        or may become the owner, or if its commits are not waited for.
    """
    row = connection.execute(_ROLE).fetchone()
    assert row is not None, "current_user is always in pg_roles"
    name, *facts = row
    for has_it, what in zip(facts, _FORBIDDEN, strict=True):
        if has_it:
            raise NotPossible(
                f"Serving as the database role {name}",
                why=f"it {what}, so the database would not hold it to the rules",
                do="Run entraide database init and serve through the roles it makes",
            )
    commits = _setting(connection, "synchronous_commit")
    if commits in _LOOSE_COMMITS:
        raise NotPossible(
            f"Serving as the database role {name}",
            why=f"synchronous_commit is {commits}: what is acknowledged could be lost in a crash",
            do=f"ALTER ROLE {name} SET synchronous_commit = 'on'",
        )


_FORBIDDEN = (
    "is a superuser",
    "passes row-level security",
    "may make roles",
    "may make databases",
    "may copy the whole server",
    "owns tables or may become their owner",
    "owns this database or may become its owner",
)
# The role that signed in counts as well as the one in force: RESET ROLE is open to everybody.
_ROLE = """
SELECT string_agg(DISTINCT r.rolname, ' / '),
       bool_or(r.rolsuper), bool_or(r.rolbypassrls), bool_or(r.rolcreaterole), bool_or(r.rolcreatedb),
       bool_or(r.rolreplication),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                 AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relpersistence = 't'
                 AND (pg_has_role(current_user, c.relowner, 'MEMBER')
                      OR pg_has_role(session_user, c.relowner, 'MEMBER'))),
       (SELECT pg_has_role(current_user, d.datdba, 'MEMBER') OR pg_has_role(session_user, d.datdba, 'MEMBER')
        FROM pg_database d WHERE d.datname = current_database())
FROM pg_roles r WHERE r.rolname IN (current_user, session_user)
"""


def _setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def _unsafe(why: str, do: str) -> NotPossible:
    return NotPossible("Using this PostgreSQL server", why=why, do=do)
