"""The door of this room for those above."""

from entraide.disclosure.queries import PackageView, not_fetched_by, packages_of, stopped
from entraide.disclosure.showing import pill_of
from entraide.disclosure.states import PackageState

__all__ = [
    "PackageState",
    "PackageView",
    "not_fetched_by",
    "packages_of",
    "pill_of",
    "stopped",
]
