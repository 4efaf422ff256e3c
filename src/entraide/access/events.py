"""What can be read in the log about people and their keys; each with a sentence for people."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "access:organisation:opened": _("An organisation was entered on this desk."),
    "access:person:invited": _("A person was invited."),
    "access:person:first-invited": _("One of the first two people of an empty desk was invited."),
    "access:invitation:made": _("A link that enrols one passkey was made for a person."),
    "access:person:named": _("A person said how they are called and reached."),
    "access:person:disabled": _("A person was disabled; all their sign-ins ended."),
    "access:person:preferences-changed": _("A person chose another language or time zone."),
    "access:role:granted": _("A role was granted."),
    "access:role:revoked": _("A role was revoked."),
    "access:credential:allowed": _("A further passkey was let in by an earlier one."),
    "access:credential:registered": _("A passkey was registered."),
    "access:credential:disabled": _("A passkey was disabled."),
    "access:age-key:registered": _("An officer registered the key that packages are encrypted to."),
    "access:sign-in:started": _("A person signed in."),
    "access:sign-in:ended": _("A sign-in ended."),
    "access:demo-link:made": _("A sign-in link for a made-up person of the demo was made."),
}
