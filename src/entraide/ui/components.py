"""The components pages are made of, as values.

A view builds frozen values, a template draws them with ``{% draw value %}``; the short tags of ``entraide_ui`` build
and draw the small ones in one go.  Each names its template, and its fields are its contract.  All states of all of
them stand on the gallery page.
"""

import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from django.utils import timezone
from django.utils.translation import gettext, pgettext

from entraide.kernel.amounts import Amount
from entraide.kernel.errors import Text
from entraide.ui.words import (
    day_in_words,
    ended_day_in_words,
    moment_in_words,
    owed_in_words,
    span_in_words,
    zone_in_words,
)


class Tone(StrEnum):
    """What a thing means for the reader; colour follows from it and is never alone."""

    QUIET = "quiet"
    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@runtime_checkable
class Component(Protocol):
    """Anything that can be drawn: it knows its template, which sees it as ``c``."""

    template: ClassVar[str]


Drawable = Component | Text  # a text is escaped and drawn as it is

# Smallest units per whole coin, as powers of ten.  An asset that is not here is drawn in base units, and says so.
DECIMALS: Mapping[str, int] = {
    "BTC": 8, "BCH": 8, "LTC": 8, "DOGE": 8, "ZEC": 8, "ETH": 18, "TRX": 6, "XRP": 6, "SOL": 9, "ADA": 6, "XMR": 12,
    "USDT": 6, "USDC": 6, "EUR": 2, "USD": 2, "GBP": 2, "CHF": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pill:
    """A state in one or two words."""

    template: ClassVar[str] = "ui/components/pill.html"
    label: Text
    tone: str = Tone.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button, or a link that looks like one when it has an address.

    With a `reason` it is disabled and the reason stands beside it: the policy's own words.
    `kind` is primary, secondary, danger or plain.
    """

    template: ClassVar[str] = "ui/components/button.html"
    label: Text
    kind: str = "primary"
    href: str = ""
    name: str = ""
    value: str = ""
    reason: Text = ""
    icon: str = ""

    @property
    def reason_id(self) -> str:
        """Return an id that is the same on every drawing of the same refusal."""
        return f"why-{zlib.crc32(f'{self.label}|{self.value}|{self.reason}'.encode()):08x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountShown:
    """An amount of an asset: digits 0 to 9, isolated from right-to-left text, never localised, grouped by thin gaps.

    The gaps are space between elements, not characters: what is copied are the bare digits.
    """

    template: ClassVar[str] = "ui/components/amount.html"
    amount: Amount
    decimals: int | None = None

    @property
    def _places(self) -> int | None:
        return self.decimals if self.decimals is not None else DECIMALS.get(self.amount.asset)

    @property
    def sign(self) -> str:
        """Return a true minus sign for what is below nothing."""
        return "\N{MINUS SIGN}" if self.amount.units < 0 else ""

    @property
    def groups(self) -> list[str]:
        """Return the whole part in groups of three digits."""
        whole = Amount(self.amount.asset, abs(self.amount.units)).in_whole_coins(self._places or 0).partition(".")[0]
        first = len(whole) % 3 or 3
        return [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]

    @property
    def fraction(self) -> str:
        """Return the digits after the point, all of them: an amount is never rounded."""
        return Amount(self.amount.asset, abs(self.amount.units)).in_whole_coins(self._places or 0).partition(".")[2]

    @property
    def unit(self) -> str:
        """Return the asset, or that these are its base units."""
        if self._places is None:
            return gettext("%(asset)s base units") % {"asset": self.amount.asset}
        return self.amount.asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An address, hash, key or reference: isolated, monospaced, copied whole; the middle gives way where it is narrow.

    `short` always shortens the middle; the full value stays in the page, in the title and in what is copied.  `whole`
    never does and breaks the line instead: for pages on which people compare letter by letter.
    """

    template: ClassVar[str] = "ui/components/identifier.html"
    value: str
    href: str = ""
    short: bool = False
    copy: bool = True
    whole: bool = False
    TAIL: ClassVar[int] = 8

    @property
    def head(self) -> str:
        """Return all but the last characters."""
        return self.value[: -self.TAIL] if self.tail else self.value

    @property
    def tail(self) -> str:
        """Return the last characters, which never give way: people compare the two ends."""
        return self.value[-self.TAIL :] if len(self.value) > 2 * self.TAIL and not self.whole else ""

    @property
    def copy_words(self) -> str:
        """Return what a screen reader says of the button that copies it."""
        return gettext("Copy %(value)s") % {"value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is typed at a terminal: it breaks where the window is narrow, and is copied whole."""

    template: ClassVar[str] = "ui/components/command.html"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time in the reader's zone, with UTC beside it (`compact`: in the title only)."""

    template: ClassVar[str] = "ui/components/moment.html"
    at: datetime
    compact: bool = False

    @property
    def iso(self) -> str:
        """Return the time in UTC for machines."""
        return self.at.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def utc(self) -> str:
        """Return the time in UTC for people; the day only where it is another one than the reader's."""
        there, here = self.at.astimezone(timezone.get_fixed_timezone(0)), timezone.localtime(self.at)
        clock = f"{there:%H:%M} UTC"
        return clock if there.date() == here.date() else f"{day_in_words(there.date())} {clock}"

    @property
    def here(self) -> str:
        """Return the time in the reader's zone and language."""
        return moment_in_words(self.at)

    @property
    def zone(self) -> str:
        """Return the reader's zone as CET or UTC+03:00, the same in every language; empty where it is UTC."""
        return zone_in_words(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """How much of the time is used up, as a bar and in words.

    `stopped_since`: the clock stands still (a question is open).  `answered_at`: it has stopped for good.
    """

    template: ClassVar[str] = "ui/components/deadline.html"
    received_at: datetime
    due_at: datetime
    now: datetime
    stopped_since: datetime | None = None
    answered_at: datetime | None = None

    @property
    def _seen_at(self) -> datetime:
        return self.answered_at or self.stopped_since or self.now

    @property
    def percent(self) -> int:
        """Return how much of the time is used up, 0 to 100."""
        whole = (self.due_at - self.received_at).total_seconds()
        used = (self._seen_at - self.received_at).total_seconds()
        return 100 if whole <= 0 else max(0, min(100, round(100 * used / whole)))

    @property
    def tone(self) -> Tone:
        """Return what the clock means now."""
        if self.answered_at is not None:
            return Tone.GOOD if self.answered_at <= self.due_at else Tone.WARN
        if self.stopped_since is not None:
            return Tone.QUIET
        if self.now > self.due_at:
            return Tone.BAD
        return Tone.WARN if self.percent >= 75 else Tone.INFO

    @property
    def due(self) -> str:
        """Return until when it is owed, while the clock runs."""
        return "" if self.answered_at or self.stopped_since else owed_in_words(self.due_at)

    @property
    def words(self) -> str:
        """Return the same in words."""
        if self.answered_at is not None:
            return gettext("answered in time") if self.answered_at <= self.due_at else gettext("answered late")
        span = span_in_words(abs(self.due_at - self._seen_at))
        if self.stopped_since is not None:
            return gettext("clock stopped, %(span)s left") % {"span": span}
        if self.now > self.due_at:
            return gettext("overdue by %(span)s") % {"span": span}
        return gettext("%(span)s left") % {"span": span}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One word with the sign of its tone, where a table has many of them and pills would shout.

    `is_bare`: in a wide table the sign alone, with the word in its title and for who does not see it.
    """

    template: ClassVar[str] = "ui/components/mark.html"
    label: Text
    tone: str = Tone.QUIET
    is_bare: bool = False

    @property
    def icon(self) -> str:
        """Return the sign of its tone."""
        return _MARKS[Tone(self.tone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A person's own words: escaped, line breaks kept, in whatever direction they are written."""

    template: ClassVar[str] = "ui/components/words.html"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Several things in one place: below each other, or `is_inline` beside each other."""

    template: ClassVar[str] = "ui/components/several.html"
    items: Sequence[Drawable]
    is_inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a thread: who (a person, or only a side), what kind of message, when, and the words."""

    who: Text
    kind: Text
    at: datetime
    text: str
    is_own_side: bool = False

    @property
    def moment(self) -> Moment:
        """Return its time as a component."""
        return Moment(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Question and answer between the two sides, in the order given."""

    template: ClassVar[str] = "ui/components/thread.html"
    messages: Sequence[Said]
    empty: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """It is done, and the signed receipt of it: a paper the reader keeps.

    `head` is the hash of the entry, `n` its place in its stream; `note` is the receipt itself, empty where the signer
    did not answer yet: then only `href`, where it can be fetched later, leads to it.
    """

    template: ClassVar[str] = "ui/components/receipt.html"
    what: Text
    n: int
    head: str
    href: str
    note: str = ""

    @property
    def short(self) -> str:
        """Return how people call the receipt when they read it to each other."""
        return f"{self.n}-{self.head[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `is_number` aligns to the end, `is_heading` makes its cells the headings of their rows.

    `is_unbroken` keeps each line of its cells whole, where the other columns have to give way: dates.
    """

    label: Text
    is_number: bool = False
    is_heading: bool = False
    is_unbroken: bool = False

    @property
    def css(self) -> str:
        """Return the classes of its cells."""
        return " ".join(name for name, is_set in (("number", self.is_number), ("unbroken", self.is_unbroken)) if is_set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: one drawable per column; `key` becomes its id; `tone` marks it."""

    cells: Sequence[Drawable]
    key: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Frozen rows under a caption; on a narrow window each row becomes a block.  `empty` is said when there is none.

    `is_dense` for long lists that are scanned rather than read.
    """

    template: ClassVar[str] = "ui/components/table.html"
    caption: Text
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: Text
    hide_caption: bool = False
    is_dense: bool = False

    @property
    def drawn_rows(self) -> list[tuple[Row, list[tuple[Column, Drawable]]]]:
        """Return every row with its cells beside their columns."""
        return [(row, list(zip(self.columns, row.cells, strict=True))) for row in self.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a summary list; `change_href` lets the reader correct it."""

    label: Text
    value: Drawable | Sequence[Drawable]
    change_href: str = ""

    @property
    def values(self) -> Sequence[Drawable]:
        """Return one or more things to draw."""
        is_several = isinstance(self.value, Sequence) and not isinstance(self.value, str)
        return self.value if is_several else (self.value,)  # type: ignore[return-value]  # narrowed in the line above


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryList:
    """What was answered, or what a thing is: label and value, line by line ("check your answers")."""

    template: ClassVar[str] = "ui/components/summary_list.html"
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One line of an error summary; `href` leads to the field."""

    text: Text
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSummary:
    """Everything that is wrong with what was sent, on top of the page; takes the focus when the page opens."""

    template: ClassVar[str] = "ui/components/error_summary.html"
    faults: Sequence[Fault]
    takes_focus: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Work that goes on without the reader.  Asks `href` again every two seconds while it is `working`.

    `state` is working, done, failed or cancelled.  The view at `href` answers with `entraide.ui.progress.answer`.
    """

    template: ClassVar[str] = "ui/components/progress.html"
    label: Text
    href: str = ""
    done: int = 0
    total: int | None = None
    state: str = "working"
    detail: Text = ""

    @property
    def tone(self) -> Tone:
        """Return what the state means."""
        return {"done": Tone.GOOD, "failed": Tone.BAD, "cancelled": Tone.QUIET}.get(self.state, Tone.INFO)

    @property
    def percent(self) -> int | None:
        """Return how far it is, or None where nobody knows."""
        if self.state == "done":
            return 100
        return None if not self.total else min(100, 100 * self.done // self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification banner: something the reader should know before the rest."""

    template: ClassVar[str] = "ui/components/notice.html"
    title: Text
    body: Drawable = ""
    tone: str = Tone.INFO
    href: str = ""
    link: Text = ""

    @property
    def icon(self) -> str:
        """Return the sign of its tone."""
        return TONE_ICONS[Tone(self.tone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that was noticed: what, what exactly it concerns, where it is written; `href` leads to the place."""

    text: Text
    tone: str = Tone.INFO
    about: Text = ""
    detail: Text = ""
    href: str = ""
    link: Text = ""

    @property
    def icon(self) -> str:
        """Return the sign of its tone."""
        return TONE_ICONS[Tone(self.tone)]

    @property
    def tone_in_words(self) -> str:
        """Return its tone for who does not see the sign."""
        return {
            Tone.GOOD: pgettext("remark", "Good"),
            Tone.WARN: pgettext("remark", "Look at this"),
            Tone.BAD: pgettext("remark", "Problem"),
        }.get(Tone(self.tone), pgettext("remark", "Note"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What a machine noticed, line by line, in the order given."""

    template: ClassVar[str] = "ui/components/remarks.html"
    remarks: Sequence[Remark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link in a cell or a list."""

    template: ClassVar[str] = "ui/components/link.html"
    label: Text
    href: str
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A titled part of a page; `key` is its id in the page; `actions` are links and buttons under it."""

    template: ClassVar[str] = "ui/components/panel.html"
    key: str
    title: Text
    body: Sequence[Drawable]
    lead: Text = ""
    actions: Sequence[Drawable] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step: `state` is done, answered, current, todo, correct, or blocked (then `reason` says why).

    `answered` and `correct` belong to what came back: it can be sent again, but something else is to be done first.
    """

    label: Text
    state: str = "todo"
    href: str = ""
    reason: Text = ""

    @property
    def pill(self) -> Pill:
        """Return the state as a pill."""
        return {
            "done": Pill(label=pgettext("step", "Done"), tone=Tone.GOOD),
            "current": Pill(label=pgettext("step", "Now"), tone=Tone.INFO),
            "blocked": Pill(label=pgettext("step", "Cannot start yet"), tone=Tone.QUIET),
            "answered": Pill(label=pgettext("step", "Answered"), tone=Tone.QUIET),
            "correct": Pill(label=pgettext("step", "Correct first"), tone=Tone.WARN),
        }.get(self.state, Pill(label=pgettext("step", "To do"), tone=Tone.WARN))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """The steps of a longer task, each with its state."""

    template: ClassVar[str] = "ui/components/task_list.html"
    tasks: Sequence[Task]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChip:
    """A person with what she is here."""

    template: ClassVar[str] = "ui/components/person.html"
    name: str
    role: Text = ""
    organisation: Text = ""

    @property
    def initial(self) -> str:
        """Return the first letter of the name, whatever the script."""
        return next((letter for letter in self.name if unicodedata.category(letter).startswith("L")), "?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A form whose button signs the very act it shows, with a passkey (or, in a demo, the software key in the page).

    `facts` say what is signed.  `options` are the WebAuthn request options as JSON data; or `options_href` answers a
    POST with ``{"options": …, "software_key": …, "hidden": {…}}`` when the button is pressed, so that a challenge is
    never stale.  The answer is put into the hidden field `credential` and the form is sent.  `hidden` are further
    hidden fields.  `is_demo`: a software key will sign, though it is not in the page yet.
    """

    template: ClassVar[str] = "ui/components/signature.html"
    title: Text
    button: Text
    action: str
    facts: Sequence[Fact] = ()
    act_hash: str = ""
    options: Mapping[str, Any] | None = None
    options_href: str = ""
    software_key: Mapping[str, Any] | None = None
    hidden: Mapping[str, str] = field(default_factory=dict)
    reason: Text = ""
    form: Any = None
    is_demo: bool = False

    @property
    def summary(self) -> SummaryList:
        """Return what is signed."""
        return SummaryList(facts=self.facts)

    @property
    def submit(self) -> Button:
        """Return the button."""
        return Button(label=self.button, reason=self.reason, icon="key-round")


TONE_ICONS: Mapping[Tone, str] = {
    Tone.QUIET: "info",
    Tone.INFO: "info",
    Tone.GOOD: "circle-check",
    Tone.WARN: "triangle-alert",
    Tone.BAD: "octagon-alert",
}


_MARKS: Mapping[Tone, str] = {
    Tone.QUIET: "minus",
    Tone.INFO: "info",
    Tone.GOOD: "check",
    Tone.WARN: "triangle-alert",
    Tone.BAD: "x",
}


def owed_by(at: datetime) -> Drawable:
    """Return until when something is owed, to be drawn: a moment, or the day which ends then."""
    return ended_day_in_words(at) or Moment(at=at)
