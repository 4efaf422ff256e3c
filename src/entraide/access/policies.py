"""Who may change people, roles and keys.

An agency's administrator proposes officers of his own agency and nothing more.  What counts as a second signature
(supervisors) and whoever decides on the desk is let in by the desk's administrators; nobody grants himself anything.
"""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from entraide.access.models import Credential, Organisation, Person
from entraide.access.states import ROLE_NAMES, OrganisationKind
from entraide.kernel.actors import FACE_OF_ROLE, Actor, Face, Role
from entraide.kernel.errors import NotPermitted, NotPossible
from entraide.ui.words import listed

FACE_OF_ORGANISATION = {OrganisationKind.EXCHANGE: Face.STAFF, OrganisationKind.AGENCY: Face.AGENCY}

# Who lets people into a role.  The table is the rule; the page offers what it allows.
GRANTED_BY: dict[Role, tuple[Role, ...]] = {
    Role.OFFICER: (Role.AGENCY_ADMINISTRATOR, Role.DESK_ADMINISTRATOR),
    Role.SUPERVISOR: (Role.DESK_ADMINISTRATOR,),
    Role.AGENCY_ADMINISTRATOR: (Role.DESK_ADMINISTRATOR,),
    Role.ANALYST: (Role.DESK_ADMINISTRATOR,),
    Role.APPROVER: (Role.DESK_ADMINISTRATOR,),
    Role.AUDITOR: (Role.DESK_ADMINISTRATOR,),
    Role.DESK_ADMINISTRATOR: (Role.DESK_ADMINISTRATOR,),
}

# One account that may invite an officer and countersign for him would hold both signatures of a request.
NEVER_TOGETHER = ((Role.AGENCY_ADMINISTRATOR, Role.SUPERVISOR),)


def grantable_roles(actor: Actor, organisation: Organisation) -> tuple[Role, ...]:
    """Return the roles `actor` may let people of `organisation` into."""
    face = FACE_OF_ORGANISATION[OrganisationKind(organisation.kind)]
    if not _administers(actor, organisation.pk):
        return ()
    return tuple(role for role, by in GRANTED_BY.items() if FACE_OF_ROLE[role] is face and actor.has(*by))


def check_may_invite(actor: Actor, organisation: Organisation, roles: Collection[Role]) -> None:
    """Refuse unless `actor` may invite a person with `roles` into `organisation`."""
    what = _("Inviting a person")
    if not _administers(actor, organisation.pk):
        raise NotPermitted(what, why=_("only administrators invite people"), do=_("Ask an administrator"))
    if not roles:
        raise NotPossible(what, why=_("no role was chosen"), do=_("Choose at least one role"))
    for role in roles:
        _check_may_let_into(actor, organisation, role, what)
    _check_go_together(roles, what)


def check_may_grant(actor: Actor, person: Person, role: Role, held: Collection[Role]) -> None:
    """Refuse unless `actor` may grant `role` to `person`, who holds the roles `held`."""
    what = _("Granting the role “%(role)s”") % {"role": ROLE_NAMES[role]}
    _check_not_himself(actor, person, what)
    _check_may_let_into(actor, person.organisation, role, what)
    _check_go_together({*held, role}, what)
    if not person.is_active:
        raise NotPossible(what, why=_("the person is disabled"), do=_("Invite the person anew"))


def check_may_revoke(actor: Actor, person: Person, role: Role) -> None:
    """Refuse unless `actor` may revoke `role` of `person`."""
    what = _("Revoking the role “%(role)s”") % {"role": ROLE_NAMES[role]}
    _check_not_himself(actor, person, what)
    _check_may_let_into(actor, person.organisation, role, what)


def check_may_disable(actor: Actor, person: Person) -> None:
    """Refuse unless `actor` may disable `person`."""
    what = _("Disabling %(name)s") % {"name": person.name}
    _check_not_himself(actor, person, what)
    if not _administers(actor, person.organisation_id):
        raise NotPermitted(what, why=_("only administrators disable people"), do=_("Ask an administrator"))


def check_may_invite_again(actor: Actor, person: Person, held: Collection[Role]) -> None:
    """Refuse unless `actor` may make a new enrolment link for `person`.

    A new link is a new passkey: whoever makes one for a supervisor holds his signature.  So the same people make it as
    let people into the roles held.
    """
    what = _("Inviting %(name)s again") % {"name": person.name}
    _check_not_himself(actor, person, what)
    if not _administers(actor, person.organisation_id):
        raise NotPermitted(what, why=_("only administrators invite people"), do=_("Ask an administrator"))
    for role in held:
        _check_may_let_into(actor, person.organisation, role, what)
    if not person.is_active:
        raise NotPossible(what, why=_("the person is disabled"), do=_("Invite the person anew"))


def check_may_disable_credential(actor: Actor, credential: Credential, n_others: int) -> None:
    """Refuse unless `actor` may disable `credential`, beside which its person has `n_others` in use."""
    what = _("Disabling a passkey")
    if actor.person_id == credential.person_id:
        if n_others == 0:
            raise NotPossible(what, why=_("it is your only one"), do=_("Add another passkey first"))
        return
    if not _administers(actor, credential.organisation_id):
        raise NotPermitted(what, why=_("it is another person's"), do=_("Ask an administrator"))


def check_may_register_age_key(actor: Actor) -> None:
    """Refuse unless `actor` is somebody to whom packages are delivered."""
    if not actor.has(Role.OFFICER):
        raise NotPermitted(
            _("Registering a key for packages"), why=_("packages are delivered to officers"), do=_("Ask an officer")
        )


def check_is_person(actor: Actor) -> tuple[UUID, UUID]:
    """Return person and organisation; refuse unless a natural person acts: a part of the system signs nothing."""
    if actor.person_id is None or actor.organisation_id is None:
        raise NotPermitted(_("Signing"), why=_("only a person signs"), do=pgettext("what to do", "Sign in"))
    return actor.person_id, actor.organisation_id


def _administers(actor: Actor, organisation_id: UUID) -> bool:
    if actor.face is Face.STAFF:
        return actor.has(Role.DESK_ADMINISTRATOR)
    return actor.has(Role.AGENCY_ADMINISTRATOR) and actor.organisation_id == organisation_id


def _check_may_let_into(actor: Actor, organisation: Organisation, role: Role, what: str) -> None:
    if FACE_OF_ROLE[role] is not FACE_OF_ORGANISATION[OrganisationKind(organisation.kind)]:
        raise NotPossible(what, why=_("this role belongs to the other side of the desk"), do=_("Choose another role"))
    if role not in grantable_roles(actor, organisation):
        names = listed(ROLE_NAMES[by] for by in GRANTED_BY[role])
        raise NotPermitted(
            what,
            why=_("this role is granted by: %(roles)s") % {"roles": names},
            do=_("Ask a person who holds that role"),
        )


def _check_go_together(roles: Collection[Role], what: str) -> None:
    for pair in NEVER_TOGETHER:
        if set(pair) <= set(roles):
            raise NotPossible(
                what,
                why=_("one person cannot be %(one)s and %(other)s")
                % {"one": ROLE_NAMES[pair[0]], "other": ROLE_NAMES[pair[1]]},
                do=_("Give the roles to two persons"),
            )


def _check_not_himself(actor: Actor, person: Person, what: str) -> None:
    if actor.person_id == person.pk:
        raise NotPermitted(what, why=_("nobody changes their own rights"), do=_("Ask another administrator"))
