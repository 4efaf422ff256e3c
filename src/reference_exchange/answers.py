"""The answers of the contract, read from the database.

Records leave PostgreSQL as ready-made JSON lines, a thousand in one value: nothing here touches a single record, which
is why a stream is as fast as the database.  Each page is a question of its own, taken up where the last one ended, so
that a slow reader holds neither a transaction nor a connection.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

CONTRACT_VERSION = "1.0"
PAGE_ROWS = 1_000
IDENTIFIERS_MAX = 1_000
NETWORKS = ("bitcoin", "evm", "litecoin", "tron")
KINDS = ("address", "email", "iban", "ip", "phone", "txid", "uid")


class Refused(Exception):
    """A question that is answered with no."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


# ------------------------------------------------------------------------------------------------------------- records

# How a column is written into JSON.  "plain" values can hold nothing that JSON would have to escape.
_TEXT, _PLAIN, _NUMBER, _MOMENT, _IP = "text", "plain", "number", "moment", "ip"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the records of a category come from.

    Parameters
    ----------
    prefix : str
        First letter of the record id, before the number in twelve digits.
    moment : str | None
        Column that the period cuts and that the records are ordered by.
    columns : tuple
        Name in the contract, how it is written, and the SQL it is computed by.
    """

    table: str
    prefix: str
    moment: str | None
    columns: tuple[tuple[str, str, str], ...]
    join: str = ""
    only: str = ""


def _same(how: str, *names: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, how, f't."{name}"') for name in names)


_AT = _same(_MOMENT, "at")

_SOURCES = {
    "S1": _Source("identity", "N", None, (
        *_same(_MOMENT, "valid_from"), *_same(_PLAIN, "holder"), *_same(_TEXT, "full_name", "full_name_latin"),
        *_same(_PLAIN, "date_of_birth"), *_same(_TEXT, "place_of_birth"), *_same(_PLAIN, "nationality"),
        *_same(_TEXT, "address_line", "postal_code", "city"), *_same(_PLAIN, "country"),
        *_same(_TEXT, "tax_number", "phone", "email", "occupation", "source_of_funds"),
    )),
    "S2": _Source("verification", "V", None, (
        *_same(_MOMENT, "verified_at"), *_same(_PLAIN, "check", "result"),
        *_same(_TEXT, "document_type", "document_number"), *_same(_PLAIN, "issuing_country", "expires_on"),
        *_same(_NUMBER, "score"), *_same(_TEXT, "screening_hit", "file_name"), *_same(_PLAIN, "file_sha256"),
    )),
    "S3": _Source("service", "E", None, (
        *_same(_MOMENT, "opened_at", "closed_at"), ("status", _PLAIN, "c.status"), ("entity", _TEXT, "c.entity"),
        *_same(_PLAIN, "service", "service_id"), *_same(_TEXT, "tier"),
        *_same(_PLAIN, "referral_id", "activated_device_id"), *_same(_IP, "activated_ip"),
    ), "join customer c using (account_id)"),
    "S4": _Source("payment_means", "P", None, (
        *_same(_MOMENT, "added_at", "removed_at"), *_same(_PLAIN, "means"), *_same(_TEXT, "holder_name", "iban",
        "bank_name"), *_same(_PLAIN, "bank_country"), *_same(_TEXT, "card_masked", "card_expires", "payee_reference"),
    )),
    "I1": _Source("access_event", "L", "at", (
        *_AT, ("event", _PLAIN, "'log_in'"), *_same(_IP, "ip"), *_same(_NUMBER, "port"), *_same(_PLAIN, "device_id"),
    ), only="t.event = 'log_in'"),
    "T1": _Source("access_event", "L", "at", (
        *_AT, *_same(_PLAIN, "event", "session_id"), *_same(_IP, "ip"), *_same(_NUMBER, "port"),
        *_same(_PLAIN, "country"), *_same(_TEXT, "city"), *_same(_PLAIN, "device_id"),
        ("device_model", _TEXT, "d.model"), ("user_agent", _TEXT, "d.user_agent"),
    ), "left join device d using (device_id)"),
    "T2": _Source("movement", "M", "at", (
        *_AT, *_same(_PLAIN, "kind", "direction", "asset", "amount", "counter_asset", "counter_amount", "fee_asset",
        "fee_amount", "network"), *_same(_TEXT, "txid", "from_address", "to_address", "memo"),
        *_same(_PLAIN, "counterparty_account", "status"),
    )),
    "T3": _Source("wallet_event", "W", "at", (
        *_AT, *_same(_PLAIN, "role", "network"), *_same(_TEXT, "address", "memo", "label", "txid"),
        *_same(_PLAIN, "asset", "amount"), *_same(_MOMENT, "retired_at"),
    )),
    "T4": _Source("travel_rule", "R", "at", (
        *_AT, *_same(_PLAIN, "direction"), ("movement_id", _PLAIN, "'M' || lpad(t.movement_number::text, 12, '0')"),
        *_same(_PLAIN, "asset", "amount"), *_same(_TEXT, "originator_name", "originator_account", "beneficiary_name",
        "beneficiary_account", "counterparty_vasp"), *_same(_PLAIN, "counterparty_country"),
    )),
    "C1": _Source("message", "C", "at", (
        *_AT, *_same(_PLAIN, "channel", "thread_id", "author"), *_same(_TEXT, "body", "file_name"),
        *_same(_PLAIN, "file_sha256"), *_same(_NUMBER, "is_privileged"),
    )),
}  # fmt: skip
CATEGORIES = ("B1", *sorted(_SOURCES))
_MOMENT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def _member(name: str, how: str, expression: str) -> str:
    """Return SQL that writes one member of a JSON object."""
    key = f'"{name}":'
    if how == _TEXT:
        return f"'{key}' || coalesce(to_json({expression})::text, 'null')"
    if how == _NUMBER:
        return f"'{key}' || coalesce(({expression})::text, 'null')"
    written = {
        _PLAIN: f"({expression})::text",
        _IP: f"host({expression})",
        _MOMENT: f"to_char({expression} at time zone 'UTC', '{_MOMENT_FORMAT}')",
    }[how]
    return f"coalesce('{key}\"' || {written} || '\"', '{key}null')"


def _page_query(source: _Source) -> str:
    members = [
        f"""'{{"record_id":"{source.prefix}' || lpad(t.number::text, 12, '0') || '"'""",
        """'"account_id":"' || t.account_id || '"'""",
        *(_member(*column) for column in source.columns),
    ]
    line = "concat(" + ", ',', ".join(members) + ", '}')"
    where = "t.account_id = %(account_id)s and t.recorded_at <= %(as_of)s"
    if source.moment is None:
        order, moment = "t.number", "null::timestamptz"
        where += " and t.number > %(after_number)s"
    else:
        order, moment = "t.at, t.number", "t.at"
        where += " and t.at >= %(start)s and t.at < %(end)s and (t.at, t.number) > (%(after_at)s, %(after_number)s)"
    if source.only:
        where += f" and {source.only}"
    # The limit stands innermost, so that a line is only made of a record that is sent.  The aggregates take the rows as
    # they come, in the order of the inner query: sorting them once more would cost a third of the time.
    return f"""
        select count(*), string_agg(line, E'\\n'), (array_agg(moment))[count(*)], (array_agg(number))[count(*)]
        from (select {line} as line, {moment} as moment, t.number as number
              from (select t.* from {source.table} t where {where} order by {order} limit %(limit)s) t
              {source.join} order by {order}) page"""  # noqa: S608 - every part is written above


_PAGE = {category: _page_query(source) for category, source in _SOURCES.items()}
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """A question for records."""

    account_id: str
    category: str
    start: datetime
    end: datetime
    as_of: datetime

    def digest(self) -> str:
        """Return what a cursor carries to show which question it belongs to."""
        text = json.dumps(
            [self.account_id, self.category, *(m.isoformat() for m in (self.start, self.end, self.as_of))]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Position:
    """The record after which a page begins."""

    at: datetime = _LONG_AGO
    number: int = -1


@dataclass(frozen=True, slots=True)
class Page:
    """Up to a thousand JSON lines, without the last line feed."""

    lines: str
    n_rows: int
    after: Position


def cursor_of(question: Question, position: Position) -> str:
    """Return the text by which a reader takes a stream up again."""
    text = json.dumps([question.digest(), position.at.isoformat(), position.number])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(question: Question, cursor: str | None) -> Position:
    """Return where `cursor` stands.

    Raises
    ------
    Refused
        If it is none of ours, or belongs to another question.
    """
    if cursor is None:
        return Position()
    try:
        digest, at, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = Position(datetime.fromisoformat(at), int(number))
    except (ValueError, TypeError):
        raise Refused(410, "stale_cursor", "The cursor is not one of this exchange's.") from None
    if digest != question.digest():
        raise Refused(410, "stale_cursor", "The cursor belongs to another question.")
    return position


def page(connection: psycopg.Connection, question: Question, position: Position) -> Page:
    """Return the page after `position`."""
    if question.category == "B1":
        return _balance_page(connection, question, position)
    values = {
        "account_id": question.account_id,
        "as_of": question.as_of,
        "start": question.start,
        "end": question.end,
        "after_at": position.at,
        "after_number": position.number,
        "limit": PAGE_ROWS,
    }
    query = _PAGE[question.category]
    n_rows, lines, at, number = connection.execute(query.encode(), values).fetchall()[0]
    return Page(lines or "", n_rows, Position(at or _LONG_AGO, number if number is not None else position.number))


# ------------------------------------------------------------------------------------------------------------ balances


def _balance_page(connection: psycopg.Connection, question: Question, position: Position) -> Page:
    instant = min(question.end, question.as_of)
    lines = []
    for n, (asset, available, in_orders, held) in enumerate(_balances(connection, question.account_id, instant,
                                                                      question.as_of)):  # fmt: skip
        if n <= position.number:
            continue
        record = {
            "record_id": f"B{n:012d}",
            "account_id": question.account_id,
            "at": instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "asset": asset,
            "total": str(available + in_orders + held),
            "available": str(available),
            "in_orders": str(in_orders),
            "held": str(held),
            "hold_count": 0,
        }
        lines.append(json.dumps(record, separators=(",", ":")))
    return Page("\n".join(lines), len(lines), Position(number=position.number + len(lines)))


def _balances(connection: psycopg.Connection, account_id: str, before: datetime, as_of: datetime) -> list[Any]:
    query = "select asset, available, in_orders, held from balances_at(%s, %s, %s)"
    return connection.execute(query, [account_id, before, as_of]).fetchall()


def balances(connection: psycopg.Connection, account_id: str, as_of: datetime) -> list[dict[str, Any]]:
    """Return what the account held at `as_of`: everything booked up to and at that moment."""
    forever = datetime(9999, 1, 1, tzinfo=UTC)
    return [
        {
            "asset": asset,
            "total": str(available + in_orders + held),
            "available": str(available),
            "hold_count": 0,
        }
        for asset, available, in_orders, held in _balances(connection, account_id, forever, as_of)
    ]


# ------------------------------------------------------------------------------------------------------------- look-ups

_ASKED = """
    with asked as (
        select * from unnest(%(ns)s::int[], %(values)s::text[], %(networks)s::text[], %(ats)s::timestamptz[],
                             %(withins)s::int[]) as t (n, value, network, at, within_s))
