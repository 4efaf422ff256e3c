"""Who signed a request, and who works on it."""

from django.utils.translation import gettext as _

from entraide.kernel.actors import Actor, Face
from entraide.requests.queries import FilingView, RequestView, SignatureView
from entraide.ui import components as ui


def of_people(view: RequestView, actor: Actor) -> tuple[ui.Panel, ...]:
    """Return who signed, and for the desk who works on it."""
    shown = []
    if view.filing is not None:
        shown.append(ui.Panel(key="signatures", title=_("Signatures"), body=(signed_by(view.filing),)))
    work = assignments(view)
    if actor.face is not Face.AGENCY:
        body: ui.Drawable = work or _("Nobody has taken it up yet.")
        shown.append(ui.Panel(key="assigned", title=_("Who works on it"), body=(body,)))
    return tuple(shown)


def signed_by(filing: FilingView) -> ui.SummaryList:
    """Return who signed the document and the hash they signed."""
    facts = [ui.Fact(label=_("Filed and signed by"), value=signer(filing.filed))]
    if filing.countersigned is not None:
        facts.append(ui.Fact(label=_("Countersigned by"), value=signer(filing.countersigned)))
    elif filing.needs_countersignature:
        facts.append(
            ui.Fact(label=_("Countersigned by"), value=ui.Pill(label=_("Not countersigned yet"), tone=ui.Tone.WARN))
        )
    facts.append(ui.Fact(label=_("Hash of the document (SHA-256)"), value=ui.Identifier(value=filing.document_sha256)))
    return ui.SummaryList(facts=facts)


def signer(one: SignatureView) -> ui.Several:
    """Return who signed and when."""
    return ui.Several(items=(one.name, ui.Moment(at=one.signed_at)))


def assignments(view: RequestView) -> ui.SummaryList | None:
    """Return who works on it, since when, and how it came to them; None where nobody does."""
    if not view.assignments:
        return None
    facts: list[ui.Fact] = []
    for one in view.assignments:
        notes: list[ui.Drawable] = [one.analyst, ui.Moment(at=one.assigned_at, compact=True)]
        if one.assigned_by != one.analyst:
            notes.append(_("handed over by %(name)s") % {"name": one.assigned_by})
        if one.note:
            notes.append(ui.Words(text=one.note))
        facts.append(ui.Fact(label=_("Analyst") if not facts else _("Before"), value=notes))
    return ui.SummaryList(facts=facts)
