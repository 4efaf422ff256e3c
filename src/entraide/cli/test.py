"""`entraide test`: every test, as the build machine runs them."""

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec

from entraide.kernel.errors import NotPossible
from entraide.supervision.places import CHECKOUT

HELP = "Run every test; --long runs the long profiles as well. Other arguments go to pytest."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--long", action="store_true", help="run the long profiles as well")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help="arguments for pytest, such as a file or -k words")


def run(args: argparse.Namespace) -> int:
    """Run pytest in the checkout and return its exit status."""
    if not (CHECKOUT / "tests").is_dir() or find_spec("pytest") is None:
        raise NotPossible(
            "Running the tests",
            why="the tests or what they need are not installed here",
            do="Clone the repository and run ./entraide test in it",
        )
    rest = [word for word in args.pytest if word != "--"]
    command = [sys.executable, "-m", "pytest", *(["--run-long"] if args.long else []), *rest]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")}
    # Tests make their own instances: what this machine's desk is set to must not reach them.
    for name in ("ENTRAIDE_TEST_DATA", "ENTRAIDE_POSTGRES_BINARIES"):
        if name in os.environ:
            environment[name] = os.environ[name]
    environment.pop("DATABASE_URL", None)
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode
