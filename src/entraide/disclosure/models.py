"""Packages, and who fetched them when."""

from django.db import models

from entraide.database import SealedJSONField
from entraide.disclosure.states import PackageState
from entraide.kernel.ids import uuid7


class Package(models.Model):
    """One version of the answer to a request, for one officer.

    `plan` (sealed) holds what sealing fixed (place in the log, moments, release): a worker that was killed goes on
    with the very same words.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey("requests.LegalRequest", on_delete=models.PROTECT, related_name="+")
    organisation_id = models.UUIDField()
    stream_id = models.UUIDField()
    reference = models.CharField(max_length=40, unique=True)
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in PackageState])
    failure = models.CharField(max_length=500, blank=True)
    decision_hash = models.BinaryField()
    recipient_id = models.UUIDField()
    recipient_key = models.CharField(max_length=100)
    copy_id = models.UUIDField(default=uuid7)
    language = models.CharField(max_length=5)
    as_of = models.DateTimeField()
    queued_at = models.DateTimeField()
    plan = SealedJSONField(case="request_id")
    sealed_entry_id = models.UUIDField(null=True)
    tag_manifest_hash = models.BinaryField(null=True)
    sealed_at = models.DateTimeField(null=True)
    file_size = models.BigIntegerField(null=True)
    file_hash = models.BinaryField(null=True)
    released_at = models.DateTimeField(null=True)
    available_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "version"], name="package_versions_differ"),
            models.CheckConstraint(
                name="package_released_at_and_until_go_together",
                condition=models.Q(released_at__isnull=True, available_until__isnull=True)
                | models.Q(released_at__isnull=False, available_until__isnull=False),
            ),
            models.CheckConstraint(
                name="package_is_released_only_whole",
                condition=~models.Q(state=PackageState.RELEASED.value)
                | models.Q(file_hash__isnull=False, sealed_entry_id__isnull=False, released_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Download(models.Model):
    """One step-up, one download: begun by the recipient, resumable for a day, never by anybody else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="downloads")
    organisation_id = models.UUIDField()
    person_id = models.UUIDField()
    sign_in_id = models.UUIDField()
    signed_act_id = models.UUIDField()
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
