"""The few kinds and lengths of time that `access` is made of."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.utils.translation import pgettext_lazy

from entraide.kernel.actors import Role
from entraide.ui.words import listed


class OrganisationKind(StrEnum):
    """An organisation is the exchange itself, once, or an agency."""

    EXCHANGE = "exchange"
    AGENCY = "agency"


class CredentialKind(StrEnum):
    """A passkey; or the demo's software key in the page, which proves nothing."""

    PASSKEY = "passkey"
    SOFTWARE = "software"


class Purpose(StrEnum):
    """What a one-time link is for."""

    ENROL = "enrol"
    DEMO = "demo"


class Ceremony(StrEnum):
    """What a WebAuthn challenge was given out for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


ROLE_NAMES = {
    Role.OFFICER: pgettext_lazy("role", "Officer"),
    Role.SUPERVISOR: pgettext_lazy("role", "Supervisor"),
    Role.AGENCY_ADMINISTRATOR: pgettext_lazy("role", "Agency administrator"),
    Role.ANALYST: pgettext_lazy("role", "Analyst"),
    Role.APPROVER: pgettext_lazy("role", "Approver"),
    Role.AUDITOR: pgettext_lazy("role", "Auditor"),
    Role.DESK_ADMINISTRATOR: pgettext_lazy("role", "Desk administrator"),
}


def roles_in_words(roles: Iterable[Role]) -> str:
    """Return the names of roles, always in the same order."""
    return listed(ROLE_NAMES[role] for role in sorted(roles))


STEP_UP_LASTS = timedelta(seconds=300)
CEREMONY_LASTS = timedelta(seconds=300)
IDLE_LIMIT = timedelta(minutes=30)
ABSOLUTE_LIMIT = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
INVITATION_LASTS = timedelta(days=7)
DEMO_LINK_LASTS = timedelta(days=365)
SUPERVISOR_LASTS = timedelta(days=365)
