"""The programs of a desk, in the order they are started: one row each.

Each child gets only what its row names: the database URLs of its own role, the secrets it needs.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

from entraide.supervision.instance import Kind

EVERYWHERE = frozenset(Kind)
DEMO_ONLY = frozenset({Kind.DEMO})


class Ends(Enum):
    """What it means that a child's process ends."""

    RESTART = auto()  # it should have gone on
    STEP = auto()  # it has done its work; the next row waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One program.

    `{python}`, `{port}`, `{staff_port}`, `{host}`, `{exchange_port}`, `{made_at}` and `{stage}` are filled in.
    """

    name: str
    command: tuple[str, ...]
    process: str
    databases: Mapping[str, str] = field(default_factory=dict[str, str])  # setting → role
    settings: tuple[str, ...] = ()  # secrets it may have besides
    faces: str = "agency,staff"
    kinds: frozenset[Kind] = EVERYWHERE
    ends: Ends = Ends.RESTART
    answers_on: str | None = None  # the port it must answer on before the next row starts
    stop_within_s: float = 15.0
    is_once: bool = False  # a part of loading the demo: not started once that is done
    speaks_plainly: bool = False  # its lines are for the person at the terminal and get no prefix


_PYTHON = "{python}"
_PLANTED = Path(__file__).resolve().parents[1] / "desk" / "demo" / "planted.jsonl"
_STAFF = {"ENTRAIDE_DATABASE_URL_WEB": "entraide_web"}
_AGENCY = {"ENTRAIDE_DATABASE_URL_AGENCY": "entraide_agency"}
_WEB = _STAFF | _AGENCY
_WORKER = {"ENTRAIDE_DATABASE_URL_WORKER": "entraide_worker"}
_EXCHANGE = ("ENTRAIDE_EXCHANGE_TOKEN", "ENTRAIDE_EXCHANGE_CERTIFICATE")

MIGRATE = Child(
    name="migrate",
    command=(_PYTHON, "-m", "entraide.project.manage", "migrate", "--no-input", "--skip-checks", "--verbosity", "0"),
    process="migrate",
    databases={"ENTRAIDE_DATABASE_URL_MIGRATE": "entraide_migrate"},
    ends=Ends.STEP,
)
OPENING = Child(
    name="opening",
    command=(_PYTHON, "-m", "entraide.cli.opening"),
    process="web",
    databases=_WEB,
    settings=("ENTRAIDE_SECRET_KEY",),
    ends=Ends.STEP,
)
_EXCHANGE_DATABASE = {"REFERENCE_EXCHANGE_DATABASE_URL": "reference_exchange"}
EXCHANGE_SCHEMA = Child(
    name="exchange",
    command=(_PYTHON, "-m", "reference_exchange", "init"),
    process="exchange",
    databases=_EXCHANGE_DATABASE,
    kinds=DEMO_ONLY,
    ends=Ends.STEP,
    is_once=True,
)
EXCHANGE_CUSTOMERS = Child(
    name="exchange",
    # Up to the moment the demo was made, with the addresses its story is about.
    command=(
        *(_PYTHON, "-m", "reference_exchange", "generate", "--customers", "200", "--until", "{made_at}"),
        *("--addresses", str(_PLANTED)),
    ),
    process="exchange",
    databases=_EXCHANGE_DATABASE,
    kinds=DEMO_ONLY,
    ends=Ends.STEP,
    is_once=True,
)
EXCHANGE = Child(
    name="exchange",
    command=(_PYTHON, "-m", "reference_exchange", "serve", "--port", "{exchange_port}"),
    process="exchange",
    databases=_EXCHANGE_DATABASE,
    settings=("REFERENCE_EXCHANGE_TOKEN",),
    kinds=DEMO_ONLY,
    answers_on="exchange_port",
)
SIGNER = Child(name="signer", command=(_PYTHON, "-m", "entraide.audit.signer"), process="signer")
SEQUENCER = Child(
    name="sequencer",
    command=(_PYTHON, "-m", "entraide.audit.sequencer"),
    process="sequencer",
    databases={"ENTRAIDE_DATABASE_URL_SEQUENCER": "entraide_sequencer"},
)
WORKER = Child(
    name="worker",
    command=(_PYTHON, "-m", "entraide.outbox.worker"),
    process="worker",
    databases=_WORKER,
    settings=(*_EXCHANGE, "ENTRAIDE_SECRET_KEY", "ENTRAIDE_SMTP_URL"),
    stop_within_s=60.0,  # a package's part is finished and sealed before it goes
)
WEB = Child(
    name="web",
    # Two workers, so that one long answer does not hold up the others.  Without --respawn-failed-workers the program
    # ends with its last worker.  Begun requests end before a worker stops; one of which only half the head came (a
    # suspended browser, a cut line) is given up after 5 s, and who takes longer than the supervisor allows is killed
    # by it.  Granian's own --workers-kill-timeout is not set: two of its threads wait for the same worker, and the one
    # that learns last calls a worker "killed" that has long ended in order.
    command=(
        *(_PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "{host}", "--port", "{port}", "--no-ws"),
        *("--workers", "2", "--blocking-threads", "2", "--respawn-failed-workers", "--log-level", "warning"),
        *("--http1-header-read-timeout", "5000", "entraide.project.wsgi:application"),
    ),
    process="web",
    databases=_WEB,
    settings=("ENTRAIDE_SECRET_KEY",),
    answers_on="port",
)
# The same program twice, each with the database role of its face only.
AGENCY_FACE = replace(WEB, name="agency", databases=_AGENCY, faces="agency")
STAFF_FACE = replace(
    WEB,
    name="staff",
    command=tuple(word.replace("{port}", "{staff_port}") for word in WEB.command),
    databases=_STAFF,
    faces="staff",
    answers_on="staff_port",
)
FACES_APART = (AGENCY_FACE, STAFF_FACE)
# Before the worker: what it did meanwhile would bear today's time in the middle of a story of past days.
STORY = Child(
    name="story",
    command=(_PYTHON, "-m", "entraide.desk.demo", "load", "--stage", "{stage}"),
    process="demo",
    databases=_WEB | _WORKER,
    settings=("ENTRAIDE_SECRET_KEY", *_EXCHANGE),
    kinds=DEMO_ONLY,
    ends=Ends.STEP,
    is_once=True,
)
LINKS = Child(
    name="links",
    command=(_PYTHON, "-m", "entraide.desk.demo", "links"),
    process="demo",
    databases=_WEB,
    settings=("ENTRAIDE_SECRET_KEY",),
    kinds=DEMO_ONLY,
    ends=Ends.STEP,
    speaks_plainly=True,
)

CHILDREN = (
    *(MIGRATE, OPENING, SIGNER, SEQUENCER),
    *(EXCHANGE_SCHEMA, EXCHANGE_CUSTOMERS, EXCHANGE, STORY),
    *(WORKER, WEB, LINKS),
)


def filled(child: Child, values: Mapping[str, str]) -> list[str]:
    """Return the child's command line with its placeholders filled in."""
    everything = {"python": sys.executable, **values}
    return [word.format_map(everything) for word in child.command]
