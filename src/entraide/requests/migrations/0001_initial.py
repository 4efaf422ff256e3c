"""Requests: whose rows, which role may do what, two people by constraint, and no act without entry."""

import django.db.models.deletion
import entraide.database.sealed
import entraide.kernel.ids
from django.db import migrations, models

from entraide.database.schema import entry_required, grants, tenant_rows

ADD = "SELECT, INSERT"
READ = "SELECT"


def _roles(*, agency=None, web=None, worker=None):
    rights = {"entraide_agency": agency, "entraide_web": web, "entraide_worker": worker}
    return {role: right for role, right in rights.items() if right is not None}


# The agency's own rows; the desk only what has reached it.
REACHED = {"staff": "submitted_at IS NOT NULL", "worker": "submitted_at IS NOT NULL"}
ROWS = [
    tenant_rows("requests_legalrequest", **REACHED),
    tenant_rows("requests_draft", staff="false", worker="false"),
    tenant_rows("requests_instrument", **REACHED),
    tenant_rows("requests_filing", **REACHED),
    tenant_rows("requests_target", **REACHED),
    # Its filing has no row for the desk before it counts, so the signature tells nothing sooner.
    tenant_rows(
        "requests_countersignature",
        staff="filing_id IN (SELECT id FROM requests_filing)",
        worker="filing_id IN (SELECT id FROM requests_filing)",
    ),
    tenant_rows("requests_message", staff="audience = 'both'", worker="audience = 'both'"),
    tenant_rows("requests_clockstop"),
    *(
        tenant_rows(f"requests_{table}", agency=None)
        for table in ("lookup", "accountmatch", "assignment", "decisiondraft", "decisionproposal", "approval")
    ),
]

# What the agency's role may leave behind; every other state is the desk's word.
AGENCY_STATES = """
CREATE POLICY agency_starts_drafts ON requests_legalrequest AS RESTRICTIVE FOR INSERT TO entraide_agency
    WITH CHECK (state = 'draft' AND submitted_at IS NULL AND assigned_to_id IS NULL);
CREATE POLICY agency_writes_its_states ON requests_legalrequest AS RESTRICTIVE FOR UPDATE TO entraide_agency
    USING (true) WITH CHECK (state IN ('draft', 'discarded', 'awaiting_countersignature', 'submitted', 'triage',
                                       'returned_for_correction', 'withdrawn'));
CREATE POLICY agency_speaks_for_itself ON requests_message AS RESTRICTIVE FOR INSERT TO entraide_agency
    WITH CHECK (side = 'agency');
CREATE POLICY desk_speaks_for_itself ON requests_message AS RESTRICTIVE FOR INSERT TO entraide_web
    WITH CHECK (side = 'desk');
"""
GRANTS = [
    grants(
        "requests_legalrequest",
        _roles(
            agency=f"{ADD}, UPDATE (state, version, legal_basis, urgency, language, agency_reference, offence, "
            "search_text, filed_at, submitted_at, received_at, due_at, clock_stopped_at, changed_at)",
            web="SELECT, UPDATE (state, assigned_to_id, due_at, clock_stopped_at, changed_at, delivered_at, closed_at, "
            "agency_reference, offence, search_text, erased_at)",
            worker="SELECT, UPDATE (state, changed_at, delivered_at, closed_at)",
        ),
    ),
    grants("requests_draft", _roles(agency=f"{ADD}, UPDATE (content, version, saved_at), DELETE")),
    grants(
        "requests_instrument",
        _roles(agency=f"{ADD}, UPDATE (submitted_at), DELETE", web=READ, worker=READ),
    ),
    grants("requests_filing", _roles(agency=f"{ADD}, UPDATE (submitted_at, ended_at)", web=READ, worker=READ)),
    grants("requests_countersignature", _roles(agency=ADD, web=READ, worker=READ)),
    grants("requests_target", _roles(agency=f"{ADD}, UPDATE (submitted_at)", web=READ, worker=READ)),
    grants("requests_message", _roles(agency=ADD, web=ADD, worker=READ)),
    grants(
        "requests_clockstop",
        _roles(agency="SELECT, UPDATE (ended_at)", web=f"{ADD}, UPDATE (ended_at)", worker=READ),
    ),
    grants(
        "requests_lookup",
        _roles(
            web=f"{ADD}, UPDATE (state, code, asked_at)",
            worker="SELECT, UPDATE (state, code, n_attempts, answered_at)",
        ),
    ),
    grants("requests_accountmatch", _roles(web=READ, worker=f"{ADD}, DELETE")),
    grants("requests_assignment", _roles(web=ADD)),
    grants("requests_decisiondraft", _roles(web=f"{ADD}, UPDATE (answers, saved_by_id, saved_at), DELETE")),
    grants(
        "requests_decisionproposal",
        _roles(
            web=f"{ADD}, UPDATE (state, ended_at, ended_by_id, reason)",
            worker="SELECT, UPDATE (state, ended_at)",
        ),
    ),
    grants("requests_approval", _roles(web=ADD, worker=READ)),
]

