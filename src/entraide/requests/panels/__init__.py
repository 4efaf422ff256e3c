"""What a page shows of a request: frozen components, drawn alike by the case page, the print and the pages of verbs.

They are built from what `queries` lets the reader see; nothing here asks the database, and nothing here decides what
may be seen.
"""

from entraide.requests.panels.desk import (
    ACCOUNT_LABELS,
    PROPOSAL_LABELS,
    matches,
    of_triage,
    overlaps,
    proposals,
    signals,
    tie_in_words,
)
from entraide.requests.panels.document import ANSWER_TONES, categories, of_document, particulars, targets
from entraide.requests.panels.instruments import instrument
from entraide.requests.panels.messages import MESSAGE_LABELS, of_thread, thread
from entraide.requests.panels.people import assignments, of_people, signed_by, signer
from entraide.requests.panels.standing import (
    BUTTONS,
    address_of,
    buttons_of,
    clock_facts,
    clock_of,
    label_of,
    of_standing,
    state_pill,
    what_comes_next,
)

__all__ = [
    "ACCOUNT_LABELS",
    "ANSWER_TONES",
    "BUTTONS",
    "MESSAGE_LABELS",
    "PROPOSAL_LABELS",
    "address_of",
    "assignments",
    "buttons_of",
    "categories",
    "clock_facts",
    "clock_of",
    "instrument",
    "label_of",
    "matches",
    "of_document",
    "of_people",
    "of_standing",
    "of_thread",
    "of_triage",
    "overlaps",
    "particulars",
    "proposals",
    "signals",
    "signed_by",
    "signer",
    "state_pill",
    "targets",
    "thread",
    "tie_in_words",
    "what_comes_next",
]
