"""Signing in, staying signed in, signing out.  A passkey is the only way: there is no password, no code, no mail."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import webauthn
from django.conf import settings
from django.utils.translation import gettext as _
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import UserVerificationRequirement

from entraide.access.enrolment import hash_of_token
from entraide.access.models import Ceremony, Credential, Person, SignIn
from entraide.access.people import actor_for
from entraide.access.rules import is_alive, kinds_that_sign
from entraide.access.states import ABSOLUTE_LIMIT, CEREMONY_LASTS, SEEN_EVERY
from entraide.access.states import Ceremony as CeremonyKind
from entraide.audit.api import Entry, record
from entraide.database import operation, reading_as
from entraide.evidence.signed_acts import from_base64url, to_base64url
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotFound, NotPermitted

DOOR = Actor.system("sign-in")
"""Who acts before it is known who knocks.  The agency's role may then look among agencies' people only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunCeremony:
    """A challenge and what the page needs to have it answered."""

    id: UUID
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSignIn:
    """A new sign-in: who, and the cookie's value, which is kept nowhere else."""

    actor: Actor
    token: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSignIn:
    """Who asks in this request."""

    actor: Actor
    language: str
    time_zone: str
    is_demo: bool
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """Who the answer claims to be, and with what it has to be checked."""

    actor: Actor
    credential_id: UUID
    public_key: bytes
    sign_count: int
    challenge: bytes


