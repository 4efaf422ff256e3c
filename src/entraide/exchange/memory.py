"""An exchange in memory, for tests: it passes the same contract tests as the real ones.

It keeps accounts, ties and records as they are put in, answers through the same checks as an adapter does, and can be
told to be slow, down, wrong, or to die in mid-stream.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from entraide.exchange.categories import SCHEMAS
from entraide.exchange.checking import StreamCheck
from entraide.exchange.port import (
    PAGE_ROWS,
    AccountMatch,
    AccountStatus,
    Answer,
    Asset,
    Balance,
    Capabilities,
    Category,
    Cell,
    ExchangeRefused,
    ExchangeUnavailable,
    IdentifierKind,
    IdentifierQuestion,
    MatchedAccount,
    MatchReason,
    Period,
    Purpose,
    RecordPage,
    Tie,
    moment_text,
)

CONTRACT_VERSION = "1.0"
Spoil = Callable[[list[dict[str, Cell]]], list[dict[str, Cell]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """One question as the exchange wrote it down."""

    what: str
    account_id: str | None
    category: Category | None
    purpose: Purpose


@dataclass(slots=True)
class _Kept:
    record: dict[str, Cell]
    recorded_at: datetime


@dataclass(slots=True)
class _Link:
    kind: IdentifierKind
    value: str
    network: str | None
    account_id: str
    reason: MatchReason
    at: datetime


@dataclass(slots=True)
class _Account:
    match: MatchedAccount
    records: dict[Category, list[_Kept]] = field(default_factory=dict)


@dataclass(slots=True)
class Faults:
    """What is to go wrong, and how often.  Each is used up as it happens.

    Parameters
    ----------
    down : int
        So many questions are not answered.
    die_after_pages : list[int]
        For each entry, one stream breaks off after so many pages.
    spoil : callable | None
        What is done to the records of the first page of the next stream before they are checked.
    """

    down: int = 0
    die_after_pages: list[int] = field(default_factory=list)
    spoil: Spoil | None = None


class InMemoryExchange:
    """A `Connector` whose exchange is a few dictionaries.

    Parameters
    ----------
    now : datetime | None
        The exchange's clock; an `as_of` after it is answered ``too_early``.  Absent: no moment is too early.
    """

    def __init__(self, *, now: datetime | None = None) -> None:
        self.now = now
        self.faults = Faults()
        self.log: list[LookUp] = []
        self._accounts: dict[str, _Account] = {}
        self._links: list[_Link] = []
        self._balances: dict[str, list[Balance]] = {}
        self._capabilities = Capabilities(
            contract_version=CONTRACT_VERSION,
            exchange="In-memory exchange",
            entities=("Entity One",),
            categories=frozenset(Category),
            identifier_kinds=frozenset(IdentifierKind),
            networks=frozenset({"bitcoin", "evm", "tron"}),
            assets=(
                Asset(code="BTC", decimals=8, name="Bitcoin", networks=("bitcoin",)),
                Asset(code="ETH", decimals=18, name="Ether", networks=("evm",)),
                Asset(code="EUR", decimals=2, name="Euro", networks=()),
                Asset(code="USDT", decimals=6, name="Tether", networks=("evm", "tron")),
            ),
            identifiers_max=1_000,
            settles_within_s=0,
            ip_without_moment=False,
            holds=False,
        )

    # What the test puts in.

    def open_account(
        self,
        account_id: str,
        *,
        opened_at: datetime,
        closed_at: datetime | None = None,
        entity: str = "Entity One",
    ) -> None:
        """Make an account; it is found by its own id from then on."""
        self._accounts[account_id] = _Account(
            MatchedAccount(
                account_id=account_id,
                entity=entity,
                status=AccountStatus.CLOSED if closed_at else AccountStatus.OPEN,
                opened_at=opened_at,
                closed_at=closed_at,
                ties=(),
            )
        )
        self.link(account_id, IdentifierKind.UID, account_id, MatchReason.ACCOUNT_UID, at=opened_at)

    def link(
        self,
        account_id: str,
        kind: IdentifierKind,
        value: str,
        reason: MatchReason,
        *,
        at: datetime,
        network: str | None = None,
    ) -> None:
        """Tie an identifier to an account.  Tied twice, it counts twice."""
        self._links.append(_Link(kind, value, network, account_id, reason, at))

    def add_record(
        self,
        account_id: str,
        category: Category,
        record_id: str,
        *,
        recorded_at: datetime | None = None,
        **values: Cell,
    ) -> None:
        """Add a record; columns not given are empty.  `recorded_at` is when the exchange wrote it down."""
        schema = SCHEMAS[category]
        given: dict[str, Cell] = {"record_id": record_id, "account_id": account_id, **values}
        record = {name: given.pop(name, None) for name in schema.names}
        if given:
            raise KeyError(f"{category} has no column {sorted(given)[0]}")
        if recorded_at is None:
            moment = record[schema.time_column] if schema.time_column else None
            recorded_at = (
                datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.min.replace(tzinfo=UTC)
            )
        self._accounts[account_id].records.setdefault(category, []).append(_Kept(record, recorded_at))

    def set_balances(self, account_id: str, balances: Sequence[Balance]) -> None:
        """Say what the account holds, now and at any time."""
        self._balances[account_id] = sorted(balances, key=lambda balance: balance.asset)

    # What the desk asks.

    def capabilities(self) -> Capabilities:
        """Return what this exchange can do."""
        self._check_up("Asking the exchange what it can do")
        return self._capabilities

    def find_accounts(self, identifiers: Sequence[IdentifierQuestion], *, purpose: Purpose) -> list[AccountMatch]:
        """Return one answer for each identifier, in their order."""
        self._check_up("Looking up accounts")
        for _ in identifiers:
            self.log.append(LookUp(what="find_accounts", account_id=None, category=None, purpose=purpose))
        return [self._match(question) for question in identifiers]

    def records(
        self,
        account_id: str,
        category: Category,
        period: Period,
        *,
        as_of: datetime,
        cursor: str | None = None,
        purpose: Purpose,
    ) -> Iterator[RecordPage]:
        """Yield the account's records of one category, page by page, as they stood at `as_of`."""
        what = f"Reading {category} of account {account_id}"
        self._check_up(what)
        self._check_question(what, account_id, category, as_of)
        self.log.append(LookUp(what="records", account_id=account_id, category=category, purpose=purpose))
        check = StreamCheck(what, account_id=account_id, category=category, period=period, as_of=as_of)
        records = self._as_they_stood(account_id, category, period, as_of)
        start = self._position(what, cursor, check.question)
        return self._pages(what, check, records, start)

    def balances(self, account_id: str, as_of: datetime, *, purpose: Purpose) -> list[Balance]:
        """Return what the account held, in the order of assets."""
        what = f"Reading balances of account {account_id}"
        self._check_up(what)
        self._check_question(what, account_id, Category.B1, as_of)
        self.log.append(LookUp(what="balances", account_id=account_id, category=Category.B1, purpose=purpose))
        return list(self._balances.get(account_id, []))

    # How it finds the answers.

    def _check_up(self, what: str) -> None:
        if self.faults.down:
            self.faults.down -= 1
            raise ExchangeUnavailable(what, why="the exchange is down", do="Ask again later", code="down")

    def _check_question(self, what: str, account_id: str, category: Category, as_of: datetime) -> None:
        if account_id not in self._accounts:
            raise ExchangeRefused(what, why="there is no such account", code="no_such_account")
        if category not in self._capabilities.categories:
            raise ExchangeRefused(what, why="this exchange holds no such data", code="category_not_held")
        if self.now is not None and as_of > self.now - timedelta(seconds=self._capabilities.settles_within_s):
            raise ExchangeUnavailable(
                what, why="that moment is too close to now to be settled", do="Ask again", code="too_early"
            )

    def _match(self, question: IdentifierQuestion) -> AccountMatch:
        searchable = question.kind in self._capabilities.identifier_kinds and (
            question.kind is not IdentifierKind.IP or question.at is not None or self._capabilities.ip_without_moment
        )
        if not searchable:
            return AccountMatch(question=question, answer=Answer.NOT_SEARCHABLE)
        ties: dict[str, dict[MatchReason, list[datetime]]] = {}
        for link in self._links:
            if _answers(link, question):
                ties.setdefault(link.account_id, {}).setdefault(link.reason, []).append(link.at)
        accounts = tuple(
            replace(self._accounts[account_id].match, ties=_ties(reasons))
            for account_id, reasons in sorted(ties.items())
        )
        return AccountMatch(question=question, answer=Answer.FOUND if accounts else Answer.NOT_FOUND, accounts=accounts)

    def _as_they_stood(
        self, account_id: str, category: Category, period: Period, as_of: datetime
    ) -> list[dict[str, Cell]]:
        column = SCHEMAS[category].time_column
        start, end = moment_text(period.start), moment_text(period.end)
        records = [
            kept.record
            for kept in self._accounts[account_id].records.get(category, [])
            if kept.recorded_at <= as_of and (column is None or start <= str(kept.record[column]) < end)
        ]
        return sorted(records, key=lambda r: (str(r[column]) if column else "", str(r["record_id"])))

    def _position(self, what: str, cursor: str | None, question: str) -> int:
        if cursor is None:
            return 0
        asked, _, position = cursor.rpartition("#")
        if asked != question or not position.isdigit():
            raise ExchangeRefused(what, why="the cursor belongs to another question", code="stale_cursor")
        return int(position)

    def _pages(self, what: str, check: StreamCheck, records: list[dict[str, Cell]], start: int) -> Iterator[RecordPage]:
        dies_after = self.faults.die_after_pages.pop(0) if self.faults.die_after_pages else None
        question = check.question
        pages = range(start, max(len(records), start + 1), PAGE_ROWS)
        for n, at in enumerate(pages):
            cursor = f"{question}#{at}"
            if dies_after == n:
                raise ExchangeUnavailable(
                    what, why="the answer broke off", do="Ask again", code="interrupted", cursor=cursor
                )
            objects = records[at : at + PAGE_ROWS]
            if self.faults.spoil is not None and objects:
                objects, self.faults.spoil = self.faults.spoil(objects), None
            first_row = check.n_rows + 1
            yield RecordPage(
                category=check.category,
                account_id=check.account_id,
                rows=check.check(objects, cursor=cursor),
                cursor=f"{question}#{min(at + PAGE_ROWS, len(records))}",
                first_row=first_row,
                is_last=at + PAGE_ROWS >= len(records),
            )


def _answers(link: _Link, question: IdentifierQuestion) -> bool:
    if link.kind is not question.kind or link.value != question.value:
        return False
    if question.network is not None and link.network != question.network:
        return False
    if question.kind is IdentifierKind.IP and question.at is not None:
        return abs(link.at - question.at) <= timedelta(seconds=question.within_s)
    return True


def _ties(reasons: dict[MatchReason, list[datetime]]) -> tuple[Tie, ...]:
    return tuple(
        Tie(reason=reason, count=len(moments), first_at=min(moments), last_at=max(moments))
        for reason, moments in sorted(reasons.items())
    )
