"""What every connector must do.

An adopter takes `ExchangeContract`, gives it a `world` of his own, and is done when it passes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from entraide.exchange.categories import SCHEMAS
from entraide.exchange.port import (
    PAGE_ROWS,
    Answer,
    Category,
    Connector,
    ExchangeBroken,
    ExchangeRefused,
    ExchangeUnavailable,
    IdentifierKind,
    IdentifierQuestion,
    MatchReason,
    Outcome,
    Period,
    Purpose,
    Record,
    RecordPage,
)

PURPOSE = Purpose(reference="R-26-7K3F9Q", act="requests:triage:looked_up", actor="anouk")
NOBODY = "RX99999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is in the exchange of a test.

    Parameters
    ----------
    account_id : str
        An account with at least one record of every category but C1, and none of C1.
    busy_account_id : str
        An account with 2,500 records in T2, all in `period`.
    questions : dict
        For each reason a question that `account_id`, and no other account, answers to.
    """

    account_id: str
    busy_account_id: str
    questions: dict[MatchReason, IdentifierQuestion]
    period: Period
    as_of: datetime


class World(Protocol):
    """An exchange in which things are known, and can be made to go wrong."""

    connector: Connector
    known: Known

    def goes_down(self) -> None:
        """Let nothing be answered from now on."""

    def comes_back(self) -> None:
        """End every failure."""

    def dies_after(self, n_pages: int, *, times: int) -> None:
        """Let so many streams break off after so many pages."""

    def goes_wrong(self, how: str) -> None:
        """Let the first record of the next stream be wrong: type, column, missing, account, period, twice."""

    def writes_late(self) -> str:
        """Write down another T2 record of the busy account, in the middle of the period, after `as_of`.

        Return its record id.
        """

    def look_ups(self) -> list[tuple[str, Purpose]]:
        """Return what the exchange wrote down about who asked, and why."""


