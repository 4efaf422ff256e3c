"""Every address of the desk, read from the program: what a page declares, and how it is asked for."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from entraide.kernel.actors import Role

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One address: how it is written, its name, and the view behind it."""

    written: str
    name: str
    view: Callable[..., Any]

    @property
    def parameters(self) -> list[str]:
        """Names of what the address names."""
        return [name for _kind, name in _PARAMETER.findall(self.written)]

    @property
    def roles(self) -> frozenset[Role] | None:
        """Roles the view declares: none of them means whoever is signed in, None means everybody."""
        declared: frozenset[Role] | None = self.view.required_roles  # type: ignore[attr-defined]
        return declared

    def path(self, values: dict[str, Any]) -> str:
        """Return the address with these values."""
        return "/" + _PARAMETER.sub(lambda found: str(values[found[2]]), self.written)


def every_route() -> list[Route]:
    """Return every address of the desk as the program serves it now, in the order in which they are tried."""
    return list(_routes(get_resolver("entraide.project.urls"), "", ""))


def _routes(resolver: URLResolver, prefix: str, space: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        written = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry, written, f"{entry.namespace}:" if entry.namespace else space)
        else:
            assert isinstance(entry, URLPattern)
            yield Route(written, f"{space}{entry.name}", entry.callback)


def ask(client: Client, path: str) -> Any:
    """Open a page; where it only takes what is sent, send nothing to it."""
    answer = client.get(path)
    return client.post(path) if answer.status_code == 405 else answer


def bare(answer: Any, *asked: object) -> bytes:
    """Return what a page says, without what differs from one time to the next: tokens, nonces and what was asked."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    content = re.sub(rb'"[A-Za-z0-9]{64}"', b"", content)
    content = re.sub(rb'nonce="[^"]*"', b"", content)
    for value in asked:
        content = content.replace(str(value).encode(), b"")
    return bytes(content)
