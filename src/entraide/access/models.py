"""Tables of people and keys.  Nobody outside this room reads them; see `api`."""

from django.db import models
from django.db.models import F, Q

from entraide.access import queries
from entraide.access.states import Ceremony as CeremonyKind
from entraide.access.states import CredentialKind, OrganisationKind, Purpose
from entraide.database import SealedJSONField
from entraide.kernel.actors import Face, Role
from entraide.kernel.ids import uuid7

HASH_BYTES = 32


class Organisation(models.Model):
    """The exchange, or an agency: the tenant of everything its people do."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in OrganisationKind])
    name = models.CharField(max_length=200)
    stream_id = models.UUIDField(unique=True)
    opened_at = models.DateTimeField()

    objects = queries.OrganisationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(kind="exchange"), name="access_one_exchange"),
            # So that a child row's tenant can be checked together with its key.
            models.UniqueConstraint(fields=["id", "kind"], name="access_organisation_id_and_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """One natural person.  Two accounts of one person would defeat four eyes: the desk invites people, not accounts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    # WebAuthn gives the user handle to whoever holds the authenticator: random, and not the primary key.
    handle = models.BinaryField(max_length=HASH_BYTES, unique=True)
    face = models.CharField(max_length=8, choices=[(Face.AGENCY.value, "agency"), (Face.STAFF.value, "staff")])
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    invited_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    objects = queries.PersonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_person_disabled_at_says_so",
                condition=Q(is_active=True, disabled_at__isnull=True) | Q(is_active=False, disabled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """One role of one person, from a day until a day.  Never edited but to revoke it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=[(role.value, role.value) for role in Role])
    # Nobody only for the first two people of an empty desk.
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(revoked_at__isnull=True), name="access_role_granted_once"
            ),
            models.CheckConstraint(
                name="access_nobody_grants_himself",
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("person")),
            ),
            models.CheckConstraint(
                name="access_supervisor_rights_lapse", condition=~Q(role="supervisor") | Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.person_id}"


class Credential(models.Model):
    """A passkey's public half.  What counts as its key is in the log entry `entry_id`, not here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in CredentialKind])
    label = models.CharField(max_length=80, blank=True)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2048)
    algorithm = models.IntegerField()
    sign_count = models.BigIntegerField(default=0)
    entry_id = models.UUIDField(null=True)
    registered_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # What can be verified offline, and nothing else: ES256, EdDSA, RS256.
            models.CheckConstraint(name="access_credential_algorithm", condition=Q(algorithm__in=[-7, -8, -257])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class Invitation(models.Model):
    """A link that works once: to enrol the first passkey, or (demo only) to sign in as a made-up person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="invitations")
    purpose = models.CharField(max_length=8, choices=[(purpose.value, purpose.value) for purpose in Purpose])
    token_hash = models.BinaryField(max_length=HASH_BYTES, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    # 1 and 2 are the first two people of an empty desk; unique, so that there is never a third.
    first = models.SmallIntegerField(null=True, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_first_are_two",
                condition=Q(first__isnull=True) | Q(first__in=[1, 2], invited_by__isnull=True, purpose="enrol"),
            ),
            # Only the very first two enrolments and the demo's links come from no person.
            models.CheckConstraint(
                name="access_invitation_has_an_inviter",
                condition=Q(invited_by__isnull=False) | Q(first__isnull=False) | Q(purpose="demo"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.person_id}"


class SignIn(models.Model):
    """One sign-in of one person in one browser.  The cookie holds 256 random bits; here is only their hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sign_ins")
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, null=True, related_name="+")
    token_hash = models.BinaryField(max_length=HASH_BYTES, unique=True)
    device = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "ended_at"], name="access_signin_of_person")]

    def __str__(self) -> str:
        return f"sign-in of {self.person_id}"


class Ceremony(models.Model):
    """A challenge for one registration or one sign-in; single use."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation_id = models.UUIDField(null=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in CeremonyKind])
    challenge = models.BinaryField(max_length=HASH_BYTES, unique=True)
    # What allowed a registration: an invitation for the first passkey, a signed act for each further one.
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    signed_act = models.ForeignKey("SignedAct", on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_registration_is_allowed_by_something",
                condition=Q(purpose="sign_in", person__isnull=True)
                | Q(purpose="register", person__isnull=False, invitation__isnull=False, signed_act__isnull=True)
                | Q(purpose="register", person__isnull=False, invitation__isnull=True, signed_act__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class StepUp(models.Model):
    """One attempt of one person to sign one act; single use.

    The act itself is not kept: whoever signs shows it again, and the challenge holds only for the same bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    sign_in_id = models.UUIDField(null=True)
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    nonce = models.BinaryField(max_length=HASH_BYTES, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["expires_at"]

    def __str__(self) -> str:
        return f"step-up of {self.person_id}"


class SignedAct(models.Model):
    """An act with a passkey's assertion over it, and everything needed to verify it years later."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="+")
    step_up = models.OneToOneField(StepUp, on_delete=models.PROTECT, related_name="+")
    case_id = models.UUIDField()
    domain = models.CharField(max_length=80)
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    content = SealedJSONField(case="case_id", tenant="organisation_id")
    signed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["act_hash"], name="access_signedact_by_act")]

    def __str__(self) -> str:
        return f"{self.domain} by {self.person_id}"


class AgeKey(models.Model):
    """The age recipient that packages for one officer are encrypted to.  A new one replaces the former."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="age_keys")
    recipient = models.CharField(max_length=90)
    signed_act = models.ForeignKey(SignedAct, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(replaced_at__isnull=True), name="access_one_age_key_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"age key of {self.person_id}"


class Attempt(models.Model):
    """How often something was tried from one address within one window; the address itself is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    what = models.CharField(max_length=16)
    source = models.BinaryField(max_length=HASH_BYTES)
    window = models.DateTimeField()
    count = models.IntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "source", "window"], name="access_attempt_counted_once")]

    def __str__(self) -> str:
        return f"{self.what}: {self.count}"
