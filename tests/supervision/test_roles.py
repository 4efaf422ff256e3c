"""The database's roles: each within its limits, none above the rules, and what refuses the others."""

import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from entraide.kernel.errors import NotPossible
from entraide.supervision import checks, roles, secrets, urls
from tests.plugins.postgres import PostgresForTests

ALL = [*roles.DESK_ROLES, *roles.EXCHANGE_ROLES]


def url_of(postgres: PostgresForTests, role: str) -> str:
    database = roles.EXCHANGE_DATABASE if role == roles.EXCHANGE_ROLE else roles.DESK_DATABASE
    return postgres.url(role, database)


@pytest.mark.parametrize("role", ALL, ids=lambda role: role.name)
def test_v38_each_session_of_a_role_starts_within_its_limits(postgres: PostgresForTests, role: roles.Role) -> None:
    wanted = {name: _in_ms(value) for name, value in role.settings().items()}

    with psycopg.connect(url_of(postgres, role.name)) as connection:
        found = {name: _shown(connection, name) for name in wanted}

    assert found == wanted
    assert found["synchronous_commit"] == "on"


def _shown(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return _in_ms(str(row[0]))


def _in_ms(value: str) -> str:
    for unit, factor in (("min", 60_000), ("ms", 1), ("s", 1000)):
        number = value.removesuffix(unit)
        if number != value and number.isdigit():
            return str(int(number) * factor)
    return value


@pytest.mark.parametrize("role", roles.SERVING_ROLES)
def test_v11_a_serving_role_may_serve(postgres: PostgresForTests, role: str) -> None:
    with psycopg.connect(postgres.url(role)) as connection:
        checks.check_serving_role(connection)
        checks_of = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()

    assert checks_of == (False, False, False, False, False)


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("entraide_migrate", "may become (its|their) owner"),
        ("entraide_backup", "passes row-level security"),
    ],
)
def test_f44_v11_an_owner_or_a_by_passer_may_not_serve(postgres: PostgresForTests, role: str, reason: str) -> None:
    with (
        psycopg.connect(postgres.url(role)) as connection,
        pytest.raises(NotPossible, match=reason),
    ):
        checks.check_serving_role(connection)


def test_f44_v11_the_superuser_may_not_serve(postgres: PostgresForTests) -> None:
    with (
        psycopg.connect(postgres.superuser_url("entraide")) as connection,
        pytest.raises(NotPossible, match="is a superuser"),
    ):
        checks.check_serving_role(connection)


def test_f44_v11_a_superuser_in_the_clothes_of_a_serving_role_may_not_serve(postgres: PostgresForTests) -> None:
    with psycopg.connect(postgres.superuser_url("entraide")) as connection:
        connection.execute("SET ROLE entraide_web")
        with pytest.raises(NotPossible, match="is a superuser"):
            checks.check_serving_role(connection)


def test_f38_a_session_that_does_not_wait_for_its_commits_may_not_serve(postgres: PostgresForTests) -> None:
    with psycopg.connect(postgres.url("entraide_web")) as connection:
        connection.execute("SET synchronous_commit = off")
        with pytest.raises(NotPossible, match="what is acknowledged could be lost"):
            checks.check_serving_role(connection)


def test_f44_a_server_that_does_not_sync_is_refused(postgres: PostgresForTests) -> None:
    with (
        psycopg.connect(postgres.url("entraide_web")) as connection,
        pytest.raises(NotPossible, match="fsync is off. Set fsync = on"),
    ):
        checks.check_server(connection, production=False)


def test_f44_a_durable_server_with_checksums_is_accepted(durable_postgres: PostgresForTests) -> None:
    with psycopg.connect(durable_postgres.url("entraide_web")) as connection:
        checks.check_server(connection, production=True)


def test_f44_a_server_that_trusts_everybody_is_refused(
    durable_postgres: PostgresForTests, until: Callable[[Callable[[], bool]], None]
) -> None:
    server_url = durable_postgres.superuser_url()
    checks.check_password_is_asked(server_url, "entraide_web", "entraide")
    (durable_postgres.server.data / "pg_hba.conf").write_text("local all all trust\n")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")

    def is_refused() -> bool:
        try:
            checks.check_password_is_asked(server_url, "entraide_web", "entraide")
        except NotPossible as refusal:
            assert "without the right password" in str(refusal)
            return True
        return False

    until(is_refused)  # the new file holds once the server has read it


def test_nobody_signs_in_as_the_owner(postgres: PostgresForTests) -> None:
    with psycopg.connect(postgres.superuser_url()) as connection:
        row = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'entraide_owner'").fetchone()

    assert row == (False,)


def test_what_migrations_make_belongs_to_the_owner(postgres: PostgresForTests) -> None:
    postgres.create_database("owned")
    with psycopg.connect(postgres.url("entraide_migrate", "owned")) as connection:
        connection.execute("CREATE TABLE made (n int)")
        row = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'made'").fetchone()
    postgres.drop_database("owned")

    assert row == ("entraide_owner",)


