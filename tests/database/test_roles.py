"""V11: what each role of the database may do, read from the catalogue and tried with raw SQL."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from entraide.supervision.roles import SERVING_ROLES
from tests.audit.conftest import ANOUK, POLICE, act_often, open_cases
from tests.plugins.desk import Desk

LOG = ("audit_entry", "audit_entrypayload", "audit_entryactor", "audit_position", "audit_tile", "audit_checkpoint")


def test_serving_roles_own_nothing_and_pass_no_row_security(desk: Desk) -> None:
    roles = desk.superuser_sql(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT (rolsuper OR rolbypassrls OR rolcreaterole "
        "OR rolcreatedb OR rolreplication) AND NOT pg_has_role(rolname, 'entraide_owner', 'MEMBER') ORDER BY 1",
        list(SERVING_ROLES),
    )
    owners = desk.superuser_sql(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'bench%%'"
    )

    assert [role for (role,) in roles] == sorted(SERVING_ROLES)
    assert owners == [("entraide_owner",)]


def test_row_security_is_forced_on_every_table_that_has_a_tenant(desk: Desk) -> None:
    tenant = desk.superuser_sql(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c JOIN pg_attribute a "
        "ON a.attrelid = c.oid WHERE a.attname = 'organisation_id' AND c.relkind = 'r' "
        "AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
    )

    assert ("audit_entry", True) in tenant
    assert [name for name, is_forced in tenant if not is_forced] == []


@pytest.mark.parametrize("role", SERVING_ROLES)
@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"])
def test_nobody_may_change_or_remove_what_is_in_the_log(desk: Desk, role: str, right: str) -> None:
    granted = desk.superuser_sql(
        "SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(%s, t, %s) "
        "OR (%s IN ('UPDATE', 'REFERENCES') AND has_any_column_privilege(%s, t, %s))"
        if right in ("UPDATE", "REFERENCES")
        else "SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(%s, t, %s)",
        *(
            [list(LOG), role, right, right, role, right]
            if right in ("UPDATE", "REFERENCES")
            else [list(LOG), role, right]
        ),
    )

    assert granted == []


def test_of_a_streams_row_only_the_head_may_move(desk: Desk) -> None:
    columns = desk.superuser_sql(
        "SELECT DISTINCT column_name FROM information_schema.column_privileges WHERE table_name = 'audit_stream' "
        "AND privilege_type = 'UPDATE' AND grantee LIKE 'entraide_%%' AND grantee <> 'entraide_owner' ORDER BY 1"
    )

    assert columns == [("head_hash",), ("head_n",), ("previous_hash",)]


@pytest.mark.parametrize("role", ["entraide_web", "entraide_agency", "entraide_worker", "entraide_auditor"])
def test_outside_a_door_there_are_no_rows(desk: Desk, role: str) -> None:
    act_often(open_cases(1, actor=ANOUK), actor=ANOUK, rounds=1)
    with psycopg.connect(desk.url(role)) as connection:
        assert connection.execute("SELECT count(*) FROM audit_entry").fetchone() == (0,)
        connection.execute("SELECT set_config('entraide.actor', 'someone', true)")
        connection.execute("SELECT set_config('entraide.organisation', %s, true)", [str(POLICE)])
        assert connection.execute("SELECT count(*) > 0 FROM audit_entry").fetchone() == (True,)
        connection.commit()
        # After SET LOCAL a custom setting reads '' in the next transaction, not NULL.
        assert connection.execute("SELECT count(*) FROM audit_entry").fetchone() == (0,)


REFUSED = [
    ("entraide_web", "UPDATE audit_entry SET kind = 'x'"),
    ("entraide_web", "DELETE FROM audit_entry"),
    ("entraide_web", "TRUNCATE audit_entry"),
    ("entraide_web", "UPDATE audit_stream SET handle = 'x'"),
    ("entraide_web", "INSERT INTO audit_position (position, entry_id, leaf_hash) VALUES (0, gen_random_uuid(), 'x')"),
    ("entraide_web", "INSERT INTO audit_checkpoint VALUES (1, 'x', 'x', now())"),
    ("entraide_web", "INSERT INTO audit_entry (id, xact) VALUES (gen_random_uuid(), pg_current_xact_id())"),
    ("entraide_web", "ALTER TABLE audit_entry DISABLE TRIGGER ALL"),
    ("entraide_web", "SET session_replication_role = replica"),
    ("entraide_web", "SET ROLE entraide_owner"),
    ("entraide_web", "CREATE TABLE mine (id int)"),
    ("entraide_web", "UPDATE audit_instance SET kind = 'production'"),
    ("entraide_agency", "DELETE FROM audit_entrypayload"),
    ("entraide_agency", "SELECT * FROM procrastinate_jobs"),
    ("entraide_agency", "INSERT INTO audit_signerkey VALUES (gen_random_uuid(), 'log', 'x', now())"),
    ("entraide_worker", "UPDATE audit_entrypayload SET sealed = 'x'"),
    ("entraide_worker", "DELETE FROM outbox_effect"),
    ("entraide_worker", "UPDATE outbox_effect SET key = 'x'"),
    ("entraide_sequencer", "SELECT sealed FROM audit_entrypayload"),
    ("entraide_sequencer", "UPDATE audit_position SET position = 1"),
    ("entraide_sequencer", "INSERT INTO audit_entry (id) VALUES (gen_random_uuid())"),
    ("entraide_auditor", "INSERT INTO audit_tile VALUES (0, 0, 'x', 'x')"),
    ("entraide_auditor", "DELETE FROM audit_entry"),
]


@pytest.mark.parametrize(("role", "statement"), REFUSED)
def test_what_a_role_must_not_do_is_refused_by_the_database(desk: Desk, role: str, statement: str) -> None:
    with psycopg.connect(desk.url(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)  # type: ignore[arg-type]


def test_an_agency_cannot_write_into_the_stream_of_another(desk: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    with psycopg.connect(desk.url("entraide_agency")) as connection:
        become(connection, UUID(int=2))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects) "
                "VALUES (gen_random_uuid(), %s, %s, 1, now(), 'x', 'x', 'x', '{}')",
                [stream, UUID(int=2)],
            )


def become(connection: "psycopg.Connection[Any]", organisation: UUID) -> None:
    connection.execute(
        "SELECT set_config('entraide.actor', 'someone', true), set_config('entraide.organisation', %s, true)",
        [str(organisation)],
    )
