"""`entraide up`: a desk that is not a demo."""

import argparse

from entraide.kernel import clock, environment
from entraide.kernel.errors import NotPossible
from entraide.supervision.desk import run_desk
from entraide.supervision.instance import Kind

HELP = "Start a desk: a trial, or the production desk that ENTRAIDE_KIND and DATABASE_URL describe."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
    parser.add_argument(
        "--staff-port", type=int, help="port of the exchange's people, where ENTRAIDE_STAFF_ORIGIN sets them apart"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1; others need TLS)")


def run(args: argparse.Namespace) -> int:
    """Run the desk until Ctrl-C."""
    kind = chosen_kind()
    refuse_clear_text(args.host)
    return run_desk(kind, port=args.port, staff_port=args.staff_port, host=args.host, now=clock.now())


def refuse_clear_text(host: str) -> None:
    """Refuse to listen on anything but this machine without TLS."""
    if not host.startswith("127.") and host != "::1" and not environment.read("ENTRAIDE_TLS_CERTIFICATE"):
        raise NotPossible(
            f"Listening on {host}",
            why="without TLS the pages would cross the network in clear",
            do="Set ENTRAIDE_TLS_CERTIFICATE and ENTRAIDE_TLS_KEY, or keep 127.0.0.1 behind a proxy that speaks TLS",
        )


def chosen_kind() -> Kind:
    """Return the kind of desk that ENTRAIDE_KIND asks for; a trial where it is absent."""
    word = environment.read("ENTRAIDE_KIND") or Kind.TRIAL
    if word not in (Kind.TRIAL, Kind.PRODUCTION):
        raise NotPossible(
            f"Starting a desk of kind {word!r}",
            why="this command starts a trial or a production desk",
            do="Set ENTRAIDE_KIND to trial or production, or run ./entraide demo",
        )
    return Kind(word)
