"""`entraide verify FILE`: say, offline and in plain words, whether a package holds."""

import argparse
import json
import sys
from pathlib import Path

from entraide.evidence.bag import public_key_of_pem
from entraide.evidence.standalone.verify import LANGUAGES, language, say
from entraide.evidence.verify import CannotCheck, verify

HELP = "Check a package of evidence, offline, and say in plain words whether it holds."

_SMALL_BYTES = 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument(
        "package", type=Path, help="the package: NAME.zip.age, NAME.zip, or the folder it was opened into"
    )
    parser.add_argument("--identity", type=Path, metavar="KEY", help="your age key file, for an encrypted package")
    parser.add_argument(
        "--exchange-key", type=Path, metavar="PEM", help="the exchange's public key your agency received"
    )
    parser.add_argument(
        "--receipt", type=Path, action="append", default=[], metavar="FILE", help="a receipt you kept; may be repeated"
    )
    parser.add_argument("--evidence", action="store_true", help="a demo package is not enough")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the answer; default: the system's")


def run(args: argparse.Namespace) -> int:
    """Verify the package; return 0 if it holds, 1 if it does not, 2 if it could not be checked."""
    lang = language(args.lang)
    try:
        report = verify(
            args.package,
            identity=args.identity,
            exchange_key=_exchange_key(args.exchange_key),
            require_evidence=args.evidence,
            receipts=[(path.name, _small_file(path)) for path in args.receipt],
        )
    except CannotCheck as problem:
        sys.stderr.write(say(problem.code, lang, files=problem.file) + "\n")
        return 2
    sys.stdout.write(json.dumps(report.findings) + "\n" if args.json else report.text(lang))
    return report.exit_status


def _exchange_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    data = _small_file(path)
    try:
        return public_key_of_pem(data)
    except ValueError:
        raise CannotCheck("key-unreadable", str(path)) from None


def _small_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_SMALL_BYTES)
    except OSError:
        raise CannotCheck("no-such-file", str(path)) from None
