"""A running reference exchange, with a person planted in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exchange.worlds import PLANTED, UNTIL
from tests.plugins.postgres import PostgresForTests
from tests.reference_exchange.process import ReferenceExchange, new_database, run


@pytest.fixture(scope="session")
def reference_exchange(
    postgres: PostgresForTests, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReferenceExchange]:
    """Return a reference exchange with twelve customers and a thirteenth account of 2,500 movements."""
    url = new_database(postgres, "reference_exchange_contract")
    planted: Path = tmp_path_factory.mktemp("planted") / "addresses.jsonl"
    planted.write_text(PLANTED, encoding="utf-8")
    done = run(
        url, "generate", "--customers", "12", "--seed", "7", "--until", UNTIL.isoformat(),
        "--addresses", str(planted), "--heavy-account", "2500",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with ReferenceExchange(url) as running:
        yield running