"""
_FIND = {
    "address": """
        select n, account_id, case role when 'deposit_address' then 'deposit_address' else 'allowed_address' end,
               w.at
        from asked join wallet_event w on w.address = asked.value and w.role in ('deposit_address', 'allowed_address')
             and (asked.network is null or asked.network = w.network)
        union all
        select n, account_id, 'deposit_from', m.at from asked join movement m on m.from_address = asked.value
             and m.kind = 'deposit' and (asked.network is null or asked.network = m.network)
        union all
        select n, account_id, 'withdrawal_to', m.at from asked join movement m on m.to_address = asked.value
             and m.kind = 'withdrawal' and (asked.network is null or asked.network = m.network)
    """,
    "txid": """
        select n, account_id, kind || '_txid', m.at from asked join movement m on m.txid = asked.value
             and m.kind in ('deposit', 'withdrawal') and (asked.network is null or asked.network = m.network)
    """,
    "email": """
        select n, account_id, 'kyc_email', i.valid_from from asked join identity i on lower(i.email) = asked.value
    """,
    "phone": "select n, account_id, 'kyc_phone', i.valid_from from asked join identity i on i.phone = asked.value",
    "iban": "select n, account_id, 'payment_iban', p.added_at from asked join payment_means p on p.iban = asked.value",
    "ip": """
        select n, account_id, 'login_ip', a.at from asked join access_event a on a.ip = asked.value::inet
             and a.at between asked.at - asked.within_s * interval '1 second'
                          and asked.at + asked.within_s * interval '1 second'
    """,
    "uid": "select n, account_id, 'account_uid', c.opened_at from asked join customer c on c.account_id = asked.value",
}
_TIES = """
    select n, account_id, reason, count(*)::int, min(at), max(at), c.entity, c.status, c.opened_at, c.closed_at
    from found join customer c using (account_id)
    group by n, account_id, reason, c.entity, c.status, c.opened_at, c.closed_at
    order by n, account_id collate "C", reason collate "C"
