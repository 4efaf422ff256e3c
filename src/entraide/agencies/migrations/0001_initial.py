"""Agencies: each sees its own row; the agency's role may make its second signatures stricter and nothing else."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from entraide.database.schema import entry_required, grants, tenant_rows

CHANGE = (
    "SELECT, INSERT, UPDATE (state, proposed_by_id, proposal_act_id, verified_by_id, verification_act_id, verified_at, "
    "proposal_checks, verification_checks, country, function, domains, switchboard, countersigned_categories, "
    "change, change_by_id, change_act_id, change_checks, number_since)"
)
# No grant can tell more from less: whoever has broken into the agency's pages still cannot spare a supervisor's signature.
ONLY_STRICTER = """
CREATE FUNCTION agencies_only_stricter() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'entraide_agency' AND NOT NEW.countersigned_categories @> OLD.countersigned_categories THEN
        RAISE EXCEPTION 'an agency does not take a second signature away'
            USING ERRCODE = 'insufficient_privilege', HINT = 'The desk''s administrator does.';
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION agencies_only_stricter() FROM PUBLIC;
CREATE TRIGGER agencies_only_stricter BEFORE UPDATE ON agencies_agency
    FOR EACH ROW EXECUTE FUNCTION agencies_only_stricter();
"""
RULES = [
    tenant_rows("agencies_agency"),
    grants(
        "agencies_agency",
        {
            "entraide_web": CHANGE,
            "entraide_agency": "SELECT, UPDATE (countersigned_categories)",
            "entraide_worker": "SELECT",
        },
    ),
    entry_required("agencies_agency", key="organisation_id"),
    migrations.RunSQL(ONLY_STRICTER, "DROP FUNCTION agencies_only_stricter CASCADE"),
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("audit", "0001_initial"),
        ('access', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('organisation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='access.organisation')),
                ('country', models.CharField(max_length=2)),
                ('function', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('unverified', 'unverified'), ('proposed', 'proposed'), ('verified', 'verified'), ('suspended', 'suspended')], default='unverified', max_length=16)),
                ('domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), default=list, size=None)),
                ('switchboard', models.CharField(blank=True, max_length=40)),
                ('countersigned_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), default=list, size=None)),
                ('proposal_checks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('verification_checks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('verified_at', models.DateTimeField(null=True)),
                ('change', models.JSONField(null=True)),
                ('change_checks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('number_since', models.DateTimeField(null=True)),
                ('entered_at', models.DateTimeField()),
                ('change_act', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.signedact')),
                ('change_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
                ('proposal_act', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.signedact')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
                ('verification_act', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.signedact')),
                ('verified_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'verified'), _negated=True), models.Q(('proposed_by__isnull', False), ('verified_at__isnull', False), ('verified_by__isnull', False), models.Q(('proposed_by', models.F('verified_by')), _negated=True)), _connector='OR'), name='agencies_verified_by_two'), models.CheckConstraint(condition=models.Q(models.Q(('change__isnull', True), ('change_act__isnull', True), ('change_by__isnull', True)), models.Q(('change__isnull', False), ('change_act__isnull', False), ('change_by__isnull', False)), _connector='OR'), name='agencies_change_is_somebodys'), models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='agencies_country_is_a_code')],
            },
        ),
        *RULES,
    ]
