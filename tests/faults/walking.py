"""The story from filing to download as a list of acts, and what must be true of it however often it was interrupted."""

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage

from entraide.access import acts as access_acts
from entraide.access.operations import passkeys
from entraide.audit import api as audit
from entraide.audit.signer import Signer
from entraide.audit.verification import verify as verify_log
from entraide.database import operation, reading_as
from entraide.disclosure import building, queries
from entraide.disclosure import operations as disclosure
from entraide.disclosure.acts import download_act
from entraide.evidence.verify import verify as verify_package
from entraide.kernel import clock, faults
from entraide.kernel.actors import Actor
from entraide.outbox import api as outbox
from entraide.requests import operations as requests
from tests.faults.forge import Forge
from tests.plugins.desk import close_connections
from tests.plugins.people import Player
from tests.requests.story import Story

CATEGORIES = ["S1", "T2"]  # with traffic data, so that a supervisor countersigns
ENTRIES = [
    "requests:draft:started", "requests:instrument:attached", "requests:request:filed",
    "requests:request:countersigned", "requests:request:accepted", "requests:lookup:answered",
    "requests:decision:proposed", "requests:decision:approved", "disclosure:package:queued",
    "requests:production:started", "disclosure:package:collecting", "disclosure:package:sealed",
    "disclosure:package:assembled", "disclosure:package:released", "requests:request:delivered",
    "outbox:effect:confirmed", "disclosure:package:fetched",
]  # fmt: skip
FAILED_LOOKUP = "requests:lookup:failed"
ACCOUNTS_FOUND = "SELECT 1 FROM requests_accountmatch"
RELEASED = "SELECT 1 FROM disclosure_package WHERE state = 'released'"
LIVES_S_MAX = 120
DONE_ONCE = {
    "requests_filing": 1,
    "requests_countersignature": 1,
    "requests_lookup": 1,
    "requests_accountmatch": 1,
    "requests_decisionproposal": 1,
    "requests_approval": 1,
    "disclosure_package": 1,
    "disclosure_download": 1,
    "outbox_effect WHERE nature = 'effect'": 1,
}


@dataclass(frozen=True)
class WebAct:
    """One signed or unsigned act of a person at the desk's pages."""

    name: str
    entry: str
    prepare: Callable[["Walk"], dict[str, Any]]
    do: Callable[..., Any]


@dataclass
class Walk:
    """One story, the key of its officer, and what was seen of it on the way."""

    story: Story
    identity: Path
    fetching: Player = field(init=False)
    forge: Forge | None = None

    def prepare(self) -> None:
        """Write the draft, and register the officer's key for packages."""
        story, otto = self.story, self.story.cast.OTTO
        recipient = str(pyrage.x25519.Identity.from_str(self.identity.read_text().strip()).to_public())
        signed = story.sign(otto, access_acts.register_age_key(person_id=otto.id, recipient=recipient))
        passkeys.register_age_key(recipient, **signed, actor=otto.actor, now=story.now)
        story.draft(categories=CATEGORIES)
        self.fetching, _cookie = otto.signed_in(story.now)

    def worker(self, death: "Death | None" = None) -> bool:
        """Let a worker do what is due, in a process of its own where there is a forge; return whether it lived."""
        if self.forge is None:
            assert death is None
            self.story.desk.work()
            return True
        if death is None:
            return self.forge.worker(self.story.desk)
        return self.forge.worker(self.story.desk, point=death.point, at=death.at)

    # -- what is there ------------------------------------------------------------------------------------------------

    def package_id(self) -> UUID:
        """Return the one package."""
        [(package_id,)] = self.story.desk.superuser_sql("SELECT id FROM disclosure_package")
        return UUID(str(package_id))

    def accounts(self) -> list[str]:
        """Return the accounts that were found, as the analyst sees them."""
        from entraide.requests.models import AccountMatch

        with reading_as(self.story.cast.ANOUK.actor):
            return [match.account["account_id"] for match in AccountMatch.objects.all()]

    def package_state(self) -> str | None:
        """Return the state of the package, or None before it is ordered."""
        rows = self.story.desk.superuser_sql("SELECT state FROM disclosure_package")
        return str(rows[0][0]) if rows else None

    def minutes_pass(self, *, workers_too: bool = True) -> None:
        """Let what waits for a time be due: leases, back-offs, and (`workers_too`) what silent workers were doing."""
        sql = self.story.desk.superuser_sql
        sql("UPDATE outbox_effect SET due_at = clock_timestamp() WHERE state IN ('asked', 'sent', 'unknown')")
        sql("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        if workers_too:
            sql("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")

    def sweep(self) -> None:
        """Queue the job that takes up what dead workers left; a running worker queues it by itself each half minute."""
        from entraide.outbox.jobs import sweep

        @operation
        def queue(*, actor: Actor) -> None:
            outbox.later(sweep.name, timestamp=0)

        if self.story.desk.superuser_sql(
            "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = 'outbox-sweep' AND status = 'todo'"
        ):
            return
        queue(actor=self.story.cast.ANOUK.actor)

    def carry_on(self, until: str) -> None:
        """Work as the worker and place as the sequencer, in turns, until the database says so."""
        for _ in range(10):
            self.worker()
            self.story.desk.sequence()
            self.minutes_pass()
            if self.story.desk.superuser_sql(until):
                self.worker()
                self.story.desk.sequence()
                return
        raise AssertionError("the story did not go on")

    # -- what must be true --------------------------------------------------------------------------------------------

    def assert_nothing_lost_and_nothing_doubled(self) -> None:
        """Compare the whole story with what it must be, however often somebody was killed on the way."""
        sql = self.story.desk.superuser_sql
        assert sorted(kind for kind in self.story.events() if kind != FAILED_LOOKUP) == sorted(ENTRIES)
        counts = {table: sql(f"SELECT count(*) FROM {table}")[0][0] for table in DONE_ONCE}
        assert counts == DONE_ONCE
        assert self.story.state == "delivered"
        assert self.package_state() == "released"
        assert {state for (state,) in sql("SELECT state FROM outbox_effect")} == {"confirmed"}
        assert {state for (state,) in sql("SELECT status::text FROM procrastinate_jobs")} <= {"succeeded", "todo"}
        self.assert_log_holds()
        self.assert_package_verifies()
        self.assert_nothing_readable_on_disk()

    def assert_log_holds(self) -> None:
        """Verify the whole log against the signer's own key, with every entry in its place."""
        desk = self.story.desk
        key = Signer(desk.home / "signer", "demo.invalid/log").public_keys()["log"]
        report = verify_log(desk.url("entraide_auditor"), keys=[key], processes=1)
        assert (report.fault, report.waiting) == (None, 0)

    def assert_package_verifies(self) -> None:
        """Open the package with the officer's key and verify it against the exchange's."""
        report = verify_package(
            building.package_file(self.package_id()),
            identity=self.identity,
            exchange_key=audit.trust().package_key,
            receipts=(),
        )
        assert report.holds

    def assert_nothing_readable_on_disk(self) -> None:
        """Look for a heading of the records in everything the desk wrote down."""
        folders = (self.story.desk.home / name for name in ("spool", "packages"))
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if b"record_id" in path.read_bytes()] == []


