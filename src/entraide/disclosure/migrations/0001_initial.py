"""Packages: whose rows, which role may do what, and no act without entry."""

import django.db.models.deletion
import entraide.database.sealed
import entraide.kernel.ids
from django.db import migrations, models


from entraide.database.schema import entry_required, grants, tenant_rows

ROWS = [tenant_rows("disclosure_package"), tenant_rows("disclosure_download")]
GRANTS = [
    grants(
        "disclosure_package",
        {
            "entraide_agency": "SELECT",
            "entraide_web": "SELECT, UPDATE (state, failure)",
            "entraide_worker": "SELECT, INSERT, UPDATE (state, failure, plan, sealed_entry_id, tag_manifest_hash, sealed_at, "
            "file_size, file_hash, released_at, available_until)",
            "entraide_auditor": "SELECT",
        },
    ),
    grants(
        "disclosure_download",
        {"entraide_agency": "SELECT, INSERT", "entraide_web": "SELECT", "entraide_worker": "SELECT"},
    ),
]
ENTRIES = [entry_required("disclosure_package"), entry_required("disclosure_download")]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('requests', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('stream_id', models.UUIDField()),
                ('reference', models.CharField(max_length=40, unique=True)),
                ('version', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('queued', 'queued'), ('collecting', 'collecting'), ('sealed', 'sealed'), ('assembled', 'assembled'), ('released', 'released'), ('cancelled', 'cancelled'), ('failed', 'failed')], max_length=20)),
                ('failure', models.CharField(blank=True, max_length=500)),
                ('decision_hash', models.BinaryField()),
                ('recipient_id', models.UUIDField()),
                ('recipient_key', models.CharField(max_length=100)),
                ('copy_id', models.UUIDField(default=entraide.kernel.ids.uuid7)),
                ('language', models.CharField(max_length=5)),
                ('as_of', models.DateTimeField()),
                ('queued_at', models.DateTimeField()),
                ('plan', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('sealed_entry_id', models.UUIDField(null=True)),
                ('tag_manifest_hash', models.BinaryField(null=True)),
                ('sealed_at', models.DateTimeField(null=True)),
                ('file_size', models.BigIntegerField(null=True)),
                ('file_hash', models.BinaryField(null=True)),
                ('released_at', models.DateTimeField(null=True)),
                ('available_until', models.DateTimeField(null=True)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.legalrequest')),
            ],
        ),
        migrations.CreateModel(
            name='Download',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('person_id', models.UUIDField()),
                ('sign_in_id', models.UUIDField()),
                ('signed_act_id', models.UUIDField()),
                ('granted_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('package', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='downloads', to='disclosure.package')),
            ],
        ),
        migrations.AddConstraint(
            model_name='package',
            constraint=models.UniqueConstraint(fields=('request', 'version'), name='package_versions_differ'),
        ),
        migrations.AddConstraint(
            model_name='package',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('available_until__isnull', True), ('released_at__isnull', True)), models.Q(('available_until__isnull', False), ('released_at__isnull', False)), _connector='OR'), name='package_released_at_and_until_go_together'),
        ),
        migrations.AddConstraint(
            model_name='package',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'released'), _negated=True), models.Q(('file_hash__isnull', False), ('released_at__isnull', False), ('sealed_entry_id__isnull', False)), _connector='OR'), name='package_is_released_only_whole'),
        ),
        *ROWS,
        *GRANTS,
        *ENTRIES,
    ]
