"""`entraide log verify`: recompute the whole log and name the first entry that does not hold."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entraide.kernel import environment
from entraide.kernel.errors import Invalid

HELP = "Verify the log: recompute every entry, chain, tile and checkpoint; --from FILE: it must extend that checkpoint."

_URL = "ENTRAIDE_DATABASE_URL_AUDITOR"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "--from", dest="since", metavar="CHECKPOINT", help="a signed checkpoint that was kept elsewhere"
    )
    parser.add_argument(
        "--log-key", action="append", metavar="KEY", help="the log's public key (name+hash+base64), kept elsewhere"
    )
    parser.add_argument(
        "--save", metavar="FILE", help="write the newest signed checkpoint to FILE, to be kept elsewhere"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found; 0 it holds, 1 it does not, 2 the question could not be understood."""
    from entraide.audit.verification import newest_checkpoint, verify
    from entraide.evidence.notes import NoteError, VerifierKey

    try:
        keys = [VerifierKey.parse(text) for text in args.log_key] if args.log_key else None
        since = Path(args.since).read_text() if args.since else None
    except (NoteError, OSError) as error:
        print(f"entraide: {error}", file=sys.stderr)
        return 2
    with _auditor() as url:
        try:
            report = verify(url, keys=keys, since=since, remembered=_signer_memory(), processes=os.cpu_count() or 1)
        except NoteError as error:
            print(f"entraide: {args.since}: {error}", file=sys.stderr)
            return 1
        if args.save and report.holds:
            _save(Path(args.save), newest_checkpoint(url))
    count = f"{report.entries} entries in {report.streams} streams, {report.checkpoints} signed checkpoints"
    if report.fault is not None:
        print(f"The log does not hold. {str(report.fault)[0].upper()}{str(report.fault)[1:]}.")
        print(f"Up to there: {count}.")
        return 1
    print(f"The log holds: {count}." + (f" {report.waiting} more wait for their position." if report.waiting else ""))
    if keys is None:
        print("The log's key was read from the database itself; give --log-key to check with the one you kept.")
    return 0


def _signer_memory() -> tuple[int, bytes] | None:
    """Return the last tree the signer remembers, where it answers."""
    from entraide.audit import place
    from entraide.audit.signing import SignerClient
    from entraide.kernel.errors import Refusal

    try:
        return SignerClient(place.signer_socket()).state()
    except Refusal:
        return None


@contextmanager
def _auditor() -> Iterator[str]:
    """Yield the auditor's database URL: the one that is set, or the one of the desk in the data directory."""
    if environment.read(_URL):
        yield environment.read(_URL)
        return
    from entraide.supervision.children import Child
    from entraide.supervision.desk import speaking_as

    with speaking_as(Child(name="auditor", command=(), process="auditor", databases={_URL: "entraide_auditor"})):
        yield environment.required(_URL)


def _save(path: Path, note: str | None) -> None:
    if note is None:
        raise Invalid(f"Writing {path.name}", why="nothing has been signed yet", do="Try again in some seconds")
    path.write_text(note)
