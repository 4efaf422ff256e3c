"""Who may fetch a package and until when, asked of the rules alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.plugins.desk import NOON

from entraide.disclosure.policies import check_may_fetch
from entraide.disclosure.states import PackageState
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import NotPermitted, NotPossible

OFFICER = Actor(
    face=Face.AGENCY, name="Otto", roles=frozenset([Role.OFFICER]), person_id=uuid4(), organisation_id=uuid4()
)
ENDS = NOON + timedelta(days=30)


def fetch(state=PackageState.RELEASED, ends=ENDS, actor=OFFICER, now=NOON):
    check_may_fetch(state.value, ends, "R-1-v1", actor=actor, now=now)


def test_a_released_package_is_fetched_until_its_link_ends_and_not_at_that_moment():
    fetch(now=ENDS - timedelta(microseconds=1))
    for moment in (ENDS, ENDS + timedelta(days=1)):
        with pytest.raises(NotPossible, match="the link has ended"):
            fetch(now=moment)


@pytest.mark.parametrize("state", [state for state in PackageState if state is not PackageState.RELEASED])
def test_what_is_not_released_is_not_fetched(state):
    with pytest.raises(NotPossible, match="not released yet"):
        fetch(state=state)


def test_what_has_no_end_is_not_fetched():
    with pytest.raises(NotPossible, match="not released yet"):
        fetch(ends=None)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_whoever_is_no_officer_any_more_fetches_nothing(role):
    with pytest.raises(NotPermitted, match="delivered to officers"):
        fetch(actor=replace(OFFICER, roles=frozenset([role])))
