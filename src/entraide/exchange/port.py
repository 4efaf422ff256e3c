"""The one door to the exchange.

An exchange joins by answering the questions of `Connector`, over HTTP as `openapi.json` says or in a class of its own.
Everything the desk knows about accounts comes through here, and every question carries its purpose: there is no
browsing.  Whoever implements the port is done when the contract tests pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from entraide.kernel.errors import Refusal, Text, Unavailable

PAGE_ROWS = 1_000
"""A stream of records carries a cursor at least this often, counted in rows."""

Cell = str | int | bool | None
Record = tuple[Cell, ...]
"""One record: its values in the order of the category's columns."""


# ---------------------------------------------------------------------------------------------------- what can go wrong


class Outcome(StrEnum):
    """What a failed question leaves behind."""

    RETRYABLE = "retryable"  # nothing is known; the same question may be asked again
    FINAL = "final"  # the exchange said no; asking again gives the same answer
    UNKNOWN = "unknown"  # something came back that cannot be believed; a person must look


class ExchangeError(Refusal):
    """A question to the exchange that was not answered.

    Parameters
    ----------
    code : str
        One word for programs, such as ``timed_out``; the sentence is for people.
    """

    outcome: Outcome

    def __init__(self, what: Text, *, why: Text, do: Text = "", code: str) -> None:
        super().__init__(what, why=why, do=do)
        self.code = code


class ExchangeUnavailable(ExchangeError, Unavailable):
    """The exchange did not answer, or not to the end.  Nothing is known; ask again.

    Codes: ``unreachable``, ``timed_out``, ``down``, ``interrupted``, ``too_early``, ``busy``.

    Parameters
    ----------
    cursor : str | None
        For a stream: where to go on.  Every page handed out before the failure is good and need not be asked again.
    """

    outcome = Outcome.RETRYABLE

    def __init__(self, what: Text, *, why: Text, do: Text = "", code: str, cursor: str | None = None) -> None:
        super().__init__(what, why=why, do=do, code=code)
        self.cursor = cursor


class ExchangeRefused(ExchangeError):
    """The exchange said no.

    Codes: ``not_authorised``, ``no_such_account``, ``category_not_held``, ``stale_cursor``, ``bad_question``,
    ``over_limit``.
    """

    outcome = Outcome.FINAL


class ExchangeBroken(ExchangeError):
    """The exchange answered something the contract does not allow; nothing of that page may be used.

    Codes: ``bad_answer``, ``bad_record``, ``other_account``, ``out_of_period``, ``out_of_order``, ``too_large``,
    ``redirected``.

    Parameters
    ----------
    category, column : str | None
        Where the fault is, when it is in a record.
    row : int | None
        Number of the record in this stream, counted from 1.
    cursor : str | None
        For a stream: where the faulty page begins.
    """

    outcome = Outcome.UNKNOWN

    def __init__(
        self,
        what: Text,
        *,
        why: Text,
        do: Text = "Tell the operators of the exchange's interface; nothing of this answer was kept",
        code: str,
        category: str | None = None,
        column: str | None = None,
        row: int | None = None,
        cursor: str | None = None,
    ) -> None:
        super().__init__(what, why=why, do=do, code=code)
        self.category = category
        self.column = column
        self.row = row
        self.cursor = cursor


# ------------------------------------------------------------------------------------------------------------ questions


class Category(StrEnum):
    """What kinds of data an exchange holds about an account; the codes that requests and packages use."""

    S1 = "S1"  # identity
    S2 = "S2"  # verification
    S3 = "S3"  # service
    S4 = "S4"  # means of payment
    I1 = "I1"  # identify-only
    T1 = "T1"  # access log
    T2 = "T2"  # ledger
    T3 = "T3"  # wallet
    T4 = "T4"  # travel rule
    B1 = "B1"  # balances
    C1 = "C1"  # content


class IdentifierKind(StrEnum):
    """What an account can be found by."""

    ADDRESS = "address"
    TXID = "txid"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    IP = "ip"
    UID = "uid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why something is asked.  The exchange writes it in its own log of look-ups.

    Parameters
    ----------
    reference : str
        The legal request or case on whose account it is asked, such as ``R-26-7K3F9Q``.
    act : str
        What it is for, in the grammar of events: ``requests:triage:looked_up``.
    actor : str
        Pseudonymous id of the person who asks, or the name of the worker.
    """

    reference: str
    act: str
    actor: str

    def __post_init__(self) -> None:
        for name in ("reference", "act", "actor"):
            value: str = getattr(self, name)
            if not value.strip() or len(value) > 200:
                raise ValueError(f"a purpose has a {name} of 1 to 200 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time: from `start` up to, and not including, `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period begins and ends at aware moments")
        if self.end <= self.start:
            raise ValueError("a period ends after it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierQuestion:
    """Whose is this identifier?

    Parameters
    ----------
    value : str
        In normal form: hexadecimal and bech32 in lower case, base58 as it stands, e-mail in lower case, telephone
        number and IBAN without spaces.
    network : str | None
        For addresses and transaction ids: where to look (``bitcoin``, ``evm``, ``tron`` …); absent means everywhere.
    at : datetime | None
        For IP addresses: the moment.  An IP address without one is only searched where the exchange offers it.
    within_s : int
        For IP addresses: how far from the moment a log-in may lie, in seconds.
    """

    kind: IdentifierKind
    value: str
    network: str | None = None
    at: datetime | None = None
    within_s: int = 300


# -------------------------------------------------------------------------------------------------------------- answers


class Answer(StrEnum):
    """How a look-up ended."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_SEARCHABLE = "not_searchable"  # this exchange cannot look for such a thing; it is not a "no"


