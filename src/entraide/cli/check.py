"""`entraide check --production`: may real cases be worked on here?"""

import argparse

from entraide.supervision.children import WEB
from entraide.supervision.desk import speaking_as

HELP = "Say what forbids to use this desk for real cases (--production); 0 when nothing does."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--production", action="store_true", required=True, help="check for use with real cases")


def run(args: argparse.Namespace) -> int:
    """Print every problem and return 1 where there is one."""
    with speaking_as(WEB):
        import django

        django.setup()
        from entraide.access.checks import production_problems

        problems = production_problems()
    for problem in problems:
        print(f"- {problem}")
    print("This desk must not be used for real cases." if problems else "Nothing forbids to use this desk.")
    return 1 if problems else 0
