"""Who may steer a package and who may fetch it."""

from datetime import datetime

from django.utils.translation import gettext as _

from entraide.disclosure.states import PackageState
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import NotPermitted, NotPossible


def check_may_steer(actor: Actor) -> None:
    """Refuse unless `actor` works at the desk on cases."""
    if not actor.has(Role.ANALYST, Role.APPROVER):
        raise NotPermitted(
            _("Steering a package"), why=_("analysts and approvers do this"), do=_("Ask the analyst of the case")
        )


def check_may_fetch(
    state: str, available_until: datetime | None, reference: str, *, actor: Actor, now: datetime
) -> None:
    """Refuse unless the package is released and its link has not ended; that it is hers was asked before."""
    what = _("Fetching %(reference)s") % {"reference": reference}
    if not actor.has(Role.OFFICER):
        raise NotPermitted(what, why=_("packages are delivered to officers"), do=_("Ask the officer of the case"))
    if state != PackageState.RELEASED.value or available_until is None:
        raise NotPossible(what, why=_("it is not released yet"), do=_("Come back when the case says delivered"))
    if now >= available_until:
        raise NotPossible(what, why=_("the link has ended"), do=_("Ask the desk to deliver it anew"))
