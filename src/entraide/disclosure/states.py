"""The life of a package."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text
from entraide.kernel.workflow import Step, Workflow


class PackageState(StrEnum):
    """Where a package stands.  *Expired* is not a state: it follows from the end of the link."""

    QUEUED = "queued"
    COLLECTING = "collecting"
    SEALED = "sealed"
    ASSEMBLED = "assembled"
    RELEASED = "released"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PackageVerb(StrEnum):
    """What can happen to a package."""

    COLLECT = "collect"
    SEAL = "seal"
    ASSEMBLE = "assemble"
    RELEASE = "release"
    CANCEL = "cancel"
    FAIL = "fail"
    RESUME = "resume"


_S, _V = PackageState, PackageVerb

PACKAGE = Workflow(
    "Package",
    [
        Step(_S.QUEUED, _V.COLLECT, _S.COLLECTING),
        Step(_S.QUEUED, _V.CANCEL, _S.CANCELLED),
        Step(_S.COLLECTING, _V.SEAL, _S.SEALED),
        Step(_S.COLLECTING, _V.CANCEL, _S.CANCELLED),
        Step(_S.COLLECTING, _V.FAIL, _S.FAILED),
        Step(_S.SEALED, _V.ASSEMBLE, _S.ASSEMBLED),
        Step(_S.SEALED, _V.CANCEL, _S.CANCELLED),
        Step(_S.SEALED, _V.FAIL, _S.FAILED),
        Step(_S.ASSEMBLED, _V.RELEASE, _S.RELEASED),
        Step(_S.ASSEMBLED, _V.CANCEL, _S.CANCELLED),
        Step(_S.FAILED, _V.RESUME, _S.QUEUED),
        Step(_S.FAILED, _V.CANCEL, _S.CANCELLED),
    ],
    start=_S.QUEUED,
)

STATE_LABELS: dict[PackageState, Text] = {
    _S.QUEUED: _("Ordered"),
    _S.COLLECTING: _("Being built"),
    _S.SEALED: _("Being sealed"),
    _S.ASSEMBLED: _("Being released"),
    _S.RELEASED: _("Ready to fetch"),
    _S.CANCELLED: _("Cancelled"),
    _S.FAILED: _("Stopped"),
}
STATE_TONES: dict[PackageState, str] = {
    _S.QUEUED: "info",
    _S.COLLECTING: "info",
    _S.SEALED: "info",
    _S.ASSEMBLED: "info",
    _S.RELEASED: "good",
    _S.CANCELLED: "quiet",
    _S.FAILED: "bad",
}
STAGE_LABELS: dict[str, Text] = {
    "collecting": _("Collecting records"),
    "sealing": _("Sealing"),
    "proof": _("Waiting for the proof from the log"),
    "writing": _("Writing the package"),
}