# The worker may not see what has not reached the desk.  Whether a file has a row it may ask, to remove those that have none.
KNOWN_FILES = """
CREATE FUNCTION requests_known_files(ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM public.requests_instrument WHERE id = ANY(ids)
$$;
REVOKE EXECUTE ON FUNCTION requests_known_files(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION requests_known_files(uuid[]) TO entraide_worker;
"""

# Two people, one document: the second row names the first signer and the very hash, and the database compares them.
FOUR_EYES = """
ALTER TABLE requests_countersignature ADD CONSTRAINT requests_countersigned_as_signed
    FOREIGN KEY (filing_id, filer_id, document_hash)
    REFERENCES requests_filing (id, filer_id, document_hash);
ALTER TABLE requests_approval ADD CONSTRAINT requests_approved_as_proposed
    FOREIGN KEY (proposal_id, proposer_id, decision_hash)
    REFERENCES requests_decisionproposal (id, proposer_id, decision_hash);
"""

# The words are made comparable before they are stored: there is no `unaccent` to rely on.
SEARCH = """
ALTER TABLE requests_legalrequest ADD COLUMN search tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, search_text)) STORED;
CREATE INDEX requests_search ON requests_legalrequest USING gin (search);
"""

ENTRIES = [
    entry_required(
        "requests_legalrequest",
        columns=[
            "state", "version", "assigned_to_id", "submitted_at", "received_at", "due_at", "clock_stopped_at",
            "delivered_at", "closed_at", "erased_at",
        ],
    ),
    entry_required("requests_instrument", columns=["submitted_at"]),
    entry_required("requests_filing"),
    entry_required("requests_countersignature"),
    entry_required("requests_target", columns=["submitted_at"]),
    entry_required("requests_message"),
    entry_required("requests_clockstop"),
    entry_required("requests_lookup", key="target_id", columns=["state"]),
    entry_required("requests_assignment"),
    entry_required("requests_decisionproposal"),
    entry_required("requests_approval"),
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("audit", "0001_initial"),
        ("outbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountMatch',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('account', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('account_index', models.BinaryField(max_length=32)),
                ('found_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_accountmatch',
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('proposer_id', models.UUIDField()),
                ('decision_hash', models.BinaryField(max_length=32)),
                ('approver_id', models.UUIDField()),
                ('step_up_id', models.UUIDField(unique=True)),
                ('signed_act_id', models.UUIDField()),
                ('act_hash', models.BinaryField(max_length=32)),
                ('approved_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_approval',
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('analyst_id', models.UUIDField()),
                ('assigned_by_id', models.UUIDField()),
                ('note', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('assigned_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_assignment',
            },
        ),
        migrations.CreateModel(
            name='ClockStop',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('reason', models.CharField(max_length=16)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_clockstop',
            },
        ),
        migrations.CreateModel(
            name='Countersignature',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('filer_id', models.UUIDField()),
                ('document_hash', models.BinaryField(max_length=32)),
                ('countersigner_id', models.UUIDField()),
                ('step_up_id', models.UUIDField(unique=True)),
                ('signed_act_id', models.UUIDField()),
                ('act_hash', models.BinaryField(max_length=32)),
                ('countersigned_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_countersignature',
            },
        ),
        migrations.CreateModel(
            name='LegalRequest',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('officer_id', models.UUIDField()),
                ('reference', models.CharField(max_length=16, unique=True)),
                ('stream_id', models.UUIDField()),
                ('state', models.CharField(choices=[('draft', 'draft'), ('discarded', 'discarded'), ('awaiting_countersignature', 'awaiting_countersignature'), ('submitted', 'submitted'), ('triage', 'triage'), ('question_asked', 'question_asked'), ('returned_for_correction', 'returned_for_correction'), ('in_decision', 'in_decision'), ('approved', 'approved'), ('in_production', 'in_production'), ('delivered', 'delivered'), ('closed', 'closed'), ('withdrawn', 'withdrawn')], default='draft', max_length=32)),
                ('version', models.PositiveIntegerField(default=0)),
                ('legal_basis', models.CharField(blank=True, max_length=20)),
                ('urgency', models.CharField(blank=True, max_length=12)),
                ('language', models.CharField(blank=True, max_length=2)),
                ('agency_reference', models.CharField(blank=True, max_length=80)),
                ('offence', models.CharField(blank=True, max_length=300)),
                ('search_text', models.TextField(blank=True)),
                ('assigned_to_id', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('filed_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('clock_stopped_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('delivered_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('erased_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_legalrequest',
            },
        ),
        migrations.CreateModel(
            name='DecisionProposal',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('request_version', models.PositiveIntegerField()),
                ('document', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('decision_hash', models.BinaryField(max_length=32)),
                ('note', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('proposer_id', models.UUIDField()),
                ('step_up_id', models.UUIDField(unique=True)),
                ('signed_act_id', models.UUIDField()),
                ('act_hash', models.BinaryField(max_length=32)),
                ('state', models.CharField(choices=[('open', 'open'), ('approved', 'approved'), ('rejected', 'rejected'), ('taken_back', 'taken_back'), ('stale', 'stale')], default='open', max_length=12)),
                ('proposed_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by_id', models.UUIDField(null=True)),
                ('reason', entraide.database.sealed.SealedJSONField(case='request_id', null=True, tenant='organisation_id')),
            ],
            options={
                'db_table': 'requests_decisionproposal',
            },
        ),
        migrations.CreateModel(
            name='Filing',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('version', models.PositiveIntegerField()),
                ('document', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('document_hash', models.BinaryField(max_length=32)),
                ('filer_id', models.UUIDField()),
                ('step_up_id', models.UUIDField(unique=True)),
                ('signed_act_id', models.UUIDField()),
                ('act_hash', models.BinaryField(max_length=32)),
                ('needs_countersignature', models.BooleanField()),
                ('filed_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_filing',
            },
        ),
        migrations.CreateModel(
            name='Instrument',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('details', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('findings', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('hash_index', models.BinaryField(max_length=32)),
                ('attached_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_instrument',
            },
        ),
        migrations.CreateModel(
            name='Target',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('n', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=12)),
                ('network', models.CharField(blank=True, max_length=24)),
                ('role', models.CharField(max_length=20)),
                ('value', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('blind_index', models.BinaryField(max_length=32)),
                ('period_start', models.DateTimeField()),
                ('period_end', models.DateTimeField()),
                ('time_zone', models.CharField(max_length=64)),
                ('submitted_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_target',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField()),
                ('kind', models.CharField(max_length=16)),
                ('side', models.CharField(max_length=8)),
                ('audience', models.CharField(default='both', max_length=8)),
                ('author_id', models.UUIDField()),
                ('text', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('sent_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_message',
            },
        ),
        migrations.CreateModel(
            name='DecisionDraft',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='decision_draft', serialize=False, to='requests.legalrequest')),
                ('organisation_id', models.UUIDField()),
                ('answers', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('saved_by_id', models.UUIDField()),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_decisiondraft',
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='draft', serialize=False, to='requests.legalrequest')),
                ('organisation_id', models.UUIDField()),
                ('content', entraide.database.sealed.SealedJSONField(case='request_id', tenant='organisation_id')),
                ('version', models.PositiveIntegerField(default=1)),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'requests_draft',
            },
        ),
        migrations.AddIndex(
            model_name='legalrequest',
            index=models.Index(fields=['organisation_id', 'state'], name='requests_of_agency'),
        ),
        migrations.AddIndex(
            model_name='legalrequest',
            index=models.Index(fields=['state', 'due_at'], name='requests_by_due'),
        ),
        migrations.AddIndex(
            model_name='legalrequest',
            index=models.Index(fields=['assigned_to_id', 'state'], name='requests_of_analyst'),
        ),
        migrations.AddConstraint(
            model_name='legalrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'discarded', 'awaiting_countersignature', 'submitted', 'triage', 'question_asked', 'returned_for_correction', 'in_decision', 'approved', 'in_production', 'delivered', 'closed', 'withdrawn'])), name='requests_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='legalrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('submitted_at__isnull', True), ('version', 0)), models.Q(('submitted_at__isnull', False), ('version__gte', 1)), _connector='OR'), name='requests_submitted_has_a_version'),
        ),
        migrations.AddConstraint(
            model_name='legalrequest',
            constraint=models.CheckConstraint(condition=models.Q(('clock_stopped_at__isnull', True), ('due_at__isnull', True), _connector='OR'), name='requests_stopped_clock_owes_nothing'),
        ),
        migrations.AddField(
            model_name='countersignature',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='countersignatures', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='clockstop',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stops', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='approval',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='accountmatch',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='decisionproposal',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='approval',
            name='proposal',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='approval', to='requests.decisionproposal'),
        ),
        migrations.AddField(
            model_name='filing',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='filings', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='countersignature',
            name='filing',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='countersignature', to='requests.filing'),
        ),
        migrations.AddField(
            model_name='instrument',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='instruments', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='filing',
            name='instrument',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.instrument'),
        ),
        migrations.CreateModel(
            name='Lookup',
            fields=[
                ('target', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='lookup', serialize=False, to='requests.target')),
                ('organisation_id', models.UUIDField()),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('failed', 'failed'), ('stuck', 'stuck'), ('found', 'found'), ('not_found', 'not_found'), ('not_searchable', 'not_searchable')], default='waiting', max_length=16)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('n_attempts', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'requests_lookup',
            },
        ),
        migrations.AddField(
            model_name='target',
            name='filing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='requests.filing'),
        ),
        migrations.AddField(
            model_name='target',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='requests.legalrequest'),
        ),
        migrations.AddField(
            model_name='accountmatch',
            name='target',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='requests.target'),
        ),
        migrations.AddField(
            model_name='message',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='requests.legalrequest'),
        ),
        migrations.AddConstraint(
            model_name='clockstop',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('request',), name='requests_clock_stands_once'),
        ),
        migrations.AddConstraint(
            model_name='clockstop',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='requests_stop_ends_after_it_began'),
        ),
        migrations.AddConstraint(
            model_name='decisionproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'approved'])), fields=('request',), name='requests_one_decision_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='decisionproposal',
            constraint=models.UniqueConstraint(fields=('id', 'proposer_id', 'decision_hash'), name='requests_proposal_as_signed'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('approver_id', models.F('proposer_id')), _negated=True), name='requests_nobody_approves_his_own'),
        ),
        migrations.AddConstraint(
            model_name='countersignature',
            constraint=models.CheckConstraint(condition=models.Q(('countersigner_id', models.F('filer_id')), _negated=True), name='requests_nobody_countersigns_his_own'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['hash_index'], name='requests_instrument_seen'),
        ),
        migrations.AddConstraint(
            model_name='filing',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('request', 'version'), name='requests_one_filing_a_version'),
        ),
        migrations.AddConstraint(
            model_name='filing',
            constraint=models.UniqueConstraint(fields=('id', 'filer_id', 'document_hash'), name='requests_filing_as_signed'),
        ),
        migrations.AddField(
            model_name='lookup',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='requests.legalrequest'),
        ),
        migrations.AddIndex(
            model_name='target',
            index=models.Index(fields=['blind_index'], name='requests_target_seen'),
        ),
        migrations.AddConstraint(
            model_name='target',
            constraint=models.UniqueConstraint(fields=('filing', 'n'), name='requests_target_numbered_once'),
        ),
        migrations.AddConstraint(
            model_name='target',
            constraint=models.CheckConstraint(condition=models.Q(('period_end__gt', models.F('period_start'))), name='requests_target_period_has_a_length'),
        ),
        migrations.AddIndex(
            model_name='accountmatch',
            index=models.Index(fields=['account_index'], name='requests_account_seen'),
        ),
        migrations.AddConstraint(
            model_name='accountmatch',
            constraint=models.UniqueConstraint(fields=('target', 'account_index'), name='requests_account_matched_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'both'), ('side', 'desk')), models.Q(('audience__in', ['both', 'agency']), ('side', 'agency')), _connector='OR'), name='requests_message_side_and_audience'),
        ),
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(FOUR_EYES, migrations.RunSQL.noop),
        *ROWS,
        migrations.RunSQL(AGENCY_STATES, migrations.RunSQL.noop),
        *GRANTS,
        migrations.RunSQL(KNOWN_FILES, "DROP FUNCTION requests_known_files"),
        *ENTRIES,
    ]
