"""`entraide test`: every test, as the build machine runs them."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from entraide.kernel.errors import NotPossible
from entraide.supervision.places import CHECKOUT

HELP = "Run every test, or those that further arguments for pytest choose (a file, -k WORDS, -q, -x …)."
PASSES_ON = True

# What pytest cannot do in several processes at once, or was told otherwise about.
_ONE_PROCESS = ("-n", "--numprocesses", "--dist", "--pdb", "--trace", "-s", "--capture=no", "--collect-only", "--co")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--long", action="store_true", help="run the long profiles as well")
    parser.epilog = (
        "Everything else goes to pytest as it stands: ./entraide test -q -k address, ./entraide test tests/kernel. "
        "On a machine of several cores the tests run in as many processes (-n); -n 0 runs them in one."
    )


def run(args: argparse.Namespace) -> int:
    """Run pytest in the checkout and return its exit status."""
    if not (CHECKOUT / "tests").is_dir() or find_spec("pytest") is None:
        raise NotPossible(
            "Running the tests",
            why="the tests or what they need are not installed here",
            do="Clone the repository and run ./entraide test in it",
        )
    long = ["--run-long"] if args.long else []
    command = [sys.executable, "-m", "pytest", *long, *in_processes(args.rest, os.cpu_count() or 1), *args.rest]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")}
    # Tests make their own instances: what this machine's desk is set to must not reach them.
    for name in ("ENTRAIDE_TEST_DATA", "ENTRAIDE_POSTGRES_BINARIES", "ENTRAIDE_SEED"):
        if name in os.environ:
            environment[name] = os.environ[name]
    environment.pop("DATABASE_URL", None)
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode


def in_processes(rest: Sequence[str], n_cores: int) -> list[str]:
    """Return the options that spread the tests over the cores, or nothing where that cannot be or was decided."""
    is_decided = any(word.startswith(option) for word in rest for option in _ONE_PROCESS)
    if n_cores < 2 or is_decided or find_spec("xdist") is None:
        return []
    # A file stays in one process: what its tests share is made once.  Who has none left takes over from the others.
    return ["-n", str(n_cores), "--dist", "loadfile"]
