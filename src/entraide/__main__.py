"""``python -m entraide COMMAND`` is what the launcher runs."""

import sys

from entraide.cli import main as run_command


def main() -> int:
    """Run the command on the command line and return its exit status."""
    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
