"""What this room tells the log and its neighbours."""

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text

EVENTS: dict[str, Text] = {
    "disclosure:package:queued": _("A package was ordered."),
    "disclosure:package:collecting": _("Collecting the approved records began; every signature was checked first."),
    "disclosure:package:sealed": _("The package was sealed."),
    "disclosure:package:assembled": _("The package was encrypted to the officer."),
    "disclosure:package:released": _("The package was released to the officer."),
    "disclosure:package:failed": _("Building the package stopped; a person must look."),
    "disclosure:package:resumed": _("Building the package was taken up again."),
    "disclosure:package:cancelled": _("The package was cancelled."),
    "disclosure:package:fetched": _("The officer began to fetch the package."),
}
