"""Every component in every state, with made-up content."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from entraide.kernel.amounts import Amount
from entraide.ui.components import (
    AmountShown,
    Button,
    Column,
    Command,
    Component,
    Deadline,
    ErrorSummary,
    Fact,
    Fault,
    Identifier,
    Link,
    Mark,
    Moment,
    Notice,
    Panel,
    PersonChip,
    Pill,
    Progress,
    Receipt,
    Remark,
    Remarks,
    Row,
    Said,
    Several,
    Signature,
    SummaryList,
    Table,
    Task,
    TaskList,
    Thread,
    Tone,
    Words,
)
from entraide.ui.forms import OneOf, SomeOf

Pieces = Sequence[Component]

_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_ADDRESS = "bc1q9x8c7v6b5n4m3a2s1d0f9g8h7j6k5l4qwertyu"
_TXID = "3f" * 32
_HASH = "9a41" * 16


class GalleryForm(forms.Form):
    """One field of each kind."""

    reference = forms.CharField(label="Your reference", help_text="As it stands on the order.", max_length=40)
    address = forms.EmailField(label="Address for questions", required=False)
    urgency = forms.ChoiceField(
        label="How urgent is it?",
        widget=forms.RadioSelect,
        choices=[("ordinary", "Ordinary"), ("urgent", "Urgent: within three days")],
        help_text="An emergency has a page of its own.",
    )
    categories = forms.MultipleChoiceField(
        label="What is asked for",
        widget=forms.CheckboxSelectMultiple,
        choices=[("s1", "S1 Who holds the account"), ("t1", "T1 Transactions"), ("c1", "C1 Messages")],
    )
    basis = forms.ChoiceField(label="Legal basis", choices=[("epoc", "EPOC"), ("national", "National order")])
    until = forms.DateField(
        label="Do not tell the customer before", widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    narrative = forms.CharField(label="What happened", widget=forms.Textarea(attrs={"rows": 4}))
    instrument = forms.FileField(label="The order (PDF)")
    agreed = forms.BooleanField(label="I have read the order myself")
    depth = forms.ChoiceField(
        label="How deep does it go?",
        choices=[("s", "Subscriber data"), ("t", "Traffic data")],
        widget=OneOf(hints={"s": "Who holds the account.", "t": "What was done with it."}),
    )
    kinds = forms.MultipleChoiceField(
        label="What is asked for, in groups",
        choices=[("Who", [("s1", "S1 Identity"), ("s4", "S4 Payment means")]), ("What", [("t2", "T2 Ledger")])],
        widget=SomeOf(
            hints={"s1": "Name, birth, address", "t2": "Deposits and withdrawals"},
            notes={"t2": Pill(label="Countersignature", tone=Tone.WARN)},
            group_hints={"What": "Only a judge may order this."},
        ),
    )


def everything() -> dict[str, Any]:
    """Return the context of the gallery page."""
    wrong = GalleryForm({"address": "not an address", "agreed": ""})
    wrong.is_valid()
    return {
        "sections": [(title, pieces()) for title, pieces in _SECTIONS],
        "navigation": (
            Link(label="What waits for me", href="#", is_current=True),
            Link(label="Requests", href="#"),
            Link(label="Log", href="#"),
        ),
        "form": GalleryForm(prefix="right"),
        "wrong_form": wrong,
        "words": "ورد المبلغ إلى العنوان bc1q9x8c7 في 2 آذار.\nThe sum came to that address.",
        "person": PersonChip(name="Rita Okafor", role="Approver", organisation="Aurelia Exchange"),
    }


def _buttons() -> Pieces:
    return [
        Button(label="Save and continue"),
        Button(label="Print", kind="secondary", href="#", icon="printer"),
        Button(label="Withdraw the request", kind="danger"),
        Button(label="Cancel", kind="plain"),
        Button(label="Approve", reason="You proposed this decision; another person must approve it."),
    ]


def _pills() -> Pieces:
    return [Pill(label=str(tone).capitalize(), tone=tone) for tone in Tone]


def _marks() -> Pieces:
    return [
        *(Mark(label=str(tone).capitalize(), tone=tone) for tone in Tone),
        Mark(label="Produced", tone=Tone.GOOD, is_bare=True),
    ]


def _values() -> Pieces:
    return [
        AmountShown(amount=Amount("BTC", 123_456_789_012)),
        AmountShown(amount=Amount("USDT", -1_500_000)),
        AmountShown(amount=Amount("WAI", 120_000_000)),
        Identifier(value=_ADDRESS),
        Identifier(value=_TXID, short=True),
        Identifier(value="R-26-7K3F9Q", href="#"),
        Moment(at=_NOON),
        Moment(at=_NOON, compact=True),
    ]


def _clocks() -> Pieces:
    received, due, day = _NOON, _NOON + timedelta(days=10), timedelta(days=1)
    return [
        Deadline(received_at=received, due_at=due, now=_NOON + 2 * day),
        Deadline(received_at=received, due_at=due, now=_NOON + 9 * day),
        Deadline(received_at=received, due_at=due, now=_NOON + 11 * day),
        Deadline(received_at=received, due_at=due, now=_NOON + 9 * day, stopped_since=_NOON + 4 * day),
        Deadline(received_at=received, due_at=due, now=_NOON + 9 * day, answered_at=_NOON + 6 * day),
    ]


def _people() -> Pieces:
    return [
        PersonChip(name="Anouk Verbeke", role="Analyst", organisation="Aurelia Exchange"),
        PersonChip(name="سارة المنصوري", role="Officer", organisation="الشرطة القضائية"),
    ]


def _tables() -> Pieces:
    return [_table(), Table(caption="Accounts", columns=(), rows=(), empty="No account matches.")]


def _summaries() -> Pieces:
    return [_summary()]


def _task_lists() -> Pieces:
    return [
        TaskList(
            tasks=(
                Task(label="Legal basis", state="done", href="#"),
                Task(label="Targets", state="current", href="#"),
                Task(label="Narrative", href="#"),
                Task(label="Check and sign", state="blocked", reason="The targets are missing."),
                Task(label="What came back", state="answered", href="#"),
                Task(label="Sign again", state="correct", href="#", reason="Nothing has changed yet"),
            )
        ),
    ]


def _notices() -> Pieces:
    return [
        Notice(title="A question is open; the clock stands still.", tone=Tone.QUIET),
        Notice(title="Countersignature needed", body="Marc Dupré must sign before the desk sees it."),
        Notice(title="Filed", body="You will hear by 12 March.", tone=Tone.GOOD, href="#", link="Print it"),
        Notice(title="The certificate of the order is not known here.", tone=Tone.WARN),
        Notice(title="The exchange does not answer.", body="Nothing was lost; try again.", tone=Tone.BAD),
    ]


def _remarks() -> Pieces:
    return [
        Remarks(
            remarks=(
                Remark(
                    text="The offence does not reach the threshold",
                    tone=Tone.BAD,
                    about="T2",
                    detail="Regulation (EU) 2023/1543, Art. 5(4)",
                    href="#",
                    link="Change the offence",
                ),
                Remark(text="The instrument is older than six months", tone=Tone.WARN),
                Remark(text="No order not to inform the person"),
                Remark(text="Signed, by a certificate the desk trusts", tone=Tone.GOOD),
            )
        ),
    ]


def _error_summaries() -> Pieces:
    return [
        ErrorSummary(
            faults=(Fault(text="Enter your reference.", href="#id_reference"), Fault(text="One more.")),
            takes_focus=False,
        ),
    ]


def _progress() -> Pieces:
    return [
        Progress(label="Building the package", done=412_000, total=1_000_000, detail="412,000 records"),
        Progress(label="Asking the exchange"),
        Progress(label="Package R-26-7K3F9Q", state="done"),
        Progress(label="Package R-26-7K3F9R", state="failed", done=1, total=4, detail="No space left."),
    ]


def _panels() -> Pieces:
    return [
        Panel(
            key="panel-example",
            title="Instrument",
            lead="The order itself, as it was attached.",
            body=(Identifier(value=_HASH),),
            actions=(Button(label="Download", kind="secondary", href="#", icon="download"),),
        ),
    ]


def _receipts() -> Pieces:
    return [
        Receipt(
            what="The request was filed and signed.",
            n=3,
            head=_HASH,
            href="#",
            note=f"entraide/receipt/v1\nn 3\nhead {_HASH}\n",
        ),
        Receipt(what="The question was answered.", n=7, head=_HASH, href="#"),
    ]


def _threads() -> Pieces:
    return [
        Thread(
            messages=(
                Said(who="The desk", kind="Question", at=_NOON, text="Which account?\nThe first or the second?"),
                Said(
                    who="Otto Lindqvist",
                    kind="Answer",
                    at=_NOON + timedelta(hours=3),
                    text="الحساب الأول",
                    is_own_side=True,
                ),
            )
        ),
        Thread(messages=(), empty="Nothing was asked."),
    ]


def _words() -> Pieces:
    return [
        Words(text="The victim sent 1 ETH.\nOn the next day the account was empty."),
        Command(text=f"./entraide verify R-26-7K3F9Q-v1.zip.age --identity KEY.txt --receipt {_ADDRESS}"),
        Several(items=(Identifier(value=_ADDRESS), Pill(label="Found", tone=Tone.GOOD))),
        Several(items=(Pill(label="S1"), Pill(label="T2")), is_inline=True),
        Several(
            items=[
                Several(items=(f"{label}:", value), is_inline=True)
                for label, value in (("Version", "1"), ("Hash", Identifier(value=_ADDRESS, short=True)))
            ],
            is_inline=True,
        ),
    ]


def _signatures() -> Pieces:
    return [_signature(), _signature(reason="The targets are missing.")]


def _table() -> Table:
    columns = (
        Column(label="Reference", is_heading=True),
        Column(label="Agency"),
        Column(label="State"),
        Column(label="Amount named", is_number=True),
        Column(label="Due", is_unbroken=True),
    )
    clock = Deadline(received_at=_NOON, due_at=_NOON + timedelta(days=10), now=_NOON + timedelta(days=3))
    late = Deadline(received_at=_NOON, due_at=_NOON + timedelta(days=2), now=_NOON + timedelta(days=3))
    return Table(
        caption="Requests",
        columns=columns,
        empty="Nothing waits.",
        rows=(
            Row(
                cells=(
                    Identifier(value="R-26-7K3F9Q", href="#", copy=False),
                    "Police judiciaire fédérale",
                    Pill(label="In triage", tone=Tone.INFO),
                    AmountShown(amount=Amount("BTC", 120_000_000)),
                    clock,
                )
            ),
            Row(
                cells=(
                    Identifier(value="R-26-9M2X4C", href="#", copy=False),
                    "الشرطة القضائية",
                    Pill(label="Overdue", tone=Tone.BAD),
                    AmountShown(amount=Amount("USDT", 48_250_000_000)),
                    late,
                ),
                tone=Tone.BAD,
            ),
        ),
    )


def _summary() -> SummaryList:
    return SummaryList(
        facts=(
            Fact(label="Legal basis", value="European Production Order", change_href="#"),
            Fact(label="Targets", value=(Identifier(value=_ADDRESS), Identifier(value=_TXID)), change_href="#"),
            Fact(label="Period", value=(Moment(at=_NOON), Moment(at=_NOON + timedelta(days=5)))),
            Fact(label="Categories", value="S1, T1"),
        )
    )


def _signature(reason: str = "") -> Signature:
    challenge = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
    return Signature(
        title="Approve the decision",
        button="Approve and sign",
        action="#",
        facts=(Fact(label="Request", value=Identifier(value="R-26-7K3F9Q")), Fact(label="Targets", value="2 produced")),
        act_hash=_HASH,
        options={"challenge": challenge, "rpId": "localhost", "userVerification": "required"},
        reason=reason,
    )


# In the order of the page.
_SECTIONS: tuple[tuple[str, Callable[[], Pieces]], ...] = (
    ("Buttons", _buttons),
    ("Pills", _pills),
    ("Marks", _marks),
    ("Amounts, identifiers, moments", _values),
    ("Clocks", _clocks),
    ("People", _people),
    ("Tables", _tables),
    ("Check your answers", _summaries),
    ("Task list", _task_lists),
    ("Notices", _notices),
    ("Remarks", _remarks),
    ("Error summary", _error_summaries),
    ("Progress", _progress),
    ("Panel", _panels),
    ("Receipts", _receipts),
    ("Threads", _threads),
    ("Own words, a command, several things in one place", _words),
    ("Signature", _signatures),
)