"""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier that is asked for."""

    kind: str
    value: str
    network: str | None
    at: datetime | None
    within_s: int


def find(connection: psycopg.Connection, identifiers: list[Identifier]) -> list[dict[str, Any]]:
    """Return one answer for each identifier, in their order."""
    accounts: list[dict[str, dict[str, Any]]] = [{} for _ in identifiers]
    searched = {n for n, identifier in enumerate(identifiers) if _is_searchable(identifier)}
    for kind in KINDS:
        asked = [n for n in sorted(searched) if identifiers[n].kind == kind]
        if asked:
            _find_kind(connection, kind, asked, identifiers, accounts)
    answers = []
    for n, found in enumerate(accounts):
        answer = "not_searchable" if n not in searched else "found" if found else "not_found"
        answers.append({"answer": answer, "accounts": list(found.values())})
    return answers


def _is_searchable(identifier: Identifier) -> bool:
    return identifier.kind in KINDS and (identifier.kind != "ip" or identifier.at is not None)


def _find_kind(
    connection: psycopg.Connection,
    kind: str,
    asked: list[int],
    identifiers: list[Identifier],
    accounts: list[dict[str, dict[str, Any]]],
) -> None:
    query = f"{_ASKED}, found (n, account_id, reason, at) as ({_FIND[kind]}) {_TIES}"
    values = {
        "ns": asked,
        "values": [identifiers[n].value for n in asked],
        "networks": [identifiers[n].network for n in asked],
        "ats": [identifiers[n].at for n in asked],
        "withins": [identifiers[n].within_s for n in asked],
    }
    rows = connection.execute(query.encode(), values)
    for n, account_id, reason, count, first, last, entity, status, opened, closed in rows:
        account = accounts[n].setdefault(
            account_id,
            {
                "account_id": account_id,
                "entity": entity,
                "status": status,
                "opened_at": _written(opened),
                "closed_at": _written(closed) if closed else None,
                "ties": [],
            },
        )
        tie = {"reason": reason, "count": count, "first_at": _written(first), "last_at": _written(last)}
        account["ties"].append(tie)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --------------------------------------------------------------------------------------------------------------- others


