"""Who may do what about agencies."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from entraide.agencies.states import AgencyCheck, AgencyState, AgencyVerb
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Invalid, NotPermitted, NotPossible, Text
from entraide.ui.words import owed_in_words

# A thief who had the number changed answers it: until this is over, the agency has time to complain.
NUMBER_SETTLES_IN = timedelta(hours=72)
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


def check_is_second(actor: Actor, first_id: UUID | None) -> None:
    """Refuse whoever vouched first: two natural persons verify."""
    if actor.person_id == first_id:
        raise NotPermitted(
            _("Verifying an agency"), why=_("you vouched for it first"), do=_("Ask another person of the exchange")
        )


def check_was_called_back(checks: Collection[str]) -> None:
    """Refuse an agency that nobody called back: a letter, a form and a mailbox can all be forged by one thief."""
    if AgencyCheck.CALL_BACK not in checks:
        why = _("One of the two calls the agency back, on a number from a public directory")
        raise Invalid(_("Verifying an agency"), why=_("nobody called it back"), do=why, fields={"checked": why})


def check_number_is_settled(checks: Collection[str], number_since: datetime | None, now: datetime) -> None:
    """Refuse a call to a number that was changed less than three days ago: it verifies nothing."""
    if AgencyCheck.CALL_BACK in checks and number_since is not None and now < number_since + NUMBER_SETTLES_IN:
        raise NotPossible(
            _("Counting this call"),
            why=_("its number was changed less than 72 hours ago, and verifies nothing until %(until)s")
            % {"until": owed_in_words(number_since + NUMBER_SETTLES_IN)},
            do=_("Call it after that"),
        )


def check_may_change_now(state: AgencyState) -> None:
    """Refuse a change of the facts while two people are vouching for them."""
    if state is AgencyState.PROPOSED:
        raise NotPossible(
            _("Changing what is known of an agency"),
            why=_("somebody vouched for these facts, and a second person checks them now"),
            do=_("Verify or suspend the agency first"),
        )


def why_not_enter(actor: Actor) -> Text:
    """Return why `actor` may not enter or suspend agencies; empty where that is allowed."""
    return _why_not(lambda: check_may_enter(actor))


def why_not_vouch(actor: Actor, verb: AgencyVerb, first_id: UUID | None) -> Text:
    """Return why `actor` may not vouch, after `first_id` where it is the second time; empty where it is allowed."""

    def check() -> None:
        check_may_vouch(actor)
        if verb is AgencyVerb.VERIFY:
            check_is_second(actor, first_id)

    return _why_not(check)


def why_not_set_countersigned(actor: Actor, organisation_id: UUID) -> Text:
    """Return why `actor` may not say where the supervisor signs as well; empty where that is allowed."""
    return _why_not(lambda: check_may_set_countersigned(actor, organisation_id))


def _why_not(check: Callable[[], None]) -> Text:
    try:
        check()
    except NotPermitted as refusal:
        return refusal.why
    return ""


def check_may_set_countersigned(actor: Actor, organisation_id: UUID) -> None:
    """Refuse unless `actor` administers this agency, or the desk.

    An agency's administrator may make it stricter; only the desk may make it looser (see the operation).
    """
    is_own = actor.has(Role.AGENCY_ADMINISTRATOR) and actor.organisation_id == organisation_id
    if not is_own and not (actor.face is Face.STAFF and actor.has(Role.DESK_ADMINISTRATOR)):
        raise NotPermitted(
            _("Changing the second signature"), why=_("administrators do that"), do=_("Ask an administrator")
        )
