"""Starting a demo: loaded once, made anew where it was cut, never started on pages that are not there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from entraide.kernel import environment
from entraide.kernel.errors import NotPossible
from entraide.supervision import children
from entraide.supervision import desk as starting
from entraide.supervision.children import CHILDREN
from entraide.supervision.desk import Desk, check_pages, children_of, run_desk
from entraide.supervision.instance import Kind, open_instance, read_instance
from entraide.supervision.places import Places

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOCAL = "http://localhost:8000"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.SETTINGS:
        monkeypatch.delenv(name, raising=False)


class _NothingRuns:
    """Stands where the supervisor would, so that a start ends before its first program."""

    async def run(self) -> int:
        return 0


@pytest.fixture
def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Places]:
    """Return a function that starts a demo up to its first program and returns where it lives."""
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder / "demo-home"))
    monkeypatch.setattr(starting, "check_pages", lambda: None)
    monkeypatch.setattr(starting, "_supervisor", lambda *args, **options: _NothingRuns())

    def run(*, now: datetime = NOON, fresh: bool = False) -> Places:
        assert run_desk(Kind.DEMO, port=_free_port(), now=now, fresh=fresh) == 0
        return Places(folder / "demo-home")

    return run


def _free_port() -> int:
    return starting._free_port(0)


def loaded(places: Places) -> None:
    """Leave what the end of loading leaves."""
    places.demo_loaded.parent.mkdir(exist_ok=True)
    places.demo_loaded.touch()


def test_a_demo_that_was_played_is_not_replaced_without_a_word(
    start: Callable[..., Places], capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(start())
    start()
    assert "replaced" not in capsys.readouterr().err
    start(fresh=True)
    assert "The demo you played is replaced by a new one." in capsys.readouterr().err


def test_a_loaded_demo_is_kept(start: Callable[..., Places]) -> None:
    places = start()
    loaded(places)
    (places.keys / "a key").touch()

    start(now=NOON + timedelta(hours=1))

    assert (places.keys / "a key").exists() and places.demo_loaded.exists()
    assert read_instance(places).created == NOON.isoformat(timespec="seconds")


def test_a_demo_that_was_cut_while_loading_is_made_anew_and_says_so(
    start: Callable[..., Places], capsys: pytest.CaptureFixture[str]
) -> None:
    places = start()
    (places.keys / "a key").touch()
    assert "anew" not in capsys.readouterr().err

    start(now=NOON + timedelta(hours=1))

    assert not (places.keys / "a key").exists()
    assert read_instance(places).created == (NOON + timedelta(hours=1)).isoformat(timespec="seconds")
    assert "The demo was not loaded to its end the last time; it is made anew." in capsys.readouterr().err


def test_fresh_makes_a_loaded_demo_anew(start: Callable[..., Places]) -> None:
    places = start()
    loaded(places)

    start(now=NOON + timedelta(hours=1), fresh=True)

    assert not places.demo_loaded.exists()
    assert read_instance(places).created == (NOON + timedelta(hours=1)).isoformat(timespec="seconds")


def test_what_loads_a_demo_runs_until_it_is_loaded_and_never_again(folder: Path) -> None:
    places = Places(folder)
    desk = Desk(places, open_instance(places, Kind.DEMO, LOCAL, now=NOON), origin=LOCAL)
    once = [children.EXCHANGE_SCHEMA, children.EXCHANGE_CUSTOMERS, children.STORY]
    assert children_of(desk) == list(CHILDREN)

    loaded(places)

    assert children_of(desk) == [child for child in CHILDREN if child not in once]


def test_the_story_is_told_before_the_worker_starts_and_the_links_come_last() -> None:
    order = list(CHILDREN)

    assert order.index(children.EXCHANGE) < order.index(children.STORY) < order.index(children.WORKER)
    assert order[-1] is children.LINKS


def test_the_exchange_is_given_the_addresses_of_the_story() -> None:
    command = list(children.EXCHANGE_CUSTOMERS.command)

    assert Path(command[command.index("--addresses") + 1]).is_file()


def test_pages_that_were_never_built_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="setup") as refused:
        check_pages(tmp_path / "main.js")

    assert "the files its pages need are not built" in str(refused.value)
    (tmp_path / "main.js").touch()
    check_pages(tmp_path / "main.js")


@pytest.mark.parametrize(("kind", "is_empty", "says"), [(Kind.TRIAL, True, True), (Kind.TRIAL, False, False)])
def test_a_desk_without_people_says_how_the_first_two_come_in(
    folder: Path, kind: Kind, is_empty: bool, says: bool
) -> None:
    places = Places(folder)
    desk = Desk(places, open_instance(places, kind, LOCAL, now=NOON), origin=LOCAL)
    if is_empty:
        places.nobody.touch()

    assert ("staff invite --first" in starting._welcome(desk)) is says
