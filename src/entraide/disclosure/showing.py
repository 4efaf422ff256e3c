"""How the state of a package is shown, wherever it is."""

from django.utils.translation import gettext as _

from entraide.disclosure.queries import PackageView
from entraide.disclosure.states import STATE_LABELS, STATE_TONES, PackageState
from entraide.ui.components import Pill


def pill_of(package: PackageView) -> Pill:
    """Return the state of a package; once it was fetched, that is what matters."""
    if package.state is PackageState.RELEASED and package.fetched_at:
        return Pill(label=_("Fetched"), tone="good")
    return Pill(label=STATE_LABELS[package.state], tone=STATE_TONES[package.state])
