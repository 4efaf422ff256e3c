"""Enrolling the first passkey by invitation, further ones by an earlier one; disabling them; the officer's age key."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyrage
import webauthn
from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from entraide.access import acts, enrolment, policies
from entraide.access.models import AgeKey, Ceremony, Credential, Invitation, Person, SignIn
from entraide.access.operations.sign_ins import DOOR, BegunCeremony, StartedSignIn, end_all, start_for
from entraide.access.operations.signing import sign_own
from entraide.access.people import actor_for
from entraide.access.rules import secrets_in
from entraide.access.states import CEREMONY_LASTS, CredentialKind, Purpose
from entraide.access.states import Ceremony as CeremonyKind
from entraide.audit.api import Entry, record
from entraide.database import operation, reading_as
from entraide.evidence.signed_acts import ALGORITHMS, NotSigned
from entraide.kernel.actors import Actor
from entraide.kernel.errors import Invalid, NotFound, NotPermitted


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """What an invited person sees before they enrol; `asks_name` for the first two people of a desk."""

    person_id: UUID
    name: str
    organisation_name: str
    asks_name: bool


def look_at_invitation(token: str, *, now: datetime) -> InvitationView:
    """Return whom a link invites.

    Raises
    ------
    NotFound
        If there is no such link, it was used, or it is too old: all three look the same.
    """
    with reading_as(DOOR):
        link = link_of(token, Purpose.ENROL, now)
        return InvitationView(
            person_id=link.person_id,
            name=link.person.name,
            organisation_name=link.person.organisation.name,
            asks_name=not link.person.email,
        )


@operation
def begin_enrolment(token: str, *, actor: Actor, now: datetime) -> BegunCeremony:
    """Give out the challenge under which an invited person makes their passkey; raises `NotFound` as above."""
    link = link_of(token, Purpose.ENROL, now)
    return _begin(link.person, invitation=link, signed_act_id=None, now=now)


def finish_enrolment(
    token: str,
    *,
    ceremony_id: UUID,
    credential: str,
    label: str,
    device: str,
    now: datetime,
    name: str = "",
    email: str = "",
) -> StartedSignIn:
    """Register the passkey of an invited person and sign them in.  The link is used up.

    Raises
    ------
    NotFound
        If the link is no good (any more).
    NotPermitted
        If the answer does not hold: another origin, no user verification, an algorithm that cannot be verified offline.
    Invalid
        If one of the first two people did not say who they are.
    """
    with reading_as(DOOR):
        link = link_of(token, Purpose.ENROL, now)
        actor = actor_for(link.person, at=now, sign_in_id=None)
    return _enrol(token, ceremony_id, credential, label, device, name, email, actor=actor, now=now)


@operation
def begin_another_passkey(*, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> BegunCeremony:
    """Let in a further passkey: an earlier one signs for it, then the new one is made."""
    person_id, _organisation_id = policies.check_is_person(actor)
    signed = sign_own(
        acts.add_passkey(person_id=person_id), step_up_id=step_up_id, assertion=assertion, actor=actor, now=now
    )
    person = Person.objects.select_related("organisation").get(pk=person_id)
    begun = _begin(person, invitation=None, signed_act_id=signed.id, now=now)
    record(
        "access:credential:allowed",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        payload={"person": str(person_id)},
        act_hash=signed.act_hash,
    )
    return begun


@operation
def finish_another_passkey(
    *, ceremony_id: UUID, credential: str, label: str, actor: Actor, now: datetime
) -> UUID | None:
    """Register a further passkey, which an earlier one signed in; return the entry that says what the key is."""
    person_id, _organisation_id = policies.check_is_person(actor)
    ceremony = _use_ceremony(ceremony_id, person_id, None, now)
    person = Person.objects.select_related("organisation").get(pk=person_id)
    return _register(person, ceremony, credential, label, actor=actor, now=now).entry_id


@operation
def disable_credential(credential_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Disable a passkey, end the sign-ins made with it, and return the entry.

    Raises
    ------
    NotFound
        If the reader has no such passkey.
    NotPermitted, NotPossible
        If it is another person's, or one's only one.
    """
    row = _credential(credential_id)
    others = Credential.objects.filter(person_id=row.person_id, disabled_at__isnull=True).exclude(pk=row.pk)
    policies.check_may_disable_credential(actor, row, others.count())
    act = acts.disable_credential(credential_id=credential_id)
    signed = sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    [entry] = disable_all([row], actor=actor, now=now, act_hash=signed.act_hash)
    return entry.id


