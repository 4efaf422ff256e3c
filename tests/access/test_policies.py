"""Who may change whom, asked of the rules alone: the database, which hides other agencies too, is not in the way."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from entraide.access import policies
from entraide.access.models import Credential, Organisation, Person
from entraide.access.states import OrganisationKind
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import NotPermitted

AGENCY = Organisation(id=uuid4(), kind=OrganisationKind.AGENCY, name="Criminal police")
OTHER = Organisation(id=uuid4(), kind=OrganisationKind.AGENCY, name="Policía judicial")
EXCHANGE = Organisation(id=uuid4(), kind=OrganisationKind.EXCHANGE, name="Exchange")


def _person(organisation: Organisation) -> Person:
    return Person(organisation=organisation, name="Somebody", is_active=True)


def _actor(person: Person, face: Face, role: Role) -> Actor:
    return Actor(
        face=face,
        name=person.name,
        roles=frozenset([role]),
        person_id=person.pk,
        organisation_id=person.organisation_id,
    )


def _checks(role: Role) -> dict[str, Callable[[Actor, Person], None]]:
    return {
        "grant": lambda actor, person: policies.check_may_grant(actor, person, role, ()),
        "revoke": lambda actor, person: policies.check_may_revoke(actor, person, role),
        "disable": policies.check_may_disable,
        "invite again": lambda actor, person: policies.check_may_invite_again(actor, person, ()),
    }


@pytest.mark.parametrize("change", _checks(Role.OFFICER))
@pytest.mark.parametrize(
    ("organisation", "face", "role", "of"),
    [
        (AGENCY, Face.AGENCY, Role.AGENCY_ADMINISTRATOR, Role.OFFICER),
        (EXCHANGE, Face.STAFF, Role.DESK_ADMINISTRATOR, Role.APPROVER),
    ],
)
def test_an_administrator_changes_others_and_never_himself(
    organisation: Organisation, face: Face, role: Role, of: Role, change: str
) -> None:
    himself = _person(organisation)
    actor, check = _actor(himself, face, role), _checks(of)[change]

    check(actor, _person(organisation))
    with pytest.raises(NotPermitted, match="their own rights"):
        check(actor, himself)


def test_V08_an_agencys_administrator_has_no_say_over_another_agency() -> None:
    ada = _actor(_person(AGENCY), Face.AGENCY, Role.AGENCY_ADMINISTRATOR)
    stranger = _person(OTHER)

    assert policies.grantable_roles(ada, AGENCY) == (Role.OFFICER,)
    assert policies.grantable_roles(ada, OTHER) == ()
    with pytest.raises(NotPermitted):
        policies.check_may_invite(ada, OTHER, [Role.OFFICER])
    for check in _checks(Role.OFFICER).values():
        with pytest.raises(NotPermitted):
            check(ada, stranger)
    with pytest.raises(NotPermitted):
        policies.check_may_disable_credential(ada, Credential(person=stranger, organisation=OTHER), 1)
