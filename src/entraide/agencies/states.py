"""How an agency comes to be trusted on this desk."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text
from entraide.kernel.workflow import Step, Workflow


class AgencyState(StrEnum):
    """How far the exchange knows an agency."""

    UNVERIFIED = "unverified"
    PROPOSED = "proposed"
    VERIFIED = "verified"
    SUSPENDED = "suspended"

    @property
    def label(self) -> Text:
        """The state as a page says it."""
        return _LABELS[self]

    @property
    def tone(self) -> str:
        """What the state means for the reader."""
        return {"verified": "good", "suspended": "bad", "proposed": "warn"}.get(self.value, "quiet")


_LABELS: dict[AgencyState, Text] = {
    AgencyState.UNVERIFIED: _("Not verified"),
    AgencyState.PROPOSED: _("Waits for a second person"),
    AgencyState.VERIFIED: _("Verified"),
    AgencyState.SUSPENDED: _("Suspended"),
}


class AgencyVerb(StrEnum):
    """What the exchange's people do about an agency."""

    PROPOSE = "propose"
    VERIFY = "verify"
    SUSPEND = "suspend"


AGENCY = Workflow(
    "Agency",
    [
        Step(AgencyState.UNVERIFIED, AgencyVerb.PROPOSE, AgencyState.PROPOSED),
        Step(AgencyState.PROPOSED, AgencyVerb.VERIFY, AgencyState.VERIFIED, approvers=1),
        Step(AgencyState.PROPOSED, AgencyVerb.SUSPEND, AgencyState.SUSPENDED),
        Step(AgencyState.VERIFIED, AgencyVerb.SUSPEND, AgencyState.SUSPENDED),
        Step(AgencyState.SUSPENDED, AgencyVerb.PROPOSE, AgencyState.PROPOSED),
    ],
    start=AgencyState.UNVERIFIED,
)
WORKFLOWS = (AGENCY,)
