"""The embedded server: it starts, it keeps, it refuses, it comes back."""

import os
import signal
import stat
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from entraide.kernel.errors import NotPossible
from entraide.supervision import postgres as module
from entraide.supervision import processes
from entraide.supervision.postgres import EmbeddedPostgres
from tests.plugins.postgres import PostgresForTests

Until = Callable[[Callable[[], bool]], None]
Room = namedtuple("Room", "f_bavail f_frsize")


def value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_second_start_keeps_the_data(folder: Path) -> None:
    with (
        EmbeddedPostgres(folder / "postgres") as server,
        psycopg.connect(server.superuser_url(), autocommit=True) as one,
    ):
        one.execute("CREATE TABLE kept (n int)")
        one.execute("INSERT INTO kept VALUES (7)")

    with EmbeddedPostgres(folder / "postgres") as server:
        assert value(server.superuser_url(), "SELECT n FROM kept") == 7


def test_a_stopped_server_leaves_no_process(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres") as server:
        assert processes.working_in(server.data) != []

    assert processes.working_in(server.data) == []


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_sync_retry", "off"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("log_statement", "none"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_is_durable_closed_and_silent_about_statements(
    durable_server: PostgresForTests, setting: str, wanted: str
) -> None:
    assert value(durable_server.superuser_url(), f"SELECT current_setting('{setting}')") == wanted


@pytest.fixture(scope="module")
def durable_server() -> object:
    server = PostgresForTests(is_durable=True)
    server.start()
    yield server
    server.stop()


def test_the_data_directory_is_closed_to_other_users(durable_server: PostgresForTests) -> None:
    mode = stat.S_IMODE(durable_server.server.data.stat().st_mode)

    assert oct(mode) == oct(0o700)


def test_nobody_is_trusted(durable_server: PostgresForTests) -> None:
    with psycopg.connect(durable_server.superuser_url()) as connection:
        rules = connection.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()

    assert set(rules) == {("local", "peer"), ("local", "scram-sha-256")}


def test_sorting_and_lower_case_do_not_depend_on_the_machine(durable_server: PostgresForTests) -> None:
    assert value(durable_server.superuser_url(), "SELECT lower('ÉÀ') || (SELECT 'Z' < 'a')") == "éàtrue"


def test_v11_another_user_of_the_machine_cannot_connect(durable_server: PostgresForTests) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user to try it")
    # The other user is given everything but the right account: the address and even a way into the folder's parents.
    attempt = (
        "import os, sys, psycopg\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: psycopg.connect(sys.argv[1], connect_timeout=5)\n"
        "except psycopg.OperationalError as error: print('refused:', error); sys.exit(0)\n"
        "sys.exit('came in')"
    )

    tried = subprocess.run(
        [sys.executable, "-c", attempt, durable_server.superuser_url()], check=False, capture_output=True, text=True
    )

    assert (tried.returncode, "Permission denied" in tried.stdout) == (0, True), tried.stdout + tried.stderr


