"""A request of the demo, told step by step: the same operations as on the pages, at the moments the story names.

Every signature is one of the made-up people's software keys, so that none of it can work outside of a demo.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from entraide.access.api import demo
from entraide.database import acting_in, reading_as
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act
from entraide.requests import operations
from entraide.requests.queries import TargetView, read_request
from entraide.requests.states import LookupState

WORKER = Actor.system("worker")


@dataclass(slots=True)
class DemoRequest:
    """One request of the story, and who acts on it; each method is one step.

    Parameters
    ----------
    worker_alias : str
        The database alias in which the look-ups at the exchange are noted: the worker's role.
    """

    officer: Actor
    analyst: Actor
    approver: Actor
    supervisor: Actor | None = None
    worker_alias: str = "worker"
    reference: str = field(default="", init=False)
    request_id: UUID = field(default=UUID(int=0), init=False)

    def start(self, answers: Mapping[str, Any], *, now: datetime) -> None:
        """Start the draft with the answers there are."""
        done = operations.start_draft(actor=self.officer, now=now, content=answers)
        self.reference, self.request_id = done.reference, done.request_id

    def attach(self, data: bytes, name: str, *, now: datetime) -> None:
        """Attach the instrument."""
        operations.attach_instrument(self.reference, data, name, actor=self.officer, now=now)

    def file(self, *, now: datetime) -> None:
        """File the draft, signed by its officer."""
        with reading_as(self.officer):
            act = operations.prepare_filing(self.reference, actor=self.officer, now=now).act
        operations.file(self.reference, **self._signed(act, self.officer, now), actor=self.officer, now=now)

    def countersign(self, *, now: datetime) -> None:
        """Countersign the filed document."""
        assert self.supervisor is not None, "this agency has nobody who countersigns"
        with reading_as(self.supervisor):
            _document, act = operations.prepare_countersigning(self.reference, actor=self.supervisor)
        signed = self._signed(act, self.supervisor, now)
        operations.countersign(self.reference, **signed, actor=self.supervisor, now=now)

    def accept(self, *, now: datetime) -> None:
        """Take the request up."""
        operations.accept(self.reference, actor=self.analyst, now=now)

    def look_up(self, *, now: datetime) -> None:
        """Ask the exchange about every target, as the worker does."""
        with acting_in(self.worker_alias):
            operations.look_up(self.request_id, actor=WORKER, now=now)

    def ask(self, text: str, *, now: datetime) -> None:
        """Ask the agency something."""
        operations.ask_question(self.reference, text=text, actor=self.analyst, now=now)

    def send_for_correction(self, reason: str, *, now: datetime) -> None:
        """Return the request for correction."""
        operations.return_for_correction(self.reference, reason=reason, actor=self.analyst, now=now)

    def propose(self, note: str, *, now: datetime) -> None:
        """Answer every target by what the exchange found, and propose the decision."""
        view = read_request(self.reference, actor=self.analyst, now=now, purpose="decision")
        assert view.filing is not None, "what is decided was filed"
        answers = [_answer(target, view.filing.document["categories"]) for target in view.targets]
        operations.save_decision(self.reference, answers, actor=self.analyst, now=now)
        with reading_as(self.analyst):
            act = operations.prepare_proposal(self.reference, actor=self.analyst).act
        signed = self._signed(act, self.analyst, now)
        operations.propose(self.reference, **signed, actor=self.analyst, now=now, note=note)

    def approve(self, *, now: datetime) -> None:
        """Approve the proposed decision; the worker then builds the package."""
        with reading_as(self.approver):
            act = operations.prepare_approval(self.reference, actor=self.approver).act
        operations.approve(self.reference, **self._signed(act, self.approver, now), actor=self.approver, now=now)

    def _signed(self, act: Act, by: Actor, now: datetime) -> dict[str, Any]:
        step_up_id, assertion = demo.sign(act, by=by, now=now)
        return {"step_up_id": step_up_id, "assertion": assertion}


def _answer(target: TargetView, categories: Sequence[str]) -> dict[str, Any]:
    accounts = [match.account_id for match in target.matches]
    if accounts:
        return {"n": target.n, "covered": True, "answer": "produce", "accounts": accounts, "categories": categories}
    answer = "no_such_account" if target.lookup is LookupState.NOT_FOUND else "not_held"
    return {"n": target.n, "covered": True, "answer": answer}
