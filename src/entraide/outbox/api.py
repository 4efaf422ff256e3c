"""The door of the outbox for other rooms."""

from entraide.outbox.asking import Effect, announce, ask, later
from entraide.outbox.jobs import RETRY
from entraide.outbox.progress import Cancelled, Progress, ProgressView, ask_to_cancel, progress_of
from entraide.outbox.queries import EffectView, effect_of, effects_of_case
from entraide.outbox.registry import (
    NO_ACT,
    Confirmed,
    EffectToDo,
    News,
    Outcome,
    Refused,
    handler,
    reaction,
)
from entraide.outbox.states import EffectState

__all__ = [
    "NO_ACT",
    "RETRY",
    "Cancelled",
    "Confirmed",
    "Effect",
    "EffectState",
    "EffectToDo",
    "EffectView",
    "News",
    "Outcome",
    "Progress",
    "ProgressView",
    "Refused",
    "announce",
    "ask",
    "ask_to_cancel",
    "effect_of",
    "effects_of_case",
    "handler",
    "later",
    "progress_of",
    "reaction",
]
