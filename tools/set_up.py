"""Make the environment the launcher runs in: `.venv`, the locked packages, the built pages.

Called by `./entraide` with the sums that stand for a complete set-up; each is written last, so that what was cut begins
again where it stopped (packages already fetched come from pip's cache).  Standard library only: nothing is there yet.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
FREE_BYTES_MIN = 1_500_000_000

# What pip or npm say when something outside is wrong, and what that means to the person at the terminal.
_CAUSES = (
    (r"No space left on device|ENOSPC", "The disk is full. Make room (about 1.5 GB are needed) and start again."),
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch|EINTEGRITY",
        "A package is not the one that was locked. Do not go on: ask whoever runs your package index.",
    ),
    (
        r"name resolution|NewConnectionError|Network is unreachable|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|timed out"
        r"|dns error|ProxyError|ConnectTimeout|No matching distribution|error sending request",
        "The package index does not answer. Check the network (or proxy) and start again; what is there is kept.",
    ),
    (r"Permission denied|EACCES", "A file cannot be written. Check who owns this folder and start again."),
)


class Stop(Exception):
    """Set-up cannot go on; the sentence says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Set up what the sums say is missing; return the exit status."""
    lock_sum, pages_sum, tests_sum = arguments
    try:
        with Alone():
            _set_up(lock_sum, pages_sum, tests_sum)
    except Stop as stop:
        print(f"entraide: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nentraide: stopped. Start again to go on from here.", file=sys.stderr)
        return 130
    return 0


def _set_up(lock_sum: str, pages_sum: str, tests_sum: str) -> None:
    if not _is_usable(PYTHON):
        _check_space()
        _say("Making .venv")
        _make_venv()
    if not _is_done("installed", lock_sum):
        _check_space()
        _install_locked("requirements.lock", "the locked packages")
        _install_project()
        _mark("installed", lock_sum)
    if tests_sum and not _is_done("tests", tests_sum):
        _install_locked("requirements-dev.lock", "what the tests need")
        _install_from_source()
        _mark("tests", tests_sum)
    if not _is_done("built", pages_sum):
        _build_pages()
        _mark("built", pages_sum)


# -- one at a time ----------------------------------------------------------------------------------------------------


class Alone:
    """Hold the set-up's lock: two launches at once must not install into one folder."""

    def __enter__(self) -> None:
        try:
            self._file = (HERE / ".set-up.lock").open("a")
        except OSError as error:
            raise Stop(
                f"{HERE} cannot be written to ({error.strerror}). Clone it into a folder of your own."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("Another set-up is running here; waiting for it")
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _is_done(name: str, total: str) -> bool:
    try:
        return (VENV / f".{name}").read_text().strip() == total
    except OSError:
        return False


def _mark(name: str, total: str) -> None:
    new = VENV / f".{name}.new"
    new.write_text(total + "\n")
    new.rename(VENV / f".{name}")


# -- the environment --------------------------------------------------------------------------------------------------


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        _make_venv_with_what_there_is()
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def _make_venv_with_what_there_is() -> None:
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], "Making .venv")
    elif _has_module("ensurepip"):
        _run([sys.executable, "-m", "venv", str(VENV)], "Making .venv")
    elif _has_module("pip"):
        # Debian without python3-venv: its pip can install into an environment that has none.
        _run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], "Making .venv")
    else:
        raise Stop("Python's venv module is not whole. Install it (Debian: apt install python3-venv) and start again.")


def _is_usable(python: Path) -> bool:
    return python.exists() and subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def _has_module(name: str) -> bool:
    # Debian ships `venv` without `ensurepip`; looking it up is the only way to know.
    return subprocess.run([sys.executable, "-c", f"import {name}"], check=False, capture_output=True).returncode == 0


def _installer() -> list[str]:
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", str(PYTHON)]
    if subprocess.run([PYTHON, "-c", "import pip"], check=False, capture_output=True).returncode == 0:
        return [str(PYTHON), "-m", "pip", "install"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON), "install"]


