"""Questions and answers between the agency and the desk."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import Text
from entraide.requests.queries import RequestView
from entraide.ui import components as ui

MESSAGE_LABELS: Mapping[str, Text] = {
    "question": gettext_lazy("Question"),
    "answer": gettext_lazy("Answer"),
    "return": gettext_lazy("Returned for correction"),
    "taken_back": gettext_lazy("Question taken back"),
    "withdrawal": gettext_lazy("Withdrawn"),
    "sent_back": gettext_lazy("Sent back to the officer"),
}


def of_thread(view: RequestView, actor: Actor) -> ui.Panel:
    """Return question and answer."""
    return ui.Panel(key="thread", title=_("Questions and answers"), body=(thread(view, actor),))


def thread(view: RequestView, actor: Actor) -> ui.Thread:
    """Return question and answer; the agency reads that the desk wrote, never who."""
    side = "agency" if actor.face is Face.AGENCY else "desk"
    said = [
        ui.Said(
            who=one.author or (_("The desk") if one.side == "desk" else view.row.agency_name),
            kind=MESSAGE_LABELS.get(one.kind, one.kind),
            at=one.sent_at,
            text=one.text,
            is_own_side=one.side == side,
        )
        for one in view.messages
    ]
    return ui.Thread(messages=said, empty=_("Nothing was asked and nothing was answered."))
