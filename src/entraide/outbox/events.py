"""What the outbox writes into the log."""

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text

EVENTS: dict[str, Text] = {
    "outbox:effect:confirmed": _("The other side confirmed that it was done."),
    "outbox:effect:refused": _("The other side refused to do it."),
    "outbox:effect:blocked": _("It was not done: the signatures for it do not hold."),
    "outbox:effect:superseded": _("It was not done: a newer version took its place."),
}
