"""Which exchange this installation serves.

The rooms that ask the exchange stand below the adapters and cannot name them, so the outermost layer installs one here:
``wiring.install(RestConnector.from_environment)``.
"""

import threading
from collections.abc import Callable

from entraide.exchange.port import Connector
from entraide.kernel.errors import NotPossible

_lock = threading.Lock()
_make: Callable[[], Connector] | None = None
_made: Connector | None = None


def install(make: Callable[[], Connector]) -> None:
    """Say how the connector is made.  It is made when it is first asked for, once for each process."""
    global _make, _made
    with _lock:
        _make, _made = make, None


def connector() -> Connector:
    """Return this installation's connector.

    Raises
    ------
    NotPossible
        If none is installed.
    """
    global _made
    with _lock:
        if _made is None:
            if _make is None:
                raise NotPossible(
                    "Asking the exchange",
                    why="no exchange is connected to this desk",
                    do="Set ENTRAIDE_EXCHANGE_URL and start again",
                )
            _made = _make()
        return _made
