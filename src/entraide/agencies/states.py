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


class AgencyCheck(StrEnum):
    """What a person of the exchange checked, outside of this desk, before vouching for an agency."""

    CALL_BACK = "call_back"
    DIRECTORY = "directory"
    DOMAIN = "domain"
    LAW = "law"
    COLLEAGUES = "colleagues"

    @property
    def label(self) -> Text:
        """The check as a page says it."""
        return _CHECKS[self]


_CHECKS: dict[AgencyCheck, Text] = {
    AgencyCheck.CALL_BACK: _("Called back on the number of a public directory, and spoke to the agency"),
    AgencyCheck.DIRECTORY: _("Found the agency in an official register or directory of authorities"),
    AgencyCheck.DOMAIN: _("Checked that the e-mail domains belong to the agency"),
    AgencyCheck.LAW: _("Checked under which law it may ask for data"),
    AgencyCheck.COLLEAGUES: _("Asked another exchange or authority that knows the agency"),
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
