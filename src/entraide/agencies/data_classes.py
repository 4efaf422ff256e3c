"""What each stored field of this room is, why it is kept, and for how long."""

from entraide.database.dataclasses import FieldClass

_LOG = "as long as the log"

FIELDS: dict[str, FieldClass] = {
    "agency.*": FieldClass("internal", "Says which agency, and who of the exchange vouched for it.", _LOG),
    "agency.country": FieldClass("internal", "Tells which law an agency acts under.", _LOG),
    "agency.function": FieldClass("internal", "Says what the agency is there for.", _LOG),
    "agency.state": FieldClass("internal", "Says whether requests of this agency are taken in.", _LOG),
    "agency.domains": FieldClass("internal", "Checks the addresses of its people.", _LOG),
    "agency.switchboard": FieldClass("internal", "Is called back before the agency is believed.", _LOG),
    "agency.countersigned_categories": FieldClass("internal", "Says where its supervisor signs as well.", _LOG),
    "agency.proposal_checks": FieldClass("internal", "Says what the first person checked.", _LOG),
    "agency.verification_checks": FieldClass("internal", "Says what the second person checked.", _LOG),
    "agency.verified_at": FieldClass("internal", "Says since when the agency is believed.", _LOG),
    "agency.change": FieldClass("internal", "Holds changed facts until a second person checked them.", "until decided"),
    "agency.change_checks": FieldClass("internal", "Says what the first person checked of a change.", "until decided"),
    "agency.number_since": FieldClass("internal", "Says how long the number to call back is known.", _LOG),
    "agency.entered_at": FieldClass("internal", "Says when the agency was entered.", _LOG),
}
