"""The one way out over HTTP.

A client speaks to exactly one origin, the configured one, and to the paths below its base.  It follows no redirect,
takes no proxy or credential from the environment, reads no more than it was told to, and never logs a header.  Whatever
an address in a document says, nothing can be made to call it.
"""

import ipaddress
import json
import logging
import ssl
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from entraide.connectors import waiting
from entraide.kernel.errors import NotPossible

# httpx says every URL it calls at INFO.  There is nothing personal in ours, and nothing a reader of the log needs.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much, at most.

    Parameters
    ----------
    silence_s : float
        How long nothing at all may arrive.
    answer_s : float
        How long a whole answer, or one page of a stream, may take; one byte a second does not keep a call alive.
    answer_bytes : int
        Size of an answer that is read as one, or of one page of a stream.
    """

    connect_s: float = 5.0
    silence_s: float = 30.0
    answer_s: float = 120.0
    answer_bytes: int = 16 * 1024 * 1024
    connections: int = 8


class TooLarge(Exception):
    """The answer is larger than allowed."""


class TooSlow(Exception):
    """The answer takes longer than allowed."""


class Redirected(Exception):
    """The other side sends us elsewhere, where we do not go."""


class BearerToken(httpx.Auth):
    """A bearer token that does not show itself."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __repr__(self) -> str:
        return "BearerToken(…)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Outbound:
    """Speaks HTTP to one base URL.

    Parameters
    ----------
    base_url : str
        ``https://…``; plain ``http`` only to this very machine.
    auth : httpx.Auth | None
        What proves who we are, besides or instead of a client certificate.
    certificate : Path | None
        Client certificate with its key, PEM, for mutual TLS.
    authority : Path | None
        Certificate authority to trust instead of the system's, PEM.
    transport : httpx.BaseTransport | None
        For tests.

    Raises
    ------
    NotPossible
        If the base URL or a certificate cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None = None,
        certificate: Path | None = None,
        authority: Path | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._base = _checked(base_url)
        self._clock = clock
        limits_of_pool = httpx.Limits(max_connections=self.limits.connections, keepalive_expiry=30)
        self._client = httpx.Client(
            base_url=self._base,
            auth=auth,
            timeout=httpx.Timeout(self.limits.silence_s, connect=self.limits.connect_s),
            follow_redirects=False,
            trust_env=False,
            transport=transport
            or waiting.transport(verify=_tls(self._base, certificate, authority), limits=limits_of_pool),
            headers={"User-Agent": "entraide", "Accept-Encoding": "identity"},
            event_hooks={"request": [self._check_target]},
        )

    def __repr__(self) -> str:
        return f"Outbound({str(self._base)!r})"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, method: str, path: str, *, question: Mapping[str, Any] | None = None) -> tuple[httpx.Response, bytes]:
        """Return the answer and its whole body."""
        with self.stream(method, path, question=question) as response:
            body = b"".join(self.chunks(response))
        return response, body

    @contextmanager
    def stream(self, method: str, path: str, *, question: Mapping[str, Any] | None = None) -> Iterator[httpx.Response]:
        """Open an answer, to be read by `chunks`."""
        content = None if question is None else json.dumps(question, ensure_ascii=False).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        until = self._clock() + self.limits.answer_s
        with ExitStack() as open_answer:
            with waiting.while_waiting(lambda: self._clock() <= until):
                response = open_answer.enter_context(
                    self._client.stream(method, path, content=content, headers=headers)
                )
            if response.is_redirect or 300 <= response.status_code < 400:
                raise Redirected
            yield response

    def chunks(self, response: httpx.Response) -> Iterator[bytes]:
        """Yield the body as it comes, within the limits of one answer."""
        size, started = 0, self._clock()
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > self.limits.answer_bytes:
                raise TooLarge
            if self._clock() - started > self.limits.answer_s:
                raise TooSlow
            yield chunk

    def clock(self) -> float:
        """Return the seconds of this client's clock."""
        return self._clock()

    def _check_target(self, request: httpx.Request) -> None:
        # The last gate before the wire: whatever put the URL together, it is the configured origin and below its base.
        url = request.url
        is_ours = (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)
        if not is_ours or not url.path.startswith(self._base.path) or "/../" in f"{url.path}/":
            raise PermissionError("a call to another place than the configured one was stopped")


def _checked(base_url: str) -> httpx.URL:
    what, do = "Connecting the exchange", "Correct ENTRAIDE_EXCHANGE_URL; it looks like https://backoffice.example/api/"
    try:
        url = httpx.URL(base_url if base_url.endswith("/") else f"{base_url}/")
    except (httpx.InvalidURL, TypeError):
        raise NotPossible(what, why="its URL cannot be read", do=do) from None
    if url.scheme not in ("https", "http") or not url.host:
        raise NotPossible(what, why="its URL is not an https URL", do=do)
    if url.userinfo or url.query or url.fragment:
        raise NotPossible(what, why="its URL carries more than a place (a password, a query)", do=do)
    if url.scheme == "http" and not _is_this_machine(url.host):
        raise NotPossible(what, why="plain http is allowed to this very machine only", do=do)
    return url


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(base: httpx.URL, certificate: Path | None, authority: Path | None) -> ssl.SSLContext | bool:
    if base.scheme == "http":
        return True  # not used
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        try:
            context.load_cert_chain(certificate)
        except (OSError, ssl.SSLError):
            raise NotPossible(
                "Connecting the exchange",
                why=f"the client certificate {certificate} cannot be used",
                do="Point ENTRAIDE_EXCHANGE_CERTIFICATE at a PEM file with the certificate and its key",
            ) from None
    return context
