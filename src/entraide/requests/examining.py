"""Having an instrument examined by a process of its own, which may crash or hang without harm to the desk."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Invalid, Text

TIME_MAX_S = 30
# At the very beginning, though readers open more: whatever stands before the header makes a polyglot possible.
PDF_MAGIC = b"%PDF-"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """One signature on the instrument.

    Parameters
    ----------
    is_intact : bool
        What it covers was not changed since.
    covers : str
        ``whole_file``, ``whole_revision`` (something was added later), ``part`` or ``unclear``.
    is_trusted : bool
        The signer's certificate leads to one the desk was given; never without such certificates.
    problem : str
        Why it could not be checked, as a code; empty otherwise.
    """

    signer: str
    is_intact: bool
    is_valid: bool
    is_trusted: bool
    covers: str
    signed_at: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a machine noticed about an instrument.

    Parameters
    ----------
    flags : tuple of str
        ``javascript``, ``launch``, ``embedded_files``, ``xfa``, ``open_action``, ``encrypted``, ``trailing_bytes``:
        nothing of it is ever run; a person is told.
    problem : str
        Why the file could not be looked through, as a code; empty otherwise.
    """

    n_pages: int
    flags: tuple[str, ...]
    signatures: tuple[SignatureFinding, ...]
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**asdict(self), "flags": list(self.flags), "signatures": [asdict(one) for one in self.signatures]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Examination":
        """Return what was kept."""
        return cls(
            n_pages=kept["n_pages"],
            flags=tuple(kept["flags"]),
            signatures=tuple(SignatureFinding(**one) for one in kept["signatures"]),
            problem=kept.get("problem", ""),
        )


FLAG_LABELS: Mapping[str, Text] = {
    "javascript": _("The file contains scripts; they are never run"),
    "launch": _("The file wants to start a program; it is never started"),
    "embedded_files": _("The file carries other files inside"),
    "xfa": _("The file contains a dynamic form"),
    "open_action": _("The file wants to act when it is opened"),
    "encrypted": _("The file is encrypted"),
    "trailing_bytes": _("Something stands after the end of the document"),
}


def examine(data: bytes) -> Examination:
    """Return what is noticeable about the PDF `data`.

    Raises
    ------
    Invalid
        If it is no PDF, too large, or cannot be opened at all.
    """
    if len(data) > settings.INSTRUMENT_MAX_BYTES:
        raise _refused(_("it is larger than 25 MB"), _("Send a smaller scan"))
    if not data.startswith(PDF_MAGIC):
        raise _refused(_("it is not a PDF"), _("Save it as a PDF"))
    answer = _ask_child(data)
    if answer is None:
        raise _refused(_("it is built in a way that cannot be examined safely"), _("Print it to a new PDF"))
    if answer["problem"] == "password":
        raise _refused(_("it is locked with a password"), _("Save it without one"))
    if answer["problem"] == "damaged":
        raise _refused(_("it is damaged or no whole PDF"), _("Save it anew"))
    return Examination.from_json(answer)


def _ask_child(data: bytes) -> dict[str, Any] | None:
    """Return the child's answer, or None where it crashed, hung or said nothing understandable."""
    trusted = json.dumps(trusted_certificates()).encode() + b"\n"
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "entraide.requests.looking_into_pdf"],
            input=trusted + data,
            capture_output=True,
            timeout=TIME_MAX_S,
            check=False,
            cwd="/",
            # Nothing of the desk's environment: no secret is within a hostile file's reach.
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "LANG": "C.UTF-8",
            },
        )
        answer = json.loads(finished.stdout) if finished.returncode == 0 else None
    except (subprocess.TimeoutExpired, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return answer if isinstance(answer, dict) and "flags" in answer else None


def trusted_certificates() -> list[str]:
    """Return the certificates (PEM) that signatures are trusted by; none are built in."""
    folder = settings.TRUSTED_SIGNERS
    return list(_certificates_in(str(folder))) if folder else []


@cache
def _certificates_in(folder: str) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="ascii") for path in sorted(Path(folder).glob("*.pem")))


def _refused(why: Text, do: Text) -> Invalid:
    return Invalid(_("Attaching the instrument"), why=why, do=do, fields={"instrument": why})
