"""How long the head of an answer may take.

A limit of silence does not end a call to which something always comes: a header byte by byte, or one "early hint" after
another.  The body of an answer is timed where it is read; its head is read inside the library, so time is kept below.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_has_time: ContextVar[Callable[[], bool] | None] = ContextVar("has_time", default=None)


@contextmanager
def while_waiting(has_time: Callable[[], bool]) -> Iterator[None]:
    """Ask `has_time` at every read in here; a read when there is none left fails as after too long a silence."""
    before = _has_time.set(has_time)
    try:
        yield
    finally:
        _has_time.reset(before)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        has_time = _has_time.get()
        if has_time is not None and not has_time():
            raise httpcore.ReadTimeout
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(httpcore.SyncBackend().connect_tcp(host, port, timeout, local_address, socket_options))


def transport(*, verify: ssl.SSLContext | bool, limits: httpx.Limits) -> httpx.BaseTransport:
    """Return the library's own way to the network, with the time of each head kept."""
    made = httpx.HTTPTransport(verify=verify, limits=limits, trust_env=False)
    # There is no public way to hand one in; the version is pinned, and a test waits for an answer that never begins.
    made._pool._network_backend = _Backend()
    return made
