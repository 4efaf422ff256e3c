"""The database: its schema, and bringing generated rows in by COPY."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from reference_exchange import addresses, generation
from reference_exchange.customers import ENTITIES, Parameters, account_id
from reference_exchange.rows import TABLES, Batch, Numbers

# One number for the whole program: whoever changes the schema or loads rows waits for the other.
_LOCK = 7_265_657_863

Say = Callable[[str], None]


class AlreadyGenerated(Exception):
    """The database holds rows made from other parameters."""


def init(url: str) -> None:
    """Make the schema, or what is missing of it."""
    text = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute("set local client_min_messages = warning")
        connection.execute(text.encode())


def parameters_as_json(parameters: Parameters, n_heavy: int) -> dict[str, Any]:
    """Return what identifies a generation; the planted lines by their hash."""
    planted = repr(parameters.planted).encode()
    return {
        "customers": parameters.n_customers,
        "seed": parameters.seed,
        "until": parameters.until.isoformat(),
        "planted_sha256": hashlib.sha256(planted).hexdigest(),
        "heavy": n_heavy,
    }


def generate(
    url: str, parameters: Parameters, *, n_heavy: int = 0, is_fresh: bool = False, say: Say = lambda line: None
) -> bool:
    """Make the rows and load them, in one transaction.  Return whether anything had to be done.

    Parameters
    ----------
    n_heavy : int
        Movements of one more account, `account_id(n_customers + 1)`, for measurements.
    is_fresh : bool
        Whether what is there is thrown away first.

    Raises
    ------
    AlreadyGenerated
        If there are rows from other parameters, and `is_fresh` was not said.
    """
    init(url)
    wanted = parameters_as_json(parameters, n_heavy)
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        found = connection.execute("select parameters from generation").fetchone()
        if found and not is_fresh:
            if found[0] == wanted:
                return False
            raise AlreadyGenerated(f"the database was generated with {json.dumps(found[0])}")
        _empty(connection)
        connection.execute("select take_rules_off()")
        numbers = Numbers()
        for batch in generation.batches(parameters, numbers):
            _copy(connection, batch)
            say(f"generated {len(batch.rows['customer'])} customers")
        if n_heavy:
            _heavy(connection, numbers, parameters, n_heavy)
            say(f"generated an account with {n_heavy} movements")
        connection.execute("select put_rules_on()")
        connection.execute("select check_all_entries_balance()")
        connection.execute("insert into generation (parameters) values (%s)", [json.dumps(wanted)])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("analyze")
    return True


def _empty(connection: psycopg.Connection) -> None:
    tables = sql.SQL(", ").join(sql.Identifier(table) for table in (*TABLES, "generation"))
    connection.execute(sql.SQL("truncate {}").format(tables))


def _copy(connection: psycopg.Connection, batch: Batch) -> None:
    for table, columns in TABLES.items():
        statement = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor().copy(statement) as copy:
            for row in batch.rows[table]:
                copy.write_row(row)


# One account with very many movements: by turns a deposit, a trade of a third of it, and a withdrawal of a third.
# Made inside PostgreSQL, because a million rows through Python would take longer than anything they are to measure.
_HEAVY = """
create temporary table step on commit drop as
select n,
       %(entry)s::bigint + n - 1 as entry_id,
       %(movement)s::bigint + n - 1 as number,
       %(until)s::timestamptz - (%(count)s - n) * interval '15 seconds' - interval '1 hour' as at,
       (n - 1) %% 3 as turn,
       30000 + (n::bigint / 3 * 7919) %% 100000 * 3 as amount
from generate_series(1, %(count)s) n;

insert into journal_entry (entry_id, at, recorded_at, kind)
select entry_id, at, at, (array['deposit', 'trade', 'withdrawal'])[turn + 1] from step;

insert into posting (entry_id, line, ledger_account_id, asset, amount)
select entry_id, line, ledger_account_id, asset, amount from (
    select entry_id, 1, %(btc)s::bigint, 'BTC', amount::numeric from step where turn = 0
    union all select entry_id, 2, %(custody)s, 'BTC', -amount from step where turn = 0
    union all select entry_id, 1, %(btc)s, 'BTC', -amount / 3 from step where turn = 1
    union all select entry_id, 2, %(market_btc)s, 'BTC', amount / 3 from step where turn = 1
    union all select entry_id, 3, %(eur)s, 'EUR', amount / 5 from step where turn = 1
    union all select entry_id, 4, %(market_eur)s, 'EUR', -amount / 5 from step where turn = 1
    union all select entry_id, 1, %(btc)s, 'BTC', -amount / 3 from step where turn = 2
    union all select entry_id, 2, %(custody)s, 'BTC', amount / 3 from step where turn = 2
) as legs (entry_id, line, ledger_account_id, asset, amount) order by entry_id, line;

