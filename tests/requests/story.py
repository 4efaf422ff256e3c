"""A request walked to any stage by its ordinary operations, for the tests of this room."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pikepdf
import pytest

from entraide.database import acting_in, reading_as
from entraide.exchange import wiring
from entraide.exchange.memory import InMemoryExchange
from entraide.exchange.port import IdentifierKind, MatchReason
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act
from entraide.requests import examining, operations
from entraide.requests.document import withdraw_act
from entraide.requests.models import LegalRequest
from entraide.requests.states import RequestState
from tests.plugins.desk import Desk
from tests.plugins.people import Cast, Player
from tests.requests.material import ADDRESS, filled

WORKER = Actor.system("worker")
ACCOUNT = "A-1000"


def a_pdf(text: str = "") -> bytes:
    """Return a small PDF; another `text` gives other bytes."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.docinfo["/Title"] = text
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


@lru_cache
def _findings(data: bytes) -> Any:
    return examining._ask_child(data)


@contextmanager
def looked_into_once() -> Iterator[None]:
    """Remember what the process that looks into a PDF said of the same bytes: starting it takes most of a story's time.

    What it finds, and that it is a process of its own, is promised in the tests of instruments.
    """
    with pytest.MonkeyPatch.context() as patch:
        _findings(a_pdf())  # asked before anything is put in its place
        patch.setattr(examining, "_ask_child", _findings)
        yield


def an_exchange(*, knows: str | None = ADDRESS, at: datetime) -> InMemoryExchange:
    """Install an exchange in memory that has one account, tied to `knows`."""
    exchange = InMemoryExchange()
    exchange.open_account(ACCOUNT, opened_at=at - timedelta(days=900))
    if knows is not None:
        exchange.link(
            ACCOUNT,
            IdentifierKind.ADDRESS,
            knows.lower(),
            MatchReason.DEPOSIT_ADDRESS,
            at=at - timedelta(days=400),
            network="evm",
        )
    wiring.install(lambda: exchange)
    return exchange


@dataclass
class Story:
    """One request and everybody who acts on it."""

    desk: Desk
    cast: Cast
    exchange: InMemoryExchange
    reference: str = ""

    @property
    def now(self) -> datetime:
        return self.desk.now

    def sign(self, player: Player, act: Act) -> dict[str, Any]:
        """Return what an operation wants of a signed act."""
        step_up_id, assertion = player.sign(act, self.now)
        return {"step_up_id": step_up_id, "assertion": assertion}

    def row(self) -> LegalRequest:
        """Return the request as the database has it."""
        [(state, version, assigned)] = self.desk.superuser_sql(
            "SELECT state, version, assigned_to_id FROM requests_legalrequest WHERE reference = %s", self.reference
        )
        return LegalRequest(reference=self.reference, state=state, version=version, assigned_to_id=assigned)

    @property
    def state(self) -> RequestState:
        return RequestState(self.row().state)

    def events(self) -> list[str]:
        """Return what the log says of the case, in order."""
        rows = self.desk.superuser_sql(
            "SELECT e.kind FROM audit_entry e JOIN requests_legalrequest r ON r.stream_id = e.stream_id "
            "WHERE r.reference = %s ORDER BY e.n",
            self.reference,
        )
        return [kind for (kind,) in rows]

    def request_id(self) -> Any:
        [(pk,)] = self.desk.superuser_sql("SELECT id FROM requests_legalrequest WHERE reference = %s", self.reference)
        return pk

    # -- the steps ---------------------------------------------------------------------------------------------------

    def draft(self, **changes: Any) -> "Story":
        """Write a whole draft with its instrument."""
        done = operations.start_draft(actor=self.cast.OTTO.actor, now=self.now)
        self.reference = done.reference
        operations.save_draft(self.reference, filled(**changes), actor=self.cast.OTTO.actor, now=self.now)
        with looked_into_once():
            operations.attach_instrument(self.reference, a_pdf(), "order.pdf", actor=self.cast.OTTO.actor, now=self.now)
        return self

    def filing_act(self) -> Act:
        with reading_as(self.cast.OTTO.actor):
            return operations.prepare_filing(self.reference, actor=self.cast.OTTO.actor, now=self.now).act

    def file(self) -> "Story":
        signed = self.sign(self.cast.OTTO, self.filing_act())
        operations.file(self.reference, **signed, actor=self.cast.OTTO.actor, now=self.now)
        return self

    def countersign(self) -> "Story":
        with reading_as(self.cast.SABINE.actor):
            _document, act = operations.prepare_countersigning(self.reference, actor=self.cast.SABINE.actor)
        signed = self.sign(self.cast.SABINE, act)
        operations.countersign(self.reference, **signed, actor=self.cast.SABINE.actor, now=self.now)
        return self

    def accept(self) -> "Story":
        operations.accept(self.reference, actor=self.cast.ANOUK.actor, now=self.now)
        return self

    def look_up(self) -> "Story":
        with acting_in("worker"):
            operations.look_up(self.request_id(), actor=WORKER, now=self.now)
        return self

    def work_out(self, **changes: Any) -> "Story":
        answer = {"n": 1, "covered": True, "answer": "produce", "accounts": [ACCOUNT], "categories": ["S1"], **changes}
        operations.save_decision(self.reference, [answer], actor=self.cast.ANOUK.actor, now=self.now)
        return self

    def proposal_act(self) -> Act:
        with reading_as(self.cast.ANOUK.actor):
            return operations.prepare_proposal(self.reference, actor=self.cast.ANOUK.actor).act

    def propose(self) -> "Story":
        signed = self.sign(self.cast.ANOUK, self.proposal_act())
        operations.propose(self.reference, **signed, actor=self.cast.ANOUK.actor, now=self.now, note="As ordered.")
        return self

    def approval_act(self) -> Act:
        with reading_as(self.cast.MARC.actor):
            return operations.prepare_approval(self.reference, actor=self.cast.MARC.actor).act

    def approve(self) -> "Story":
        signed = self.sign(self.cast.MARC, self.approval_act())
        operations.approve(self.reference, **signed, actor=self.cast.MARC.actor, now=self.now)
        return self

    def withdraw(self, reason: str = "The case is closed.") -> "Story":
        act = withdraw_act(self.reference, version=self.row().version, reason=reason)
        signed = self.sign(self.cast.OTTO, act)
        operations.withdraw(self.reference, reason=reason, **signed, actor=self.cast.OTTO.actor, now=self.now)
        return self

    def to(self, state: RequestState, **changes: Any) -> "Story":
        """Walk the shortest way to `state`."""
        WAYS[state](self.draft(**changes) if not self.reference else self)
        assert self.state is state
        return self