def disable_all(rows: list[Credential], *, actor: Actor, now: datetime, act_hash: bytes) -> list[Entry]:
    """Disable passkeys of one person inside the caller's operation, and end the sign-ins made with them."""
    entries = []
    for row in rows:
        row.disabled_at = now
        row.save(update_fields=["disabled_at"])
        entry = record(
            "access:credential:disabled",
            stream_id=row.person.organisation.stream_id,
            actor=actor,
            now=now,
            subject=row,
            payload={"credential": str(row.pk), "person": str(row.person_id)},
            act_hash=act_hash,
        )
        entries.append(entry)
    ends = SignIn.objects.select_for_update(of=("self",)).select_related("person__organisation")
    end_all(list(ends.filter(credential__in=rows, ended_at__isnull=True)), actor=actor, now=now)
    return entries


@operation
def register_age_key(recipient: str, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> UUID:
    """Name the age recipient that packages for this officer are encrypted to; a former one is replaced.

    Packages that were delivered stay readable with the key they were made for.  Returns the entry.

    Raises
    ------
    Invalid
        If it is no age recipient: in particular if it is the secret identity itself, which is not kept.
    """
    policies.check_may_register_age_key(actor)
    person_id, organisation_id = policies.check_is_person(actor)
    recipient = age_recipient(recipient)
    act = acts.register_age_key(person_id=person_id, recipient=recipient)
    signed = sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
    former = list(AgeKey.objects.select_for_update().filter(person_id=person_id, replaced_at__isnull=True))
    for key in former:
        key.replaced_at = now
        key.save(update_fields=["replaced_at"])
    row = AgeKey(
        organisation_id=organisation_id,
        person_id=person_id,
        recipient=recipient,
        signed_act_id=signed.id,
        registered_at=now,
    )
    row.save(force_insert=True)
    person = Person.objects.select_related("organisation").get(pk=person_id)
    return record(
        "access:age-key:registered",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=[row, *former],
        payload={"person": str(person_id), "recipient": recipient},
        act_hash=signed.act_hash,
    ).id


def age_recipient(text: str) -> str:
    """Return an age recipient in its one form; raises `Invalid` for anything else."""
    text = text.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        why = _("this is the secret identity; keep it to yourself")
        do = _("Paste the line that begins with age1, and make a new key: this one was shown to a server")
        raise Invalid(_("Registering a key for packages"), why=why, do=do, fields={"recipient": why})
    try:
        return str(pyrage.x25519.Recipient.from_str(text.lower()))
    except (pyrage.RecipientError, ValueError) as error:
        why = _("this is no age recipient")
        do = _("Paste the line that begins with age1")
        raise Invalid(_("Registering a key for packages"), why=why, do=do, fields={"recipient": why}) from error


@operation
def _enrol(
    token: str,
    ceremony_id: UUID,
    credential: str,
    label: str,
    device: str,
    name: str,
    email: str,
    *,
    actor: Actor,
    now: datetime,
) -> StartedSignIn:
    link = link_of(token, Purpose.ENROL, now, is_locked=True)
    person = link.person
    if not person.email:
        name_person(person, name, email, actor=actor, now=now)
    ceremony = _use_ceremony(ceremony_id, person.pk, link.pk, now)
    invitation = enrolment.invitation_entry(link)
    registered = _register(person, ceremony, credential, label, actor=actor, now=now, invitation=invitation)
    # Every other link of this person ends with this one: one enrolment, one passkey.
    Invitation.objects.filter(person=person, purpose=Purpose.ENROL.value, used_at__isnull=True).update(used_at=now)
    return start_for(person, registered, device, actor=actor, now=now)


def name_person(person: Person, name: str, email: str, *, actor: Actor, now: datetime) -> None:
    """Write down who one of the first two people is, in their own words, inside the caller's operation."""
    name, email = name.strip(), email.strip()
    missing = {"name": name, "email": email}
    fields = {field: _("Say who you are") for field, value in missing.items() if not value}
    fields |= secrets_in(**missing)
    if fields:
        raise Invalid(_("Enrolling"), why=_("your name or e-mail address is missing"), do="", fields=fields)
    person.name, person.email = name, email
    person.save(update_fields=["name", "email"])
    record(
        "access:person:named",
        stream_id=person.organisation.stream_id,
        actor=actor,
        now=now,
        subject=person,
        payload={"person": str(person.pk), "name": name, "email": email},
    )


def _begin(
    person: Person, *, invitation: Invitation | None, signed_act_id: UUID | None, now: datetime
) -> BegunCeremony:
    challenge = secrets.token_bytes(32)
    row = Ceremony(
        organisation_id=person.organisation_id,
        person=person,
        purpose=CeremonyKind.REGISTER.value,
        challenge=challenge,
        invitation=invitation,
        signed_act_id=signed_act_id,
        expires_at=now + CEREMONY_LASTS,
    )
    row.save(force_insert=True)
    known = Credential.objects.filter(person=person, disabled_at__isnull=True)
    options = webauthn.generate_registration_options(
        rp_id=settings.RP_ID,
        rp_name="Entraide",
        user_id=bytes(person.handle),
        user_name=person.email or person.name,
        user_display_name=person.name,
        challenge=challenge,
        timeout=int(CEREMONY_LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(key.credential_id)) for key in known],
        supported_pub_key_algs=_algorithms(),
    )
    return BegunCeremony(id=row.pk, options=json.loads(webauthn.options_to_json(options)))


