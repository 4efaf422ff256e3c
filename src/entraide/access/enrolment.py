"""How people, roles, keys and links come into being, inside the operation of whoever decided it.

Nothing here asks whether it may be done: `policies` does, in the operations that call this.  Everything here leaves its
entry in the log.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from entraide.access.models import Credential, Invitation, Organisation, Person, RoleGrant
from entraide.access.states import (
    DEMO_LINK_LASTS,
    INVITATION_LASTS,
    SUPERVISOR_LASTS,
    CredentialKind,
    OrganisationKind,
    Purpose,
)
from entraide.audit.api import Entry, StreamKind, entries_about, open_stream, record
from entraide.evidence.signed_acts import algorithm_of, to_base64url
from entraide.kernel.actors import FACE_OF_ROLE, Actor, Face, Role
from entraide.kernel.ids import uuid7

ROLE_LASTS: dict[Role, timedelta] = {Role.SUPERVISOR: SUPERVISOR_LASTS}


def open_organisation(kind: OrganisationKind, *, name: str, actor: Actor, now: datetime) -> Organisation:
    """Enter an organisation, with a stream of its own in the log."""
    organisation_id = uuid7()
    stream_id = open_stream(StreamKind.ORGANISATION, organisation_id=organisation_id, case_id=None, now=now)
    organisation = Organisation(id=organisation_id, kind=kind.value, name=name, stream_id=stream_id, opened_at=now)
    organisation.save(force_insert=True)
    payload = {"organisation": str(organisation_id), "kind": kind.value, "name": name}
    record(
        "access:organisation:opened", stream_id=stream_id, actor=actor, now=now, subject=organisation, payload=payload
    )
    return organisation


def enter_person(
    organisation: Organisation,
    *,
    name: str,
    email: str,
    language: str,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
    event: str = "access:person:invited",
    act_hash: bytes | None = None,
    signed_act_id: UUID | None = None,
) -> Person:
    """Enter a person with roles; how they get in is for `invite` or `register`."""
    person = Person(
        organisation=organisation,
        handle=secrets.token_bytes(32),
        face=(Face.STAFF if organisation.kind == OrganisationKind.EXCHANGE else Face.AGENCY).value,
        name=name,
        email=email,
        language=language,
        invited_at=now,
        is_demo=settings.KIND == "demo",  # so that whatever of a demo is found in production is known
    )
    person.save(force_insert=True)
    roles = tuple(roles)
    payload = {
        "person": str(person.pk),
        "name": name,
        "email": email,
        "roles": sorted(role.value for role in roles),
        "signed_act": str(signed_act_id) if signed_act_id else None,
    }
    record(
        event,
        stream_id=organisation.stream_id,
        actor=actor,
        now=now,
        subject=person,
        payload=payload,
        act_hash=act_hash,
    )
    for role in roles:
        grant(person, role, actor=actor, now=now, act_hash=act_hash)
    return person


def grant(person: Person, role: Role, *, actor: Actor, now: datetime, act_hash: bytes | None = None) -> Entry:
    """Grant a role and return its entry; supervisors' rights lapse after a year."""
    if FACE_OF_ROLE[role].value != person.face:
        raise ValueError(f"{role.value} does not sit on the {person.face} side")
    lasts = ROLE_LASTS.get(role)
    row = RoleGrant(
        organisation_id=person.organisation_id,
        person=person,
        role=role.value,
        granted_by_id=actor.person_id,
        granted_at=now,
        expires_at=now + lasts if lasts else None,
    )
    row.save(force_insert=True)
    return record(
        "access:role:granted",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=row,
        payload={"person": str(person.pk), "role": role.value},
        act_hash=act_hash,
    )


def register(
    person: Person,
    *,
    credential_id: bytes,
    public_key: bytes,
    kind: CredentialKind,
    label: str,
    actor: Actor,
    now: datetime,
    sign_count: int = 0,
    let_in_by: UUID | None = None,
    invitation: UUID | None = None,
) -> Credential:
    """Register a key.  From now on the entry in the log says what the key is; the row only points at it.

    It also says what let the key in: the signature of an older one, or the entry of the invitation that was answered.
    """
    algorithm = algorithm_of(public_key)
    row = Credential(
        organisation_id=person.organisation_id,
        person=person,
        kind=kind.value,
        label=label,
        credential_id=credential_id,
        public_key=public_key,
        algorithm=algorithm,
        sign_count=sign_count,
        registered_at=now,
    )
    row.save(force_insert=True)
    payload = {
        "credential": str(row.pk),
        "credential_id": to_base64url(credential_id),
        "public_key": to_base64url(public_key),
        "algorithm": algorithm,
        "person": str(person.pk),
        "kind": kind.value,
        "rp_id": settings.RP_ID,
        "let_in_by": str(let_in_by) if let_in_by else None,
        "invitation": str(invitation) if invitation else None,
    }
    entry = record(
        "access:credential:registered",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=row,
        payload=payload,
    )
    row.entry_id = entry.id
    row.save(update_fields=["entry_id"])
    return row


def invite(
    person: Person,
    *,
    actor: Actor,
    now: datetime,
    first: int | None = None,
    act_hash: bytes | None = None,
    signed_act_id: UUID | None = None,
) -> tuple[Entry, str]:
    """Make a one-time enrolment link; return its entry and its token, which is kept nowhere."""
    link, token = _link(person, Purpose.ENROL, expires_at=now + INVITATION_LASTS, actor=actor, now=now, first=first)
    signed = str(signed_act_id) if signed_act_id else None
    entry = _record_link(
        "access:invitation:made", link, actor=actor, now=now, act_hash=act_hash, payload={"signed_act": signed}
    )
    return entry, token


def make_demo_link(person: Person, *, actor: Actor, now: datetime) -> tuple[Invitation, str]:
    """Make a one-time sign-in link for a made-up person; the caller has checked that this is a demo."""
    link, token = _link(person, Purpose.DEMO, expires_at=now + DEMO_LINK_LASTS, actor=actor, now=now, first=None)
    _record_link("access:demo-link:made", link, actor=actor, now=now, act_hash=None)
    return link, token


def hash_of_token(token: str) -> bytes:
    """Return what the database keeps of a link's or cookie's token."""
    return hashlib.sha256(token.encode()).digest()


def _link(
    person: Person, purpose: Purpose, *, actor: Actor, expires_at: datetime, now: datetime, first: int | None
) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(32)
    link = Invitation(
        organisation_id=person.organisation_id,
        person=person,
        purpose=purpose.value,
        token_hash=hash_of_token(token),
        invited_by_id=actor.person_id,
        first=first,
        made_at=now,
        expires_at=expires_at,
    )
    link.save(force_insert=True)
    return link, token


def invitation_entry(link: Invitation) -> UUID:
    """Return the entry that says that this link was made; used inside a door."""
    made = entries_about(link.pk, stream_id=link.person.organisation.stream_id, kind="access:invitation:made")
    return made[0]


def _record_link(
    event: str,
    link: Invitation,
    *,
    actor: Actor,
    now: datetime,
    act_hash: bytes | None,
    payload: Mapping[str, str | None] | None = None,
) -> Entry:
    return record(
        event,
        stream_id=link.person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=link,
        payload={"person": str(link.person_id), **(payload or {})},
        act_hash=act_hash,
    )
