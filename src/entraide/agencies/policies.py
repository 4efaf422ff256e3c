"""Who may do what about agencies."""

from uuid import UUID

from django.utils.translation import gettext as _

from entraide.agencies.models import Agency
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import NotPermitted

VOUCHERS = (Role.DESK_ADMINISTRATOR, Role.APPROVER, Role.ANALYST)


def check_may_enter(actor: Actor) -> None:
    """Refuse unless `actor` may enter or suspend agencies."""
    if actor.face is not Face.STAFF or not actor.has(Role.DESK_ADMINISTRATOR):
        raise NotPermitted(
            _("Changing the list of agencies"), why=_("desk administrators do that"), do=_("Ask a desk administrator")
        )


def check_may_vouch(actor: Actor) -> None:
    """Refuse unless `actor` is of the exchange and may vouch for an agency."""
    if actor.face is not Face.STAFF or not actor.has(*VOUCHERS):
        raise NotPermitted(
            _("Verifying an agency"), why=_("people of the exchange do that"), do=_("Ask a desk administrator")
        )


def check_is_second(actor: Actor, agency: Agency) -> None:
    """Refuse whoever vouched first: two natural persons verify."""
    if actor.person_id == agency.proposed_by_id:
        raise NotPermitted(
            _("Verifying an agency"), why=_("you vouched for it first"), do=_("Ask another person of the exchange")
        )


def check_may_set_countersigned(actor: Actor, organisation_id: UUID) -> None:
    """Refuse unless `actor` administers this agency, or the desk.

    An agency's administrator may make it stricter; only the desk may make it looser (see the operation).
    """
    is_own = actor.has(Role.AGENCY_ADMINISTRATOR) and actor.organisation_id == organisation_id
    if not is_own and not (actor.face is Face.STAFF and actor.has(Role.DESK_ADMINISTRATOR)):
        raise NotPermitted(
            _("Changing the second signature"), why=_("administrators do that"), do=_("Ask an administrator")
        )
