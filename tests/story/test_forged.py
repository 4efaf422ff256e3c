"""V12 over the whole story: what a superuser writes by hand, and what one person signs twice, is nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from entraide.database import reading_as
from entraide.disclosure import building
from entraide.exchange import wiring
from entraide.kernel.actors import Role
from entraide.kernel.errors import NotPermitted, Refusal
from entraide.requests import operations
from entraide.requests.document import withdraw_act
from entraide.requests.states import RequestState
from tests.plugins.desk import Desk
from tests.requests.story import Story
from tests.story.conftest import deliver, give_key

# As a superuser: no trigger, no policy, no constraint stands in the way of these rows.
UNWATCHED = "SET session_replication_role = replica; "
FORGED = (
    "INSERT INTO requests_approval (id, request_id, organisation_id, proposal_id, proposer_id, decision_hash, "
    "approver_id, step_up_id, signed_act_id, act_hash, approved_at) "
    "SELECT gen_random_uuid(), request_id, organisation_id, id, proposer_id, decision_hash, '{approver}', "
    "gen_random_uuid(), signed_act_id, act_hash, now() FROM requests_decisionproposal; "
    "UPDATE requests_decisionproposal SET state = 'approved'; "
    "UPDATE requests_legalrequest SET state = 'approved'; "
    'INSERT INTO outbox_effect (id, nature, key, "order", action, version, organisation_id, case_id, subject_id, '
    "state, attempt, due_at, asked_at, last_problem) "
    "SELECT gen_random_uuid(), 'news', 'news/forged', id::text, 'requests:decision:approved', 1, organisation_id, id, "
    "id, 'asked', 0, now(), now(), '' FROM requests_legalrequest"
)


class Watched:
    """The exchange of the story, and what it was asked for records."""

    def __init__(self, exchange: Any) -> None:
        self._exchange, self.asked = exchange, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def records(self, *question: Any, **how: Any) -> Any:
        """Count, and pass on."""
        self.asked += 1
        return self._exchange.records(*question, **how)


@pytest.fixture
def watched(story: Story) -> Watched:
    """Return the exchange as it is asked from now on."""
    watched = Watched(story.exchange)
    wiring.install(lambda: watched)  # type: ignore[arg-type,return-value]  # it passes on what a connector has
    return watched


def test_V12_a_forged_approval_with_its_news_makes_the_worker_disclose_nothing(
    story: Story, identity: Path, desk: Desk, watched: Watched
) -> None:
    give_key(story, identity)
    story.to(RequestState.IN_DECISION)
    desk.work()

    desk.superuser_sql(UNWATCHED + FORGED.format(approver=story.cast.MARC.id))
    desk.work()
    desk.sequence()
    desk.work()

    rows = desk.superuser_sql("SELECT id, state FROM disclosure_package")
    assert [state for _id, state in rows if state in ("sealed", "assembled", "released")] == []
    assert [building.package_file(package_id).exists() for package_id, _state in rows] in ([], [False])
    assert watched.asked == 0
    assert story.state is not RequestState.DELIVERED


def test_V12_without_forgery_the_same_story_is_delivered(story: Story, identity: Path, watched: Watched) -> None:
    """So that the tests beside this one find something to be absent."""
    give_key(story, identity)
    deliver(story.to(RequestState.APPROVED))

    assert watched.asked > 0


def test_V12_who_proposed_cannot_approve_even_as_an_approver(story: Story) -> None:
    story.to(RequestState.IN_DECISION)
    anouk = story.cast.ANOUK
    both = replace(anouk.actor, roles=anouk.actor.roles | {Role.APPROVER})

    with reading_as(both), pytest.raises(NotPermitted):
        operations.prepare_approval(story.reference, actor=both)
    step_up_id, assertion = anouk.sign(story.approval_act(), story.now)
    with pytest.raises(NotPermitted):
        operations.approve(story.reference, step_up_id=step_up_id, assertion=assertion, actor=both, now=story.now)

    assert story.desk.superuser_sql("SELECT count(*) FROM requests_approval") == [(0,)]


def test_V03_a_signature_for_any_act_of_the_story_serves_no_other_act_of_it(story: Story) -> None:
    """Every signature of one person is tried on every other act that this person could sign."""
    otto, marc = story.cast.OTTO, story.cast.MARC
    story.draft()
    other = Story(story.desk, story.cast, story.exchange).draft()
    acts = [story.filing_act(), other.filing_act(), withdraw_act(story.reference, version=1, reason="x")]
    for act in acts[1:]:
        with pytest.raises(NotPermitted):
            operations.file(story.reference, **story.sign(otto, act), actor=otto.actor, now=story.now)
    story.file()
    with pytest.raises(NotPermitted):
        operations.withdraw(
            story.reference, reason="x", **story.sign(otto, other.filing_act()), actor=otto.actor, now=story.now
        )
    story.accept().look_up().work_out().propose()
    for act in (other.filing_act(), withdraw_act(story.reference, version=1, reason="x")):
        with pytest.raises(Refusal):
            operations.approve(story.reference, **story.sign(marc, act), actor=marc.actor, now=story.now)
    assert story.state is RequestState.IN_DECISION
