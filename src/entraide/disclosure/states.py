"""The life of a package."""

from enum import StrEnum

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
