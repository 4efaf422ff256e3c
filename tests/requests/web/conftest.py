"""What the tests of these pages share."""

import pytest

from tests.plugins.desk import Desk
from tests.plugins.people import Cast
from tests.requests.story import Story, an_exchange


@pytest.fixture
def story(desk: Desk, cast: Cast) -> Story:
    """Return a request not yet written, with everybody who will act on it."""
    return Story(desk, cast, an_exchange(at=desk.now))
