"""What may be seen of requests, as values; called inside a door unless it says otherwise."""

from entraide.requests.queries.drafts import DraftView, draft_view, page_of
from entraide.requests.queries.lists import (
    PAGE_ROWS,
    RequestList,
    RequestQuestion,
    RequestRow,
    requests_for,
    rows_of,
)
from entraide.requests.queries.reading import draft_of, note_reading, read_instrument, read_request, request_view
from entraide.requests.queries.signals import authenticity, overlaps
from entraide.requests.queries.views import (
    AssignmentView,
    FilingView,
    InstrumentView,
    MatchView,
    MessageView,
    OverlapView,
    ProposalView,
    RequestView,
    SignatureView,
    TargetView,
    TieView,
    VerbView,
)
from entraide.requests.queries.waiting import Waiting, waiting_for

__all__ = [
    "PAGE_ROWS",
    "AssignmentView",
    "DraftView",
    "FilingView",
    "InstrumentView",
    "MatchView",
    "MessageView",
    "OverlapView",
    "ProposalView",
    "RequestList",
    "RequestQuestion",
    "RequestRow",
    "RequestView",
    "SignatureView",
    "TargetView",
    "TieView",
    "VerbView",
    "Waiting",
    "authenticity",
    "draft_of",
    "draft_view",
    "note_reading",
    "overlaps",
    "page_of",
    "read_instrument",
    "read_request",
    "request_view",
    "requests_for",
    "rows_of",
    "waiting_for",
]
