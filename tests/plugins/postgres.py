"""A PostgreSQL for the tests: the embedded one, with the real roles, in a temporary folder, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from entraide.supervision import roles, secrets
from entraide.supervision.postgres import EmbeddedPostgres


class PostgresForTests:
    """One server for one test process.

    Not durable (`fsync = off`) unless asked for: tests of crashes need the real thing, all others are faster without.
    Nothing but tests may import this.
    """

    def __init__(self, *, is_durable: bool = False) -> None:
        # Not below pytest's own folder: that one is closed to the account the server runs as when we are root.
        self.folder = Path(tempfile.mkdtemp(prefix="entraide-"))
        self.folder.chmod(0o711)
        self.server = EmbeddedPostgres(self.folder / "postgres", is_durable=is_durable)
        self.passwords: dict[str, str] = {}

    def start(self) -> None:
        """Start the server and make the roles and databases as the program does."""
        self.server.start()
        self.passwords = secrets.read_or_make(self.folder / "postgres" / "secrets.json", roles.names())
        roles.establish(self.superuser_url(), self.passwords, with_exchange=True)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def binaries(self) -> Path:
        """The folder with `psql`, `pg_dump` and the others."""
        return self.server.binaries

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the superuser's URL."""
        return self.server.superuser_url(database)

    def url(self, role: str, database: str = roles.DESK_DATABASE) -> str:
        """Return the URL of `role`, such as `entraide_web`, for `database`."""
        return self.server.url(role, self.passwords[role], database)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database that the desk's roles may enter, empty or as a clone of `template`.

        A clone takes 0.07 s; nobody may be connected to the template meanwhile.
        """
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(roles.OWNER), sql.Identifier(template or "template0")
                )
            )
        roles.open_to_desk(self.superuser_url(name), name)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending whoever is still connected to it."""
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresForTests]:
    """Return a running server with the real roles; one for each test process."""
    server = PostgresForTests()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def durable_postgres() -> Iterator[PostgresForTests]:
    """Return a server of its own whose acknowledged commits survive a crash, for the test that crashes it."""
    server = PostgresForTests(is_durable=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()
