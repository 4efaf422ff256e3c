"""Two people of the exchange verify an agency; it may make its second signature stricter, only the desk looser."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from entraide.access import api as access
from entraide.agencies import acts, api, operations
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.rules import DEFAULT_COUNTERSIGNED, is_of_domain
from entraide.agencies.states import AGENCY, AgencyState, AgencyVerb
from entraide.database import reading_as
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player

NEW: dict[str, Any] = {
    "name": "Police de Villeneuve",
    "country": "FR",
    "function": "Police judiciaire",
    "domains": ["police.example"],
    "switchboard": "+33 1 00 00",
}


def _entered(cast: Cast, **changed: Any) -> UUID:
    facts = NEW | changed
    agency = {"facts": AgencyFacts.of(**{one: facts[one] for one in facts if one != "name"}), "name": facts["name"]}
    step_up_id, assertion = cast.DORA.sign(acts.enter(**agency), NOON)
    done = operations.enter(**agency, step_up_id=step_up_id, assertion=assertion, actor=cast.DORA.actor, now=NOON)
    return done.id


def _known(cast: Cast, agency_id: UUID) -> dict[str, object]:
    with reading_as(cast.DORA.actor):
        return api.agency(agency_id).known


def _vouch(cast: Cast, verb: str, agency_id: UUID, player: Player, checked: tuple[str, ...] = ("call_back",)) -> None:
    act = getattr(acts, verb)(organisation_id=agency_id, known=_known(cast, agency_id), checked=checked)
    step_up_id, assertion = player.sign(act, NOON)
    getattr(operations, verb)(
        agency_id, checked, step_up_id=step_up_id, assertion=assertion, actor=player.actor, now=NOON
    )


def _state(cast: Cast, agency_id: UUID) -> AgencyState:
    with reading_as(cast.DORA.actor):
        return api.agency(agency_id).state


def test_V01_two_people_of_the_exchange_verify_an_agency(cast: Cast) -> None:
    agency_id = _entered(cast)
    assert _state(cast, agency_id) is AgencyState.UNVERIFIED
    _vouch(cast, "propose", agency_id, cast.DORA)
    with pytest.raises(NotPermitted, match="you vouched for it first"):
        _vouch(cast, "verify", agency_id, cast.DORA)
    _vouch(cast, "verify", agency_id, cast.MARC)

    with reading_as(cast.DORA.actor):
        view = api.agency(agency_id)
    assert view.is_verified and {one.person_id for one in view.vouched} == {cast.DORA.id, cast.MARC.id}


def test_V01_an_agency_that_nobody_called_back_stays_unverified(cast: Cast) -> None:
    agency_id = _entered(cast)
    _vouch(cast, "propose", agency_id, cast.DORA, ("directory", "domain"))
    with pytest.raises(Invalid, match="nobody called it back"):
        _vouch(cast, "verify", agency_id, cast.MARC, ("law",))
    assert _state(cast, agency_id) is AgencyState.PROPOSED
    _vouch(cast, "verify", agency_id, cast.MARC, ("call_back",))

    with reading_as(cast.DORA.actor):
        view = api.agency(agency_id)
    assert view.is_verified
    assert [(one.person_id, [check.value for check in one.checks]) for one in view.vouched] == [
        (cast.DORA.id, ["directory", "domain"]),
        (cast.MARC.id, ["call_back"]),
    ]


def test_V01_vouching_without_a_check_is_refused(cast: Cast) -> None:
    agency_id = _entered(cast)
    with pytest.raises(Invalid, match="nothing was checked"):
        _vouch(cast, "propose", agency_id, cast.DORA, ("a good feeling",))

    assert _state(cast, agency_id) is AgencyState.UNVERIFIED


def test_V01_nobody_of_an_agency_and_no_auditor_verifies_one(cast: Cast) -> None:
    agency_id = _entered(cast)
    for player in (cast.OTTO, cast.ADA, cast.SABINE, cast.IVO, cast.AUDE):
        with pytest.raises(NotPermitted):
            _vouch(cast, "propose", agency_id, player)

    assert _state(cast, agency_id) is AgencyState.UNVERIFIED


def test_V13_only_written_transitions_exist() -> None:
    allowed = {(step.source, step.verb) for step in AGENCY.steps}
    for state in AgencyState:
        for verb in AgencyVerb:
            if (state, verb) not in allowed:
                with pytest.raises(NotPossible):
                    AGENCY.step(state, verb, approvers=[1])


def test_the_database_refuses_an_agency_verified_by_one_person(cast: Cast, desk: Desk) -> None:
    with pytest.raises(Exception, match="agencies_verified_by_two"):
        desk.superuser_sql("UPDATE agencies_agency SET verified_by_id = proposed_by_id")


def test_V08_another_agency_looks_like_one_that_does_not_exist(cast: Cast) -> None:
    said = []
    with reading_as(cast.IVO.actor):
        assert api.agency(cast.other_agency_id).is_verified
        for unseen in (cast.agency_id, UUID(int=1)):
            with pytest.raises(NotFound) as refusal:
                api.agency(unseen)
            said.append(str(refusal.value))
        assert [one.id for one in api.all_agencies()] == [cast.other_agency_id]

    assert said[0] == said[1]


def test_traffic_and_content_data_wait_for_the_supervisor_by_default(cast: Cast) -> None:
    assert set(DEFAULT_COUNTERSIGNED) == {"T1", "T2", "T3", "T4", "C1"}
    with reading_as(cast.OTTO.actor):
        assert api.countersignature_needed(cast.agency_id, {"S1", "T2"}, "standard")
        assert not api.countersignature_needed(cast.agency_id, {"S1", "B1"}, "standard")
        assert api.countersignature_needed(cast.agency_id, {"S1"}, "emergency")


def test_an_agency_makes_itself_stricter_and_only_the_desk_looser(cast: Cast) -> None:
    def choose(player: Player, categories: list[str]) -> None:
        act = acts.set_countersigned(organisation_id=cast.agency_id, categories=categories)
        step_up_id, assertion = player.sign(act, NOON)
        operations.set_countersigned(
            cast.agency_id,
            categories,
            step_up_id=step_up_id,
            assertion=assertion,
            actor=player.actor,
            now=NOON,
        )

    stricter = sorted({*DEFAULT_COUNTERSIGNED, "S1"})
    choose(cast.ADA, stricter)
    with pytest.raises(NotPermitted, match="only the desk"):
        choose(cast.ADA, ["C1"])
    for player in (cast.OTTO, cast.SABINE, cast.ANOUK):
        with pytest.raises(NotPermitted):
            choose(player, stricter)
    choose(cast.DORA, ["C1"])

    with reading_as(cast.OTTO.actor):
        assert api.agency(cast.agency_id).countersigned_categories == {"C1"}


def test_signals_say_what_speaks_for_and_against_with_reasons(cast: Cast) -> None:
    with reading_as(cast.ANOUK.actor):
        fresh = {one.code for one in api.authenticity_signals(cast.agency_id, cast.OTTO.id, at=NOON)}
        later = api.authenticity_signals(cast.agency_id, cast.OTTO.id, at=NOON + timedelta(days=2))

    assert fresh == {"agency_verified", "domain_matches", "new_passkey"}
    assert {one.code for one in later} == {"agency_verified", "domain_matches", "known_passkey"}
    assert all(str(one.reason) for one in later)


def test_a_domain_counts_with_what_lies_below_it_and_nothing_that_looks_like_it() -> None:
    assert is_of_domain("a@police.example", ["police.example"])
    assert is_of_domain("a@LKA.Police.Example", ["police.example"])
    assert not is_of_domain("a@evilpolice.example", ["police.example"])
    assert not is_of_domain("a@police.example.evil", ["police.example"])
    assert not is_of_domain("nobody", ["police.example"])


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "fr"},
        {"country": "SP"},
        {"name": " "},
        {"domains": []},
        {"domains": ["no domain"]},
        {"function": ""},
        {"switchboard": ""},
    ],
)
def test_an_agency_without_its_facts_is_refused_by_field(cast: Cast, changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        _entered(cast, **changed)

    assert refusal.value.fields.keys() == changed.keys()
    with reading_as(cast.DORA.actor):
        assert len(access.organisations()) == 3