def test_v11_even_inside_the_directory_another_user_is_not_the_superuser(durable_server: PostgresForTests) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user to try it")
    data = durable_server.server.data
    attempt = (
        "import os, sys, psycopg\n"
        # Connect as the account the server itself runs as: it passes the directory, and `peer` still says no.
        "uid = os.stat(sys.argv[2]).st_uid\n"
        "os.setgroups([]); os.setgid(uid); os.setuid(uid)\n"
        "try: psycopg.connect(sys.argv[1], connect_timeout=5)\n"
        "except psycopg.OperationalError as error: print('refused:', error); sys.exit(0)\n"
        "sys.exit('came in')"
    )

    tried = subprocess.run(
        [sys.executable, "-c", attempt, durable_server.superuser_url(), str(data)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (tried.returncode, "eer authentication failed" in tried.stdout) == (0, True), tried.stdout + tried.stderr


def test_a_second_owner_is_told_who_has_the_directory(folder: Path) -> None:
    with (
        EmbeddedPostgres(folder / "postgres"),
        pytest.raises(NotPossible, match=f"process {os.getpid()} .* is using it"),
    ):
        EmbeddedPostgres(folder / "postgres").start()


def test_a_path_too_long_for_the_socket_is_refused_with_a_shorter_one(folder: Path) -> None:
    deep = folder / ("x" * 100)

    with pytest.raises(NotPossible, match="bytes too long for the database's socket. Set ENTRAIDE_HOME to a shorter"):
        EmbeddedPostgres(deep).start()

    assert not deep.exists()


def test_a_foreign_directory_is_left_as_it_is(folder: Path) -> None:
    theirs = folder / "postgres" / "data" / "photo.jpg"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("holiday")

    with pytest.raises(NotPossible, match="something in it that this program did not put there"):
        EmbeddedPostgres(folder / "postgres").start()

    assert [path.name for path in theirs.parent.iterdir()] == ["photo.jpg"]


def test_a_directory_of_another_major_version_is_refused(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres", is_durable=False)
    server.prepare()
    server.release()
    (server.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(NotPossible, match=r"made by PostgreSQL 12 and the programs here are of PostgreSQL \d+"):
        server.start()


def test_f35_a_full_disk_is_said_before_anything_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "statvfs", lambda path: Room(f_bavail=100, f_frsize=1_000_000))

    with pytest.raises(NotPossible, match="the disk is full: 100 MB are free and 500 MB are needed"):
        EmbeddedPostgres(folder / "postgres").start()

    assert not (folder / "postgres" / "data").exists()


def test_a_cut_first_start_begins_again(folder: Path) -> None:
    half_made = folder / "postgres" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(folder / "postgres", is_durable=False) as server:
        assert value(server.superuser_url(), "SELECT 1") == 1


def test_a_start_undoes_what_an_earlier_hand_opened(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres", is_durable=False)
    server.prepare()
    server.release()
    (server.data / "pg_hba.conf").write_text("local all all trust\n")
    (server.data / "postgresql.auto.conf").write_text("fsync = off\n")

    with EmbeddedPostgres(folder / "postgres") as again, psycopg.connect(again.superuser_url()) as connection:
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        fsync = connection.execute("SELECT current_setting('fsync')").fetchone()

    assert (sorted(methods), fsync) == ([("peer",), ("scram-sha-256",)], ("on",))


def test_f45_a_killed_server_is_recovered_at_the_next_start_and_says_so(folder: Path, until: Until) -> None:
    killed = EmbeddedPostgres(folder / "postgres")
    killed.start()
    assert killed.process is not None
    with psycopg.connect(killed.superuser_url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        os.kill(killed.process.pid, signal.SIGKILL)
    until(killed.has_ended)
    killed.release()
    said: list[str] = []

    with EmbeddedPostgres(folder / "postgres", say=said.append) as server:
        assert value(server.superuser_url(), "SELECT count(*) FROM kept") == 0
    assert said[0].startswith("recovering…")


def test_a_server_whose_owner_was_killed_is_ended_before_a_new_one_starts(folder: Path, until: Until) -> None:
    owner = (
        "import sys, time; from pathlib import Path\n"
        "from entraide.supervision import processes\n"
        "processes.dies_with_me = lambda number: lambda: None  # a system that does not tell children (macOS)\n"
        "from entraide.supervision.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); print(server.process.pid, flush=True)\n"
        "time.sleep(3600)\n"
    )
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", owner, str(folder / "postgres")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        orphan = int(process.stdout.readline())
        process.kill()
    assert processes.is_running(orphan)

    with EmbeddedPostgres(folder / "postgres") as server:
        assert not processes.is_running(orphan)
        assert value(server.superuser_url(), "SELECT 1") == 1


def test_f38_acknowledged_commits_survive_a_killed_server(folder: Path, until: Until) -> None:
    _check_that_acknowledged_commits_survive(folder, until, rounds=3)


@pytest.mark.long
def test_f38_v38_acknowledged_commits_survive_a_thousand_killed_servers(folder: Path, until: Until) -> None:
    _check_that_acknowledged_commits_survive(folder, until, rounds=1000)


def _check_that_acknowledged_commits_survive(folder: Path, until: Until, *, rounds: int) -> None:
    acknowledged: list[int] = []
    n = 0
    for _ in range(rounds):
        server = EmbeddedPostgres(folder / "postgres")
        server.start()
        assert server.process is not None
        with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS acts (n int PRIMARY KEY)")
            for _ in range(200):
                connection.execute("INSERT INTO acts VALUES (%s)", [n])
                acknowledged.append(n)
                n += 1
            os.kill(server.process.pid, signal.SIGKILL)
        until(server.has_ended)
        server.release()

    with EmbeddedPostgres(folder / "postgres") as server, psycopg.connect(server.superuser_url()) as connection:
        found = [row[0] for row in connection.execute("SELECT n FROM acts ORDER BY n")]
    assert found == acknowledged
