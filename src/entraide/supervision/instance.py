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
    staff_origin: str = ""

    @property
    def host(self) -> str:
        """The host name that passkeys hang on."""
        return urlsplit(self.origin).hostname or ""

    @property
    def staff_host(self) -> str:
        """The host name that the passkeys of the exchange's people hang on."""
        return urlsplit(self.staff_origin).hostname or self.host


def open_instance(
    places: Places, kind: Kind, origin: str, *, now: datetime, staff_origin: str = "", is_emptied: bool = False
) -> Instance:
    """Return the instance that lives at `places`, making it where the place is empty.

    Parameters
    ----------
    staff_origin : str
        Where a process of its own serves the exchange's people; empty where they share `origin`.
    is_emptied : bool
        Whether the caller has just emptied the place and what is left there (its own lock) may be.

    Raises
    ------
    NotPossible
        If something else lives there: another kind, another origin, or files that are not ours.
    """
    check_origin(kind, origin)
    check_staff_origin(kind, origin, staff_origin)
    file = places.home / _FILE
    if file.exists():
        instance = _read(file)
        _check_same(places, instance, kind, origin, staff_origin)
        return instance
    if not is_emptied and places.home.exists() and any(places.home.iterdir()):
        raise NotPossible(
            f"Using {places.home}",
            why="there is something in it that is not an instance of Entraide",
            do="Set ENTRAIDE_HOME to an empty folder; nothing was changed",
        )
    places.make()
    created = now.isoformat(timespec="seconds")
    instance = Instance(kind=kind, origin=origin, created=created, staff_origin=staff_origin)
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


def check_staff_origin(kind: Kind, origin: str, staff_origin: str) -> None:
    """Refuse a second origin that could not be one; empty is none."""
    if not staff_origin:
        return
    what = f"Serving the exchange's people at {staff_origin}"
    if kind is Kind.DEMO:
        raise NotPossible(what, why="a demo serves everybody at one address", do="Leave ENTRAIDE_STAFF_ORIGIN out")
    if staff_origin.rstrip("/") == origin.rstrip("/"):
        raise NotPossible(
            what, why="it is the agencies' address too", do="Choose another host name or port, or leave it out"
        )
    check_origin(kind, staff_origin)


def _read(file: Path) -> Instance:
    try:
        content = json.loads(file.read_text())
        return Instance(
            kind=Kind(content["kind"]),
            origin=content["origin"],
            created=content["created"],
            staff_origin=content.get("staff_origin", ""),
        )
    except PermissionError as error:
        raise NotPossible(
            f"Using {file.parent}",
            why="it belongs to another user of this machine",
            do="Start the desk as that user, or set ENTRAIDE_HOME to a folder of your own",
        ) from error
    except (ValueError, KeyError, OSError) as error:
        raise NotPossible(
            f"Reading {file}", why=f"it cannot be understood ({error})", do="Restore it from a backup"
        ) from error


def _check_same(places: Places, instance: Instance, kind: Kind, origin: str, staff_origin: str) -> None:
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
    if (urlsplit(staff_origin).hostname or instance.host) != instance.staff_host:
        raise NotPossible(
            f"Serving the exchange's people at {staff_origin or origin}",
            why=f"their passkeys were made for {instance.staff_host} and would not work under another name",
            do=f"Set ENTRAIDE_STAFF_ORIGIN to an origin of {instance.staff_host}",
        )
