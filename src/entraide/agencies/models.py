"""The table of agencies: what the exchange knows about each beside its name."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from entraide.agencies.states import AgencyState


class Agency(models.Model):
    """What is known of one agency, and who of the exchange vouched for it."""

    organisation = models.OneToOneField(
        "access.Organisation", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    country = models.CharField(max_length=2)
    function = models.CharField(max_length=200)
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value) for state in AgencyState],
        default=AgencyState.UNVERIFIED.value,
    )
    domains = ArrayField(models.CharField(max_length=253), default=list)
    # From a directory, not from the agency's own letter: what is called back before an agency is believed.
    switchboard = models.CharField(max_length=40, blank=True)
    countersigned_categories = ArrayField(models.CharField(max_length=8), default=list)
    proposed_by = models.ForeignKey("access.Person", on_delete=models.PROTECT, null=True, related_name="+")
    proposal_act = models.ForeignKey("access.SignedAct", on_delete=models.PROTECT, null=True, related_name="+")
    proposal_checks = ArrayField(models.CharField(max_length=16), default=list)
    verified_by = models.ForeignKey("access.Person", on_delete=models.PROTECT, null=True, related_name="+")
    verification_act = models.ForeignKey("access.SignedAct", on_delete=models.PROTECT, null=True, related_name="+")
    verification_checks = ArrayField(models.CharField(max_length=16), default=list)
    verified_at = models.DateTimeField(null=True)
    # Facts that wait for a second person: until then the ones above are in force.
    change = models.JSONField(null=True)
    change_by = models.ForeignKey("access.Person", on_delete=models.PROTECT, null=True, related_name="+")
    change_act = models.ForeignKey("access.SignedAct", on_delete=models.PROTECT, null=True, related_name="+")
    change_checks = ArrayField(models.CharField(max_length=16), default=list)
    # Since when the number is this one; empty where it is the one the agency was entered with.
    number_since = models.DateTimeField(null=True)
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="agencies_verified_by_two",
                condition=~Q(state="verified")
                | Q(proposed_by__isnull=False, verified_by__isnull=False, verified_at__isnull=False)
                & ~Q(proposed_by=F("verified_by")),
            ),
            models.CheckConstraint(
                name="agencies_change_is_somebodys",
                condition=Q(change__isnull=True, change_by__isnull=True, change_act__isnull=True)
                | Q(change__isnull=False, change_by__isnull=False, change_act__isnull=False),
            ),
            models.CheckConstraint(name="agencies_country_is_a_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
        ]

    def __str__(self) -> str:
        return str(self.organisation_id)
