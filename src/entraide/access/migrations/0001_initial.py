"""People, roles, keys, links, sign-ins, signed acts: whose rows, which role may do what, and no act without entry."""

import django.db.models.deletion
import entraide.database.sealed
import entraide.kernel.ids
from django.db import migrations, models

from entraide.database.schema import TENANT, entry_required, grants, tenant_rows

# Before anybody is known, the agency's role may look for whoever knocks: among agencies' people only.
SIGN_IN = "current_setting('entraide.actor', true) = 'system:sign-in'"
OWN = (
    f"organisation_id = {TENANT} "
    f"OR ({SIGN_IN} AND organisation_id IN (SELECT id FROM access_organisation WHERE kind = 'agency'))"
)
ORGANISATIONS = f"id = {TENANT} OR ({TENANT} IS NOT NULL AND kind = 'exchange') OR ({SIGN_IN} AND kind = 'agency')"

# What counts as a second signature is granted by the desk: the agency's role cannot write it, whatever a page does.
OFFICERS_ONLY = """
CREATE POLICY agency_lets_in_officers ON access_rolegrant AS RESTRICTIVE FOR INSERT TO entraide_agency
    WITH CHECK (role = 'officer');
CREATE POLICY agency_lets_out_officers ON access_rolegrant AS RESTRICTIVE FOR UPDATE TO entraide_agency
    USING (role = 'officer') WITH CHECK (role = 'officer');
CREATE POLICY agency_enters_its_own ON access_person AS RESTRICTIVE FOR INSERT TO entraide_agency
    WITH CHECK (face = 'agency');
"""

# A signed act is no act before the log names it: some entry of this transaction carries its hash.
SIGNED_ACT_IN_LOG = """
CREATE FUNCTION access_signed_act_in_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM public.audit_entry WHERE xact = pg_current_xact_id()
            AND convert_from(leaf, 'UTF8')::json ->> 'act' = encode(NEW.act_hash, 'hex')
    ) THEN
        RAISE EXCEPTION 'no entry in the log carries the hash of this signed act'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
                  HINT = 'Record the act with its act_hash, in the same transaction.';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION access_signed_act_in_log() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER access_signedact_in_log AFTER INSERT ON access_signedact
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_signed_act_in_log();
"""

# An enrolment stays, used or not: it says who let whom in.  A link of the demo is worth nothing once it is over.
DEMO_LINKS_ONLY = """
CREATE POLICY worker_forgets_demo_links ON access_invitation AS RESTRICTIVE FOR DELETE TO entraide_worker
    USING (purpose = 'demo');
CREATE POLICY worker_keeps_what_was_signed ON access_stepup AS RESTRICTIVE FOR DELETE TO entraide_worker
    USING (used_at IS NULL);
"""

ADD = "SELECT, INSERT"
PERSON = f"{ADD}, UPDATE (name, email, language, time_zone, is_active, disabled_at)"
CREDENTIAL = f"{ADD}, UPDATE (sign_count, last_used_at, disabled_at, entry_id)"


def _faces(right, **others):
    return {"entraide_web": right, "entraide_agency": right} | {f"entraide_{role}": r for role, r in others.items()}


