"""`entraide setup`: the launcher does the work before Python is there; what is left is to say so."""

import argparse

HELP = "Set everything up and start nothing (the launcher ./entraide does it)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes: nothing."""


def run(args: argparse.Namespace) -> int:
    """Say that everything is there: this code would not run otherwise."""
    print("Everything is set up. ./entraide demo starts the demo.")
    return 0