@operation
def begin_sign_in(*, actor: Actor, now: datetime) -> BegunCeremony:
    """Give out a challenge.  The same for everybody: nobody says who they are before the passkey does."""
    challenge = secrets.token_bytes(32)
    row = Ceremony(purpose=CeremonyKind.SIGN_IN.value, challenge=challenge, expires_at=now + CEREMONY_LASTS)
    row.save(force_insert=True)
    options = webauthn.generate_authentication_options(
        rp_id=settings.RP_ID,
        challenge=challenge,
        timeout=int(CEREMONY_LASTS.total_seconds() * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return BegunCeremony(id=row.pk, options=json.loads(webauthn.options_to_json(options)))


def sign_in(*, ceremony_id: UUID, assertion: str, device: str, now: datetime) -> StartedSignIn:
    """Start a sign-in for whoever answered the challenge.

    First whoever knocks is found, as nobody in particular; then, as that person, the sign-in is started.  The challenge
    is used up by the first answer, good or bad.

    Raises
    ------
    NotPermitted
        In one and the same words, whatever did not hold.
    """
    claim = _claim(ceremony_id, assertion, actor=DOOR, now=now)
    if claim is None:
        raise _not_signed_in()
    try:
        verified = webauthn.verify_authentication_response(
            credential=json.loads(assertion),
            expected_challenge=claim.challenge,
            expected_rp_id=settings.RP_ID,
            expected_origin=settings.ORIGIN,
            credential_public_key=claim.public_key,
            credential_current_sign_count=claim.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _not_signed_in() from error
    return _start(claim.credential_id, verified.new_sign_count, device, actor=claim.actor, now=now)


def current(token: str, *, now: datetime) -> CurrentSignIn | None:
    """Return who holds the cookie `token`; None where it is no good, or no good any more.

    Asked at every request, so that disabling a person or ending a sign-in counts at the very next one.
    """
    with reading_as(DOOR):
        row = (
            SignIn.objects.select_related("person")
            .filter(token_hash=hash_of_token(token), person__is_active=True, person__face__in=settings.FACES)
            .first()
        )
        if row is None or not is_alive(seen_at=row.seen_at, expires_at=row.expires_at, ended_at=row.ended_at, now=now):
            return None
        return CurrentSignIn(
            actor=actor_for(row.person, at=now, sign_in_id=row.pk),
            language=row.person.language,
            time_zone=row.person.time_zone,
            is_demo=row.person.is_demo,
            is_due=now >= row.seen_at + SEEN_EVERY,
        )


@operation
def note_seen(*, actor: Actor, now: datetime) -> None:
    """Note that a sign-in is in use; called at most once a minute."""
    if actor.sign_in_id is not None:
        SignIn.objects.filter(pk=actor.sign_in_id, ended_at__isnull=True, seen_at__lt=now).update(seen_at=now)


@operation
def end_sign_in(sign_in_id: UUID, *, actor: Actor, now: datetime) -> UUID | None:
    """End one of one's own sign-ins: this one, or one in another browser; return the entry.

    Raises
    ------
    NotFound
        If `actor` has no such sign-in; another person's looks the same.
    """
    row = (
        SignIn.objects.select_for_update(of=("self",))
        .select_related("person__organisation")
        .filter(pk=sign_in_id, person_id=actor.person_id or UUID(int=0))
        .first()
    )
    if row is None:
        raise NotFound(_("This sign-in"), why=_("there is none, or it is not yours to see"))
    entry = end_all([row], actor=actor, now=now)
    return entry.id if entry else None


def end_all(rows: list[SignIn], *, actor: Actor, now: datetime) -> Entry | None:
    """End sign-ins of one person inside the caller's operation; return the entry, None where all had ended before."""
    open_rows = [row for row in rows if row.ended_at is None]
    for row in open_rows:
        row.ended_at = now
        row.save(update_fields=["ended_at"])
    if not open_rows:
        return None
    return record(
        "access:sign-in:ended",
        stream_id=open_rows[0].person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=open_rows,
        payload={"person": str(open_rows[0].person_id), "sign_ins": [str(row.pk) for row in open_rows]},
    )


def start_for(
    person: Person, credential: Credential | None, device: str, *, actor: Actor, now: datetime
) -> StartedSignIn:
    """Start a sign-in inside the caller's operation: a new token each time."""
    token = secrets.token_urlsafe(32)
    row = SignIn(
        organisation_id=person.organisation_id,
        person=person,
        credential=credential,
        token_hash=hash_of_token(token),
        device=device[:80],
        started_at=now,
        seen_at=now,
        expires_at=now + ABSOLUTE_LIMIT,
    )
    row.save(force_insert=True)
    record(
        "access:sign-in:started",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=row,
        payload={
            "person": str(person.pk),
            "sign_in": str(row.pk),
            "credential": str(credential.pk) if credential else None,
        },
    )
    return StartedSignIn(actor=actor_for(person, at=now, sign_in_id=row.pk), token=token, language=person.language)


@operation
def _claim(ceremony_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> _Claim | None:
    """Use the challenge up, and say who the answer claims to be."""
    ceremony = (
        Ceremony.objects.select_for_update()
        .filter(pk=ceremony_id, purpose=CeremonyKind.SIGN_IN.value, used_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if ceremony is None:
        return None
    ceremony.used_at = now
    ceremony.save(update_fields=["used_at"])
    try:
        answer = json.loads(assertion)
        credential_id = from_base64url(answer["id"])
        handle = answer["response"]["userHandle"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    found = (
        Credential.objects.select_related("person")
        .filter(
            credential_id=credential_id,
            kind__in=kinds_that_sign(),
            disabled_at__isnull=True,
            person__is_active=True,
            person__face__in=settings.FACES,
        )
        .first()
    )
    if found is None or handle != to_base64url(bytes(found.person.handle)):
        return None
    return _Claim(
        actor=actor_for(found.person, at=now, sign_in_id=None),
        credential_id=found.pk,
        public_key=bytes(found.public_key),
        sign_count=found.sign_count,
        challenge=bytes(ceremony.challenge),
    )


@operation
def _start(credential_id: UUID, sign_count: int, device: str, *, actor: Actor, now: datetime) -> StartedSignIn:
    credential = (
        Credential.objects.select_for_update(of=("self",))
        .select_related("person__organisation")
        .filter(pk=credential_id, disabled_at__isnull=True, person__is_active=True)
        .first()
    )
    # Between the two transactions the passkey may have been used elsewhere or disabled.
    if credential is None or (credential.sign_count and sign_count <= credential.sign_count):
        raise _not_signed_in()
    credential.sign_count, credential.last_used_at = sign_count, now
    credential.save(update_fields=["sign_count", "last_used_at"])
    return start_for(credential.person, credential, device, actor=actor, now=now)


def _not_signed_in() -> NotPermitted:
    return NotPermitted(
        _("Signing in"),
        why=_("this passkey does not open this desk"),
        do=_("Try again, or ask your administrator for an invitation"),
    )
