"""The log: tables that only grow, the functions that write and demand entries, and who may do what."""

import django.contrib.postgres.fields
import django.db.models.deletion
import entraide.kernel.ids
from django.db import migrations, models

from entraide.database.schema import entry_required, grants, tenant_rows


REQUIRED = """
CREATE FUNCTION audit_entry_required() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    subject text;
BEGIN
    IF TG_ARGV[0] = 'id' THEN  -- nearly always; spares a statement that is planned each time
        subject := NEW.id::text;
    ELSE
        EXECUTE format('SELECT ($1).%I::text', TG_ARGV[0]) INTO subject USING NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM public.audit_entry WHERE xact = pg_current_xact_id() AND subject = ANY (subjects)
    ) THEN
        RAISE EXCEPTION 'no entry in the log for this change of %', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
                  HINT = 'Record the act in the log, in the same transaction.';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION audit_entry_required() FROM PUBLIC;
"""

# Proofs need the hashes of the last, not yet full tile, also from a reader who may not know whose entries they are.
HASHES = """
CREATE FUNCTION audit_leaf_hashes(p_first bigint, p_count integer) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(string_agg(leaf_hash, ''::bytea ORDER BY position), ''::bytea)
    FROM public.audit_position WHERE position >= p_first AND position < p_first + least(p_count, 256)
$$;
REVOKE EXECUTE ON FUNCTION audit_leaf_hashes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_leaf_hashes TO entraide_web, entraide_agency, entraide_worker, entraide_sequencer,
    entraide_auditor;
"""

# The transaction that wrote the row: what `audit_entry_required` compares.  No role may set it (see the grants).
XACT = """
ALTER TABLE audit_entry ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_entry_xact ON audit_entry (xact);
ALTER TABLE audit_stream SET (fillfactor = 60);
"""

SEQUENCER = """
CREATE POLICY sequencer_rows ON audit_stream FOR SELECT TO entraide_sequencer USING (true);
CREATE POLICY sequencer_rows ON audit_entry FOR SELECT TO entraide_sequencer USING (true);
CREATE POLICY sequencer_rows ON audit_position TO entraide_sequencer USING (true) WITH CHECK (true);
"""

READ = "SELECT"
ADD = "SELECT, INSERT"
STREAM = "SELECT, INSERT, UPDATE (head_n, head_hash, previous_hash)"
ENTRY = "SELECT, INSERT (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects)"


def _serving(right):
    return {"entraide_web": right, "entraide_agency": right, "entraide_worker": right}


