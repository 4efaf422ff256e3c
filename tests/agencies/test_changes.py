"""What is known of an agency changes by two persons, and a new number verifies nothing for three days."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from entraide.agencies import acts, api, operations
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.states import AgencyState
from entraide.database import reading_as
from entraide.kernel.errors import Invalid, NotPermitted, NotPossible
from tests.agencies.test_pages import _sign, _signed_in, _words
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player

NUMBER = "+49 30 111 222"


def _view(cast: Cast) -> api.AgencyView:
    with reading_as(cast.DORA.actor):
        return api.agency(cast.agency_id)


def _facts(cast: Cast, **changed: Any) -> dict[str, Any]:
    return _view(cast).facts.content | changed


def _propose(cast: Cast, by: Player, *checked: str, at: datetime = NOON, **changed: Any) -> None:
    facts, checked = AgencyFacts.of(**_facts(cast, **changed)), checked or ("directory",)
    act = acts.propose_change(facts, organisation_id=cast.agency_id, known=_view(cast).known, checked=checked)
    step_up_id, assertion = by.sign(act, at)
    signed = {"step_up_id": step_up_id, "assertion": assertion, "actor": by.actor, "now": at}
    operations.propose_change(cast.agency_id, facts, checked, **signed)


def _confirm(cast: Cast, by: Player, *checked: str, at: datetime = NOON) -> None:
    view = _view(cast)
    asked = view.change.facts if view.change else view.facts
    act = acts.confirm_change(asked, organisation_id=cast.agency_id, known=view.known, checked=checked)
    step_up_id, assertion = by.sign(act, at)
    operations.confirm_change(
        cast.agency_id, checked, step_up_id=step_up_id, assertion=assertion, actor=by.actor, now=at
    )


def test_V01_what_is_known_of_an_agency_changes_when_a_second_person_agrees(cast: Cast, desk: Desk) -> None:
    before = _view(cast)
    _propose(cast, cast.DORA, switchboard=NUMBER, domains=["polizei.example", "lka.example"])
    assert _view(cast).facts == before.facts

    with pytest.raises(NotPermitted, match="you vouched for it first"):
        _confirm(cast, cast.DORA, "call_back")
    _confirm(cast, cast.MARC, "call_back")

    after = _view(cast)
    assert (after.facts.switchboard, after.facts.domains) == (NUMBER, ("polizei.example", "lka.example"))
    assert (after.state, after.change, after.number_since) == (AgencyState.VERIFIED, None, NOON)
    kinds = desk.superuser_sql("SELECT kind FROM audit_entry WHERE kind LIKE 'agencies:agency:%change%' ORDER BY at")
    assert sorted(kind for (kind,) in kinds) == ["agencies:agency:change-proposed", "agencies:agency:changed"]


def test_nothing_changes_without_a_call_to_the_number_known_until_now(cast: Cast) -> None:
    _propose(cast, cast.DORA, "directory", switchboard=NUMBER)
    with pytest.raises(Invalid, match="nobody called it back"):
        _confirm(cast, cast.MARC, "domain")


def test_a_new_number_verifies_nothing_for_three_days(cast: Cast) -> None:
    _propose(cast, cast.DORA, switchboard=NUMBER)
    _confirm(cast, cast.MARC, "call_back")
    early, late = NOON + timedelta(hours=71), NOON + timedelta(hours=72)
    with pytest.raises(NotPossible, match="less than 72 hours ago"):
        _propose(cast, cast.DORA, "call_back", at=early, function="Landeskriminalamt")

    _propose(cast, cast.DORA, "call_back", at=late, function="Landeskriminalamt")
    assert _view(cast).change is not None


def test_a_change_that_changes_nothing_is_refused_and_a_waiting_one_can_be_dropped(cast: Cast) -> None:
    with pytest.raises(NotPossible, match="nothing would change"):
        _propose(cast, cast.DORA)
    _propose(cast, cast.DORA, switchboard=NUMBER)
    waiting = _view(cast).change
    assert waiting is not None
    act = acts.drop_change(waiting.facts, organisation_id=cast.agency_id)
    step_up_id, assertion = cast.MARC.sign(act, NOON)

    operations.drop_change(cast.agency_id, step_up_id=step_up_id, assertion=assertion, actor=cast.MARC.actor, now=NOON)

    assert _view(cast).change is None
    with pytest.raises(NotPossible, match="none waits any more"):
        _confirm(cast, cast.MARC, "call_back")


@pytest.mark.parametrize("name", ["ADA", "SABINE", "AUDE"])
def test_neither_the_agency_nor_an_auditor_changes_what_the_exchange_knows(cast: Cast, name: str) -> None:
    player = getattr(cast, name)
    with pytest.raises(NotPermitted):
        _propose(cast, player, switchboard=NUMBER)
    assert _signed_in(player).get(f"/agencies/{cast.agency_id}/change/").status_code == 403


def test_two_people_change_an_agency_on_its_pages(cast: Cast) -> None:
    dora, marc = _signed_in(cast.DORA), _signed_in(cast.MARC)
    here = f"/agencies/{cast.agency_id}/"
    facts = _facts(cast, switchboard="+49 30 111 222", domains="polizei.example") | {"checked": ["directory"]}

    assert _sign(dora, cast.DORA, f"{here}change/", facts).status_code == 302
    page = dora.get(here)
    assert "A change waits for a second person" in _words(page)
    assert "you vouched for it first" in _words(page)
    assert "Check changed facts of an agency" in _words(marc.get("/"))
    assert _sign(marc, cast.MARC, f"{here}confirm-change/", {"checked": ["call_back"]}).status_code == 302

    said = _words(marc.get(here))
    assert "+49 30 111 222" in said
    assert "A change waits" not in said
    assert marc.get(f"{here}confirm-change/").status_code == 404
