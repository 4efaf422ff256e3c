"""The instrument: its file, its hash, and what its electronic signatures are worth."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from entraide.kernel.errors import Text
from entraide.requests.examining import FLAG_LABELS, SignatureFinding
from entraide.requests.queries import InstrumentView, RequestView
from entraide.ui import components as ui

_COVERS: Mapping[str, Text] = {
    "whole_file": gettext_lazy("covers the whole file"),
    "whole_revision": gettext_lazy("something was added to the file after it"),
    "part": gettext_lazy("covers only a part of the file"),
    "unclear": gettext_lazy("what it covers is unclear"),
}


def instrument(view: RequestView) -> ui.SummaryList | None:
    """Return the facts about the instrument: its hash, and what its signatures are worth."""
    found = view.instrument
    if found is None:
        return None
    return ui.SummaryList(facts=list(_instrument_facts(found)))


def _instrument_facts(found: InstrumentView) -> Iterator[ui.Fact]:
    pages = found.examination.n_pages
    yield ui.Fact(
        label=_("File"),
        value=(
            ui.Identifier(value=found.name, copy=False),
            ngettext("%(n)s page, %(size)s bytes", "%(n)s pages, %(size)s bytes", pages)
            % {"n": pages, "size": found.size},
        ),
    )
    yield ui.Fact(label=_("SHA-256"), value=ui.Identifier(value=found.sha256))
    signatures = found.examination.signatures
    shown: list[ui.Drawable] = [ui.Several(items=_signature_words(one)) for one in signatures]
    yield ui.Fact(label=_("Electronic signature"), value=shown or _("The file carries none"))
    if found.examination.flags:
        yield ui.Fact(label=_("Noticed"), value=[FLAG_LABELS.get(flag, flag) for flag in found.examination.flags])


def _signature_words(one: SignatureFinding) -> list[ui.Drawable]:
    if not one.is_intact:
        pill = ui.Pill(label=_("Does not hold"), tone=ui.Tone.BAD)
    elif one.is_trusted and one.covers == "whole_file":
        pill = ui.Pill(label=_("Intact and trusted"), tone=ui.Tone.GOOD)
    else:
        pill = ui.Pill(label=_("Intact"), tone=ui.Tone.INFO)
    trust = _("by a certificate the desk trusts") if one.is_trusted else _("by a certificate not known here")
    return [pill, one.signer, f"{_COVERS.get(one.covers, one.covers)}; {trust}"]
