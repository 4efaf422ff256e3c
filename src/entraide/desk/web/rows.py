"""What lists of requests have in common."""

from datetime import datetime

from django.urls import reverse

from entraide.disclosure import api as disclosure
from entraide.requests import api as requests
from entraide.ui import components as ui


def case_link(reference: str) -> ui.Identifier:
    """Return the reference of a case, leading to it."""
    return ui.Identifier(value=reference, href=reverse("desk:case", args=[reference]), copy=False)


def clock_of(row: requests.RequestRow, now: datetime) -> ui.Drawable:
    """Return the clock of a request, in words."""
    return requests.clock_of(row, now)


def state_pill(row: requests.RequestRow) -> ui.Pill:
    """Return the state of a request."""
    return requests.state_pill(row)


def package_pill(package: disclosure.PackageView) -> ui.Pill:
    """Return the state of a package."""
    return disclosure.pill_of(package)
