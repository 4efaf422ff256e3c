"""The acts on people and keys that are signed with a step-up, each built the same way by the page and the operation."""

from collections.abc import Iterable
from uuid import UUID

from entraide.kernel.actors import Role
from entraide.kernel.acts import Act


def invite(*, organisation_id: UUID, name: str, email: str, language: str, roles: Iterable[Role]) -> Act:
    """Return the act of inviting a person with roles into an organisation."""
    content = {"name": name, "email": email, "language": language, "roles": sorted(role.value for role in roles)}
    return Act("access:person:invite", str(organisation_id), content)


def invite_again(*, person_id: UUID) -> Act:
    """Return the act of making a new enrolment link for a person, after proofing them anew."""
    return Act("access:person:invite-again", str(person_id), {})


def grant_role(*, person_id: UUID, role: Role) -> Act:
    """Return the act of granting a role."""
    return Act("access:role:grant", str(person_id), {"role": role.value})


def revoke_role(*, person_id: UUID, role: Role) -> Act:
    """Return the act of revoking a role."""
    return Act("access:role:revoke", str(person_id), {"role": role.value})


def disable_person(*, person_id: UUID) -> Act:
    """Return the act of disabling a person."""
    return Act("access:person:disable", str(person_id), {})


def add_passkey(*, person_id: UUID) -> Act:
    """Return the act of letting in a further passkey."""
    return Act("access:credential:add", str(person_id), {})


def disable_credential(*, credential_id: UUID) -> Act:
    """Return the act of disabling one passkey."""
    return Act("access:credential:disable", str(credential_id), {})


def register_age_key(*, person_id: UUID, recipient: str) -> Act:
    """Return the act of naming the key that packages are encrypted to."""
    return Act("access:age-key:register", str(person_id), {"recipient": recipient})
