"""The states of an effect, and how it gets from one to another."""

from enum import StrEnum

from entraide.kernel.workflow import Step, Workflow


class EffectState(StrEnum):
    """Where an effect stands.  `unknown`: it may have happened; it is asked again with the same key."""

    ASKED = "asked"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class EffectVerb(StrEnum):
    """What happens to an effect."""

    CLAIM = "claim"
    LOSE_TRACK = "lose_track"
    CONFIRM = "confirm"
    REFUSE = "refuse"


OPEN = (EffectState.ASKED, EffectState.SENT, EffectState.UNKNOWN)
DONE = (EffectState.CONFIRMED, EffectState.REFUSED)

EFFECT = Workflow(
    "effect",
    [
        Step(EffectState.ASKED, EffectVerb.CLAIM, EffectState.SENT),
        Step(EffectState.SENT, EffectVerb.CLAIM, EffectState.SENT),  # the lease of a dead worker ran out
        Step(EffectState.SENT, EffectVerb.LOSE_TRACK, EffectState.UNKNOWN),
        Step(EffectState.SENT, EffectVerb.CONFIRM, EffectState.CONFIRMED),
        Step(EffectState.SENT, EffectVerb.REFUSE, EffectState.REFUSED),
        Step(EffectState.UNKNOWN, EffectVerb.CLAIM, EffectState.SENT),
    ],
    start=EffectState.ASKED,
)
