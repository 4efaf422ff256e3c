"""What all tests share: where public test data lies, and the long profile."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.plugins.postgres", "tests.plugins.desk", "tests.plugins.people", "tests.plugins.browser"]

# A slow or busy machine breaks no promise: no example has to be made or tried within a time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-long", action="store_true", help="run the long profiles as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-long"):
        return
    skip = pytest.mark.skip(reason="long profile: ./entraide test --long")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function from a relative path to a file of the public test data; it skips where the file is absent."""

    def find(relative: str) -> Path:
        folder = os.environ.get("ENTRAIDE_TEST_DATA")
        path = Path(folder) / relative if folder else None
        if path is None or not path.exists():
            pytest.skip(f"shared data not present: {relative}")
        return path

    return find