@pytest.mark.parametrize("role", [*roles.SERVING_ROLES, "entraide_backup"])
def test_v11_a_serving_role_makes_nothing_and_sees_nothing_ungranted(postgres: PostgresForTests, role: str) -> None:
    postgres.create_database("closed")
    with psycopg.connect(postgres.url("entraide_migrate", "closed")) as owner:
        owner.execute("CREATE TABLE secret (n int)")
    refused = []
    for statement in ("CREATE TABLE mine (n int)", "CREATE SCHEMA mine", "INSERT INTO secret VALUES (1)"):
        with psycopg.connect(postgres.url(role, "closed")) as connection:
            try:
                connection.execute(sql.SQL(statement))  # type: ignore[arg-type]
            except psycopg.errors.InsufficientPrivilege:
                refused.append(statement)
    postgres.drop_database("closed")

    assert len(refused) == 3


def test_the_reference_exchange_cannot_enter_the_desk_nor_the_desk_the_exchange(postgres: PostgresForTests) -> None:
    for url in (
        postgres.url("reference_exchange", "entraide"),
        *(postgres.url(role, "reference_exchange") for role in roles.SERVING_ROLES),
    ):
        with pytest.raises(psycopg.OperationalError, match="does not have CONNECT privilege"):
            psycopg.connect(url)


def test_a_dump_under_forced_row_security_is_whole(postgres: PostgresForTests) -> None:
    postgres.create_database("dumped")
    with psycopg.connect(postgres.url("entraide_migrate", "dumped")) as owner:
        owner.execute("CREATE TABLE rows (n int)")
        owner.execute("INSERT INTO rows VALUES (1), (2)")
        owner.execute("ALTER TABLE rows ENABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE rows FORCE ROW LEVEL SECURITY")

    with psycopg.connect(postgres.url("entraide_backup", "dumped")) as backup:
        row = backup.execute("SELECT count(*) FROM rows").fetchone()
    with psycopg.connect(postgres.url("entraide_migrate", "dumped")) as owner:
        seen_by_owner = owner.execute("SELECT count(*) FROM rows").fetchone()
    postgres.drop_database("dumped")

    assert (row, seen_by_owner) == ((2,), (0,))


def test_establishing_twice_does_nothing_new(postgres: PostgresForTests) -> None:
    assert roles.establish(postgres.superuser_url(), postgres.passwords, with_exchange=True) == []


def test_roles_are_made_by_an_administrator_who_is_no_superuser(durable_postgres: PostgresForTests) -> None:
    # As on a rented server: CREATEROLE and CREATEDB, no more.
    with psycopg.connect(durable_postgres.superuser_url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE entraide")
        connection.execute("DROP DATABASE reference_exchange")
        for name in [*roles.names(), roles.OWNER]:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
        connection.execute("CREATE ROLE rented LOGIN CREATEROLE CREATEDB PASSWORD 'rented'")
        connection.execute("GRANT pg_read_all_data TO rented WITH ADMIN OPTION")
    admin_url = durable_postgres.server.url("rented", "rented", "postgres")

    done = roles.establish(admin_url, durable_postgres.passwords, with_exchange=False)

    assert done[-2:] == [
        "role entraide_backup cannot dump yet: let a superuser run ALTER ROLE entraide_backup BYPASSRLS",
        "database entraide made",
    ]
    for role in roles.SERVING_ROLES:
        with psycopg.connect(durable_postgres.url(role)) as connection:
            checks.check_serving_role(connection)


def test_passwords_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"

    first = secrets.read_or_make(file, ["one"])
    second = secrets.read_or_make(file, ["one", "two"])

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert second["one"] == first["one"]
    assert len({*second.values()}) == 2
    assert min(map(len, second.values())) >= 43


def test_passwords_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    secrets.read_or_make(file, ["one"])
    file.chmod(0o644)

    with pytest.raises(NotPossible, match="chmod 600"):
        secrets.read_or_make(file, ["one"])


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        ("postgresql://postgres@/postgres?host=%2Fa%20b&port=5432", "postgresql://r:p%2F@/d?host=%2Fa%20b&port=5432"),
        ("postgresql://admin:x@db.example:6432/postgres", "postgresql://r:p%2F@db.example:6432/d"),
        ("postgresql://db.example/x?sslmode=verify-full", "postgresql://r:p%2F@db.example:5432/d?sslmode=verify-full"),
        ("postgresql://[::1]/x", "postgresql://r:p%2F@[::1]:5432/d"),
    ],
)
def test_an_url_is_carried_over_to_another_role(server: str, wanted: str) -> None:
    assert urls.as_role(server, "r", "p/", "d") == wanted
