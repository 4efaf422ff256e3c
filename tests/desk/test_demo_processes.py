"""The demo as its programs: killed while it loads, started again, walked into, stopped, kept."""

import html
import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from entraide.kernel import environment
from entraide.supervision import desk as starting
from entraide.supervision.places import CHECKOUT

BOUND_S = 300.0


class Demo:
    """One start of the demo, read line by line."""

    def __init__(self, home: Path, port: int, *options: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in environment.SETTINGS}
        kept = {name: value for name, value in kept.items() if not name.startswith(("ENTRAIDE_", "DJANGO_"))}
        if "ENTRAIDE_POSTGRES_BINARIES" in os.environ:
            kept["ENTRAIDE_POSTGRES_BINARIES"] = os.environ["ENTRAIDE_POSTGRES_BINARIES"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "entraide", "demo", "--port", str(port), *options],
            cwd=CHECKOUT,
            env={**kept, "ENTRAIDE_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "src"), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._bound = threading.Timer(BOUND_S, self.kill)
        self._bound.start()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def until(self, word: str) -> None:
        """Read on until a line has `word`; fail where the demo ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return
        pytest.fail(f"the demo ended before it said {word!r}:\n{self.said}")

    def kill(self) -> None:
        """Kill the parent of all, as `kill -9` does; the kernel ends its children."""
        self.process.kill()

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does and return the exit status."""
        self.process.send_signal(number)
        rest, _nothing = self.process.communicate(timeout=BOUND_S)
        self.lines += rest.splitlines()
        self._bound.cancel()
        return self.process.returncode

    def links(self) -> dict[str, str]:
        """Return the link of everybody, by first name."""
        return dict(re.findall(r"^(\w+) .*\n.*\n    (http\S+)$", self.said, re.MULTILINE))


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a place for a demo: short, because of its sockets, and open to the database's account to pass through."""
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder, ignore_errors=True)


def page_of(link: str) -> str:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(link, timeout=60) as answer:
        return html.unescape(answer.read().decode())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends the children of a killed parent")
@pytest.mark.skipif(not starting._PAGES.exists(), reason="the pages are not built here: ./entraide setup")
def test_a_demo_killed_while_it_loads_is_whole_at_the_next_start_and_kept_at_the_one_after(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    cut = Demo(home, port)
    try:
        cut.until("telling the story: 10 of")
    finally:
        cut.end(signal.SIGKILL)
    assert not (home / "demo" / "loaded").exists()

    second = Demo(home, port, "--stage", "decision")
    try:
        second.until("Ctrl-C stops it.")
        package = page_of(second.links()["Otto"])
    finally:
        status = second.end()
    assert status == 0
    assert len(second.links()) == 9
    assert re.search(
        r"\./entraide verify ~/Downloads/R-\d\d-\w{6}-v1\.zip\.age --identity \S+ --exchange-key \S+", package
    )

    third = Demo(home, port)
    try:
        third.until("Ctrl-C stops it.")
        again = page_of(third.links()["Otto"])
    finally:
        status = third.end()
    assert status == 0
    assert "telling the story" not in third.said and "anew" not in third.said
    assert re.findall(r"R-\d\d-\w{6}-v1", package)[0] == re.findall(r"R-\d\d-\w{6}-v1", again)[0]
