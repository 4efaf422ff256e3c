"""The tables of the outbox: what is to be done outside, what is to be told inside, and how far long work has come."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from entraide.audit.api import LOG_KEY
from entraide.database import SealedJSONField
from entraide.kernel.ids import uuid7
from entraide.outbox.states import DONE, OPEN, EffectState


class Nature(models.TextChoices):
    """What a row stands for."""

    EFFECT = "effect"
    NEWS = "news"
    REACTION = "reaction"


class ClockTimestamp(models.Func):
    """The database's clock at this moment, not at the start of the transaction."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class Effect(models.Model):
    """One thing to do after commit.

    For an effect `key` is order/action/version, fixed before the first call and kept for ever.  `due_at` is the
    database's time; while a worker has the row it is the end of the lease, and `attempt` is that worker's fence.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    nature = models.CharField(max_length=8, choices=Nature.choices)
    key = models.CharField(max_length=300, unique=True)
    order = models.CharField(max_length=120)
    action = models.CharField(max_length=160)
    version = models.PositiveIntegerField(default=1)
    organisation_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    request = SealedJSONField(null=True, case="key_owner_id")
    act_hash = models.BinaryField(null=True)
    state = models.CharField(
        max_length=9, choices=[(state.value, state.value) for state in EffectState], default="asked"
    )
    attempt = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(db_default=ClockTimestamp())
    finished_at = models.DateTimeField(null=True)
    answer = SealedJSONField(null=True, case="key_owner_id")
    last_problem = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="outbox_effect_is_finished_when_it_is_done",
                condition=Q(state__in=[state.value for state in DONE], finished_at__isnull=False)
                | Q(state__in=[state.value for state in OPEN], finished_at=None),
            ),
            models.UniqueConstraint(
                fields=["order", "action", "version"], condition=Q(nature="effect"), name="outbox_effect_once_a_version"
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"], name="outbox_effect_due", condition=Q(state__in=[state.value for state in OPEN])
            ),
        )

    def __str__(self) -> str:
        return f"{self.nature} {self.key}: {self.state}"

    @property
    def key_owner_id(self) -> UUID:
        """Whose key seals request and answer."""
        return self.case_id or self.organisation_id or LOG_KEY


class Progress(models.Model):
    """How far a long piece of work has come, for the page that waits for it; and where to go on after a kill."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    work = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    organisation_id = models.UUIDField(null=True)
    state = models.CharField(max_length=9, default="running")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    note = models.CharField(max_length=120, blank=True, default="")
    cursor = models.JSONField(null=True)
    is_cancel_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=ClockTimestamp())
    updated_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["work", "subject_id"], name="outbox_progress_one_of_each_work"),
            models.CheckConstraint(
                name="outbox_progress_state_is_known",
                condition=Q(state__in=["running", "finished", "failed", "cancelled"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.work} of {self.subject_id}: {self.done} of {self.total}"
