"""What a page says about an attached instrument: the file, its hash, its signatures, and what is odd about it."""

from collections.abc import Iterator, Mapping

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.utils.translation import pgettext

from entraide.kernel.errors import Text
from entraide.requests.examining import FLAG_LABELS, SignatureFinding
from entraide.requests.queries import InstrumentView
from entraide.ui import components as ui

COVERS: Mapping[str, Text] = {
    "whole_file": _later("covers the whole file"),
    "whole_revision": _later("covers the document as it was signed; something was added later"),
    "part": _later("covers only a part of the file"),
}


def facts(instrument: InstrumentView) -> ui.SummaryList:
    """Return the file as a summary list."""
    examination = instrument.examination
    return ui.SummaryList(
        facts=[
            ui.Fact(label=_("File"), value=instrument.name),
            ui.Fact(label=_("Size"), value=str(filesizeformat(instrument.size))),
            *([ui.Fact(label=_("Pages"), value=str(examination.n_pages))] if examination.n_pages else []),
            ui.Fact(label=_("Hash (SHA-256)"), value=ui.Identifier(value=instrument.sha256)),
            ui.Fact(label=pgettext("moment", "Attached"), value=ui.Moment(at=instrument.attached_at)),
        ]
    )


def remarks(instrument: InstrumentView) -> ui.Remarks:
    """Return what a machine noticed; none of it forbids sending the file."""
    return ui.Remarks(remarks=tuple(_remarks(instrument)))


def _remarks(instrument: InstrumentView) -> Iterator[ui.Remark]:
    examination = instrument.examination
    for signature in examination.signatures:
        yield _signature(signature)
    if not examination.signatures and not examination.problem:
        yield ui.Remark(
            text=_("The file carries no electronic signature"),
            detail=_("Usual for a scan. If the authority signed electronically, attach the signed file itself."),
        )  # fmt: skip
    if examination.problem:
        yield ui.Remark(text=_("The file could not be looked through completely"), tone=ui.Tone.WARN)
    for flag in examination.flags:
        yield ui.Remark(text=FLAG_LABELS.get(flag, flag), tone=ui.Tone.WARN)


def _signature(signature: SignatureFinding) -> ui.Remark:
    covers = COVERS.get(signature.covers, _("it is unclear what it covers"))
    intact = _("intact") if signature.is_intact else _("changed after signing")
    trusted = (
        _("the certificate is one the desk trusts") if signature.is_trusted else _("the certificate is not known here")
    )
    tone, text = ui.Tone.INFO, _("Signed electronically")
    if not signature.is_valid:
        tone, text = ui.Tone.BAD, _("An electronic signature does not hold")
    elif signature.covers != "whole_file":
        tone = ui.Tone.WARN
    elif signature.is_trusted:
        tone = ui.Tone.GOOD
    return ui.Remark(text=text, tone=tone, about=signature.signer, detail=f"{intact} · {covers} · {trusted}")
