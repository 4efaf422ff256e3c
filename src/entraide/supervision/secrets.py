"""The generated passwords of the database's roles: one file, mode 0600, made once."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from entraide.kernel import durable
from entraide.kernel.errors import NotPossible

_BYTES = 32


def read_or_make(file: Path, names: Iterable[str]) -> dict[str, str]:
    """Return a password for each of `names`, making and keeping those that are not in `file` yet.

    Raises
    ------
    NotPossible
        If others can read the file: then its passwords are secrets no longer.
    """
    known = _read(file)
    missing = [name for name in names if name not in known]
    if missing:
        known.update({name: secrets.token_urlsafe(_BYTES) for name in missing})
        _write(file, known)
    return known


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    if file.stat().st_mode & 0o077:
        raise NotPossible(
            f"Reading {file.name}",
            why="other users of this machine can read the database's passwords",
            do=f"chmod 600 {file}; if others have read it, remove it: new passwords are made at the next start",
        )
    content = json.loads(file.read_text())
    return {str(name): str(value) for name, value in content.items()}


def _write(file: Path, content: dict[str, str]) -> None:
    """Replace the file in one step: a cut leaves the old one or the new one."""
    durable.replace(file, json.dumps(content, indent=1).encode())
