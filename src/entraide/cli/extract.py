"""`entraide extract`: the identifiers in a text, as a table or as one JSON object a line."""

import argparse
import json
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from entraide.identifiers import Identifier, extract

HELP = "Find addresses, transaction ids and other identifiers in a text."

_EXIT_UNREADABLE = 2
_FIELDS = tuple(field.name for field in fields(Identifier))
_HIDDEN = "(secret, not shown)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="a text in UTF-8; - or nothing: standard input"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print what is found in the text; 0 even if nothing is, 2 if the text cannot be read."""
    try:
        data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except OSError as error:
        return _refuse(f"{args.file} cannot be read ({error.strerror}). Name a text file, or - for standard input.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        name = "The input" if args.file == "-" else args.file
        return _refuse(
            f"{name} is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}."
            " Save the text as UTF-8 (a PDF or a Word file has to be turned into text first)."
        )
    found = extract(text)
    out = "".join(line + "\n" for line in (map(_json, found) if args.json else _table(found)))
    sys.stdout.buffer.write(out.encode("utf-8"))
    sys.stdout.flush()
    return 0


def _refuse(sentence: str) -> int:
    print(f"entraide extract: {sentence}", file=sys.stderr)
    return _EXIT_UNREADABLE


def _json(identifier: Identifier) -> str:
    return json.dumps({name: getattr(identifier, name) for name in _FIELDS}, ensure_ascii=False)


def _table(found: Iterable[Identifier]) -> Iterable[str]:
    rows = [("kind", "networks", "verdict", "at", "value")]
    for identifier in found:
        verdict = "valid" if identifier.valid else f"NOT VALID: {identifier.problem}"
        value = _HIDDEN if identifier.value is None else _one_line(identifier.value)
        networks = ", ".join(identifier.networks[:3]) + (" …" if len(identifier.networks) > 3 else "")
        rows.append((identifier.kind, networks, verdict, f"{identifier.start}-{identifier.end}", value))
    if len(rows) == 1:
        return ["No identifier was found."]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]) for row in rows]


def _one_line(value: str) -> str:
    """Return `value` for a terminal: line breaks and characters that would not be seen are written out."""
    return "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in ("Cc", "Cf") else c for c in value)
