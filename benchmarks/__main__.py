"""Every measurement, one command: ``.venv/bin/python -m benchmarks [--quick] [--write] [NAME …]``.

Prints the tables that stand in docs/performance.md, and writes them there when told to.  Each measurement runs in a
process of its own, so that one which fails or swells does not touch the next.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.measuring import PYTHONPATH, ROOT, Section, is_noisy, load, machine

# What is measured: module of this folder, in full, and as small as it gets while everything still runs.
MEASUREMENTS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "log": (
        {"seconds_each": 5.0, "entries": 1_000_000, "times": 3},
        {"seconds_each": 0.2, "entries": 2_000, "times": 1},
    ),
    "packages": ({"records": 1_000_000, "times": 3}, {"records": 3_000, "times": 1}),
    "invisible": ({"pairs": 200, "cases": 20}, {"pairs": 2, "cases": 1}),
    "extract": ({"megabytes": 5.0, "times": 3}, {"megabytes": 0.05, "times": 1}),
    "starts": ({"bare": True, "times": 3, "settle_s": 30.0}, {"bare": False, "times": 1, "settle_s": 1.0}),
}
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `python -m benchmarks --write` -->", "<!-- end of figures -->"
_RESULT = "benchmarks: "


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was named, or everything, and print it; 1 where something could not be measured."""
    options = _parser().parse_args(arguments)
    if options.in_process:
        return _measure_here(options.names[0], json.loads(options.in_process), options.peers)
    unknown = [name for name in options.names if name not in MEASUREMENTS]
    if unknown:
        print(
            f"benchmarks: there is no measurement `{unknown[0]}`; there are {', '.join(MEASUREMENTS)}.", file=sys.stderr
        )
        return 2
    told = [f"Measured {machine()}"]
    if is_noisy(load()):
        told.append(f"**Noisy:** the load average was {load():.1f} when it began; ratios within a table mean more than "
                    "figures.")  # fmt: skip
    if options.quick:
        told.append("**Quick:** everything was run at a small size, to see that it runs; the figures mean nothing.")
    print("\n\n".join(told), flush=True)
    failed = []
    for name in options.names or MEASUREMENTS:
        sizes = {**MEASUREMENTS[name][options.quick], **json.loads(options.set or "{}")}
        sections = _measure_apart(name, sizes, options.peers)
        if sections is None:
            failed.append(name)
            told.append(f"### {name}\n\nCould not be measured.\n")
        for section in sections or ():
            told.append(section.markdown())
            print(f"\n{told[-1]}", flush=True)
    if options.write:
        _write("\n\n".join(part.strip() for part in told))
    if failed:
        print(f"benchmarks: not measured: {', '.join(failed)}; what went wrong stands above.", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what docs/performance.md says.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether everything runs, not how fast")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--peers", metavar="FOLDER", help="where peers were installed by pip install --target FOLDER")
    parser.add_argument("--set", metavar="JSON", help="other sizes, such as '{\"records\": 100000}'")
    parser.add_argument("--in-process", metavar="JSON", help=argparse.SUPPRESS)
    return parser


def _measure_here(name: str, sizes: Mapping[str, Any], peers: str | None) -> int:
    if peers:
        sys.path.append(peers)  # at the end: what a peer needs must not take the place of what we use
    measure: Callable[..., list[Section]] = importlib.import_module(f"benchmarks.{name}").measure
    sections = measure(**sizes)
    print(_RESULT + json.dumps([section.as_json() for section in sections]))
    return 0


def _measure_apart(name: str, sizes: Mapping[str, Any], peers: str | None) -> list[Section] | None:
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    command = [sys.executable, "-m", "benchmarks", name, "--in-process", json.dumps(sizes)]
    command += ["--peers", peers] if peers else []
    os.sync()  # what the measurement before left to be written would be paid for by this one
    before, begin = load(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(_RESULT)]
    if done.returncode or not lines:
        return None
    sections = [Section.from_json(value) for value in json.loads(lines[-1].removeprefix(_RESULT))]
    for section in sections:
        section.seconds, section.load = time.perf_counter() - begin, (before, load())
    return sections


def _write(figures: str) -> None:
    """Put the figures between their two marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
