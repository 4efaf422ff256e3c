"""What can be read in the log about agencies; each with a sentence for people."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "agencies:agency:entered": _("An agency was entered on this desk."),
    "agencies:agency:proposed": _("A first person of the exchange vouched for an agency."),
    "agencies:agency:verified": _("A second person of the exchange verified an agency."),
    "agencies:agency:change-proposed": _("A first person of the exchange asked to change what is known of an agency."),
    "agencies:agency:changed": _("A second person of the exchange changed what is known of an agency."),
    "agencies:agency:change-dropped": _("A change of what is known of an agency was dropped."),
    "agencies:agency:suspended": _("An agency was suspended."),
    "agencies:agency:countersignature-changed": _("An agency changed for which data its supervisor signs as well."),
}
