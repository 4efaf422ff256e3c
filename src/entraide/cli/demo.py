"""`entraide demo`: the whole desk on this machine, with made-up people in the middle of a story."""

import argparse

from entraide.kernel import clock
from entraide.supervision.desk import run_desk
from entraide.supervision.instance import Kind

HELP = "Start the demo: a desk, a reference exchange and made-up people, on this machine only."
STAGES = ("filed", "triage", "decision", "delivered")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
    parser.add_argument("--fresh", action="store_true", help="replace the demo you played by a new one")
    parser.add_argument(
        "--stage",
        type=_stage,
        metavar="STAGE",
        help=f"how far the main story has gone: {', '.join(STAGES[:-1])} or {STAGES[-1]} (triage); "
        "the demo you played is replaced, as by --fresh",
    )


def _stage(word: str) -> str:
    if word not in STAGES:
        known = f"{', '.join(STAGES[:-1])} or {STAGES[-1]}"
        raise argparse.ArgumentTypeError(f"the story has no stage {word!r}; say {known}")
    return word


def run(args: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C."""
    return run_desk(
        Kind.DEMO,
        port=args.port,
        now=clock.now(),
        fresh=args.fresh or args.stage is not None,
        stage=args.stage or "triage",
    )
