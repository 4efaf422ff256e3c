"""Tables of requests.  Nobody outside this room reads them; see `api`.

What the agency must not see (look-ups, matches, assignments, proposals, approvals) lies in tables of its own without a
policy for the agency's role.  What the desk must not see yet carries `submitted_at`, and the desk's roles have no row
without it.
"""

from django.db import models
from django.db.models import F, Q

from entraide.database import SealedJSONField
from entraide.kernel.ids import uuid7
from entraide.requests.states import LookupState, ProposalState, RequestState
from entraide.requests.visibility import LegalRequestQuerySet

HASH_BYTES = 32


class LegalRequest(models.Model):
    """One request of one officer; its identifier is the case's, and so the name of its key.

    What is searchable stands here unsealed: reference, agency's reference, offence.  `version` counts the documents
    that have reached the desk; 0 before the first.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation_id = models.UUIDField()
    officer_id = models.UUIDField()
    reference = models.CharField(max_length=16, unique=True)
    stream_id = models.UUIDField()
    state = models.CharField(
        max_length=32, default=RequestState.DRAFT.value, choices=[(state.value, state.value) for state in RequestState]
    )
    version = models.PositiveIntegerField(default=0)
    legal_basis = models.CharField(max_length=20, blank=True)
    urgency = models.CharField(max_length=12, blank=True)
    language = models.CharField(max_length=2, blank=True)
    agency_reference = models.CharField(max_length=80, blank=True)
    offence = models.CharField(max_length=300, blank=True)
    search_text = models.TextField(blank=True)
    assigned_to_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    clock_stopped_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = LegalRequestQuerySet.as_manager()

    class Meta:
        db_table = "requests_legalrequest"
        indexes = [
            models.Index(fields=["organisation_id", "state"], name="requests_of_agency"),
            models.Index(fields=["state", "due_at"], name="requests_by_due"),
            models.Index(fields=["assigned_to_id", "state"], name="requests_of_analyst"),
        ]
        constraints = [
            models.CheckConstraint(
                name="requests_state_is_known", condition=Q(state__in=[state.value for state in RequestState])
            ),
            models.CheckConstraint(
                name="requests_submitted_has_a_version",
                condition=Q(submitted_at__isnull=True, version=0) | Q(submitted_at__isnull=False, version__gte=1),
            ),
            models.CheckConstraint(
                name="requests_stopped_clock_owes_nothing",
                condition=Q(clock_stopped_at__isnull=True) | Q(due_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Draft(models.Model):
    """What the officer typed so far.  Saved by itself, no act, never seen by the desk."""

    request = models.OneToOneField(LegalRequest, on_delete=models.CASCADE, primary_key=True, related_name="draft")
    organisation_id = models.UUIDField()
    content = SealedJSONField(case="request_id", tenant="organisation_id")
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "requests_draft"


class Instrument(models.Model):
    """The order itself, a PDF; its bytes lie sealed in the file store under this row's identifier."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="instruments")
    organisation_id = models.UUIDField()
    details = SealedJSONField(case="request_id", tenant="organisation_id")
    findings = SealedJSONField(case="request_id", tenant="organisation_id")
    hash_index = models.BinaryField(max_length=HASH_BYTES)
    attached_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_instrument"
        indexes = [models.Index(fields=["hash_index"], name="requests_instrument_seen")]


class Filing(models.Model):
    """One signed document.  `submitted_at` says when it reached the desk, at once or with the countersignature."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="filings")
    organisation_id = models.UUIDField()
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    document = SealedJSONField(case="request_id", tenant="organisation_id")
    document_hash = models.BinaryField(max_length=HASH_BYTES)
    filer_id = models.UUIDField()
    step_up_id = models.UUIDField(unique=True)
    signed_act_id = models.UUIDField()
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    needs_countersignature = models.BooleanField()
    filed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # sent back or withdrawn before it reached the desk

    class Meta:
        db_table = "requests_filing"
        constraints = [
            models.UniqueConstraint(
                fields=["request", "version"], condition=Q(ended_at__isnull=True), name="requests_one_filing_a_version"
            ),
            models.UniqueConstraint(fields=["id", "filer_id", "document_hash"], name="requests_filing_as_signed"),
        ]


class Countersignature(models.Model):
    """A supervisor's signature over the same document; the database refuses the filer's own and another document."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="countersignatures")
    organisation_id = models.UUIDField()
    filing = models.OneToOneField(Filing, on_delete=models.PROTECT, related_name="countersignature")
    filer_id = models.UUIDField()
    document_hash = models.BinaryField(max_length=HASH_BYTES)
    countersigner_id = models.UUIDField()
    step_up_id = models.UUIDField(unique=True)
    signed_act_id = models.UUIDField()
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    countersigned_at = models.DateTimeField()

    class Meta:
        db_table = "requests_countersignature"
        constraints = [
            models.CheckConstraint(
                name="requests_nobody_countersigns_his_own", condition=~Q(countersigner_id=F("filer_id"))
            ),
        ]


