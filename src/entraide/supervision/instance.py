"""What an instance is: its kind, its origin, the day it was made.  Written once; no command changes it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from entraide.kernel import durable
from entraide.kernel.errors import NotPossible
from entraide.supervision.places import Places

_FILE = "instance.json"


class Kind(StrEnum):
    """The kinds of instance, which never mix."""

    DEMO = "demo"
    TRIAL = "trial"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Instance:
    """The facts that are fixed when an instance is made."""

    kind: Kind
    origin: str
    created: str

    @property
    def host(self) -> str:
        """The host name that passkeys hang on."""
        return urlsplit(self.origin).hostname or ""


def open_instance(places: Places, kind: Kind, origin: str, *, now: datetime, is_emptied: bool = False) -> Instance:
    """Return the instance that lives at `places`, making it where the place is empty.

    Parameters
    ----------
    is_emptied : bool
        Whether the caller has just emptied the place and what is left there (its own lock) may be.

    Raises
    ------
    NotPossible
        If something else lives there: another kind, another origin, or files that are not ours.
    """
    check_origin(kind, origin)
    file = places.home / _FILE
    if file.exists():
        instance = _read(file)
        _check_same(places, instance, kind, origin)
        return instance
    if not is_emptied and places.home.exists() and any(places.home.iterdir()):
        raise NotPossible(
            f"Using {places.home}",
            why="there is something in it that is not an instance of Entraide",
            do="Set ENTRAIDE_HOME to an empty folder; nothing was changed",
        )
    places.make()
    instance = Instance(kind=kind, origin=origin, created=now.isoformat(timespec="seconds"))
    durable.replace(file, json.dumps(asdict(instance), indent=1).encode() + b"\n")
    return instance


def read_instance(places: Places) -> Instance:
    """Return the instance that lives at `places`.

    Raises
    ------
    NotPossible
        If there is none.
    """
    file = places.home / _FILE
    if not file.exists():
        raise NotPossible(
            f"Using {places.home}",
            why="there is no instance there",
            do="Start one with ./entraide demo or ./entraide up, or correct ENTRAIDE_HOME",
        )
    return _read(file)


def check_origin(kind: Kind, origin: str) -> None:
    """Refuse an origin on which passkeys would not work, or that a demo must not have."""
    parts = urlsplit(origin)
    what = f"Using the origin {origin}"
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise NotPossible(
            what, why="it is not an origin", do="Set ENTRAIDE_ORIGIN to one, such as https://desk.example"
        )
    if kind is Kind.DEMO and parts.hostname != "localhost":
        raise NotPossible(what, why="a demo lives on this machine only", do="Leave ENTRAIDE_ORIGIN out")
    if parts.scheme == "http" and parts.hostname != "localhost":
        raise NotPossible(
            what,
            why="passkeys need https everywhere but on localhost (127.0.0.1 is not localhost to a browser)",
            do="Set ENTRAIDE_ORIGIN to an https origin, with an own certificate or behind a proxy that has one",
        )
    if kind is Kind.PRODUCTION and parts.hostname == "localhost":
        raise NotPossible(
            what, why="a production desk is not on localhost", do="Set ENTRAIDE_ORIGIN to its https origin"
        )


def _read(file: Path) -> Instance:
    try:
        content = json.loads(file.read_text())
        return Instance(kind=Kind(content["kind"]), origin=content["origin"], created=content["created"])
    except (ValueError, KeyError, OSError) as error:
        raise NotPossible(
            f"Reading {file}", why=f"it cannot be understood ({error})", do="Restore it from a backup"
        ) from error


def _check_same(places: Places, instance: Instance, kind: Kind, origin: str) -> None:
    if instance.kind is not kind:
        raise NotPossible(
            f"Starting a {kind} desk in {places.home}",
            why=f"a {instance.kind} lives there, and kinds never mix",
            do="Set ENTRAIDE_HOME to another folder",
        )
    if urlsplit(origin).hostname != instance.host:
        raise NotPossible(
            f"Starting under {origin}",
            why=f"this desk was made for {instance.origin}; its passkeys would not work under another name",
            do=f"Set ENTRAIDE_ORIGIN to {instance.origin}",
        )
