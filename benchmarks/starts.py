"""How long a start takes, and how much memory everything of an idle demo holds."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT, Section, family_of, pss_mib, seconds, until

_INSTALL_S, _START_S = 1_200.0, 300.0


def measure(*, bare: bool, times: int, settle_s: float) -> list[Section]:
    """Measure first and second starts of a demo with a home of its own, and its memory once it is idle.

    Parameters
    ----------
    bare : bool
        Whether also to clone the repository and start it with nothing set up (network or cache needed).
    settle_s : float
        How long an idle demo is left alone before its memory is read.
    """
    starts = Section(title="Starts of the demo (seconds)")
    if bare:
        _bare(starts)
    else:
        starts.skip("first start on a bare clone", "left out of this run", is_peer=False)
    first, ready, again, memory = [], [], [], {}
    for n in range(times):
        with _home() as home:
            with _demo(ROOT, home) as demo:
                first.append(demo.first_page)
                ready.append(demo.ready)
            with _demo(ROOT, home) as demo:
                again.append(demo.first_page)
                if n == times - 1:
                    time.sleep(settle_s)
                    memory = _memory(demo.pid)
    starts.add("set up, no data yet → first page (database, migrations, 200 customers)", first, "s")
    starts.add("set up, no data yet → everything ready (the story told by its operations)", ready, "s")
    starts.add("second start → first page", again, "s", bar="< 10")
    idle = Section(
        title=f"Memory of the idle demo, {settle_s:.0f} s after its second start (MiB, shared pages divided)"
    )
    for name, mib in sorted(memory.items(), key=lambda item: -item[1]):
        idle.add(name, mib, "MiB")
    idle.add("**everything together**", sum(memory.values()), "MiB", bar="< 1,024")
    return [starts, idle]


def _bare(section: Section) -> None:
    """Clone the repository as it stands in git and start it: nothing is shared with this checkout but pip's cache."""
    with _home() as home:
        clone = home / "c"
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        set_up = seconds(lambda: subprocess.run(["./entraide", "setup"], cwd=clone, check=True, timeout=_INSTALL_S,
                                                stdout=subprocess.DEVNULL))  # fmt: skip
        size = sum(path.lstat().st_size for path in clone.rglob("*") if path.is_file()) / 1e6
        cache = subprocess.run(["du", "-sm", str(Path.home() / ".cache" / "pip")], capture_output=True, text=True,
                               check=False).stdout.split()  # fmt: skip
        told = f"pip's cache held {cache[0]} MB before" if cache else "pip's cache was empty"
        section.add("bare clone: `./entraide setup` (environment, locked packages, pages)", set_up, "s",
                    note=f"{told}; the clone then has {size:,.0f} MB")  # fmt: skip
        with _demo(clone, home / "h") as demo:
            section.add("bare clone, set up: `./entraide demo` → first page", demo.first_page, "s")
            section.add("bare clone → first page, together", set_up + demo.first_page, "s")


@contextmanager
def _home() -> Iterator[Path]:
    """A folder with a short name: the path of a socket may have 107 bytes."""
    home = Path(tempfile.mkdtemp(prefix="eb"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class _Demo:
    """A running demo: its process, the seconds to its first page, and to its story's end."""

    pid: int
    first_page: float
    ready: float


@contextmanager
def _demo(checkout: Path, home: Path) -> Iterator[_Demo]:
    """Run a demo until the block ends."""
    port = _port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")}
    environment.pop("PYTHONPATH", None)
    environment["ENTRAIDE_HOME"] = str(home / "demo")
    home.mkdir(exist_ok=True)
    told = home / "said.txt"
    with told.open("wb") as out:
        began = time.perf_counter()
        demo = subprocess.Popen(
            ["./entraide", "demo", "--port", str(port)], cwd=checkout, env=environment, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(lambda: _shows_a_page(port, demo, told), within_s=_START_S)
            first_page = time.perf_counter() - began
            until(lambda: b"Ctrl-C stops it" in told.read_bytes() or _has_ended(demo, told), within_s=_START_S)
            yield _Demo(demo.pid, first_page, time.perf_counter() - began)
        finally:
            demo.send_signal(signal.SIGINT)
            try:
                demo.wait(timeout=90)
            except subprocess.TimeoutExpired:
                for pid in family_of(demo.pid):
                    os.kill(pid, signal.SIGKILL)


def _has_ended(demo: subprocess.Popen[bytes], told: Path) -> bool:
    if demo.poll() is not None:
        raise RuntimeError(f"the demo ended: {told.read_text()[-2000:]}")
    return False


def _shows_a_page(port: int, demo: subprocess.Popen[bytes], told: Path) -> bool:
    _has_ended(demo, told)
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as answer:
            return b"</html>" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def _port() -> int:
    for port in range(8811, 8899, 2):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port from 8811 to 8898 is free")


def _memory(pid: int) -> dict[str, float]:
    """Return the memory of each program of a running demo, by its name."""
    found: dict[str, float] = {}
    for process in family_of(pid):
        name = _name(process)
        found[name] = found.get(name, 0.0) + pss_mib(process)
    return {name: mib for name, mib in found.items() if mib}


_NAMES = (
    ("postgres", "PostgreSQL"), ("granian", "web"), ("entraide web", "web"), ("outbox.worker", "worker"),
    ("entraide worker", "worker"), ("signer", "signer"), ("sequencer", "sequencer"),
    ("reference_exchange", "reference exchange"), ("entraide demo", "supervisor"), ("demo", "supervisor"),
)  # fmt: skip


def _name(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "gone"
    return next((name for word, name in _NAMES if word in line), line[:40] or "gone")
