"""`entraide services FOLDER`: the desk's programs as systemd units, each under an account of its own."""

import argparse
from pathlib import Path

from entraide.cli.up import refuse_clear_text
from entraide.supervision.desk import Ports, check_pages, check_tls, existing_desk
from entraide.supervision.units import write_units

HELP = "Write systemd units that run the desk's programs under users of their own."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where they are written, such as /etc/entraide")
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
    parser.add_argument("--staff-port", type=int, help="port of the exchange's people, where they are served apart")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1; others need TLS)")


def run(args: argparse.Namespace) -> int:
    """Check the database as every start does, write the files, and name them."""
    refuse_clear_text(args.host)
    check_tls()
    check_pages()
    desk = existing_desk()
    ports = Ports(web=args.port, staff=args.staff_port or args.port + 1, exchange=0)
    if desk.external:
        desk.prepare_database()
    for file in write_units(desk, args.folder, ports, host=args.host):
        print(file)
    return 0
