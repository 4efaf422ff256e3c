"""The program: its ledger keeps its rules, its commands can be repeated, its process stops when told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_exchange import loading
from tests.plugins.postgres import PostgresForTests
from tests.reference_exchange.process import ReferenceExchange, new_database, run

UNTIL = "2025-06-01T00:00:00+00:00"
NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(postgres: PostgresForTests) -> str:
    """Return a database with four customers and an account of nine movements."""
    url = new_database(postgres, "reference_exchange_program")
    done = run(url, "generate", "--customers", "4", "--until", UNTIL, "--heavy-account", "9")
    assert done.returncode == 0, done.stdout + done.stderr
    return url


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


# The ledger.

LEGS = st.lists(st.tuples(st.sampled_from(["BTC", "EUR"]), st.integers(-5, 5).filter(bool)), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(legs=LEGS)
def test_an_entry_is_kept_if_and_only_if_it_balances_in_every_asset(
    connection: psycopg.Connection, legs: list[tuple[str, int]]
) -> None:
    balances = all(sum(n for a, n in legs if a == asset) == 0 for asset in ("BTC", "EUR"))

    def book() -> None:
        connection.execute("insert into journal_entry values (1000000, %s, %s, 'test')", [NOON, NOON])
        for line, (asset, amount) in enumerate(legs):
            connection.execute(
                "insert into posting select 1000000, %s, ledger_account_id, asset, %s from ledger_account"
                " where account_id is null and purpose = 'bank' and asset = %s",
                [line, amount, asset],
            )
        connection.execute("set constraints all immediate")

    try:
        book()
        is_kept = True
    except psycopg.errors.IntegrityConstraintViolation:
        is_kept = False
    connection.rollback()

    assert is_kept == balances


@pytest.mark.parametrize(
    "statement",
    [
        "update posting set amount = amount + 1",
        "delete from posting",
        "update journal_entry set at = now()",
        "delete from journal_entry",
    ],
)
def test_what_is_booked_is_never_changed(connection: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only ever added to"):
        connection.execute(statement.encode())


def test_a_posting_in_another_asset_than_its_account_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "insert into posting select 1, 99, ledger_account_id, 'EUR', 1 from ledger_account"
            " where account_id is null and purpose = 'bank' and asset = 'BTC'"
        )


def test_movements_and_ledger_tell_the_same(connection: psycopg.Connection) -> None:
    differing = connection.execute(
        """
        with told as (
            select account_id, asset, sum(amount) as amount from (
                select account_id, asset,
                       case direction when 'in' then amount else -amount end
                       - case when kind = 'withdrawal' then coalesce(fee_amount, 0) else 0 end as amount from movement
                union all
                select account_id, counter_asset, counter_amount from movement where kind = 'trade'
            ) m group by account_id, asset),
        booked as (
            select account_id, asset, sum(amount) as amount from posting join ledger_account using
                (ledger_account_id, asset) where account_id is not null group by account_id, asset)
        select * from told full join booked using (account_id, asset)
        where coalesce(told.amount, 0) <> coalesce(booked.amount, 0)
        """
    ).fetchall()
    n_movements = connection.execute("select count(*) from movement").fetchall()[0][0]

    assert differing == []
    assert n_movements > 9


def test_a_deposit_booked_later_balances_and_shows(url: str) -> None:
    record_id = loading.deposit(url, "RX00000001", asset="USD", amount=700, at=NOON, recorded_at=NOON)

    with psycopg.connect(url) as connection:
        balances = connection.execute(
            "select asset, available from balances_at('RX00000001', %s, %s) where asset = 'USD'",
            [NOON + timedelta(days=1), NOON],
        ).fetchall()
        before = connection.execute(
            "select asset from balances_at('RX00000001', %s, %s) where asset = 'USD'", [NOON, NOON]
        ).fetchall()
    assert balances == [("USD", 700)]
    assert before == []
    assert record_id.startswith("M")


# The commands.


def test_generating_twice_does_nothing_and_generating_otherwise_is_refused(url: str) -> None:
    again = run(url, "generate", "--customers", "4", "--until", UNTIL, "--heavy-account", "9")
    otherwise = run(url, "generate", "--customers", "5", "--until", UNTIL)

    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)
    assert (otherwise.returncode, "nothing was changed" in otherwise.stdout) == (1, True)


def test_the_report_says_who_was_given_what(postgres: PostgresForTests, tmp_path: Path) -> None:
    url = new_database(postgres, "reference_exchange_report")
    (tmp_path / "lines").write_text("ab" * 32 + "\n")
    options = ["--customers", "2", "--addresses", str(tmp_path / "lines"), "--report", str(tmp_path / "report.json")]

    first = run(url, "generate", "--until", UNTIL, *options)
    fresh = run(url, "generate", "--until", UNTIL, "--fresh", "--seed", "2", *options)

    assert (first.returncode, fresh.returncode) == (0, 0)
    assert '"account_id": "RX00000001"' in (tmp_path / "report.json").read_text()


def test_a_line_that_cannot_be_planted_leaves_the_database_as_it_was(url: str, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("nonsense\n")

    done = run(url, "generate", "--customers", "4", "--fresh", "--addresses", str(tmp_path / "lines"))

    assert (done.returncode, "line 1" in done.stdout) == (1, True)
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from customer").fetchall() == [(5,)]


def test_without_a_database_or_a_token_it_says_what_is_missing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "REFERENCE_EXCHANGE_DATABASE_URL is not set" in run("", "init").stdout
    monkeypatch.setattr("tests.reference_exchange.process.TOKEN", "short")
    refused = run(url, "serve", "--port", "0")

    assert (refused.returncode, "at least 16 characters" in refused.stdout) == (2, True)


def test_it_starts_on_an_empty_database_says_it_is_well_and_stops_when_told(postgres: PostgresForTests) -> None:
    url = new_database(postgres, "reference_exchange_empty")

    with ReferenceExchange(url) as running:
        health = httpx.get(f"{running.url}health", trust_env=False)
        assert (health.status_code, health.json()) == (200, {"status": "ok"})

    assert running.process.returncode == 0


def test_without_its_database_it_says_it_is_down_and_comes_back_by_itself(postgres: PostgresForTests) -> None:
    url = new_database(postgres, "reference_exchange_outage")

    with ReferenceExchange(url) as running, psycopg.connect(postgres.superuser_url(), autocommit=True) as admin:
        admin.execute("alter database reference_exchange_outage allow_connections false")
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'reference_exchange_outage'"
        )
        assert httpx.get(f"{running.url}health", trust_env=False, timeout=20).status_code == 503
        admin.execute("alter database reference_exchange_outage allow_connections true")
        answers = (httpx.get(f"{running.url}health", trust_env=False, timeout=20).status_code for _ in range(20))
        assert 200 in answers
