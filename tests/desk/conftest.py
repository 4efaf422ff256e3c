"""What the tests of composed pages share."""

from tests.requests.conftest import story

__all__ = ["story"]
