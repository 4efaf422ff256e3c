"""The outbox: one row for each effect, piece of news and reaction; and how far long work has come."""

import entraide.database.sealed
import entraide.kernel.ids
import entraide.outbox.models
from django.db import migrations, models

from entraide.database.schema import grants, tenant_rows

# The queue of jobs: who may queue, and who may work it off.  The agency's face may do neither; it announces news.
JOBS = """
GRANT SELECT, INSERT, UPDATE ON procrastinate_jobs TO entraide_web;
GRANT SELECT, INSERT ON procrastinate_events TO entraide_web;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers
    TO entraide_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO entraide_web, entraide_worker;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [("audit", "0001_initial"), ("procrastinate", "0041_post_retry_failed_job")]

    operations = [
        migrations.CreateModel(
            name='Effect',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('nature', models.CharField(choices=[('effect', 'Effect'), ('news', 'News'), ('reaction', 'Reaction')], max_length=8)),
                ('key', models.CharField(max_length=300, unique=True)),
                ('order', models.CharField(max_length=120)),
                ('action', models.CharField(max_length=160)),
                ('version', models.PositiveIntegerField(default=1)),
                ('organisation_id', models.UUIDField(null=True)),
                ('case_id', models.UUIDField(null=True)),
                ('subject_id', models.UUIDField(null=True)),
                ('request', entraide.database.sealed.SealedJSONField(case='key_owner_id', null=True, tenant='organisation_id')),
                ('act_hash', models.BinaryField(null=True)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('sent', 'sent'), ('unknown', 'unknown'), ('confirmed', 'confirmed'), ('refused', 'refused')], default='asked', max_length=9)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(db_default=entraide.outbox.models.ClockTimestamp())),
                ('finished_at', models.DateTimeField(null=True)),
                ('answer', entraide.database.sealed.SealedJSONField(case='key_owner_id', null=True, tenant='organisation_id')),
                ('last_problem', models.CharField(blank=True, default='', max_length=120)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['asked', 'sent', 'unknown'])), fields=['due_at'], name='outbox_effect_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['confirmed', 'refused'])), models.Q(('finished_at', None), ('state__in', ['asked', 'sent', 'unknown'])), _connector='OR'), name='outbox_effect_is_finished_when_it_is_done'), models.UniqueConstraint(condition=models.Q(('nature', 'effect')), fields=('order', 'action', 'version'), name='outbox_effect_once_a_version')],
            },
        ),
        migrations.CreateModel(
            name='Progress',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('work', models.CharField(max_length=80)),
                ('subject_id', models.UUIDField()),
                ('organisation_id', models.UUIDField(null=True)),
                ('state', models.CharField(default='running', max_length=9)),
                ('done', models.BigIntegerField(default=0)),
                ('total', models.BigIntegerField(null=True)),
                ('note', models.CharField(blank=True, default='', max_length=120)),
                ('cursor', models.JSONField(null=True)),
                ('is_cancel_asked', models.BooleanField(default=False)),
                ('started_at', models.DateTimeField(db_default=entraide.outbox.models.ClockTimestamp())),
                ('updated_at', models.DateTimeField(db_default=entraide.outbox.models.ClockTimestamp())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('work', 'subject_id'), name='outbox_progress_one_of_each_work'), models.CheckConstraint(condition=models.Q(('state__in', ['running', 'finished', 'failed', 'cancelled'])), name='outbox_progress_state_is_known')],
            },
        ),
        tenant_rows("outbox_effect"),
        tenant_rows("outbox_progress"),
        grants(
            "outbox_effect",
            {
                "entraide_web": "SELECT, INSERT",
                "entraide_agency": "SELECT, INSERT",
                "entraide_worker": "SELECT, INSERT, "
                "UPDATE (state, attempt, due_at, finished_at, answer, last_problem)",
                "entraide_auditor": "SELECT",
            },
        ),
        grants(
            "outbox_progress",
            {
                "entraide_web": "SELECT, UPDATE (is_cancel_asked)",
                "entraide_agency": "SELECT",
                "entraide_worker": "SELECT, INSERT, UPDATE, DELETE",
                "entraide_auditor": "SELECT",
            },
        ),
        migrations.RunSQL(JOBS, migrations.RunSQL.noop),
    ]
