"""The page of a request: for each reader what is theirs, and nothing else."""

import pytest

from entraide.requests.states import RequestState
from tests.desk.pages import at_desk, text_of
from tests.requests.story import WAYS, Story

AFTER_FILING = [state for state in WAYS if state not in (RequestState.DRAFT, RequestState.DISCARDED)]


@pytest.mark.parametrize("state", WAYS)
def test_every_reader_is_shown_a_request_in_every_state_or_the_same_nothing(story: Story, state: RequestState) -> None:
    changes = {"categories": ["C1"]} if state is RequestState.AWAITING_COUNTERSIGNATURE else {}
    story.to(state, **changes)
    nothing = {}
    for player in (story.cast.OTTO, story.cast.SABINE, story.cast.ANOUK, story.cast.MARC, story.cast.AUDE):
        client = at_desk(player)
        for path in ("", "log/", "print/"):
            answer = client.get(f"/requests/{story.reference}/{path}")
            assert answer.status_code in (200, 404), (player.actor.name, path, text_of(answer))
            if answer.status_code == 200:
                assert story.reference in text_of(answer)
            nothing[player.actor.name, path] = answer.status_code
    assert nothing["Otto Brandt", ""] == 200
    assert nothing["Anouk Berger", ""] == (200 if state not in UNSEEN else 404)


UNSEEN = (RequestState.DRAFT, RequestState.DISCARDED, RequestState.AWAITING_COUNTERSIGNATURE)