TENANT = "organisation_id = nullif(current_setting('entraide.organisation', true), '')::uuid"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField(null=True)),
                ('n', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(max_length=80)),
                ('leaf', models.BinaryField()),
                ('leaf_hash', models.BinaryField()),
                ('subjects', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
            ],
        ),
        migrations.CreateModel(
            name='SignerKey',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=10)),
                ('verifier', models.CharField(max_length=400, unique=True)),
                ('published_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Tile',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.SmallIntegerField()),
                ('index', models.BigIntegerField()),
                ('data', models.BinaryField()),
                ('root', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.BinaryField()),
                ('note', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='audit_checkpoint_of_something')],
            },
        ),
        migrations.CreateModel(
            name='EntryActor',
            fields=[
                ('entry', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='actor', serialize=False, to='audit.entry')),
                ('organisation_id', models.UUIDField(null=True)),
                ('face', models.CharField(max_length=6)),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='EntryPayload',
            fields=[
                ('entry', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='payload', serialize=False, to='audit.entry')),
                ('organisation_id', models.UUIDField(null=True)),
                ('key_owner_id', models.UUIDField()),
                ('is_shared', models.BooleanField()),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Instance',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=10)),
                ('log_origin', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('demo_loaded_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_instance_is_one')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('mark', models.BinaryField()),
                ('window', models.BigIntegerField()),
                ('organisation_id', models.UUIDField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('mark', 'window'), name='audit_reading_once_in_a_window')],
            },
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('handle', models.CharField(max_length=32, unique=True)),
                ('kind', models.CharField(choices=[('instance', 'Instance'), ('organisation', 'Organisation'), ('case', 'Case')], max_length=12)),
                ('organisation_id', models.UUIDField(null=True)),
                ('case_id', models.UUIDField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('head_n', models.BigIntegerField(default=0)),
                ('head_hash', models.BinaryField(null=True)),
                ('previous_hash', models.BinaryField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'case')), fields=('case_id',), name='audit_stream_one_per_case'), models.UniqueConstraint(condition=models.Q(('kind', 'organisation')), fields=('organisation_id',), name='audit_stream_one_per_organisation'), models.UniqueConstraint(condition=models.Q(('kind', 'instance')), fields=('kind',), name='audit_stream_one_of_the_instance'), models.CheckConstraint(condition=models.Q(models.Q(('case_id', None), ('kind', 'instance'), ('organisation_id', None)), models.Q(('case_id', None), ('kind', 'organisation'), ('organisation_id__isnull', False)), models.Q(('case_id__isnull', False), ('kind', 'case')), _connector='OR'), name='audit_stream_is_about_what_its_kind_says'), models.CheckConstraint(condition=models.Q(models.Q(('head_hash', None), ('head_n', 0)), models.Q(('head_hash__isnull', False), ('head_n__gt', 0)), _connector='OR'), name='audit_stream_head_n_and_hash_go_together')],
            },
        ),
        migrations.AddField(
            model_name='entry',
            name='stream',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='audit.stream'),
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('leaf_hash', models.BinaryField()),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='position', to='audit.entry')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('position__gte', 0)), name='audit_position_from_zero')],
            },
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('stream', 'n'), name='audit_entry_one_at_each_place'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('n__gte', 1)), name='audit_entry_counts_from_one'),
        ),
        migrations.RunSQL(XACT, migrations.RunSQL.noop),
        migrations.RunSQL(REQUIRED, "DROP FUNCTION audit_entry_required"),
        migrations.RunSQL(HASHES, "DROP FUNCTION audit_leaf_hashes"),
        entry_required("audit_instance"),
        entry_required("audit_signerkey"),
        tenant_rows("audit_stream"),
        tenant_rows("audit_entry", agency=f"{TENANT} AND stream_id IN (SELECT id FROM audit_stream)"),
        tenant_rows("audit_entrypayload", agency=f"{TENANT} AND is_shared"),
        tenant_rows("audit_entryactor", agency=f"{TENANT} AND face = 'agency'"),
        tenant_rows("audit_position", agency="entry_id IN (SELECT id FROM audit_entry)"),
        tenant_rows("audit_reading"),
        migrations.RunSQL(SEQUENCER, migrations.RunSQL.noop),
        grants("audit_stream", _serving(STREAM) | {"entraide_sequencer": READ, "entraide_auditor": READ}),
        grants("audit_entry", _serving(ENTRY) | {"entraide_sequencer": READ, "entraide_auditor": READ}),
        grants("audit_entrypayload", _serving(ADD) | {"entraide_auditor": READ}),
        grants("audit_entryactor", _serving(ADD) | {"entraide_auditor": READ}),
        *(
            grants(table, _serving(READ) | {"entraide_sequencer": ADD, "entraide_auditor": READ})
            for table in ("audit_position", "audit_tile", "audit_checkpoint")
        ),
        grants(
            "audit_instance",
            _serving(READ)
            | {"entraide_web": "SELECT, INSERT, UPDATE (demo_loaded_at)"}
            | {"entraide_sequencer": READ, "entraide_auditor": READ},
        ),
        grants(
            "audit_signerkey",
            {"entraide_web": ADD, "entraide_worker": ADD, "entraide_agency": READ}
            | {"entraide_sequencer": READ, "entraide_auditor": READ},
        ),
        grants("audit_reading", _serving(ADD) | {"entraide_worker": "SELECT, INSERT, DELETE"}),
    ]
