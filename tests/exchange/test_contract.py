"""The contract, kept by the exchange in memory and by the reference exchange behind HTTP."""

from collections.abc import Iterator

import psycopg
import pytest

from entraide.connectors.rest import RestConnector
from entraide.exchange.port import Category, ExchangeUnavailable
from tests.exchange.contract import ExchangeContract, World, ask, rows_of
from tests.exchange.worlds import AS_OF, InMemoryWorld, RestWorld
from tests.reference_exchange.process import TOKEN, ReferenceExchange


class TestInMemory(ExchangeContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        yield InMemoryWorld()


class TestReferenceExchangeBehindHttp(ExchangeContract):
    @pytest.fixture
    def waits(self) -> list[float]:
        return []

    @pytest.fixture
    def world(self, reference_exchange: ReferenceExchange, waits: list[float]) -> Iterator[World]:
        connector = RestConnector(reference_exchange.url, token=TOKEN, sleep=waits.append)
        world = RestWorld(reference_exchange, connector)
        yield world
        world.comes_back()
        connector.close()
        with psycopg.connect(reference_exchange.database_url) as connection:
            # What a test wrote down late must not be in the way of the next.
            connection.execute("delete from movement where recorded_at > %s", [AS_OF])

    def test_a_stream_that_dies_again_and_again_is_taken_up_without_the_caller_noticing(
        self, world: World, waits: list[float]
    ) -> None:
        whole = rows_of(world, world.known.busy_account_id)
        world.dies_after(1, times=2)

        assert rows_of(world, world.known.busy_account_id) == whole
        assert waits == [0.5, 0.5]

    def test_a_stream_that_ends_politely_without_its_end_marker_is_not_taken_for_whole(
        self, world: RestWorld, waits: list[float]
    ) -> None:
        whole = rows_of(world, world.known.busy_account_id)
        world.running.fault("quiet=2")

        assert rows_of(world, world.known.busy_account_id) == whole
        assert waits == [0.5]

    def test_a_slow_exchange_is_waited_for(self, world: RestWorld, waits: list[float]) -> None:
        world.running.fault("slow=0.05")

        assert len(rows_of(world, world.known.busy_account_id)) == 2_500
        assert waits == []

    def test_a_moment_of_the_future_is_too_early(self, world: World, waits: list[float]) -> None:
        future = AS_OF.replace(year=2999)

        with pytest.raises(ExchangeUnavailable) as early:
            list(ask(world, world.known.account_id, category=Category.S1, as_of=future))

        assert early.value.code == "too_early"
        assert waits == [0.5, 1.0, 2.0]
