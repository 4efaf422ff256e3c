"""A folder the server can live in, and bounded waiting."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BOUND_S = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an empty folder that other accounts may pass through: pytest's own are closed to the server's account."""
    path = Path(tempfile.mkdtemp(prefix="entraide-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Return a function that waits until something holds, and fails when it does not within a generous bound."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + BOUND_S
        while not holds():
            assert time.monotonic() < deadline, "it did not come to hold"
            time.sleep(0.01)

    return wait