insert into movement (number, account_id, at, recorded_at, entry_id, kind, direction, asset, amount, counter_asset,
                      counter_amount, network, txid, from_address, to_address, status)
select number, %(account_id)s, at, at, entry_id,
       (array['deposit', 'trade', 'withdrawal'])[turn + 1],
       case turn when 0 then 'in' else 'out' end,
       'BTC', case turn when 0 then amount else amount / 3 end,
       case turn when 1 then 'EUR' end, case turn when 1 then amount / 5 end,
       case when turn <> 1 then 'bitcoin' end,
       case when turn <> 1 then md5(n || '/1') || md5(n || '/2') end,
       case when turn = 0 then %(address)s end, case when turn = 2 then %(address)s end,
       'booked'
from step order by number;
"""


def _heavy(connection: psycopg.Connection, numbers: Numbers, parameters: Parameters, count: int) -> None:
    account = account_id(parameters.n_customers + 1)
    opened = datetime(2009, 1, 3, tzinfo=UTC)
    batch = Batch(numbers)
    batch.add(
        "customer",
        account_id=account,
        entity=ENTITIES[0],
        status="open",
        opened_at=opened,
        recorded_at=opened,
    )
    ledger = {
        "btc": batch.ledger_account(account, "available", "BTC"),
        "eur": batch.ledger_account(account, "available", "EUR"),
        "custody": batch.ledger_account(None, "custody", "BTC"),
        "market_btc": batch.ledger_account(None, "market", "BTC"),
        "market_eur": batch.ledger_account(None, "market", "EUR"),
    }
    _copy(connection, batch)
    values = {
        **ledger,
        "account_id": account,
        "entry": numbers.next["journal_entry"],
        "movement": numbers.next["movement"],
        "until": parameters.until,
        "count": count,
        "address": addresses.segwit("bc", hashlib.sha256(b"heavy").digest()[:20]),
    }
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(_HEAVY, values)
    numbers.next["journal_entry"] += count
    numbers.next["movement"] += count


def deposit(
    url: str, account_id: str, *, asset: str, amount: int, at: datetime, recorded_at: datetime | None = None
) -> str:
    """Book one more deposit from the bank, as the running exchange would, and return the movement's record id.

    `recorded_at` is when the exchange writes it down: now, unless a test says otherwise.
    """
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        entry = _next(connection, "journal_entry", "entry_id")
        number = _next(connection, "movement", "number")
        accounts = [_ledger_account(connection, owner, purpose, asset) for owner, purpose in
                    ((account_id, "available"), (None, "bank"))]  # fmt: skip
        moment = recorded_at or connection.execute("select clock_timestamp()").fetchall()[0][0]
        connection.execute("insert into journal_entry values (%s, %s, %s, 'deposit')", [entry, at, moment])
        for line, (ledger_account, units) in enumerate(zip(accounts, (amount, -amount), strict=True), start=1):
            connection.execute(
                "insert into posting values (%s, %s, %s, %s, %s)", [entry, line, ledger_account, asset, units]
            )
        connection.execute(
            "insert into movement (number, account_id, at, recorded_at, entry_id, kind, direction, asset, amount,"
            " status) values (%s, %s, %s, %s, %s, 'deposit', 'in', %s, %s, 'booked')",
            [number, account_id, at, moment, entry, asset, amount],
        )
    return f"M{number:012d}"


def _next(connection: psycopg.Connection, table: str, column: str) -> int:
    query = sql.SQL("select coalesce(max({}), 0) + 1 from {}").format(sql.Identifier(column), sql.Identifier(table))
    return int(connection.execute(query).fetchall()[0][0])


def _ledger_account(connection: psycopg.Connection, owner: str | None, purpose: str, asset: str) -> int:
    found = connection.execute(
        "select ledger_account_id from ledger_account"
        " where account_id is not distinct from %s and purpose = %s and asset = %s",
        [owner, purpose, asset],
    ).fetchone()
    if found:
        return int(found[0])
    number = _next(connection, "ledger_account", "ledger_account_id")
    connection.execute("insert into ledger_account values (%s, %s, %s, %s)", [number, owner, purpose, asset])
    return number
