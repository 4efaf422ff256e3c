"""A draft for the officer who writes it: what she typed, and what is still missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPossible, Text
from entraide.requests import policies
from entraide.requests.document import QUESTIONS, InstrumentFacts, problems_of, says_the_same
from entraide.requests.models import Draft, Filing, LegalRequest
from entraide.requests.queries.parts import instrument_view, messages_of, request_of
from entraide.requests.queries.views import InstrumentView, MessageView
from entraide.requests.states import EDITABLE, RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft as its question pages need it.

    Parameters
    ----------
    problems : mapping of answer to sentence
        What filing would refuse, named as in `document.build`.
    returned : MessageView | None
        Why it came back, from the desk or from the supervisor, where it did.
    is_as_returned : bool
        It came back, and says still what it said then.
    is_known_to_desk : bool
        It was filed before: it can be corrected or withdrawn, no longer discarded.
    is_instrument_signed : bool
        The attached instrument belongs to a signed document and stays.
    """

    reference: str
    state: RequestState
    organisation_id: UUID
    content: Mapping[str, Any]
    saved_at: datetime
    instrument: InstrumentView | None
    is_instrument_signed: bool
    problems: Mapping[str, Text]
    returned: MessageView | None
    is_as_returned: bool
    is_known_to_desk: bool

    def problems_on(self, page: str) -> dict[str, Text]:
        """Return the problems of one question page."""
        return {name: text for name, text in self.problems.items() if page_of(name) == page}


def draft_view(reference: str, *, actor: Actor, now: datetime) -> DraftView:
    """Return a draft to its officer; used inside a door.

    Raises
    ------
    NotFound
        If there is none, or it is not the actor's to see.
    NotPossible
        If it is filed: what is signed is not changed.
    """
    request = request_of(reference, actor)
    policies.check_may_edit(actor, request)
    draft = Draft.objects.filter(request=request).first()
    if draft is None:
        raise policies.no_such_request()
    if RequestState(request.state) not in EDITABLE:
        raise NotPossible(
            _("Changing the draft"), why=_("the request is filed"), do=_("Withdraw it, or wait until it comes back")
        )
    instrument = instrument_view(request, None, actor)
    facts = None
    if instrument is not None:
        facts = InstrumentFacts(sha256=instrument.sha256, name=instrument.name, size=instrument.size)
    came_back = [one for one in messages_of(request, actor) if one.kind in ("return", "sent_back")]
    return DraftView(
        reference=request.reference,
        state=RequestState(request.state),
        organisation_id=request.organisation_id,
        content=draft.content,
        saved_at=draft.saved_at,
        instrument=instrument,
        is_instrument_signed=instrument is not None and Filing.objects.filter(instrument_id=instrument.id).exists(),
        problems=problems_of(draft.content, instrument=facts, today=now.date()),
        returned=max(came_back, key=lambda one: one.sent_at, default=None),
        is_as_returned=bool(came_back) and _is_as_filed(request, draft.content, facts),
        is_known_to_desk=request.submitted_at is not None,
    )


def _is_as_filed(request: LegalRequest, content: Mapping[str, Any], instrument: InstrumentFacts | None) -> bool:
    last = Filing.objects.filter(request=request).order_by("-version").first()
    return last is not None and says_the_same(content, last.document, instrument=instrument)


def page_of(name: str) -> str:
    """Return on which question page an answer is asked for."""
    first = name.partition(".")[0]
    if first in QUESTIONS:  # "instrument" and "targets" are pages of one answer
        return first
    return next(page for page, names in QUESTIONS.items() if first in names)