ROWS = [
    tenant_rows("access_organisation", agency=ORGANISATIONS),
    *(
        tenant_rows(f"access_{table}", agency=OWN)
        for table in ("person", "rolegrant", "credential", "invitation", "signin", "stepup", "signedact", "agekey")
    ),
    tenant_rows("access_ceremony", agency=f"{OWN} OR ({SIGN_IN} AND organisation_id IS NULL)"),
    tenant_rows("access_attempt", agency=SIGN_IN),
    migrations.RunSQL(OFFICERS_ONLY, migrations.RunSQL.noop),
    migrations.RunSQL(DEMO_LINKS_ONLY, migrations.RunSQL.noop),
]
GRANTS = [
    grants("access_organisation", _faces("SELECT", worker="SELECT") | {"entraide_web": ADD}),
    grants("access_person", _faces(PERSON, worker="SELECT")),
    grants("access_rolegrant", _faces(f"{ADD}, UPDATE (revoked_at)", worker="SELECT")),
    grants("access_credential", _faces(CREDENTIAL, worker="SELECT")),
    grants("access_invitation", _faces(f"{ADD}, UPDATE (used_at)", worker="SELECT, DELETE")),
    grants("access_signin", _faces(f"{ADD}, UPDATE (seen_at, ended_at)")),
    grants("access_ceremony", _faces(f"{ADD}, UPDATE (used_at)", worker="SELECT, DELETE")),
    grants("access_stepup", _faces(f"{ADD}, UPDATE (used_at)", worker="SELECT, DELETE")),
    grants("access_signedact", _faces(ADD, worker="SELECT")),
    grants("access_agekey", _faces(f"{ADD}, UPDATE (replaced_at)", worker="SELECT")),
    grants("access_attempt", _faces(f"{ADD}, UPDATE (count), DELETE")),
]
ENTRIES = [
    entry_required("access_organisation"),
    entry_required(
        "access_person", columns=["name", "email", "language", "time_zone", "is_active", "disabled_at"]
    ),
    entry_required("access_rolegrant"),
    entry_required("access_credential", columns=["disabled_at"]),
    entry_required("access_invitation", columns=["token_hash"]),
    entry_required("access_signin", columns=["ended_at"]),
    entry_required("access_agekey"),
    migrations.RunSQL(SIGNED_ACT_IN_LOG, "DROP FUNCTION access_signed_act_in_log CASCADE"),
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('what', models.CharField(max_length=16)),
                ('source', models.BinaryField(max_length=32)),
                ('window', models.DateTimeField()),
                ('count', models.IntegerField(default=1)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('what', 'source', 'window'), name='access_attempt_counted_once')],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('exchange', 'exchange'), ('agency', 'agency')], max_length=16)),
                ('name', models.CharField(max_length=200)),
                ('stream_id', models.UUIDField(unique=True)),
                ('opened_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'exchange')), fields=('kind',), name='access_one_exchange'), models.UniqueConstraint(fields=('id', 'kind'), name='access_organisation_id_and_kind')],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('handle', models.BinaryField(max_length=32, unique=True)),
                ('face', models.CharField(choices=[('agency', 'agency'), ('staff', 'staff')], max_length=8)),
                ('name', models.CharField(max_length=200)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('language', models.CharField(default='en', max_length=8)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('is_active', models.BooleanField(default=True)),
                ('is_demo', models.BooleanField(default=False)),
                ('invited_at', models.DateTimeField()),
                ('disabled_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='people', to='access.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('enrol', 'enrol'), ('demo', 'demo')], max_length=8)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('first', models.SmallIntegerField(null=True, unique=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='access.person')),
            ],
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('passkey', 'passkey'), ('software', 'software')], max_length=16)),
                ('label', models.CharField(blank=True, max_length=80)),
                ('credential_id', models.BinaryField(max_length=1023, unique=True)),
                ('public_key', models.BinaryField(max_length=2048)),
                ('algorithm', models.IntegerField()),
                ('sign_count', models.BigIntegerField(default=0)),
                ('entry_id', models.UUIDField(null=True)),
                ('registered_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credentials', to='access.person')),
            ],
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('officer', 'officer'), ('supervisor', 'supervisor'), ('agency_administrator', 'agency_administrator'), ('analyst', 'analyst'), ('approver', 'approver'), ('auditor', 'auditor'), ('desk_administrator', 'desk_administrator')], max_length=32)),
                ('granted_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='access.person')),
            ],
        ),
        migrations.CreateModel(
            name='SignedAct',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('case_id', models.UUIDField()),
                ('domain', models.CharField(max_length=80)),
                ('act_hash', models.BinaryField(max_length=32)),
                ('content', entraide.database.sealed.SealedJSONField(case='case_id', tenant='organisation_id')),
                ('signed_at', models.DateTimeField()),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.credential')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
            ],
        ),
        migrations.CreateModel(
            name='Ceremony',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField(null=True)),
                ('purpose', models.CharField(choices=[('register', 'register'), ('sign_in', 'sign_in')], max_length=8)),
                ('challenge', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('invitation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.invitation')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
                ('signed_act', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.signedact')),
            ],
        ),
        migrations.CreateModel(
            name='AgeKey',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('recipient', models.CharField(max_length=90)),
                ('registered_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='age_keys', to='access.person')),
                ('signed_act', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.signedact')),
            ],
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('device', models.CharField(blank=True, max_length=80)),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('credential', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.credential')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='access.person')),
            ],
        ),
        migrations.CreateModel(
            name='StepUp',
            fields=[
                ('id', models.UUIDField(default=entraide.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sign_in_id', models.UUIDField(null=True)),
                ('act_hash', models.BinaryField(max_length=32)),
                ('nonce', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.person')),
            ],
            options={
                'ordering': ['expires_at'],
            },
        ),
        migrations.AddField(
            model_name='signedact',
            name='step_up',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.stepup'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('disabled_at__isnull', True), ('is_active', True)), models.Q(('disabled_at__isnull', False), ('is_active', False)), _connector='OR'), name='access_person_disabled_at_says_so'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('first__isnull', True), models.Q(('first__in', [1, 2]), ('invited_by__isnull', True), ('purpose', 'enrol')), _connector='OR'), name='access_first_are_two'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('invited_by__isnull', False), ('first__isnull', False), ('purpose', 'demo'), _connector='OR'), name='access_invitation_has_an_inviter'),
        ),
        migrations.AddConstraint(
            model_name='credential',
            constraint=models.CheckConstraint(condition=models.Q(('algorithm__in', [-7, -8, -257])), name='access_credential_algorithm'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('person', 'role'), name='access_role_granted_once'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('granted_by__isnull', True), models.Q(('granted_by', models.F('person')), _negated=True), _connector='OR'), name='access_nobody_grants_himself'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'supervisor'), _negated=True), ('expires_at__isnull', False), _connector='OR'), name='access_supervisor_rights_lapse'),
        ),
        migrations.AddConstraint(
            model_name='ceremony',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', True), ('purpose', 'sign_in')), models.Q(('invitation__isnull', False), ('person__isnull', False), ('purpose', 'register'), ('signed_act__isnull', True)), models.Q(('invitation__isnull', True), ('person__isnull', False), ('purpose', 'register'), ('signed_act__isnull', False)), _connector='OR'), name='access_registration_is_allowed_by_something'),
        ),
        migrations.AddConstraint(
            model_name='agekey',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced_at__isnull', True)), fields=('person',), name='access_one_age_key_per_person'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['person', 'ended_at'], name='access_signin_of_person'),
        ),
        migrations.AddIndex(
            model_name='signedact',
            index=models.Index(fields=['act_hash'], name='access_signedact_by_act'),
        ),
        *ROWS,
        *GRANTS,
        *ENTRIES,
    ]
