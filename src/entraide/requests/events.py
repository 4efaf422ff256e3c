"""What happens to requests, each with a sentence for people."""

from django.utils.translation import gettext_lazy as _

from entraide.kernel.errors import Text

EVENTS: dict[str, Text] = {
    "requests:draft:started": _("A draft was started."),
    "requests:draft:discarded": _("The draft was discarded."),
    "requests:instrument:attached": _("An instrument was attached."),
    "requests:instrument:removed": _("An instrument not yet signed for was removed."),
    "requests:request:filed": _("The request was filed and signed."),
    "requests:request:countersigned": _("A supervisor countersigned the request."),
    "requests:request:sent-back": _("A supervisor sent the request back to its officer."),
    "requests:request:withdrawn": _("The request was withdrawn."),
    "requests:request:accepted": _("The desk took the request up."),
    "requests:request:handed-over": _("The request was handed over to another analyst."),
    "requests:request:returned": _("The desk returned the request for correction; the clock stopped."),
    "requests:question:asked": _("The desk asked a question; the clock stopped."),
    "requests:question:answered": _("The agency answered the question; the clock goes on."),
    "requests:question:taken-back": _("The desk took its question back; the clock goes on."),
    "requests:lookup:asked": _("Accounts were looked for at the exchange."),
    "requests:lookup:answered": _("The exchange answered which accounts it found."),
    "requests:lookup:failed": _("The exchange did not answer a look-up."),
    "requests:decision:proposed": _("A decision was proposed and signed."),
    "requests:decision:approved": _("A second person approved the decision."),
    "requests:decision:rejected": _("The proposed decision was rejected."),
    "requests:decision:taken-back": _("The proposed decision was taken back."),
    "requests:decision:overtaken": _("The decision no longer holds: something it rested on changed."),
    "requests:request:reopened": _("The approved decision was set aside and the request is in triage again."),
    "requests:production:started": _("The package is being made."),
    "requests:production:stopped": _("Making the package was stopped."),
    "requests:request:delivered": _("The package was delivered."),
    "requests:request:closed": _("The request was closed."),
    "requests:request:erased": _("The content of the request was erased for good; the log still stands."),
}
