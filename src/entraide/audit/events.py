"""What the log can say, each kind with a sentence for people.

A kind is ``room:thing:verb-in-past``.  Every room lists its own in its `events.py` and registers them when the program
starts; an entry of a kind nobody explained is refused.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text

_GRAMMAR = re.compile(r"[a-z][a-z_]*:[a-z][a-z0-9-]*:[a-z][a-z0-9-]*")
_known: dict[str, Text] = {}

EVENTS: dict[str, Text] = {
    "audit:instance:created": _("The desk was set up."),
    "audit:demo:loaded": _("The demo was loaded."),
    "audit:keys:published": _("The public keys of the signer were published."),
    "audit:data:read": _("Personal data was read."),
    "audit:case:erased": _("The content of the case was erased for good."),
}


def register_events(events: Mapping[str, Text]) -> None:
    """Make `events` known to the log; registering the same again changes nothing.

    Raises
    ------
    ValueError
        If a kind does not have the grammar of events.
    """
    for kind, sentence in events.items():
        if not _GRAMMAR.fullmatch(kind):
            raise ValueError(f"{kind} is no kind of event; write room:thing:verb-in-past")
        _known[kind] = sentence


def is_registered(kind: str) -> bool:
    """Say whether some room explained `kind`."""
    return kind in _known


def sentence_of(kind: str) -> Text:
    """Return the sentence for people; an entry of a kind that a later version dropped is shown by its name."""
    return _known.get(kind, kind)


def registered_events() -> dict[str, Text]:
    """Return every kind with its sentence."""
    return dict(_known)
