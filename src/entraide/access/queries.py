"""What may be seen of people."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q

from entraide.kernel.actors import Actor, Face, Role

if TYPE_CHECKING:
    from entraide.access.models import Organisation, Person  # noqa: F401  # named in the bases below


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, narrowed to what one may see."""

    def visible_to(self, actor: Actor) -> "OrganisationQuerySet":
        """Return every organisation for staff; for others their own and the exchange."""
        if actor.face is Face.AGENCY:
            return self.filter(Q(pk=actor.organisation_id) | Q(kind="exchange"))
        return self


class PersonQuerySet(models.QuerySet["Person"]):
    """People, narrowed to what one may see."""

    def visible_to(self, actor: Actor) -> "PersonQuerySet":
        """Return every person for staff; for others the people of their own organisation."""
        if actor.face is Face.AGENCY:
            return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()
        return self

    def holding(self, role: Role, *, at: datetime, organisation_id: UUID | None = None) -> "PersonQuerySet":
        """Return active people who hold `role` at a moment."""
        found = self.filter(in_force(at, "grants__"), grants__role=role.value, is_active=True)
        return found.filter(organisation_id=organisation_id) if organisation_id else found


def in_force(at: datetime, prefix: str = "") -> Q:
    """Return the condition that a grant holds at a moment: expiry is computed, never stored as a state."""
    return Q(**{f"{prefix}revoked_at__isnull": True}) & (
        Q(**{f"{prefix}expires_at__isnull": True}) | Q(**{f"{prefix}expires_at__gt": at})
    )
