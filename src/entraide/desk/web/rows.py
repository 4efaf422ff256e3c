"""What lists of requests have in common."""

from datetime import datetime

from django.urls import reverse

from entraide.disclosure import api as disclosure
from entraide.requests import api as requests
from entraide.ui import components as ui


def case_link(row: requests.RequestRow) -> ui.Identifier:
    """Return the reference, leading to the case."""
    return ui.Identifier(value=row.reference, href=reverse("desk:case", args=[row.reference]), copy=False)


def clock_of(row: requests.RequestRow, now: datetime) -> ui.Drawable:
    """Return the clock of a request, in words."""
    return requests.clock_of(row, now)


def state_pill(row: requests.RequestRow) -> ui.Pill:
    """Return the state of a request."""
    return requests.state_pill(row)


def package_pill(package: disclosure.PackageView) -> ui.Pill:
    """Return the state of a package."""
    return ui.Pill(label=disclosure.STATE_LABELS[package.state], tone=disclosure.STATE_TONES[package.state])
