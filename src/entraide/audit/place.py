"""Where the log's own processes find things.  They do without Django; `project.settings` says the same."""

from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from entraide.kernel import environment

LOG_KEY = UUID("0197e000-0000-7000-8000-00000000000a")
"""Owner of the key for what outlives every case: who acted, and what is about no case and no organisation."""


def kind() -> str:
    """Return the kind of the instance."""
    return environment.read("ENTRAIDE_KIND") or "trial"


def home() -> Path:
    """Return the data directory."""
    return Path(environment.read("ENTRAIDE_HOME") or Path.cwd() / ".entraide" / kind())


def log_origin() -> str:
    """Return the name of the log."""
    origin = (environment.read("ENTRAIDE_ORIGIN") or "http://localhost:8000").rstrip("/")
    default = "demo.invalid/log" if kind() == "demo" else f"{urlsplit(origin).hostname or 'localhost'}/log"
    return environment.read("ENTRAIDE_LOG_ORIGIN") or default


def signer_folder() -> Path:
    """Return the folder of the signer's keys and state."""
    return home() / "signer"


def signer_socket() -> Path:
    """Return the signer's Unix socket."""
    return home() / "run" / "signer.sock"