class ExchangeContract:
    """The contract tests.  A subclass overrides the fixture `world`."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        raise NotImplementedError

    # What it can do.

    def test_capabilities_name_every_asset_that_records_speak_of(self, world: World) -> None:
        capabilities = world.connector.capabilities()

        assert capabilities.contract_version.startswith("1.")
        assert capabilities.categories == frozenset(Category)
        column = SCHEMAS[Category.T2].position("asset")
        spoken_of = {row[column] for row in rows_of(world, world.known.busy_account_id)}
        assert spoken_of <= {asset.code for asset in capabilities.assets}

    # Finding accounts.

    @pytest.mark.parametrize("reason", list(MatchReason))
    def test_an_account_is_found_by_what_is_tied_to_it_and_says_why(self, world: World, reason: MatchReason) -> None:
        question = world.known.questions.get(reason)
        assert question is not None, f"the world has nothing to find an account by for {reason}"

        [match] = world.connector.find_accounts([question], purpose=PURPOSE)

        assert match.question == question
        assert match.answer is Answer.FOUND
        assert [account.account_id for account in match.accounts] == [world.known.account_id]
        [tie] = [tie for tie in match.accounts[0].ties if tie.reason is reason]
        assert tie.count >= 1
        assert tie.first_at <= tie.last_at

    def test_what_nobody_has_is_answered_not_found(self, world: World) -> None:
        unknown = [
            IdentifierQuestion(kind=IdentifierKind.ADDRESS, value="bc1qnobody"),
            IdentifierQuestion(kind=IdentifierKind.EMAIL, value="nobody@mail.example"),
            IdentifierQuestion(kind=IdentifierKind.UID, value=NOBODY),
        ]

        matches = world.connector.find_accounts(unknown, purpose=PURPOSE)

        assert [match.answer for match in matches] == [Answer.NOT_FOUND] * 3
        assert [match.accounts for match in matches] == [()] * 3

    def test_an_address_is_not_found_on_another_network(self, world: World) -> None:
        question = world.known.questions[MatchReason.DEPOSIT_ADDRESS]
        elsewhere = IdentifierQuestion(kind=question.kind, value=question.value, network="dogecoin")
        anywhere = IdentifierQuestion(kind=question.kind, value=question.value)

        matches = world.connector.find_accounts([elsewhere, anywhere], purpose=PURPOSE)

        assert [match.answer for match in matches] == [Answer.NOT_FOUND, Answer.FOUND]

    def test_an_ip_address_without_its_moment_is_not_searched_and_says_so(self, world: World) -> None:
        question = world.known.questions[MatchReason.LOGIN_IP]
        without = IdentifierQuestion(kind=question.kind, value=question.value)

        [match] = world.connector.find_accounts([without], purpose=PURPOSE)

        assert match.answer is Answer.NOT_SEARCHABLE

    def test_an_ip_address_at_another_moment_is_not_found(self, world: World) -> None:
        question = world.known.questions[MatchReason.LOGIN_IP]
        assert question.at is not None
        later = IdentifierQuestion(kind=question.kind, value=question.value, at=question.at + timedelta(days=900))

        [match] = world.connector.find_accounts([later], purpose=PURPOSE)

        assert match.answer is Answer.NOT_FOUND

    def test_many_identifiers_are_answered_each_in_its_place(self, world: World) -> None:
        found = world.known.questions[MatchReason.KYC_EMAIL]
        questions = [
            found if n % 100 == 0 else IdentifierQuestion(kind=IdentifierKind.UID, value=f"RX9{n:07d}")
            for n in range(1_200)
        ]

        matches = world.connector.find_accounts(questions, purpose=PURPOSE)

        assert [match.question for match in matches] == questions
        assert [n for n, match in enumerate(matches) if match.answer is Answer.FOUND] == list(range(0, 1_200, 100))

    def test_asking_for_nothing_is_answered_with_nothing(self, world: World) -> None:
        assert world.connector.find_accounts([], purpose=PURPOSE) == []

    # Records.

    @pytest.mark.parametrize("category", [category for category in Category if category is not Category.C1])
    def test_every_category_is_streamed_to_an_explicit_end(self, world: World, category: Category) -> None:
        pages = pages_of(world, world.known.account_id, category)

        assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
        assert sum(len(page.rows) for page in pages) >= 1
        account = SCHEMAS[category].position("account_id")
        assert {row[account] for page in pages for row in page.rows} == {world.known.account_id}

    def test_no_records_are_one_empty_last_page(self, world: World) -> None:
        [page] = pages_of(world, world.known.account_id, Category.C1)

        assert (page.rows, page.is_last, page.first_row) == ((), True, 1)

    def test_a_long_stream_has_a_cursor_every_thousand_records(self, world: World) -> None:
        pages = pages_of(world, world.known.busy_account_id)

        assert [(page.first_row, len(page.rows), page.is_last) for page in pages] == [
            (1, PAGE_ROWS, False),
            (1_001, PAGE_ROWS, False),
            (2_001, 500, True),
        ]

    def test_a_stream_taken_up_at_any_cursor_continues_without_a_lost_or_doubled_record(self, world: World) -> None:
        account = world.known.busy_account_id
        whole = rows_of(world, account)
        pages = pages_of(world, account)
        n_before = 0

        for page in pages:
            n_before += len(page.rows)
            rest = [row for later in ask(world, account, cursor=page.cursor) for row in later.rows]
            assert rest == whole[n_before:]

    def test_two_halves_of_a_period_hold_what_the_whole_holds(self, world: World) -> None:
        period, account = world.known.period, world.known.busy_account_id
        whole = rows_of(world, account)
        column = SCHEMAS[Category.T2].position("at")
        middle = datetime.fromisoformat(str(whole[len(whole) // 2][column]))

        halves = [
            row
            for part in (Period(start=period.start, end=middle), Period(start=middle, end=period.end))
            for page in ask(world, account, period=part)
            for row in page.rows
        ]

        assert halves == whole

    def test_what_is_written_down_after_as_of_does_not_appear(self, world: World) -> None:
        account, as_of = world.known.busy_account_id, world.known.as_of
        before = rows_of(world, account)
        cursor = pages_of(world, account)[0].cursor

        late = world.writes_late()

        assert rows_of(world, account) == before
        assert [row for page in ask(world, account, cursor=cursor) for row in page.rows] == before[PAGE_ROWS:]
        number = SCHEMAS[Category.T2].position("record_id")
        far_later = as_of + timedelta(days=36_500)
        if not isinstance(world, CannotLookAhead):
            seen = [row for page in ask(world, account, as_of=far_later) for row in page.rows]
            assert late in [row[number] for row in seen]
            assert len(seen) == len(before) + 1

    # Refusals.

    def test_an_account_that_does_not_exist_is_refused(self, world: World) -> None:
        with pytest.raises(ExchangeRefused) as refused:
            pages_of(world, NOBODY)
        assert refused.value.code == "no_such_account"
        assert refused.value.outcome is Outcome.FINAL

        with pytest.raises(ExchangeRefused):
            world.connector.balances(NOBODY, world.known.as_of, purpose=PURPOSE)

    def test_a_cursor_of_another_question_is_refused(self, world: World) -> None:
        cursor = pages_of(world, world.known.busy_account_id)[0].cursor

        with pytest.raises(ExchangeRefused) as refused:
            list(ask(world, world.known.account_id, cursor=cursor))

        assert refused.value.code == "stale_cursor"

    # Failures.

    def test_an_exchange_that_is_down_says_that_nothing_is_known(self, world: World) -> None:
        world.goes_down()

        with pytest.raises(ExchangeUnavailable) as unavailable:
            world.connector.find_accounts([world.known.questions[MatchReason.KYC_EMAIL]], purpose=PURPOSE)
        assert unavailable.value.outcome is Outcome.RETRYABLE
        with pytest.raises(ExchangeUnavailable):
            pages_of(world, world.known.account_id)

        world.comes_back()
        assert pages_of(world, world.known.account_id)[-1].is_last

    @pytest.mark.parametrize("n_pages", [0, 1, 2])
    def test_a_stream_that_dies_is_continued_without_a_lost_or_doubled_record(self, world: World, n_pages: int) -> None:
        account = world.known.busy_account_id
        whole = rows_of(world, account)
        world.dies_after(n_pages, times=1)
        rows: list[Record] = []
        cursor, is_done, n_asked = None, False, 0

        while not is_done:
            n_asked += 1
            assert n_asked < 10
            try:
                for page in ask(world, account, cursor=cursor):
                    rows += page.rows
                    cursor, is_done = page.cursor, page.is_last
            except ExchangeUnavailable as error:
                cursor = error.cursor

        assert rows == whole

    @pytest.mark.parametrize(
        ("how", "code", "column"),
        [
            ("type", "bad_record", "account_id"),
            ("column", "bad_record", "shoe_size"),
            ("missing", "bad_record", "record_id"),
            ("account", "other_account", "account_id"),
            ("period", "out_of_period", "at"),
            ("twice", "out_of_order", "record_id"),
        ],
    )
    def test_a_wrong_record_is_named_and_nothing_of_its_page_is_used(
        self, world: World, how: str, code: str, column: str
    ) -> None:
        world.goes_wrong(how)
        pages: list[RecordPage] = []

        with pytest.raises(ExchangeBroken) as broken:
            pages.extend(ask(world, world.known.account_id))

        error = broken.value
        assert pages == []
        assert (error.code, error.category, error.column) == (code, "T2", column)
        assert error.row == (2 if how == "twice" else 1)
        assert error.outcome is Outcome.UNKNOWN
        assert world.known.account_id not in str(error.why)

    # Balances.

    def test_balances_are_what_the_records_of_the_balance_say(self, world: World) -> None:
        account, as_of = world.known.account_id, world.known.as_of
        balances = world.connector.balances(account, as_of, purpose=PURPOSE)
        schema = SCHEMAS[Category.B1]
        records = [
            dict(zip(schema.names, row, strict=True))
            for page in ask(world, account, category=Category.B1)
            for row in page.rows
        ]

        assert [balance.asset for balance in balances] == sorted(balance.asset for balance in balances)
        assert {(b.asset, b.total, b.available) for b in balances} == {
            (r["asset"], int(str(r["total"])), int(str(r["available"]))) for r in records
        }

    # The exchange's own log.

    def test_every_question_leaves_its_purpose_at_the_exchange(self, world: World) -> None:
        n_before = len(world.look_ups())

        world.connector.find_accounts([world.known.questions[MatchReason.ACCOUNT_UID]], purpose=PURPOSE)
        pages_of(world, world.known.account_id, Category.S1)
        world.connector.balances(world.known.account_id, world.known.as_of, purpose=PURPOSE)

        assert world.look_ups()[n_before:] == [
            ("find_accounts", PURPOSE),
            ("records", PURPOSE),
            ("balances", PURPOSE),
        ]


class CannotLookAhead:
    """Mark of a world whose exchange refuses moments of the future."""


def ask(world: World, account_id: str, **other: Any) -> Iterator[RecordPage]:
    """Ask for records, of T2 in the known period unless something else is said."""
    question = {"category": Category.T2, "period": world.known.period, "as_of": world.known.as_of, **other}
    category, period = question.pop("category"), question.pop("period")
    return world.connector.records(account_id, category, period, purpose=PURPOSE, **question)


def pages_of(world: World, account_id: str, category: Category = Category.T2) -> list[RecordPage]:
    """Return all pages of a question."""
    return list(ask(world, account_id, category=category))


def rows_of(world: World, account_id: str, category: Category = Category.T2) -> list[Record]:
    """Return all records of a question."""
    return [row for page in pages_of(world, account_id, category) for row in page.rows]
