"""Who is acting.  An `Actor` comes in by the door of every operation and is never looked up inside."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Face(StrEnum):
    """The side of the desk a person sits on; each side has a database role of its own."""

    AGENCY = "agency"
    STAFF = "staff"
    SYSTEM = "system"


class Role(StrEnum):
    """What a person is trusted to do.  `FACE_OF_ROLE` says on which side."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AGENCY_ADMINISTRATOR = "agency_administrator"
    ANALYST = "analyst"
    APPROVER = "approver"
    AUDITOR = "auditor"
    DESK_ADMINISTRATOR = "desk_administrator"


FACE_OF_ROLE: dict[Role, Face] = {
    Role.OFFICER: Face.AGENCY,
    Role.SUPERVISOR: Face.AGENCY,
    Role.AGENCY_ADMINISTRATOR: Face.AGENCY,
    Role.ANALYST: Face.STAFF,
    Role.APPROVER: Face.STAFF,
    Role.AUDITOR: Face.STAFF,
    Role.DESK_ADMINISTRATOR: Face.STAFF,
}

# Who may open a case at all; which cases, each room's queries say.  Administrators keep people and agencies: no cases.
CASE_STAFF = (Role.ANALYST, Role.APPROVER, Role.AUDITOR)
CASE_READERS = (Role.OFFICER, Role.SUPERVISOR, *CASE_STAFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One natural person in one sign-in, or one part of the system.

    `organisation_id` is the tenant: the agency of an officer, the exchange's own organisation for staff, and None for
    the system.  `name` is for the log's sealed part and for pages, never for a decision.
    """

    face: Face
    name: str
    roles: frozenset[Role] = frozenset()
    person_id: UUID | None = None
    organisation_id: UUID | None = None
    sign_in_id: UUID | None = None

    @classmethod
    def system(cls, name: str) -> "Actor":
        """Return the actor for a part of the system, such as the worker; it holds no role."""
        return cls(face=Face.SYSTEM, name=name)

    def has(self, *roles: Role) -> bool:
        """Say whether the actor holds at least one of `roles`."""
        return not self.roles.isdisjoint(roles)

    @property
    def key(self) -> str:
        """The actor as one word: a person's identifier, or the name of the part of the system."""
        return str(self.person_id) if self.person_id else f"system:{self.name}"
