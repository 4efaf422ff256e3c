"""The letter: what was asked, what was answered for each target, what the package holds, how to check it.

Written in the reader's language by the same catalogues as the pages, and set by typst, whose output is the same bytes
for the same letter.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from entraide.ui.fonts import pdf_font_paths

_TEMPLATE = Path(__file__).with_name("letter.typ")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTarget:
    """One target of the request and the exchange's answer to it, both in words."""

    value: str
    kind: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """One file of the package as the letter names it; `records` is None where the file is no list of records."""

    name: str
    size: int
    sha256: str
    records: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter says.  `written_at` stands for the moment of the decision, so that a rebuilt letter is the same."""

    language: str
    exchange: str
    package: str
    request: str
    agency: str
    agency_reference: str
    officer: str
    legal_basis: str
    instrument: str
    written_at: datetime
    as_of: datetime
    answers: Sequence[AnsweredTarget]
    files: Sequence[LetterFile]
    withheld_privileged: int
    is_demo: bool


class LetterNotSet(Exception):
    """The letter could not be set as it should look: a font is missing or the template is at fault."""


def pdf_of(letter: Letter) -> bytes:
    """Return the letter as a PDF (tagged, PDF/A-3a), the same bytes for the same letter.

    Raises
    ------
    LetterNotSet
        If typst warns of anything: a letter with a missing font would show empty boxes to a court.
    """
    with translation.override(letter.language):
        data = _data_of(letter)
    pdf, warnings = typst.compile_with_warnings(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=pdf_font_paths(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="a-3a",
        timestamp=int(letter.written_at.timestamp()),
    )
    if warnings or not isinstance(pdf, bytes):
        raise LetterNotSet("; ".join(str(warning.message) for warning in warnings))
    return pdf


def _data_of(letter: Letter) -> dict[str, Any]:
    day = letter.written_at
    return {
        "language": letter.language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "date": [day.year, day.month, day.day],
        "exchange": letter.exchange,
        "title": _("Answer to your request %(reference)s") % {"reference": letter.request},
        "dated": _day(day, letter.language),
        "footer": f"{letter.package} · {letter.request}",
        "warning": _("DEMO: not evidence. Every person and every account in this letter is made up.")
        if letter.is_demo
        else "",
        "particulars": _particulars(letter),
        "opening": [
            _(
                "We have examined your request. Two people decided on it separately, each signing the same document. "
                "The answer to each target stands below; none was left without one."
            )
        ],
        "answers": {
            "title": _("Answers"),
            "head": [_("Target"), _("Kind"), _("Answer")],
            "rows": [[_ltr(a.value), _text(a.kind), _text(a.answer)] for a in letter.answers],
        },
        "files": {
            "title": _("Files"),
            "head": [_("File"), _("Records"), _("Bytes"), "SHA-256"],
            "rows": [_file_row(file) for file in letter.files],
        },
        "notes": _notes(letter),
        "verification": _verification(),
    }


def _particulars(letter: Letter) -> list[dict[str, Any]]:
    rows = [
        (_("Agency"), _text(letter.agency)),
        (_("Officer"), _text(letter.officer)),
        (_("Your reference"), _ltr(letter.agency_reference)),
        (_("Our reference"), _ltr(letter.request)),
        (_("Legal basis"), _text(letter.legal_basis)),
        (_("Instrument"), _text(letter.instrument)),
        (_("Package"), _ltr(letter.package)),
    ]
    return [{"label": label, "value": value} for label, value in rows]


def _file_row(file: LetterFile) -> list[dict[str, Any]]:
    records = "—" if file.records is None else str(file.records)
    return [_ltr(file.name), _ltr(records), _ltr(str(file.size)), _ltr(file.sha256)]


def _day(moment: datetime, language: str) -> str:
    return str(format_date(moment, "long", locale={"en": "en_GB"}.get(language, language)))


def _notes(letter: Letter) -> list[str]:
    as_of = letter.as_of.astimezone(UTC)
    notes = [
        _(
            "The records were taken from the exchange's systems as they stood on %(day)s at %(time)s UTC. They were "
            "copied by machine, without change of order or number. Values that the decision does not name are masked "
            "or left out, and other customers stand under a pseudonym; columns.csv says where."
        )
        % {"day": _day(as_of, letter.language), "time": f"{as_of:%H:%M:%S}"}
    ]
    if letter.withheld_privileged:
        notes.append(
            ngettext(
                "%(count)d message was withheld because it is marked as passing between a client and counsel.",
                "%(count)d messages were withheld because they are marked as passing between a client and counsel.",
                letter.withheld_privileged,
            )
            % {"count": letter.withheld_privileged}
        )
    return notes


def _verification() -> dict[str, Any]:
    return {
        "title": _("How to check this package"),
        "lines": [
            _(
                "Anyone can check that nothing in this package was changed, without asking us. Use the exchange's "
                "public key that your agency received when it joined, not the copy inside the package."
            )
        ],
        "commands": [
            "entraide verify PACKAGE.zip.age --identity KEY.txt --exchange-key exchange.pem",
            "cd PACKAGE/bag && sha256sum -c tagmanifest-sha256.txt && sha256sum -c manifest-sha256.txt",
            "openssl pkeyutl -verify -pubin -inkey ../../exchange.pem -rawin -in tagmanifest-sha256.txt "
            "-sigfile ../seal/tagmanifest.ed25519",
        ],
    }


def _text(value: str) -> dict[str, Any]:
    return {"text": value, "ltr": False}


def _ltr(value: str) -> dict[str, Any]:
    return {"text": value, "ltr": True}