def _signed(player: str, act: Callable[[Story], Any]) -> Callable[[Walk], dict[str, Any]]:
    return lambda walk: walk.story.sign(getattr(walk.story.cast, player), act(walk.story))


def _countersigning(story: Story) -> Any:
    with reading_as(story.cast.SABINE.actor):
        return requests.prepare_countersigning(story.reference, actor=story.cast.SABINE.actor)[1]


def _proposal(walk: Walk) -> dict[str, Any]:
    walk.story.work_out(accounts=walk.accounts(), categories=CATEGORIES)
    return walk.story.sign(walk.story.cast.ANOUK, walk.story.proposal_act())


def _fetching(walk: Walk) -> dict[str, Any]:
    now = clock.now()
    with reading_as(walk.fetching.actor):
        package = queries.package(walk.package_id(), walk.fetching.actor)
    step_up_id, assertion = walk.fetching.sign(download_act(package.reference, bytes.fromhex(package.file_sha256)), now)
    return {"package_id": package.id, "step_up_id": step_up_id, "assertion": assertion, "now": now}


def _of_request(name: str, player: str) -> Callable[..., Any]:
    def do(walk: Walk, **signed: Any) -> Any:
        story = walk.story
        actor = getattr(story.cast, player).actor
        return getattr(requests, name)(story.reference, **signed, actor=actor, now=story.now)

    return do


FILE = WebAct("file", ENTRIES[2], _signed("OTTO", Story.filing_act), _of_request("file", "OTTO"))
COUNTERSIGN = WebAct(
    "countersign", ENTRIES[3], _signed("SABINE", _countersigning), _of_request("countersign", "SABINE")
)
ACCEPT = WebAct("accept", ENTRIES[4], lambda walk: {}, _of_request("accept", "ANOUK"))
PROPOSE = WebAct("propose", ENTRIES[6], _proposal, _of_request("propose", "ANOUK"))
APPROVE = WebAct("approve", ENTRIES[7], _signed("MARC", Story.approval_act), _of_request("approve", "MARC"))
FETCH = WebAct(
    "fetch", ENTRIES[-1], _fetching, lambda walk, **how: disclosure.begin_download(**how, actor=walk.fetching.actor)
)
BEFORE_THE_ANSWER, AFTER_IT = (FILE, COUNTERSIGN, ACCEPT), (PROPOSE, APPROVE)


# -- processes that die ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Death:
    """Where a process shall be killed: at the `at`-th passing of a named point."""

    point: str
    at: int = 1

    def __str__(self) -> str:
        return self.point if self.at == 1 else f"{self.point}@{self.at}"

    def then(self, at: int) -> "Death":
        """Return the death at another passing of the same point."""
        return replace(self, at=at)


def in_a_process(do: Callable[[], Any], death: Death | None = None) -> bool:
    """Do something in a process of its own that is killed at a point; return whether it lived to the end.

    A fork: it starts at once and has everything this process made, but connections of its own.  Only for what needs no
    threads: those of this process do not come along.
    """
    close_connections()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(LIVES_S_MAX)
            if death is not None:
                faults.arm(death.point, "kill", at=death.at)
            do()
            close_connections()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, "the process hung"
        return False
    assert os.WEXITSTATUS(status) == 0, "the process failed by itself"
    return True