def _install_locked(lock: str, what: str) -> None:
    total = sum(1 for line in (HERE / lock).read_text().splitlines() if re.match(r"[A-Za-z0-9]", line))
    _say(f"Installing {what}")
    command = [*_installer(), "--require-hashes", "--only-binary", ":all:", "-r", str(HERE / lock)]
    _run(command, f"Installing {what}", steps=total)


def _install_project() -> None:
    command = [*_installer(), "--no-deps", "--no-build-isolation", "-e", str(HERE)]
    _run(command, "Installing Entraide itself")


def _install_from_source() -> None:
    """Install the one test tool that comes as source only.  Without it one test is skipped, so nothing stops here."""
    lock = HERE / "requirements-source.lock"
    command = [*_installer(), "--no-deps", "--no-build-isolation", "--no-binary", "bagit", "--require-hashes"]
    done = subprocess.run(
        [*command, "-r", str(lock)], check=False, capture_output=True, text=True, env=_environment(), cwd=HERE
    )
    if done.returncode != 0:
        _say("bagit could not be built; the test that compares with it will be skipped")


def _build_pages() -> None:
    if not (HERE / "src" / "entraide" / "ui" / "build.py").is_file():
        return
    _say("Building the pages' scripts, styles and languages")
    _run([str(PYTHON), "-m", "entraide.ui.build"], "Building the pages")


# -- running and telling ----------------------------------------------------------------------------------------------


def _run(command: Sequence[str], what: str, *, steps: int = 0) -> None:
    """Run `command`, showing how far it is; on failure say in one sentence what was wrong."""
    heard: list[str] = []
    # Its own words come merged and line by line: progress is counted from them, causes are read from them.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environment(),
        cwd=HERE,
    ) as process:
        assert process.stdout is not None
        _follow(process.stdout, heard, steps)
    if process.returncode != 0:
        text = "\n".join(heard)
        for pattern, sentence in _CAUSES:
            if re.search(pattern, text):
                raise Stop(f"{what} did not succeed. {sentence}")
        raise Stop(f"{what} did not succeed:\n  " + "\n  ".join(heard[-15:]))


def _follow(lines: Iterable[str], heard: list[str], steps: int) -> None:
    on_terminal = sys.stderr.isatty()
    begun = 0
    for line in lines:
        heard.append(line.rstrip())
        del heard[:-200]
        found = re.match(r"\s*(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9_.-]+)", line)
        if steps and found:
            begun += 1
            name = found[1].partition("==")[0]
            if on_terminal:
                print(f"\r\033[K  {begun}/{steps} {name}", end="", file=sys.stderr, flush=True)
            elif begun % 20 == 0:
                _say(f"  {begun}/{steps}")
        elif steps and line.startswith("Installing collected packages"):
            print(
                "\r\033[K  unpacking" if on_terminal else "  unpacking",
                end="" if on_terminal else "\n",
                file=sys.stderr,
                flush=True,
            )
    if steps and on_terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_ROOT_USER_ACTION="ignore")
    environment.pop("PIP_USER", None)
    environment.pop("PYTHONPATH", None)
    home = Path(environment.get("HOME", "/nonexistent"))
    if "PIP_CACHE_DIR" not in environment and not os.access(home, os.W_OK):
        # Without a writable home pip keeps nothing, and a cut set-up would fetch everything again.
        environment["PIP_CACHE_DIR"] = str(VENV / ".cache")
        environment["UV_CACHE_DIR"] = str(VENV / ".cache-uv")
        environment["npm_config_cache"] = str(VENV / ".cache-npm")
    return environment


def _check_space() -> None:
    room = os.statvfs(HERE)
    free = room.f_bavail * room.f_frsize
    if free < FREE_BYTES_MIN and not VENV.exists():
        raise Stop(
            f"The disk is full: {free // 1_000_000} MB are free, about {FREE_BYTES_MIN // 1_000_000} MB are needed."
        )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sysconfig.get_platform().startswith("win"):
        sys.exit("entraide: Windows is not supported; use WSL.")
    sys.exit(main(sys.argv[1:]))