def capabilities(connection: psycopg.Connection, settles_within_s: int) -> dict[str, Any]:
    """Return what this exchange can do."""
    assets = connection.execute('select code, decimals, name, networks from asset order by code collate "C"')
    return {
        "contract_version": CONTRACT_VERSION,
        "exchange": "Reference Exchange",
        "entities": ["Reference Exchange Europe SAS", "Reference Exchange International Ltd"],
        "categories": sorted(CATEGORIES),
        "identifier_kinds": list(KINDS),
        "networks": list(NETWORKS),
        "assets": [
            {"code": code, "decimals": decimals, "name": name, "networks": networks}
            for code, decimals, name, networks in assets
        ],
        "identifiers_max": IDENTIFIERS_MAX,
        "settles_within_s": settles_within_s,
        "ip_without_moment": False,
        "holds": False,
    }


def check_account(connection: psycopg.Connection, account_id: str) -> None:
    """Raise `Refused` if there is no such account."""
    if not connection.execute("select 1 from customer where account_id = %s", [account_id]).fetchone():
        raise Refused(404, "no_such_account", "There is no such account.")


def note_look_up(
    connection: psycopg.Connection,
    question: str,
    purpose: dict[str, str],
    *,
    account_id: str | None = None,
    category: str | None = None,
    n_identifiers: int | None = None,
) -> None:
    """Write down who asked what, and why."""
    connection.execute(
        "insert into look_up (question, account_id, category, n_identifiers, purpose_reference, purpose_act,"
        " purpose_actor) values (%s, %s, %s, %s, %s, %s, %s)",
        [question, account_id, category, n_identifiers, purpose["reference"], purpose["act"], purpose["actor"]],
    )
