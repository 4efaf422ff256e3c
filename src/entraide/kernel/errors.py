"""Refusals: what was asked, why not, what to do next.

Every refusal that a person can meet is one of these.  Pages, problem details and the command line translate them
in one place; faults that nobody foresaw are ordinary exceptions and are logged once.
"""

from collections.abc import Mapping
from typing import Protocol


class Text(Protocol):
    """A sentence, or something that becomes one in the reader's language when it is drawn (a lazy translation)."""

    def __str__(self) -> str: ...


class Refusal(Exception):
    """Something that was asked for will not be done.

    Parameters
    ----------
    what : Text
        What was asked for, as a noun phrase or a gerund: "Approving R-26-7K3F9Q".
    why : Text
        The reason, without its full stop.
    do : Text
        What the reader can do next, without its full stop.  May be empty where there is nothing to do.
    """

    def __init__(self, what: Text, *, why: Text, do: Text = "") -> None:
        super().__init__(what, why, do)
        self.what = what
        self.why = why
        self.do = do

    def __str__(self) -> str:
        tail = f". {self.do}" if str(self.do) else ""
        return f"{self.what}: {self.why}{tail}."


class NotPermitted(Refusal):
    """This person may not do this, now or ever."""


class NotPossible(Refusal):
    """It cannot be done in the present state of things."""


class NotFound(Refusal):
    """There is no such thing, or it is not this person's to see; the two look the same on purpose."""


class Unavailable(Refusal):
    """Something outside did not answer.  Nothing is known; asking again is harmless."""


class OutcomeUnknown(Unavailable):
    """It may have been done or not: whoever asked looks first, and asks again only where it was not done."""


class Invalid(Refusal):
    """What was sent cannot be used as it is.

    Parameters
    ----------
    fields : Mapping[str, Text]
        One sentence for each field at fault, by the field's name.
    """

    def __init__(self, what: Text, *, why: Text, do: Text = "", fields: Mapping[str, Text] | None = None) -> None:
        super().__init__(what, why=why, do=do)
        self.fields: dict[str, Text] = dict(fields or {})
