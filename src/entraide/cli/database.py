"""`entraide database init`: the roles, databases and passwords on a PostgreSQL server of the installer's own."""

import argparse

from entraide.cli.up import chosen_kind
from entraide.kernel import clock, environment
from entraide.supervision.desk import database_of, open_desk

HELP = "Make the database's roles and their passwords on your own PostgreSQL (DATABASE_URL, an administrator's URL)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes: nothing, the settings say it all."""


def run(args: argparse.Namespace) -> int:
    """Make what is missing and print what was done."""
    origin = environment.read("ENTRAIDE_ORIGIN") or "http://localhost:8000"
    desk = open_desk(chosen_kind(), origin=origin, now=clock.now())
    with database_of(desk):
        done = desk.make_roles()
        for line in done or ["everything was there already; limits and passwords were set again"]:
            print(line)
        desk.prepare_database()
    print(f"passwords: {desk.places.secrets} (readable by you only; keep it with the keys, not with the database)")
    if desk.external:
        print("From now on DATABASE_URL needs no administrator: the programs use its host and the roles above.")
    return 0
