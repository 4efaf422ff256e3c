"""What is over is forgotten; what was signed is kept."""

from datetime import timedelta

import psycopg
import pytest

from entraide.access import acts
from entraide.access.jobs import forget_expired
from entraide.access.operations import sign_ins
from entraide.database import acting_in
from entraide.kernel.actors import Actor, Role
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast

WORKER = Actor.system("worker")
LATER = NOON + timedelta(days=2)
LEFT = "SELECT (SELECT count(*) FROM access_ceremony), (SELECT count(*) FROM access_stepup)"


def _forget(at=LATER):  # type: ignore[no-untyped-def]
    with acting_in("worker"):
        return forget_expired(actor=WORKER, now=at)


def test_challenges_and_attempts_that_are_over_are_forgotten_and_used_step_ups_kept(desk: Desk, cast: Cast) -> None:
    from entraide.access.operations import members

    act = acts.grant_role(person_id=cast.ANOUK.id, role=Role.APPROVER)
    step_up_id, assertion = cast.DORA.sign(act, NOON)
    members.grant_role(
        cast.ANOUK.id, Role.APPROVER, step_up_id=step_up_id, assertion=assertion, actor=cast.DORA.actor, now=NOON
    )
    cast.DORA.sign(act, NOON)  # begun and never used
    sign_ins.begin_sign_in(actor=sign_ins.DOOR, now=NOON)
    assert desk.superuser_sql(LEFT) == [(1, 2)]
    assert _forget(NOON + timedelta(hours=1)) == {"ceremonies": 0, "step_ups": 0, "demo_links": 0}

    assert _forget() == {"ceremonies": 1, "step_ups": 1, "demo_links": 0}
    assert desk.superuser_sql(LEFT) == [(0, 1)]
    assert desk.superuser_sql("SELECT id FROM access_stepup") == [(step_up_id,)]


def test_links_of_the_demo_that_are_over_are_forgotten_and_enrolments_kept(desk: Desk, cast: Cast) -> None:
    desk.superuser_sql(
        "DO $$ BEGIN SET LOCAL session_replication_role = replica; "
        "INSERT INTO access_invitation (id, organisation_id, person_id, purpose, token_hash, made_at, expires_at, "
        "invited_by_id) SELECT gen_random_uuid(), organisation_id, id, purpose, "
        f"sha256((id::text || purpose || over)::bytea), '{NOON}', "
        f"'{NOON}'::timestamptz + CASE WHEN over THEN '0 days'::interval ELSE '9 days' END, id "
        "FROM access_person, unnest(ARRAY['demo', 'enrol']) AS purpose, unnest(ARRAY[true, false]) AS over; END $$"
    )
    assert _forget()["demo_links"] == 8

    assert desk.superuser_sql("SELECT purpose, count(*) FROM access_invitation GROUP BY 1 ORDER BY 1") == [
        ("demo", 8),
        ("enrol", 16),
    ]


@pytest.mark.parametrize("statement", ["DELETE FROM access_stepup", "DELETE FROM access_invitation"])
def test_V11_the_workers_role_removes_neither_evidence_nor_enrolments(desk: Desk, cast: Cast, statement: str) -> None:
    cast.DORA.sign(acts.grant_role(person_id=cast.ANOUK.id, role=Role.APPROVER), NOON)
    desk.superuser_sql("UPDATE access_stepup SET used_at = now()")
    desk.superuser_sql(
        "DO $$ BEGIN SET LOCAL session_replication_role = replica; "
        "INSERT INTO access_invitation (id, organisation_id, person_id, purpose, token_hash, made_at, expires_at, "
        "invited_by_id) SELECT id, organisation_id, id, 'enrol', sha256(id::text::bytea), now(), now(), id "
        "FROM access_person; END $$"
    )
    with psycopg.connect(desk.url("entraide_worker")) as connection:
        connection.execute("SELECT set_config('entraide.actor', 'system:worker', true)")
        assert connection.execute(statement).rowcount == 0  # type: ignore[call-overload]

    assert desk.superuser_sql("SELECT count(*) FROM access_stepup") == [(1,)]
    assert desk.superuser_sql("SELECT count(*) FROM access_invitation") == [(8,)]