def _triage(story: Story) -> Story:
    return story.file().accept().look_up()


def _in_decision(story: Story) -> Story:
    return _triage(story).work_out().propose()


def _mark(verb: str, before: Any) -> Any:
    def walk(story: Story) -> Story:
        before(story)
        in_operation(getattr(operations, verb), story)
        return story

    return walk


def in_operation(function: Any, story: Story) -> None:
    """Call a function that works inside a caller's operation, as the worker."""
    from entraide.database import operation

    @operation
    def run(*, actor: Actor, now: datetime) -> None:
        function(story.request_id(), actor=actor, now=now)

    with acting_in("worker"):
        run(actor=WORKER, now=story.now)


def _ask(story: Story) -> None:
    operations.ask_question(
        _triage(story).reference, text="Which account?", actor=story.cast.ANOUK.actor, now=story.now
    )


def _return(story: Story) -> None:
    operations.return_for_correction(
        story.file().reference, reason="A page is missing.", actor=story.cast.ANOUK.actor, now=story.now
    )


def _approved(story: Story) -> Story:
    return _in_decision(story).approve()


_production = _mark("mark_in_production", _approved)
_delivered = _mark("mark_delivered", _production)
S = RequestState
WAYS: dict[RequestState, Any] = {
    S.DRAFT: lambda story: story,
    S.DISCARDED: lambda story: operations.discard_draft(story.reference, actor=story.cast.OTTO.actor, now=story.now),
    S.SUBMITTED: lambda story: story.file(),
    S.AWAITING_COUNTERSIGNATURE: lambda story: story.file(),
    S.TRIAGE: _triage,
    S.QUESTION_ASKED: _ask,
    S.RETURNED_FOR_CORRECTION: _return,
    S.IN_DECISION: _in_decision,
    S.APPROVED: _approved,
    S.IN_PRODUCTION: _production,
    S.DELIVERED: _delivered,
    S.CLOSED: _mark("mark_closed", _delivered),
    S.WITHDRAWN: lambda story: story.file().withdraw(),
}
