"""The desk's database for tests: migrated once, emptied after each test, reached through the serving roles.

Commits are real (no test runs inside a transaction that is rolled back), so the triggers that act at a commit do act.
"""

import contextvars
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

os.environ.update(
    DJANGO_SETTINGS_MODULE="entraide.project.settings",
    # Playwright's loop stays in the thread while a browser is open; that tests ask the database beside it is meant.
    DJANGO_ALLOW_ASYNC_UNSAFE="true",
    ENTRAIDE_TESTING="1",
    ENTRAIDE_KIND="demo",
    ENTRAIDE_PROCESS="web",
    ENTRAIDE_FACES="agency,staff",
    ENTRAIDE_ORIGIN="http://localhost:8000",
    ENTRAIDE_HOME=str(Path(tempfile.gettempdir()) / f"entraide-no-home-{os.getpid()}"),
)

import django
import psycopg

from entraide.project import settings as _settings

ALIASES = {"default": "entraide_web", "agency": "entraide_agency", "worker": "entraide_worker"}
for _alias in (*ALIASES, "migrate"):
    # No pools: a test's threads would keep connections that the next test's cleaning waits for.
    _settings.DATABASES[_alias] = {"ENGINE": "entraide.database.postgresql", "NAME": "not started", "OPTIONS": {}}
django.setup()

if TYPE_CHECKING:
    from tests.plugins.postgres import PostgresForTests

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_KEEP = {"django_migrations"}


