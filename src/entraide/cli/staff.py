"""`entraide staff invite`: the first two enrolments of an empty desk, and never again from here."""

import argparse

from entraide.kernel import clock
from entraide.kernel.errors import NotPossible
from entraide.supervision.accounts import as_owner_of
from entraide.supervision.children import WEB
from entraide.supervision.desk import speaking_as

HELP = "Make the first two one-time enrolments of an empty desk (--first); everybody else is invited on its pages."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--first", action="store_true", help="the first two people of an empty desk, once")
    parser.add_argument("name", nargs="?", help="refused: people are invited on the page “People”")
    parser.add_argument("--role", help="refused: people are invited on the page “People”")


def run(args: argparse.Namespace) -> int:
    """Print the two links."""
    if not args.first or args.name or args.role:
        raise NotPossible(
            "Inviting a person from the command line",
            why="an invitation is signed with the passkey of whoever decides it",
            do="Sign in and invite on the page “People”; only an empty desk's first two people start here: --first",
        )
    with speaking_as(WEB) as desk:
        import django

        django.setup()
        from entraide.access.api import invite_first
        from entraide.audit.api import find_instance

        if desk.instance.kind == "demo":
            raise NotPossible("Inviting people into a demo", why="its people are made up", do="Run ./entraide up")
        if find_instance() is None:
            raise NotPossible("Inviting the first two people", why="the desk was never started", do="Run ./entraide up")
        with as_owner_of(desk.places.keys):  # it makes keys
            invited = invite_first(now=clock.now())
    print("Two desk administrators can enrol, each once, within seven days. Give each link to one person only:\n")
    for one in invited:
        print(f"  {one.name}\n    {one.link}\n")
    print("Each says who they are, and makes a passkey. It is in the log that these links were made.")
    return 0
