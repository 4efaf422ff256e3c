"""The door of this room for those above.

Everything but the operations (`begin_step_up` and what `operations` names) works inside the caller's door: within
`reading_as`, or within an operation.
"""

from entraide.access import demo
from entraide.access.enrolment import open_organisation
from entraide.access.operations.limits import TooMany
from entraide.access.operations.members import invite_first
from entraide.access.operations.signing import BegunStepUp, SignedActView, begin_step_up, sign, sign_own
from entraide.access.people import (
    AgeKeyView,
    OpenInvitation,
    OrganisationView,
    PasskeyView,
    PersonView,
    SignInView,
    age_key_of,
    exchange,
    open_invitations,
    organisation,
    organisations,
    passkeys_of,
    people_by_ids,
    people_of,
    people_with,
    person,
    sign_ins_of,
)
from entraide.access.rules import secrets_in
from entraide.access.states import OrganisationKind, roles_in_words
from entraide.access.verifying import signed_act, signed_between, verify_age_key, verify_signed_act

StepUp = BegunStepUp

__all__ = [
    "AgeKeyView",
    "BegunStepUp",
    "OpenInvitation",
    "OrganisationKind",
    "OrganisationView",
    "PasskeyView",
    "PersonView",
    "SignInView",
    "SignedActView",
    "StepUp",
    "TooMany",
    "age_key_of",
    "begin_step_up",
    "demo",
    "exchange",
    "invite_first",
    "open_invitations",
    "open_organisation",
    "organisation",
    "organisations",
    "passkeys_of",
    "people_by_ids",
    "people_of",
    "people_with",
    "person",
    "roles_in_words",
    "secrets_in",
    "sign",
    "sign_ins_of",
    "sign_own",
    "signed_act",
    "signed_between",
    "verify_age_key",
    "verify_signed_act",
]
