"""The door of this room for those above."""

from entraide.disclosure.queries import PackageView, not_fetched_by, packages_of, stopped
from entraide.disclosure.states import STATE_LABELS, STATE_TONES, PackageState

__all__ = [
    "STATE_LABELS",
    "STATE_TONES",
    "PackageState",
    "PackageView",
    "not_fetched_by",
    "packages_of",
    "stopped",
]