@dataclass(frozen=True)
class DeskDatabase:
    """The migrated database of one test process."""

    server: "PostgresForTests"
    name: str
    tables: tuple[str, ...]

    def url(self, role: str) -> str:
        """Return the URL of a role, such as ``entraide_sequencer``."""
        return self.server.url(role, self.name)

    def superuser_url(self) -> str:
        """Return the superuser's URL of this database."""
        return self.server.superuser_url(self.name)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement as superuser, committed, and return its rows."""
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Remove what the last test left, and put back what migrations had put in."""
        statement = "SET session_replication_role = replica; SET lock_timeout = '3s';" + "".join(
            f"DELETE FROM {table};" for table in self.tables
        )
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            try:
                connection.execute(statement)  # type: ignore[arg-type]
            except psycopg.errors.LockNotAvailable:
                connection.execute("ROLLBACK")
                self._end_other_sessions(connection)
                connection.execute(statement)  # type: ignore[arg-type]
            connection.execute(
                "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'seed' LOOP "
                "EXECUTE format('INSERT INTO public.%1$I SELECT * FROM seed.%1$I', t); END LOOP; END $$"
            )

    def _end_other_sessions(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@dataclass(frozen=True)
class Desk:
    """An empty desk of kind demo, just created."""

    database: DeskDatabase
    home: Path
    now: datetime
    _running: list[Callable[[], None]] = field(default_factory=list)

    def url(self, role: str) -> str:
        """Return the database URL of a role."""
        return self.database.url(role)

    def superuser_sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement as superuser, committed, and return its rows."""
        return self.database.sql(statement, *values)

    def start_signer(self) -> None:
        """Answer as the signer, from a thread of this process; started once."""
        from entraide.audit.signer import Signer, SignerServer

        if self._running:
            return
        server = SignerServer(self.home / "run" / "signer.sock", Signer(self.home / "signer", "demo.invalid/log"))
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._running.append(stop)

    def sequence(self) -> int:
        """Place every entry and have the tree signed, as the sequencer does; return how many were placed."""
        from entraide.audit.sequencing import Sequencer
        from entraide.audit.signing import SignerClient

        self.start_signer()
        with psycopg.connect(self.url("entraide_sequencer")) as connection:
            return Sequencer(connection, SignerClient(self.home / "run" / "signer.sock")).round()

    def work(self) -> int:
        """Do as the worker what is due in the outbox and the queue of jobs, until nothing is; return how much that was.

        An effect or job that fails is put off, and not waited for.
        """
        from entraide.database import acting_in
        from entraide.outbox import loop

        total = 0
        with acting_in("worker"):
            while True:
                done = loop.drain() + _run_jobs(self.url("entraide_worker"))
                if not done:
                    return total
                total += done

    def stop(self) -> None:
        """Stop what was started."""
        while self._running:
            self._running.pop()()

    def environment(self) -> dict[str, str]:
        """Return the environment in which a process of this desk runs."""
        urls = {
            f"ENTRAIDE_DATABASE_URL_{role.upper()}": self.url(f"entraide_{role}")
            for role in ("web", "agency", "worker", "sequencer", "auditor", "migrate")
        }
        return {**os.environ, **urls, "ENTRAIDE_HOME": str(self.home), "PYTHONPATH": os.pathsep.join(_source_paths())}


@pytest.fixture(scope="session")
def desk_database(postgres: "PostgresForTests") -> DeskDatabase:
    """Return the migrated database; every alias of Django points at it, each in its own role."""
    return _migrated(postgres, "entraide")


@pytest.fixture
def desk(desk_database: DeskDatabase) -> Iterator[Desk]:
    """Return an empty desk with a key store of its own; what the test does is really committed, and removed after."""
    from entraide.audit.api import create_instance

    with home_of_a_desk() as home:
        create_instance("demo", now=NOON)
        desk = Desk(desk_database, home, NOON)
        try:
            yield desk
        finally:
            desk.stop()
            close_connections()
            desk_database.empty()


@contextmanager
def home_of_a_desk() -> Iterator[Path]:
    """Point the settings at an empty data directory, and remove it afterwards.

    Short by design: the path of the signer's socket may have 107 bytes.
    """
    from django.test import override_settings

    home = Path(tempfile.mkdtemp(prefix="desk-"))
    folders = {
        "HOME": home,
        "KEY_STORE_FOLDER": home / "keys",
        "SPOOL_FOLDER": home / "spool",
        "PACKAGE_FOLDER": home / "packages",
        "SIGNER_SOCKET": home / "run" / "signer.sock",
    }
    try:
        with override_settings(**folders):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def close_connections() -> None:
    """Close this thread's connections."""
    from django.db import connections

    for alias in (*ALIASES, "migrate"):
        connections[alias].close()


def _migrated(server: "PostgresForTests", name: str) -> DeskDatabase:
    from django.core.management import call_command

    for alias, role in {**ALIASES, "migrate": "entraide_migrate"}.items():
        point_at(alias, server.url(role, name))
    call_command("migrate", database="migrate", verbosity=0, interactive=False)
    close_connections()
    database = DeskDatabase(server, name, ())
    names = [row[0] for row in database.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    tables = tuple(name for name in names if name not in _KEEP)
    database.sql("CREATE SCHEMA IF NOT EXISTS seed")
    for table in tables:
        if database.sql(f"SELECT 1 FROM {table} LIMIT 1"):
            database.sql(f"CREATE TABLE seed.{table} AS TABLE public.{table}")
    return DeskDatabase(server, name, tables)


def point_at(alias: str, url: str) -> None:
    """Point one of Django's aliases at a database URL."""
    from django.db import connections

    parts = psycopg.conninfo.conninfo_to_dict(url)
    connections[alias].close()
    connections[alias].settings_dict.update(
        NAME=parts["dbname"],
        USER=parts["user"],
        PASSWORD=parts.get("password", ""),
        HOST=parts["host"],
        PORT=str(parts.get("port", "")),
    )


def _run_jobs(url: str) -> int:
    """Work off the jobs that are due now, in the worker's role, and return how many there were."""
    import asyncio

    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django import app

    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs "
            "WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
        ).fetchone()
    if row is None or not row[0]:
        return 0

    async def run() -> None:
        with app.replace_connector(PsycopgConnector(conninfo=url)) as jobs:
            async with jobs.open_async():
                await jobs.run_worker_async(
                    wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="never"
                )

    # In a thread of its own: a browser that is open in this one has a loop that counts as running here.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, asyncio.run, run()).result()
    return int(row[0])


def _source_paths() -> list[str]:
    root = Path(__file__).resolve().parent.parent.parent
    return [str(root / "src"), str(root)]
