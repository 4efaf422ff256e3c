"""The reference exchange as a real process, for tests."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import httpx
import psycopg
from psycopg import sql

from tests.plugins.postgres import PostgresForTests

TOKEN = "a-token-that-is-only-for-tests"
ROLE = "reference_exchange"
_SOURCE = Path(__file__).parents[2] / "src"
_READY_WITHIN_S = 60.0


def new_database(postgres: PostgresForTests, name: str) -> str:
    """Make an empty database that belongs to the reference exchange's role, and return its URL."""
    postgres.drop_database(name)
    with psycopg.connect(postgres.superuser_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(ROLE)))
    with psycopg.connect(postgres.superuser_url(name)) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(ROLE)))
    return postgres.url(ROLE, name)


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "reference_exchange", *arguments],
        env=_environment(url),
        capture_output=True,
        text=True,
        timeout=300,
    )


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(_SOURCE),
        "REFERENCE_EXCHANGE_DATABASE_URL": url,
        "REFERENCE_EXCHANGE_TOKEN": TOKEN,
        "REFERENCE_EXCHANGE_FAULTS": "1",
    }


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ReferenceExchange:
    """One running reference exchange; a context manager."""

    def __init__(
        self, database_url: str, *, options: Sequence[str] = (), scheme: str = "http", token: str = TOKEN
    ) -> None:
        self.database_url = database_url
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}/"
        self.lines: list[str] = []
        self._options = options
        self._token = token

    def __enter__(self) -> "ReferenceExchange":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reference_exchange", "serve", "--port", str(self.port), *self._options],
            env={**_environment(self.database_url), "REFERENCE_EXCHANGE_TOKEN": self._token},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def fault(self, words: str, times: int = 1) -> None:
        """Arm a fault for the next questions; `times` 0 disarms."""
        answer = httpx.post(
            f"{self.url}faults",
            json={"fault": words, "times": times},
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
        )
        answer.raise_for_status()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout

    def _wait(self) -> None:
        # Until it accepts connections: there is nothing to be told by, so it is tried.
        end = time.monotonic() + _READY_WITHIN_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the reference exchange did not start:\n" + "".join(self.lines)) from None
                time.sleep(0.02)
