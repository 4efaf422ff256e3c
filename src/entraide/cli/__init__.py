"""The command line: a table of commands, each in a module of its own that is imported when it is called.

A command's module has `HELP` (one line), `add_arguments(parser)` and `run(args) -> int`.  One that says `PASSES_ON`
gets the arguments its parser does not know as `args.rest`, in their order, instead of a refusal.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from entraide.kernel.errors import Refusal

EXIT_REFUSED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

# The first thing a person types → where it is.  Two words are one command.
COMMANDS: Mapping[str, str] = {
    "demo": "entraide.cli.demo",
    "up": "entraide.cli.up",
    "setup": "entraide.cli.setup",
    "test": "entraide.cli.test",
    "database init": "entraide.cli.database",
    "staff invite": "entraide.cli.staff",
    "extract": "entraide.cli.extract",
    "verify": "entraide.cli.verify",
    "log verify": "entraide.cli.log",
    "check": "entraide.cli.check",
    "services": "entraide.cli.services",
}


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` names and return the exit status.

    0 done, 1 refused (a sentence says why), 2 not understood, 130 interrupted; a command may give 1 its own meaning.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0 if argv else EXIT_USAGE
    name = _command(argv)
    if name is None:
        print(f"entraide: there is no command `{argv[0]}`. ./entraide --help lists them.", file=sys.stderr)
        return EXIT_USAGE
    try:
        return _run(name, argv[len(name.split()) :])
    except Refusal as refusal:
        print(f"entraide: {refusal}", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): that is no fault of ours, and Python must not complain about it at exit.
        sys.stderr.close()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        return EXIT_REFUSED


def _command(argv: Sequence[str]) -> str | None:
    two = " ".join(argv[:2])
    if two in COMMANDS:
        return two
    return argv[0] if argv[0] in COMMANDS else None


def _run(name: str, rest: Sequence[str]) -> int:
    module = _module(name)
    passes_on = bool(getattr(module, "PASSES_ON", False))
    # What is passed on must not be taken for the beginning of an option of ours.
    parser = argparse.ArgumentParser(prog=f"entraide {name}", description=module.HELP, allow_abbrev=not passes_on)
    module.add_arguments(parser)
    try:
        if passes_on:
            args, others = parser.parse_known_args(rest)
            args.rest = [word for word in others if word != "--"]
        else:
            args = parser.parse_args(rest)
    except SystemExit as end:  # argparse has said what was wrong (2) or printed its help (0)
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    status = module.run(args)
    assert isinstance(status, int)
    return status


def _module(name: str) -> ModuleType:
    return importlib.import_module(COMMANDS[name])


def _overview() -> str:
    lines = ["Usage: entraide COMMAND [options]", ""]
    for name in COMMANDS:
        try:
            lines.append(f"  {name:<15} {_module(name).HELP}")
        except ModuleNotFoundError as error:
            if error.name != COMMANDS[name]:
                raise
    return "\n".join([*lines, "", "entraide COMMAND --help says more about one of them."])
