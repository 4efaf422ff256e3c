"""``python -m entraide.desk.demo load`` tells the story once; ``… links`` prints a way in for everybody at every start.

Loading is whole or void: the mark that it is done is written last, and a demo without it is thrown away and made anew
by whoever starts it (see `entraide.supervision.desk`).
"""

import argparse
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entraide.desk.demo.waiting import Task

STAGES = ("filed", "triage", "decision", "delivered")
_WAIT_FOR_PACKAGES_S = 90.0
_POLL_S = 0.25


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two commands and return the exit status."""
    parser = argparse.ArgumentParser(prog="entraide.desk.demo")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("load").add_argument("--stage", choices=STAGES, default="triage")
    commands.add_parser("links")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    django.setup()
    from entraide.kernel import clock
    from entraide.kernel.errors import Refusal

    try:
        if options.command == "load":
            load(options.stage, now=clock.now())
        else:
            await_packages()
            links(now=clock.now())
    except Refusal as refusal:
        print(refusal, flush=True)
        return 1
    return 0


def load(stage: str, *, now: datetime) -> None:
    """Let the people in and tell the story up to `now`, unless that was done before.

    Raises
    ------
    NotPossible
        If it was begun before and not finished.
    """
    from entraide.agencies.api import demo as people
    from entraide.audit import api as audit
    from entraide.desk.demo import story
    from entraide.kernel.faults import fault

    if audit.instance().demo_loaded_at is None:
        cast = people.load(now=now - story.PEOPLE_CAME)
        fault("demo.people_came")
        story.tell(cast, story.Stage(stage), now=now, say=_say)
        fault("demo.story_told")
        audit.note_demo_loaded(now=now)
    keep_exchange_key()
    _mark_loaded()


def links(*, now: datetime) -> None:
    """Print for everybody what waits and a link, and keep the page on which the link lands."""
    from django.conf import settings

    from entraide.access.api import demo, roles_in_words
    from entraide.audit import api as audit
    from entraide.desk.context import DEMO_IS_OLD_AFTER
    from entraide.desk.demo.waiting import tasks_of

    tasks = {person.id: tasks_of(person, now=now) for person in demo.people()}
    demo.keep_landings({person_id: found[0].page for person_id, found in tasks.items() if found})
    lines = ["", f"The demo is at {settings.ORIGIN}. Everybody in it is made up; each link works once.", ""]
    for one in demo.make_links(now=now):
        roles = roles_in_words(one.person.roles)
        lines += [f"{one.person.name}: {roles}, {one.person.organisation_name}", f"    {_waits(tasks[one.person.id])}"]
        lines += [f"    {one.link}"]
    loaded_at = audit.instance().demo_loaded_at
    if loaded_at is not None and now - loaded_at >= DEMO_IS_OLD_AFTER:
        lines += ["", f"This demo was loaded on {loaded_at:%Y-%m-%d}; its dates are old. Start ./entraide demo --fresh"]
    _say("\n".join(lines))


def keep_exchange_key() -> Path:
    """Put the exchange's public key beside the officers' own keys, where the page of a package expects it."""
    from django.conf import settings

    from entraide.audit import api as audit

    path = Path(settings.HOME) / "demo" / "exchange.pem"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(audit.package_key_pem())
    return path


def _waits(tasks: "Sequence[Task]") -> str:
    if not tasks:
        return "nothing waits"
    more = f" (and {len(tasks) - 1} more)" if len(tasks) > 1 else ""
    return f"{tasks[0].what}{more}"


def await_packages() -> None:
    """Wait, but not for ever, until no approved request is without its package."""
    from entraide.database import reading_as
    from entraide.disclosure import api as disclosure
    from entraide.kernel.actors import Actor
    from entraide.requests import api as requests

    state = requests.RequestState
    question = requests.RequestQuestion(states=frozenset({state.APPROVED, state.IN_PRODUCTION}))
    worker = Actor.system("demo")
    deadline = time.monotonic() + _WAIT_FOR_PACKAGES_S
    is_said = False
    while time.monotonic() < deadline:
        with reading_as(worker):
            n_wanting = len(requests.requests_for(worker, question).rows) - len(disclosure.stopped(worker))
        if n_wanting <= 0:
            return
        if not is_said:
            _say("building the package that waits for the officer…")
            is_said = True
        time.sleep(_POLL_S)


def _mark_loaded() -> None:
    from django.conf import settings

    path = Path(settings.HOME) / "demo" / "loaded"
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        file.write("The story was told to its end.\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
