"""Step-up and signed acts: the exact act, one attempt, five minutes, one person."""

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
from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

from entraide.access import demo_keys, policies
from entraide.access.models import Credential, Person, SignedAct, StepUp
from entraide.access.operations.limits import too_many
from entraide.access.rules import STEP_UPS_MAX, WINDOW, kinds_that_sign
from entraide.access.states import STEP_UP_LASTS
from entraide.database import operation
from entraide.evidence import signed_acts
from entraide.evidence.signed_acts import NotSigned, from_base64url
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act, step_up_challenge
from entraide.kernel.clock import unix_ms
from entraide.kernel.errors import NotPermitted, NotPossible


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunStepUp:
    """What the page needs to have an act signed.

    `options` is JSON data for ``navigator.credentials.get``; `software_key` is the demo's key of the person, else None.
    """

    id: UUID
    options: dict[str, Any]
    expires_at: datetime
    software_key: dict[str, Any] | None
    act_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedActView:
    """A signed act as it was just kept."""

    id: UUID
    act_hash: bytes
    person_id: UUID
    signed_at: datetime


@operation
def begin_step_up(act: Act, *, actor: Actor, now: datetime) -> BegunStepUp:
    """Open one attempt to sign `act`.

    The challenge is bound to the act, a nonce and the moment the attempt ends; see `kernel.acts`.

    Raises
    ------
    NotPermitted
        If no person acts, or the person was disabled.
    NotPossible
        If the person has no passkey.
    TooMany
        If the person began too many within a minute.
    """
    person = _signer(actor)
    # An attempt counts by the moment it ends, which is five minutes after it began.
    begun_lately = StepUp.objects.filter(person=person, expires_at__gt=now + STEP_UP_LASTS - WINDOW)
    if begun_lately.count() >= STEP_UPS_MAX:
        raise too_many()
    # Whole milliseconds: the challenge counts them, and the row must give the same number back.
    expires_at = (now + STEP_UP_LASTS).replace(microsecond=(now.microsecond // 1000) * 1000)
    step_up = StepUp(
        organisation_id=person.organisation_id,
        person=person,
        sign_in_id=actor.sign_in_id,
        act_hash=act.hash(),
        nonce=secrets.token_bytes(32),
        expires_at=expires_at,
    )
    step_up.save(force_insert=True)
    usable = Credential.objects.filter(person=person, kind__in=kinds_that_sign(), disabled_at__isnull=True)
    keys = list(usable.order_by("registered_at"))
    if not keys:
        raise NotPossible(_("Signing"), why=_("you have no passkey"), do=_("Ask your administrator for an invitation"))
    options = webauthn.generate_authentication_options(
        rp_id=settings.RP_ID,
        challenge=step_up_challenge(act.canonical(), nonce=bytes(step_up.nonce), expires_at=expires_at),
        timeout=int(STEP_UP_LASTS.total_seconds() * 1000),
        allow_credentials=[PublicKeyCredentialDescriptor(id=bytes(key.credential_id)) for key in keys],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return BegunStepUp(
        id=step_up.pk,
        options=json.loads(webauthn.options_to_json(options)),
        expires_at=expires_at,
        software_key=demo_keys.key_for_page(person.pk, bytes(person.handle)),
        act_hash=act.hash().hex(),
    )


def sign(act: Act, *, step_up_id: UUID, assertion: str, case_id: UUID, actor: Actor, now: datetime) -> SignedActView:
    """Keep `act` as signed by `actor`, inside the caller's operation.

    The caller records its own entry with ``act_hash`` and, where rows stand for the signature, this act's identifier.

    Parameters
    ----------
    act : Act
        Built again by the server from what it is about to do, never from what the browser sent.
    step_up_id : UUID
        The attempt that `begin_step_up` opened for this act and this person.
    assertion : str
        The browser's answer, JSON.
    case_id : UUID
        Whose key seals what is kept.

    Raises
    ------
    NotPermitted
        If the attempt is another person's or act's, was used or is over, or the assertion does not hold.
    """
    person = _signer(actor)
    _check_is_there(assertion)
    step_up = _claim(step_up_id, act, person, actor, now)
    answer = _parsed(assertion)
    credential = _credential_of(person, answer)
    signed = _signed_act(act, step_up, credential, answer)
    credential.sign_count = _checked(signed, act, credential, answer, now)
    credential.last_used_at = now
    credential.save(update_fields=["sign_count", "last_used_at"])
    kept = SignedAct(
        organisation_id=person.organisation_id,
        person=person,
        credential=credential,
        step_up=step_up,
        case_id=case_id,
        domain=act.domain,
        act_hash=act.hash(),
        content=signed.to_json(),
        signed_at=now,
    )
    kept.save(force_insert=True)
    return SignedActView(id=kept.pk, act_hash=act.hash(), person_id=person.pk, signed_at=now)


def sign_own(act: Act, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> SignedActView:
    """Keep an act about people or keys, sealed with the key of the signer's organisation."""
    _, organisation_id = policies.check_is_person(actor)
    return sign(act, step_up_id=step_up_id, assertion=assertion, case_id=organisation_id, actor=actor, now=now)


def not_signed() -> NotPermitted:
    """Return the one refusal of every failed signature: which check failed helps only an attacker."""
    return NotPermitted(
        _("Signing"), why=_("the signature does not hold for exactly this act"), do=_("Reload the page and sign again")
    )


def _check_is_there(assertion: str) -> None:
    # A browser without scripts, or one that got half of them, sends the form as it stands.
    if not assertion.strip():
        raise NotPermitted(
            _("Signing"), why=_("no signature was sent: the page's script did not run"),
            do=_("Reload the page; if it says so again, use a current browser"),
        )  # fmt: skip


def _signer(actor: Actor) -> Person:
    person_id, organisation_id = policies.check_is_person(actor)
    person = Person.objects.filter(pk=person_id, organisation_id=organisation_id, is_active=True).first()
    if person is None:
        raise NotPermitted(_("Signing"), why=_("your access has ended"), do=_("Ask your administrator"))
    return person


def _claim(step_up_id: UUID, act: Act, person: Person, actor: Actor, now: datetime) -> StepUp:
    """Use the attempt up, or refuse.  Two who try at once queue at the row; the second finds it used."""
    step_up = StepUp.objects.select_for_update().filter(pk=step_up_id, person=person).first()
    if step_up is None or bytes(step_up.act_hash) != act.hash() or step_up.sign_in_id != actor.sign_in_id:
        raise not_signed()
    if step_up.used_at is not None:
        raise NotPermitted(
            _("Signing"), why=_("this signature was already used"), do=_("Reload the page and sign again")
        )
    if now >= step_up.expires_at:
        raise NotPermitted(_("Signing"), why=_("more than five minutes went by"), do=_("Sign again"))
    step_up.used_at = now
    step_up.save(update_fields=["used_at"])
    return step_up


def _parsed(assertion: str) -> dict[str, Any]:
    try:
        answer = json.loads(assertion)
    except (ValueError, RecursionError) as error:
        raise not_signed() from error
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise not_signed()
    return answer


def _credential_of(person: Person, answer: dict[str, Any]) -> Credential:
    try:
        credential_id = from_base64url(answer["id"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise not_signed() from error
    row = (
        Credential.objects.select_for_update()
        .filter(person=person, credential_id=credential_id, kind__in=kinds_that_sign(), disabled_at__isnull=True)
        .first()
    )
    if row is None:
        raise not_signed()
    return row


def _signed_act(act: Act, step_up: StepUp, credential: Credential, answer: dict[str, Any]) -> signed_acts.SignedAct:
    response = answer["response"]
    try:
        return signed_acts.SignedAct(
            domain=act.domain,
            act=act.canonical(),
            nonce=bytes(step_up.nonce),
            expires_at_ms=unix_ms(step_up.expires_at),
            client_data_json=from_base64url(response["clientDataJSON"]),
            authenticator_data=from_base64url(response["authenticatorData"]),
            signature=from_base64url(response["signature"]),
            public_key=bytes(credential.public_key),
            credential_id=bytes(credential.credential_id),
            rp_id=settings.RP_ID,
            origin=settings.ORIGIN,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise not_signed() from error


def _checked(
    signed: signed_acts.SignedAct, act: Act, credential: Credential, answer: dict[str, Any], now: datetime
) -> int:
    """Return the passkey's new counter, or refuse.

    Checked twice: by the very check that anyone repeats later, for what cannot be verified offline is not accepted, and
    by a library that others wrote.
    """
    public_key = bytes(credential.public_key)
    try:
        signed_acts.verify(
            signed,
            act=act.canonical(),
            public_key=public_key,
            rp_id=settings.RP_ID,
            origin=settings.ORIGIN,
            at_ms=unix_ms(now),
        )
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=signed.challenge,
            expected_rp_id=settings.RP_ID,
            expected_origin=settings.ORIGIN,
            credential_public_key=public_key,
            credential_current_sign_count=credential.sign_count,
            require_user_verification=True,
        )
    except (NotSigned, WebAuthnException) as error:
        raise not_signed() from error
    return verified.new_sign_count
