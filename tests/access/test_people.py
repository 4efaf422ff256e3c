"""Who may let whom into which role; what the database refuses by itself; what each tenant sees."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from entraide.access import acts, api
from entraide.access.operations import members
from entraide.access.policies import GRANTED_BY, NEVER_TOGETHER
from entraide.database import reading_as
from entraide.kernel.actors import FACE_OF_ROLE, Face, Role
from entraide.kernel.errors import NotFound, NotPermitted, NotPossible, Refusal
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player

TABLES = (
    "organisation", "person", "rolegrant", "credential", "invitation", "signin", "ceremony", "stepup", "signedact",
    "agekey", "attempt",
)  # fmt: skip


def _grant(by: Player, whom: Player, role: Role) -> None:
    step_up_id, assertion = by.sign(acts.grant_role(person_id=whom.id, role=role), NOON)
    members.grant_role(whom.id, role, step_up_id=step_up_id, assertion=assertion, actor=by.actor, now=NOON)


def _invite(by: Player, organisation_id: UUID, *roles: Role) -> members.Invited:
    sent: dict[str, Any] = {"organisation_id": organisation_id, "name": "Neu", "email": "neu@x.example"}
    sent |= {"language": "en", "roles": list(roles)}
    step_up_id, assertion = by.sign(acts.invite(**sent), NOON)
    return members.invite(**sent, step_up_id=step_up_id, assertion=assertion, actor=by.actor, now=NOON)


def test_only_the_roles_in_the_table_let_people_in(cast: Cast, desk: Desk) -> None:
    for role, by in GRANTED_BY.items():
        organisation_id = cast.agency_id if FACE_OF_ROLE[role] is Face.AGENCY else cast.exchange_id
        for player in cast:
            is_own = player.actor.face is Face.STAFF or player.actor.organisation_id == cast.agency_id
            if player.actor.has(*by) and is_own:
                _invite(player, organisation_id, role)
            else:
                with pytest.raises(Refusal):
                    _invite(player, organisation_id, role)


def test_T33_an_agencys_administrator_makes_no_supervisor_and_the_database_refuses_too(cast: Cast, desk: Desk) -> None:
    with pytest.raises(NotPermitted):
        _grant(cast.ADA, cast.OTTO, Role.SUPERVISOR)

    statement = (
        "INSERT INTO access_rolegrant (id, organisation_id, person_id, role, granted_by_id, granted_at, expires_at) "
        "VALUES (gen_random_uuid(), %s, %s, 'supervisor', %s, now(), now() + interval '1 year')"
    )
    with psycopg.connect(desk.url("entraide_agency")) as connection:
        connection.execute("SELECT set_config('entraide.actor', %s, true)", [str(cast.ADA.id)])
        connection.execute("SELECT set_config('entraide.organisation', %s, true)", [str(cast.agency_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(statement, [cast.agency_id, cast.OTTO.id, cast.ADA.id])


def test_nobody_changes_their_own_rights(cast: Cast, desk: Desk) -> None:
    for role in (Role.APPROVER, Role.ANALYST):
        with pytest.raises(NotPermitted, match="their own rights"):
            _grant(cast.DORA, cast.DORA, role)
    with pytest.raises(Exception, match="access_nobody_grants_himself"):
        desk.superuser_sql("UPDATE access_rolegrant SET granted_by_id = person_id")


@pytest.mark.parametrize("pair", NEVER_TOGETHER)
def test_V01_one_person_never_holds_both_signatures(cast: Cast, pair: tuple[Role, Role]) -> None:
    with pytest.raises(NotPossible, match="one person cannot be"):
        _grant(cast.DORA, cast.ADA, Role.SUPERVISOR)
    with pytest.raises(NotPossible, match="one person cannot be"):
        _invite(cast.DORA, cast.agency_id, *pair)


def test_a_role_of_the_other_side_is_refused(cast: Cast) -> None:
    for whom, role in ((cast.OTTO, Role.APPROVER), (cast.ANOUK, Role.OFFICER)):
        with pytest.raises(NotPossible, match="other side"):
            _grant(cast.DORA, whom, role)


def test_a_supervisors_right_lapses_after_a_year_and_can_be_renewed(cast: Cast) -> None:
    later = NOON + timedelta(days=366)
    with reading_as(cast.DORA.actor):
        assert [one.id for one in api.people_with(Role.SUPERVISOR, now=NOON)] == [cast.SABINE.id]
        assert api.people_with(Role.SUPERVISOR, now=later) == []
    step_up_id, assertion = cast.DORA.sign(acts.grant_role(person_id=cast.SABINE.id, role=Role.SUPERVISOR), later)
    members.grant_role(
        cast.SABINE.id, Role.SUPERVISOR, step_up_id=step_up_id, assertion=assertion, actor=cast.DORA.actor, now=later
    )

    with reading_as(cast.DORA.actor):
        assert [one.id for one in api.people_with(Role.SUPERVISOR, now=later)] == [cast.SABINE.id]


def test_V08_another_agencys_person_looks_like_nobody(cast: Cast) -> None:
    said = []
    for person_id in (cast.OTTO.id, UUID(int=1)):
        with reading_as(cast.IVO.actor), pytest.raises(NotFound) as refusal:
            api.person(person_id)
        said.append(str(refusal.value))

    assert said[0] == said[1]
    with reading_as(cast.IVO.actor):
        assert [one.name for one in api.people_of(cast.other_agency_id)] == ["Ivo Marín"]
        assert api.people_of(cast.agency_id) == []


@pytest.mark.parametrize("role", ["entraide_web", "entraide_agency", "entraide_worker"])
def test_V11_without_a_tenant_no_role_sees_a_row(cast: Cast, desk: Desk, role: str) -> None:
    cast.OTTO.signed_in(NOON)
    with psycopg.connect(desk.url(role)) as connection:
        for table in TABLES:
            granted = connection.execute("SELECT has_table_privilege(%s, 'SELECT')", [f"access_{table}"]).fetchone()
            if granted == (True,):
                assert connection.execute(f"SELECT count(*) FROM access_{table}").fetchone() == (0,), table  # type: ignore[arg-type]


def test_V11_rows_are_forced_on_every_table_and_none_is_owned_by_who_serves(desk: Desk) -> None:
    rows = desk.superuser_sql(
        "SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class "
        "WHERE relkind = 'r' AND (relname LIKE 'access\\_%' OR relname LIKE 'agencies\\_%')"
    )
    assert {row[0] for row in rows} == {f"access_{table}" for table in TABLES} | {"agencies_agency"}
    assert {row[1:] for row in rows} == {(True, True, "entraide_owner")}


def test_the_first_two_of_an_empty_desk_are_invited_once_and_never_again(desk: Desk) -> None:
    invited = members.invite_first(now=NOON)
    assert len({one.link for one in invited}) == 2
    with pytest.raises(NotPossible, match="has people already"):
        members.invite_first(now=NOON)
    for number in (1, 3):
        with pytest.raises(Exception, match="access_first_are_two|access_invitation_first"):
            desk.superuser_sql(
                "INSERT INTO access_invitation (id, organisation_id, person_id, purpose, token_hash, first, made_at, "
                "expires_at) SELECT gen_random_uuid(), organisation_id, person_id, purpose, 'x', %s, made_at, "
                "expires_at FROM access_invitation LIMIT 1",
                number,
            )
    kinds = [row[0] for row in desk.superuser_sql("SELECT kind FROM audit_entry ORDER BY n")]
    assert kinds.count("access:person:first-invited") == 2


def test_whoever_is_invited_again_starts_with_nothing(cast: Cast, desk: Desk) -> None:
    from entraide.access.operations import sign_ins

    _, token = cast.SABINE.signed_in(NOON)
    act = acts.invite_again(person_id=cast.SABINE.id)
    step_up_id, assertion = cast.ADA.sign(act, NOON)
    with pytest.raises(NotPermitted):  # a new passkey is the supervisor's signature: that is the desk's to give
        members.invite_again(cast.SABINE.id, step_up_id=step_up_id, assertion=assertion, actor=cast.ADA.actor, now=NOON)
    step_up_id, assertion = cast.DORA.sign(act, NOON)
    members.invite_again(cast.SABINE.id, step_up_id=step_up_id, assertion=assertion, actor=cast.DORA.actor, now=NOON)

    assert sign_ins.current(token, now=NOON) is None
    with pytest.raises(NotPermitted):
        cast.SABINE.signed_in(NOON)
