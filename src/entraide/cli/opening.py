"""A step of every start, not a command: the desk's kind goes into its database and the first entry of its log.

``python -m entraide.cli.opening``; the first time it makes the desk, ever after it refuses a database of another kind.
"""

import os
import sys
from datetime import timedelta

import django

from entraide.kernel import clock, environment
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPossible, Refusal
from entraide.supervision.instance import Kind
from entraide.supervision.places import places_of

# The story of a demo reaches into the past, and its desk must have been there: no entry of the log is older than the
# first one.
_A_DEMO_IS_OLDER = timedelta(days=45)
_OPENER = Actor.system("setup")


def main() -> int:
    """Make the desk where it is not made yet; return the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    django.setup()
    try:
        open_desk(Kind(environment.required("ENTRAIDE_KIND")))
    except Refusal as refusal:
        print(refusal, flush=True)
        return 1
    return 0


def open_desk(kind: Kind) -> None:
    """Make the desk or recognise it, refuse what a production desk must not have, note whether anybody can sign in.

    Raises
    ------
    NotPossible
        If the database holds another desk, or this one must not be used for real cases.
    """
    from entraide.access.api import exchange
    from entraide.access.checks import production_problems
    from entraide.audit.api import create_instance
    from entraide.database import reading_as

    now = clock.now()
    create_instance(kind, now=now - _A_DEMO_IS_OLDER if kind is Kind.DEMO else now)
    problems = production_problems() if kind is Kind.PRODUCTION else []
    if problems:
        raise NotPossible(
            "Starting a production desk",
            why=" ".join(problems).rstrip("."),
            do="Correct this; ./entraide check --production says it again",
        )
    nobody = places_of(kind).nobody
    with reading_as(_OPENER):
        is_empty = exchange() is None  # it comes into being with the first two people
    if is_empty:
        nobody.touch()
    else:
        nobody.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