def _use_ceremony(ceremony_id: UUID, person_id: UUID, invitation_id: UUID | None, now: datetime) -> Ceremony:
    row = (
        Ceremony.objects.select_for_update()
        .filter(
            pk=ceremony_id,
            purpose=CeremonyKind.REGISTER.value,
            person_id=person_id,
            used_at__isnull=True,
            expires_at__gt=now,
        )
        .first()
    )
    if row is None or row.invitation_id != invitation_id:
        raise _not_registered()
    row.used_at = now
    row.save(update_fields=["used_at"])
    return row


def _register(
    person: Person,
    ceremony: Ceremony,
    credential: str,
    label: str,
    *,
    actor: Actor,
    now: datetime,
    invitation: UUID | None = None,
) -> Credential:
    verified = _verified(credential, bytes(ceremony.challenge))
    try:
        return enrolment.register(
            person,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            kind=CredentialKind.PASSKEY,
            label=label.strip()[:80],
            sign_count=verified.sign_count,
            let_in_by=ceremony.signed_act_id,
            invitation=invitation,
            actor=actor,
            now=now,
        )
    except (IntegrityError, NotSigned) as error:  # a key that is registered already, or one we cannot verify later
        raise _not_registered() from error


def _verified(credential: str, challenge: bytes) -> VerifiedRegistration:
    try:
        return webauthn.verify_registration_response(
            credential=json.loads(credential),
            expected_challenge=challenge,
            expected_rp_id=settings.RP_ID,
            expected_origin=settings.ORIGIN,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _not_registered() from error


def _algorithms() -> list[COSEAlgorithmIdentifier]:
    """Return what the offline verifier knows, in order of preference; other keys are not even offered."""
    return [COSEAlgorithmIdentifier(algorithm) for algorithm in ALGORITHMS]


def link_of(token: str, purpose: Purpose, now: datetime, *, is_locked: bool = False) -> Invitation:
    """Return a link that still works, inside the caller's door; raises `NotFound` for every other."""
    rows = Invitation.objects.select_related("person__organisation")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(
        token_hash=enrolment.hash_of_token(token),
        purpose=purpose.value,
        used_at__isnull=True,
        expires_at__gt=now,
        person__is_active=True,
        person__face__in=settings.FACES,
    ).first()
    if row is None:
        raise NotFound(
            _("This invitation"),
            why=_("it does not exist, was used, or is too old"),
            do=_("Ask your administrator for a new one"),
        )
    return row


def _credential(credential_id: UUID) -> Credential:
    row = (
        Credential.objects.select_for_update(of=("self",))
        .select_related("person__organisation")
        .filter(pk=credential_id, disabled_at__isnull=True)
        .first()
    )
    if row is None:
        raise NotFound(_("This passkey"), why=_("there is none, or it is not yours to see"))
    return row


def _not_registered() -> NotPermitted:
    return NotPermitted(
        _("Registering a passkey"),
        why=_("the passkey's answer does not hold here"),
        do=_("Reload the page and try again, with a passkey that asks for your PIN or finger"),
    )
