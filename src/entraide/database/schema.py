"""What a migration says about a table beside its columns: whose rows, which role may do what, and no act without entry.

Each function returns one migration operation.  Table and column names come from our own migrations, never from outside.
"""

from collections.abc import Mapping, Sequence

from django.db import migrations

OWNER = "entraide_owner"
WEB = "entraide_web"
AGENCY = "entraide_agency"
WORKER = "entraide_worker"
SEQUENCER = "entraide_sequencer"
AUDITOR = "entraide_auditor"

# After a SET LOCAL a custom setting reads '' in the next transaction, not NULL, and '' is no uuid.
TENANT = "nullif(current_setting('entraide.organisation', true), '')::uuid"
SOMEBODY = "nullif(current_setting('entraide.actor', true), '') IS NOT NULL"


def tenant_rows(
    table: str, *, agency: str | None = f"organisation_id = {TENANT}", staff: str = "true", worker: str = "true"
) -> migrations.RunSQL:
    """Force row-level security on `table`.

    Parameters
    ----------
    agency : str or None
        Which rows the agency role sees and may write; None: none at all.
    staff, worker : str
        Further condition for these roles.  Whatever it is, nobody sees a row outside a door.
    """
    rules = {
        OWNER: "true",  # nobody signs in as the owner; the log's triggers run as it
        WEB: f"{SOMEBODY} AND ({staff})",
        WORKER: f"{SOMEBODY} AND ({worker})",
        AUDITOR: SOMEBODY,
    }
    if agency is not None:
        rules[AGENCY] = f"{SOMEBODY} AND ({agency})"
    lines = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"]
    lines += [
        f"CREATE POLICY {role.removeprefix('entraide_')}_rows ON {table} TO {role} USING ({rule}) WITH CHECK ({rule});"
        for role, rule in rules.items()
    ]
    return migrations.RunSQL("\n".join(lines), migrations.RunSQL.noop)


def grants(table: str, rights: Mapping[str, str]) -> migrations.RunSQL:
    """Grant `rights` ("SELECT, INSERT, UPDATE (state, closed_at)") by role on `table`; nothing else is granted."""
    lines = [f"GRANT {right} ON {table} TO {role};" for role, right in rights.items()]
    return migrations.RunSQL("\n".join(lines), migrations.RunSQL.noop)


def entry_required(table: str, *, key: str = "id", columns: Sequence[str] = ()) -> migrations.RunSQL:
    """Refuse the commit of an inserted or updated row that has no entry in the log in the same transaction.

    Parameters
    ----------
    columns : Sequence of str
        Updates of these columns only are acts; empty: every update is.
    """
    update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    return migrations.RunSQL(
        f"CREATE CONSTRAINT TRIGGER {table}_entry_required AFTER INSERT OR {update} ON {table} "
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_entry_required('{key}');",
        f"DROP TRIGGER {table}_entry_required ON {table};",
    )
