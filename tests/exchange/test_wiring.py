"""One exchange for each installation."""

from collections.abc import Iterator

import pytest

from entraide.exchange import wiring
from entraide.exchange.memory import InMemoryExchange
from entraide.kernel.errors import NotPossible


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(wiring, "_make", None)
    monkeypatch.setattr(wiring, "_made", None)
    yield


def test_the_installed_exchange_is_made_once() -> None:
    wiring.install(InMemoryExchange)

    assert wiring.connector() is wiring.connector()


def test_without_an_exchange_it_is_said_what_to_do() -> None:
    with pytest.raises(NotPossible, match="Set ENTRAIDE_EXCHANGE_URL"):
        wiring.connector()
