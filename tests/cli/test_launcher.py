"""The launcher: from any folder, through a link, and a sentence where Python is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "cat", "cksum", "find", "sort", "dirname", "readlink", "printf")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the launcher with what it looks at, never set up."""
    copy = tmp_path / "a clone"
    copy.mkdir()
    for name in (
        "entraide",
        "pyproject.toml",
        "requirements.lock",
        "requirements-dev.lock",
        "requirements-source.lock",
    ):
        shutil.copy(CHECKOUT / name, copy / name)
    return copy


def launch(launcher: Path, *words: str, path: Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(path)}
    return subprocess.run([launcher, *words], check=False, capture_output=True, text=True, env=environment, cwd=cwd)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a folder for PATH with the plainest tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return folder


def test_without_python_it_says_what_to_install(copy: Path, bare: Path, tmp_path: Path) -> None:
    tried = launch(copy / "entraide", "demo", path=bare, cwd=tmp_path)

    assert (tried.returncode, tried.stderr) == (
        1,
        "entraide: Python 3.11 or later is needed and was not found."
        " Install it (Debian: apt install python3 python3-venv).\n",
    )


def test_a_python_too_old_counts_as_none(copy: Path, bare: Path, tmp_path: Path) -> None:
    old = bare / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what a Python before 3.11 answers to the question
    old.chmod(0o755)

    tried = launch(copy / "entraide", "demo", path=bare, cwd=tmp_path)

    assert (tried.returncode, "Python 3.11 or later" in tried.stderr) == (1, True)


def test_once_set_up_it_runs_from_any_folder_and_through_a_link(copy: Path, bare: Path, tmp_path: Path) -> None:
    setting_up = bare / "python3"  # stands in for Python: writes the sums that a complete set-up leaves
    setting_up.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && exit 0\nvenv=${2%/tools/*}/.venv\n'
        'printf "%s\\n" "$3" > "$venv/.installed"; printf "%s\\n" "$4" > "$venv/.built"\necho "setting up"\n'
    )
    setting_up.chmod(0o755)
    program = copy / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s " "$@"\n')
    program.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(os.path.relpath(copy / "entraide", tmp_path))

    first = launch(copy / "entraide", "verify", "a file", path=bare, cwd=tmp_path)
    second = launch(link, "verify", "a file", path=bare, cwd=Path("/"))

    assert first.stdout == "setting up\n-m entraide verify a file "
    assert second.stdout == "-m entraide verify a file "