class MatchReason(StrEnum):
    """How an account is tied to an identifier."""

    DEPOSIT_ADDRESS = "deposit_address"  # the address was assigned to the account for deposits
    DEPOSIT_FROM = "deposit_from"  # a deposit came from this address
    WITHDRAWAL_TO = "withdrawal_to"  # a withdrawal went to this address
    ALLOWED_ADDRESS = "allowed_address"  # on the account's list of allowed withdrawal addresses
    DEPOSIT_TXID = "deposit_txid"
    WITHDRAWAL_TXID = "withdrawal_txid"
    KYC_EMAIL = "kyc_email"
    KYC_PHONE = "kyc_phone"
    PAYMENT_IBAN = "payment_iban"
    LOGIN_IP = "login_ip"
    ACCOUNT_UID = "account_uid"


class AccountStatus(StrEnum):
    """Whether an account is in use."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One reason why an account answers to an identifier, how often, and when first and last."""

    reason: MatchReason
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedAccount:
    """An account and what ties it to the identifier asked for.  No name, no balance: those are records."""

    account_id: str
    entity: str
    status: AccountStatus
    opened_at: datetime
    closed_at: datetime | None
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMatch:
    """The answer to one identifier: there is always one, in the order of the questions."""

    question: IdentifierQuestion
    answer: Answer
    accounts: tuple[MatchedAccount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """Up to a thousand records, checked against their schema.

    Parameters
    ----------
    rows : tuple[Record, ...]
        Values in the order of ``SCHEMAS[category].columns``.
    cursor : str
        Where to go on after this page.
    first_row : int
        Number of the first record of this page in the stream asked for, counted from 1.
    is_last : bool
        Whether the exchange said that nothing comes after it.
    """

    category: Category
    account_id: str
    rows: tuple[Record, ...]
    cursor: str
    first_row: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds of one asset at one moment, in base units.

    Parameters
    ----------
    total, available : int
        `total` is what the ledger says; `available` is what the customer could move.
    hold_count : int
        How many holds lie on it, whoever asked for them; never who.
    """

    asset: str
    total: int
    available: int
    hold_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset the exchange keeps, and how many decimals its base unit stands behind the point."""

    code: str
    decimals: int
    name: str
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this exchange can do through the port.

    Parameters
    ----------
    settles_within_s : int
        A record is visible at the latest so long after its moment; an `as_of` younger than that is answered
        ``too_early``.
    ip_without_moment : bool
        Whether an IP address can be searched for without a moment.
    holds : bool
        Whether funds can be held through the port.
    """

    contract_version: str
    exchange: str
    entities: tuple[str, ...]
    categories: frozenset[Category]
    identifier_kinds: frozenset[IdentifierKind]
    networks: frozenset[str]
    assets: tuple[Asset, ...]
    identifiers_max: int
    settles_within_s: int
    ip_without_moment: bool
    holds: bool


# ------------------------------------------------------------------------------------------------------------- the port


class Connector(Protocol):
    """What the desk asks of an exchange.

    Every method may raise `ExchangeUnavailable` (ask again), `ExchangeRefused` (it said no) or `ExchangeBroken`
    (the answer is not what the contract allows).
    """

    def capabilities(self) -> Capabilities:
        """Return what this exchange can do."""
        ...

    def find_accounts(self, identifiers: Sequence[IdentifierQuestion], *, purpose: Purpose) -> list[AccountMatch]:
        """Return one answer for each identifier, in their order.  Any number may be asked at once."""
        ...

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
        """Yield the account's records of one category, page by page, as they stood at `as_of`.

        What the exchange wrote down after `as_of` does not appear, so that a stream taken up again tomorrow at a
        cursor continues the one broken off today.  The last page says `is_last`; a stream that ends without saying
        so raises `ExchangeUnavailable`, and its `cursor` is where to go on.  An empty answer is one empty last page.

        `period` cuts the categories that have moments (see ``SCHEMAS[category].time_column``); the others are
        answered as they stood.  `balances` are given as at the end of the period, or at `as_of` if that is earlier.
        """
        ...

    def balances(self, account_id: str, as_of: datetime, *, purpose: Purpose) -> list[Balance]:
        """Return what the account held at `as_of`, one balance for each asset it ever held, in the order of codes."""
        ...


def moment_text(moment: datetime) -> str:
    """Return `moment` as it stands in records and questions: ``2026-01-02T03:04:05.678901Z``.

    Always UTC with six decimals, so that moments can be compared as text.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no place on the clock")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
