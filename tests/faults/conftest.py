"""What the tests of faults share: a desk at this very hour, because processes that are killed have a real clock."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest

from entraide.kernel import clock, faults
from tests.faults.walking import Walk
from tests.plugins.desk import Desk
from tests.plugins.people import Cast
from tests.requests.story import Story, an_exchange


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Return the desk, at the present moment."""
    return replace(desk, now=clock.now())


@pytest.fixture(autouse=True)
def nothing_armed() -> Iterator[None]:
    """Disarm what a test armed in its own process."""
    yield
    faults.disarm()


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """Return the file with Otto's own key for packages."""
    path = tmp_path / "otto.txt"
    path.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return path


@pytest.fixture
def walk(desk: Desk, cast: Cast, identity: Path) -> Walk:
    """Return a story whose draft is written and whose officer can be given a package; nothing is filed yet."""
    walk = Walk(Story(desk, cast, an_exchange(at=desk.now)), identity)
    walk.prepare()
    return walk