class Target(models.Model):
    """One identifier a filed document asks about."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="targets")
    organisation_id = models.UUIDField()
    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="targets")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    network = models.CharField(max_length=24, blank=True)
    role = models.CharField(max_length=20)
    value = SealedJSONField(case="request_id", tenant="organisation_id")
    blind_index = models.BinaryField(max_length=HASH_BYTES)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_target"
        indexes = [models.Index(fields=["blind_index"], name="requests_target_seen")]
        constraints = [
            models.UniqueConstraint(fields=["filing", "n"], name="requests_target_numbered_once"),
            models.CheckConstraint(
                name="requests_target_period_has_a_length", condition=Q(period_end__gt=F("period_start"))
            ),
        ]


class Lookup(models.Model):
    """How far the look-up of a target at the exchange has come.  The agency has no row of this table."""

    target = models.OneToOneField(Target, on_delete=models.CASCADE, primary_key=True, related_name="lookup")
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="+")
    organisation_id = models.UUIDField()
    state = models.CharField(
        max_length=16,
        default=LookupState.WAITING.value,
        choices=[(state.value, state.value) for state in LookupState],
    )
    code = models.CharField(max_length=40, blank=True)
    n_attempts = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_lookup"


class AccountMatch(models.Model):
    """An account the exchange found for a target, and why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="+")
    organisation_id = models.UUIDField()
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="matches")
    account = SealedJSONField(case="request_id", tenant="organisation_id")
    account_index = models.BinaryField(max_length=HASH_BYTES)
    found_at = models.DateTimeField()

    class Meta:
        db_table = "requests_accountmatch"
        indexes = [models.Index(fields=["account_index"], name="requests_account_seen")]
        constraints = [
            models.UniqueConstraint(fields=["target", "account_index"], name="requests_account_matched_once"),
        ]


class Message(models.Model):
    """One message of the thread.  `audience` agency: between a supervisor and her officer, not the desk's to see."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="messages")
    organisation_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    side = models.CharField(max_length=8)
    audience = models.CharField(max_length=8, default="both")
    author_id = models.UUIDField()
    text = SealedJSONField(case="request_id", tenant="organisation_id")
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "requests_message"
        constraints = [
            models.CheckConstraint(
                name="requests_message_side_and_audience",
                condition=Q(side="desk", audience="both") | Q(side="agency", audience__in=["both", "agency"]),
            ),
        ]


class ClockStop(models.Model):
    """A stretch in which the clock stands still."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="stops")
    organisation_id = models.UUIDField()
    reason = models.CharField(max_length=16)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_clockstop"
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(ended_at__isnull=True), name="requests_clock_stands_once"
            ),
            models.CheckConstraint(
                name="requests_stop_ends_after_it_began",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
        ]


class Assignment(models.Model):
    """Who works on a request, since when, and what the former said when handing over."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="+")
    organisation_id = models.UUIDField()
    analyst_id = models.UUIDField()
    assigned_by_id = models.UUIDField()
    note = SealedJSONField(case="request_id", tenant="organisation_id")
    assigned_at = models.DateTimeField()

    class Meta:
        db_table = "requests_assignment"


class DecisionDraft(models.Model):
    """The analyst's working copy of the decision.  Saved by itself, no act."""

    request = models.OneToOneField(
        LegalRequest, on_delete=models.CASCADE, primary_key=True, related_name="decision_draft"
    )
    organisation_id = models.UUIDField()
    answers = SealedJSONField(case="request_id", tenant="organisation_id")
    saved_by_id = models.UUIDField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "requests_decisiondraft"


class DecisionProposal(models.Model):
    """A decision document with its proposer's signature."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="+")
    organisation_id = models.UUIDField()
    request_version = models.PositiveIntegerField()
    document = SealedJSONField(case="request_id", tenant="organisation_id")
    decision_hash = models.BinaryField(max_length=HASH_BYTES)
    note = SealedJSONField(case="request_id", tenant="organisation_id")
    proposer_id = models.UUIDField()
    step_up_id = models.UUIDField(unique=True)
    signed_act_id = models.UUIDField()
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    state = models.CharField(
        max_length=12,
        default=ProposalState.OPEN.value,
        choices=[(state.value, state.value) for state in ProposalState],
    )
    proposed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_id = models.UUIDField(null=True)
    reason = SealedJSONField(case="request_id", tenant="organisation_id", null=True)

    class Meta:
        db_table = "requests_decisionproposal"
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=[ProposalState.OPEN.value, ProposalState.APPROVED.value]),
                name="requests_one_decision_at_a_time",
            ),
            models.UniqueConstraint(fields=["id", "proposer_id", "decision_hash"], name="requests_proposal_as_signed"),
        ]


class Approval(models.Model):
    """A second person's signature over the same decision; the database refuses the proposer and another decision."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, on_delete=models.CASCADE, related_name="+")
    organisation_id = models.UUIDField()
    proposal = models.OneToOneField(DecisionProposal, on_delete=models.PROTECT, related_name="approval")
    proposer_id = models.UUIDField()
    decision_hash = models.BinaryField(max_length=HASH_BYTES)
    approver_id = models.UUIDField()
    step_up_id = models.UUIDField(unique=True)
    signed_act_id = models.UUIDField()
    act_hash = models.BinaryField(max_length=HASH_BYTES)
    approved_at = models.DateTimeField()

    class Meta:
        db_table = "requests_approval"
        constraints = [
            models.CheckConstraint(name="requests_nobody_approves_his_own", condition=~Q(approver_id=F("proposer_id"))),
        ]
