"""The reference pages that are drawn from the program itself: ``python -m entraide.project.reference write``.

A page that is written twice is wrong once; these are written by the tables they describe, and a test compares.
"""

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import django

import entraide
from entraide.kernel.environment import SETTINGS
from entraide.kernel.workflow import Workflow

PAGES_FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"
_HEAD = "<!-- Drawn from the program: .venv/bin/python -m entraide.project.reference write -->\n\n"


def _modules_named(name: str) -> Iterator[object]:
    for room in pkgutil.iter_modules(entraide.__path__):
        full = f"entraide.{room.name}.{name}"
        if room.ispkg and importlib.util.find_spec(full) is not None:
            yield importlib.import_module(full)


def settings_page() -> str:
    """Return the page of every setting."""
    lines = ["# Settings\n", "All of them are environment variables. A secret is never printed or logged.\n"]
    lines += ["| name | meaning | when absent |", "|---|---|---|"]
    for setting in SETTINGS.values():
        secret = " *Secret.*" if setting.is_secret else ""
        lines.append(f"| `{setting.name}` | {setting.meaning}{secret} | {setting.default or '—'} |")
    return _HEAD + "\n".join(lines) + "\n"


def workflows() -> list[tuple[str, Workflow]]:
    """Return every state machine of the program with the room it lives in, in order of the rooms."""
    found = []
    for module in _modules_named("states"):
        room = module.__name__.split(".")[1]  # type: ignore[attr-defined]
        found += [(room, value) for value in vars(module).values() if isinstance(value, Workflow)]
    return found


def states_page() -> str:
    """Return the page with every state machine drawn."""
    parts = ["# States\n", "`(+1)` behind a verb: one other natural person must approve.\n"]
    for room, machine in workflows():
        parts.append(f"## {machine.name} ({room})\n\n```mermaid\n{machine.drawing()}```\n")
    return _HEAD + "\n".join(parts)


def data_classes_page() -> str:
    """Return the record of processing: every field of every table with class, purpose, retention and mask."""
    from entraide.database.dataclasses import declared

    lines = ["# Data classes\n", "Every column: what it is for, how long it stays, how it is masked.\n"]
    lines.append("A `*` speaks for the columns that only tie rows together.\n")
    room = ""
    for name, field in declared().items():
        if name.partition(".")[0] != room:
            room = name.partition(".")[0]
            lines += [f"\n## {room}\n", "| field | class | purpose | retention | mask |", "|---|---|---|---|---|"]
        short = name.partition(".")[2]
        lines.append(f"| `{short}` | {field.data_class} | {field.purpose} | {field.retention} | {field.mask} |")
    return _HEAD + "\n".join(lines) + "\n"


def events_page() -> str:
    """Return the page of every event the log can hold."""
    from entraide.audit.api import registered_events

    lines = ["# Events of the log\n", "| event | sentence |", "|---|---|"]
    lines += [f"| `{kind}` | {sentence} |" for kind, sentence in sorted(registered_events().items())]
    return _HEAD + "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "states.md": states_page,
    "data-classes.md": data_classes_page,
    "events.md": events_page,
}


def main() -> int:
    """Write every page, or say which differ (``check``)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    django.setup()
    write = sys.argv[1:] == ["write"]
    stale = []
    for name, draw in PAGES.items():
        page, path = draw(), PAGES_FOLDER / name
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            stale.append(name)
    if stale:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run: python -m entraide.project.reference write\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
