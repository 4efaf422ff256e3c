"""What may be seen of requests: the query sets of this room, narrowed to a person.

PostgreSQL's row-level security says the same once more by database role; see the migration.
"""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from entraide.kernel.actors import CASE_STAFF, Actor, Face, Role
from entraide.requests.states import RequestState

if TYPE_CHECKING:
    from entraide.requests.models import LegalRequest  # noqa: F401  # named in the base below


class LegalRequestQuerySet(models.QuerySet["LegalRequest"]):
    """Legal requests, narrowed to what one may see."""

    def visible_to(self, actor: Actor) -> "LegalRequestQuerySet":
        """Return an officer's own, what a supervisor's agency has filed, and for staff what has reached the desk.

        An administrator, of an agency or of the desk, administers people and sees no case.
        """
        if actor.face is Face.AGENCY:
            return self._of_agency(actor)
        if actor.face is Face.SYSTEM or actor.has(*CASE_STAFF):
            return self.filter(submitted_at__isnull=False)
        return self.none()

    def _of_agency(self, actor: Actor) -> "LegalRequestQuerySet":
        if actor.organisation_id is None:
            return self.none()
        own = Q(officer_id=actor.person_id) if actor.has(Role.OFFICER) else Q(pk__in=[])
        filed = ~Q(state__in=[RequestState.DRAFT, RequestState.DISCARDED])
        seen = own | filed if actor.has(Role.SUPERVISOR) else own
        return self.filter(seen, organisation_id=actor.organisation_id)
