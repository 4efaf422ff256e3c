"""Where an instance keeps its things: one folder, with a place for each kind of thing."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from entraide.kernel import environment
from entraide.kernel.errors import NotPossible

CHECKOUT = Path(__file__).resolve().parents[3]
_ROOTS_OWN = Path("/var/lib/entraide")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one instance."""

    home: Path

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL: its data, its lock, its log."""
        return self.home / "postgres"

    @property
    def keys(self) -> Path:
        """The key store.  Apart from the database, so that a copy of one is no copy of the other."""
        return self.home / "keys"

    @property
    def signer(self) -> Path:
        """The signer's key and what it last signed."""
        return self.home / "signer"

    @property
    def spool(self) -> Path:
        """Sealed parts of work in progress."""
        return self.home / "spool"

    @property
    def packages(self) -> Path:
        """Finished packages, encrypted."""
        return self.home / "packages"

    @property
    def static(self) -> Path:
        """Files for browsers, collected; empty while they are served from where they were built."""
        return self.home / "static"

    @property
    def run(self) -> Path:
        """Sockets and locks of the running programs."""
        return self.home / "run"

    @property
    def workplace(self) -> Path:
        """Where the programs are started, and nothing else is: it tells them from other processes."""
        return self.run / "programs"

    @property
    def demo_loaded(self) -> Path:
        """Mark of a demo whose story was told to its end; a demo without it is half a demo and is made anew."""
        return self.home / "demo" / "loaded"

    @property
    def nobody(self) -> Path:
        """Mark of a desk that has no people yet, left by the opening."""
        return self.run / "nobody"

    @property
    def served_at(self) -> Path:
        """The origin, or one a face, that the desk was last started under: the port may be another than at first."""
        return self.run / "origin"

    @property
    def secrets(self) -> Path:
        """The generated passwords, mode 0600."""
        return self.home / "secrets.json"

    def make(self) -> None:
        """Make the folders that are missing, closed to other users.

        Raises
        ------
        NotPossible
            If that place cannot be written to.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            # PostgreSQL runs under another account where we are root and must be able to pass through, not look.
            self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.keys, self.signer, self.spool, self.packages, self.static, self.run, self.workplace):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise NotPossible(
                f"Using {self.home}",
                why=f"it cannot be written to ({error.strerror})",
                do="Set ENTRAIDE_HOME to a folder of your own",
            ) from error


def places_of(kind: str) -> Places:
    """Return the places of the instance of that kind: `ENTRAIDE_HOME`, or a folder beside the program."""
    chosen = environment.read("ENTRAIDE_HOME")
    if chosen:
        return Places(Path(chosen).expanduser().absolute())
    base = CHECKOUT if (CHECKOUT / "pyproject.toml").is_file() else _data_folder_of_the_user()
    if os.geteuid() == 0 and first_closed(base) is not None:
        # PostgreSQL does not run as root, and /root lets nobody through: opening it would be worse than moving out.
        mark = hashlib.sha256(os.fsencode(base)).hexdigest()[:8]
        return Places(_ROOTS_OWN / f"{base.name.lstrip('.')}-{mark}" / kind)
    return Places(base / ".entraide" / kind)


def _data_folder_of_the_user() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def first_closed(path: Path) -> Path | None:
    """Return the first folder on the way to `path` that other accounts may not pass through."""
    real = path.resolve()
    for folder in reversed((real, *real.parents)):
        if folder.exists() and not folder.stat().st_mode & 0o001:
            return folder
    return None
