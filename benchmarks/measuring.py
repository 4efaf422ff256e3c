"""What every measurement shares: a line of the table, the machine it was taken on, and processes with an end."""

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHONPATH = os.pathsep.join([str(ROOT / "src"), str(ROOT)])


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a table: what was done, how it came out each time, and what is to be known about it.

    Parameters
    ----------
    is_peer : bool
        Another program, or the same work without what we add to it.
    bar : str
        What it must reach, in words; empty where nothing is promised.
    """

    what: str
    values: Sequence[float]
    unit: str
    bar: str = ""
    note: str = ""
    is_peer: bool = False

    def cells(self) -> list[str]:
        """Return the line as the cells of a table."""
        values = sorted(self.values)
        what = f"*peer: {self.what}*" if self.is_peer else self.what
        if not values:
            return [what, "–", "–", "–", self.unit, self.bar, self.note]
        figures = [number(value) for value in (values[0], statistics.median(values), values[-1])]
        return [what, *figures, self.unit, self.bar, self.note]


@dataclass(kw_only=True)
class Section:
    """The lines of one measurement, with the load that the machine had before and after."""

    title: str
    lines: list[Line] = field(default_factory=list)
    seconds: float = 0.0
    load: tuple[float, float] = (0.0, 0.0)

    def add(self, what: str, values: float | Sequence[float], unit: str, **more: Any) -> None:
        """Add a line."""
        self.lines.append(Line(what=what, values=[values] if isinstance(values, int | float) else list(values),
                               unit=unit, **more))  # fmt: skip

    def skip(self, what: str, why: str, *, is_peer: bool = True) -> None:
        """Say what was not measured, and why."""
        self.lines.append(Line(what=what, values=[], unit="", note=f"not measured: {why}", is_peer=is_peer))

    def as_json(self) -> dict[str, Any]:
        """Return the section as it goes from the process that measured to the one that prints."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Section":
        """Return the section that `as_json` wrote."""
        return cls(**{**value, "lines": [Line(**line) for line in value["lines"]], "load": tuple(value["load"])})

    def markdown(self) -> str:
        """Return the section as a Markdown table."""
        head = ["what", "minimum", "median", "maximum", "unit", "bar", "remark"]
        rows: list[list[str]] = [
            head,
            ["---", "--:", "--:", "--:", "---", "---", "---"],
            *(line.cells() for line in self.lines),
        ]
        table = "\n".join(f"| {' | '.join(cell.replace('|', '→') for cell in row)} |" for row in rows)
        noisy = " Others were at work on the machine: see the ratios." if is_noisy(self.load[0]) else ""
        before, after = self.load
        told = f"Load average {before:.1f} before, {after:.1f} after; {self.seconds:.0f} s with what had to be made."
        return f"### {self.title}\n\n{table}\n\n{told}{noisy}\n"


def number(value: float) -> str:
    """Return a figure with three digits that mean something, thousands set apart."""
    if value >= 1000:
        return f"{round(value, 2 - int(len(str(int(value))) - 1)):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def load() -> float:
    """Return the machine's load average of the last minute."""
    return os.getloadavg()[0]


def is_noisy(before: float) -> bool:
    """Return whether something else was at work when the measurement began."""
    return before > 0.25 * (os.cpu_count() or 1)


def machine() -> str:
    """Return one sentence about this machine and the moment."""
    model = _first("/proc/cpuinfo", "model name") or platform.processor()
    memory = int((_first("/proc/meminfo", "MemTotal") or "0").split()[0]) / (1 << 20)
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    system = (
        platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()) if _is_linux() else platform.system()
    )
    return (
        f"{moment}; {model}, {os.cpu_count()} cores, {memory:.0f} GiB; {system}, Linux "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}; commit {_commit()}."
    )


def _is_linux() -> bool:
    return platform.system() == "Linux"


def _first(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def peak_mib(pid: int | str = "self") -> float:
    """Return the largest resident memory a process has had, in MiB."""
    return float(_first(f"/proc/{pid}/status", "VmHWM").split()[0]) / 1024


def pss_mib(pid: int) -> float:
    """Return a process's memory in MiB, shared pages divided by those who share them; 0 where it is gone."""
    found = _first(f"/proc/{pid}/smaps_rollup", "Pss:")
    return float(found.split()[0]) / 1024 if found else 0.0


def family_of(pid: int) -> list[int]:
    """Return a process and everything that descends from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            parent = _first(f"{folder}/status", "PPid")
            parents.setdefault(int(parent or 0), []).append(int(folder.name))
    found, rest = [], [pid]
    while rest:
        found.append(rest.pop())
        rest += parents.get(found[-1], [])
    return found


def cpu_s() -> float:
    """Return the processor time that this process and its ended children have used."""
    return sum(
        use.ru_utime + use.ru_stime for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def kept_waiting_s() -> float:
    """Return for how long this process was ready to run and no core was free: what other work on the machine cost."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


@contextmanager
def running(command: Sequence[str], *, within_s: float = 20.0, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a process running for as long as the block lasts; it is asked to end, then made to."""
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def seconds(do: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def until(is_so: Callable[[], bool], *, within_s: float) -> float:
    """Wait until something is so, and return how long it took; `TimeoutError` where it does not come."""
    begin = time.perf_counter()
    while not is_so():
        if time.perf_counter() - begin > within_s:
            raise TimeoutError(f"not within {within_s:.0f} s")
        time.sleep(0.02)
    return time.perf_counter() - begin
