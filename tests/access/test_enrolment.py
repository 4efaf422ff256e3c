"""Passkeys come in by a one-time link or by an earlier passkey, and only such as can be verified offline."""

import json
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from django.conf import settings

from entraide.access import acts, api
from entraide.access.operations import members, passkeys, sign_ins
from entraide.access.operations.sign_ins import DOOR
from entraide.database import reading_as
from entraide.evidence.signed_acts import from_base64url, to_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.actors import Role
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player


def _invited(cast: Cast, by: Player | None = None) -> str:
    """Have ADA invite another officer; return the token of the link."""
    by = by or cast.ADA
    sent: dict[str, Any] = {
        "organisation_id": cast.agency_id,
        "name": "Olga Neu",
        "email": "olga@polizei.example",
        "language": "en",
        "roles": [Role.OFFICER],
    }
    step_up_id, assertion = by.sign(acts.invite(**sent), NOON)
    invited = members.invite(**sent, step_up_id=step_up_id, assertion=assertion, actor=by.actor, now=NOON)
    return invited.link.removeprefix(f"{settings.ORIGIN}/invitation/").rstrip("/")


def _registration(challenge: str, key: SoftwareKey | None = None, **place: str) -> str:
    where = {"origin": settings.ORIGIN, "rp_id": settings.RP_ID} | place
    return json.dumps((key or SoftwareKey.generate()).registration_json(from_base64url(challenge), **where))


def _finish(token: str, begun: sign_ins.BegunCeremony, credential: str, **more: Any) -> sign_ins.StartedSignIn:
    sent = {"label": "Key", "device": "Firefox", "now": NOON} | more
    return passkeys.finish_enrolment(token, ceremony_id=begun.id, credential=credential, **sent)


def test_a_link_enrols_one_passkey_and_signs_in(cast: Cast, desk: Desk) -> None:
    token = _invited(cast)
    begun = passkeys.begin_enrolment(token, actor=DOOR, now=NOON)

    started = _finish(token, begun, _registration(begun.options["challenge"]))

    assert started.actor.name == "Olga Neu" and started.actor.roles == {Role.OFFICER}
    current = sign_ins.current(started.token, now=NOON)
    assert current is not None and current.actor == started.actor
    with pytest.raises(NotFound):
        passkeys.begin_enrolment(token, actor=DOOR, now=NOON)
    assert token.encode() not in b"".join(
        bytes(row[0]) for row in desk.superuser_sql("SELECT token_hash FROM access_invitation")
    )


def test_only_keys_that_can_be_verified_offline_are_offered_and_accepted(cast: Cast) -> None:
    begun = passkeys.begin_enrolment(_invited(cast), actor=DOOR, now=NOON)

    assert [one["alg"] for one in begun.options["pubKeyCredParams"]] == [-7, -8, -257]
    chosen = begun.options["authenticatorSelection"]
    assert chosen["userVerification"] == chosen["residentKey"] == "required"
    assert begun.options["rp"]["id"] == settings.RP_ID


@pytest.mark.parametrize("algorithm", [-35, -36, -37, -47, -48, -65535])
def test_a_key_of_another_algorithm_is_refused(cast: Cast, algorithm: int) -> None:
    token = _invited(cast)
    begun = passkeys.begin_enrolment(token, actor=DOOR, now=NOON)
    key = SoftwareKey.generate()
    cose = cbor2.loads(key.public_key)
    key.public_key = cbor2.dumps(cose | {3: algorithm})

    with pytest.raises(NotPermitted):
        _finish(token, begun, _registration(begun.options["challenge"], key))

    assert passkeys.look_at_invitation(token, now=NOON).name == "Olga Neu"


def test_V02_registering_verifies_the_user_on_this_origin(cast: Cast) -> None:
    token = _invited(cast)
    for place in ({"origin": "https://evil.example"}, {"rp_id": "evil.example"}):
        begun = passkeys.begin_enrolment(token, actor=DOOR, now=NOON)
        with pytest.raises(NotPermitted):
            _finish(token, begun, _registration(begun.options["challenge"], **place))
    begun = passkeys.begin_enrolment(token, actor=DOOR, now=NOON)
    with pytest.raises(NotPermitted):
        _finish(token, begun, _without_verification(_registration(begun.options["challenge"])))


def test_a_challenge_of_one_link_registers_nothing_under_another(cast: Cast) -> None:
    first, second = _invited(cast), _invited(cast)
    begun = passkeys.begin_enrolment(first, actor=DOOR, now=NOON)

    with pytest.raises(NotPermitted):
        _finish(second, begun, _registration(begun.options["challenge"]))


def test_V05_an_unknown_a_used_and_an_old_link_look_the_same(cast: Cast) -> None:
    used, old = _invited(cast), _invited(cast)
    begun = passkeys.begin_enrolment(used, actor=DOOR, now=NOON)
    _finish(used, begun, _registration(begun.options["challenge"]))
    said = []
    for token, at in (("nothing", NOON), (used, NOON), (old, NOON + timedelta(days=8))):
        with pytest.raises(NotFound) as refusal:
            passkeys.look_at_invitation(token, now=at)
        said.append(str(refusal.value))

    assert len(set(said)) == 1


def test_a_further_passkey_is_let_in_by_an_earlier_one_and_the_log_says_by_which(cast: Cast) -> None:
    step_up_id, assertion = cast.OTTO.sign(acts.add_passkey(person_id=cast.OTTO.id), NOON)
    begun = passkeys.begin_another_passkey(step_up_id=step_up_id, assertion=assertion, actor=cast.OTTO.actor, now=NOON)
    with pytest.raises(NotPermitted):
        passkeys.finish_another_passkey(
            ceremony_id=begun.id,
            credential=_registration(begun.options["challenge"]),
            label="",
            actor=cast.SABINE.actor,
            now=NOON,
        )
    passkeys.finish_another_passkey(
        ceremony_id=begun.id,
        credential=_registration(begun.options["challenge"]),
        label="In the safe",
        actor=cast.OTTO.actor,
        now=NOON,
    )

    with reading_as(cast.OTTO.actor):
        assert [key.label for key in api.passkeys_of(cast.OTTO.id)] == ["", "In the safe"]


def test_a_passkey_is_disabled_by_its_person_or_an_administrator_but_not_the_last_by_oneself(cast: Cast) -> None:
    with reading_as(cast.OTTO.actor):
        (key,) = api.passkeys_of(cast.OTTO.id)
    act = acts.disable_credential(credential_id=key.id)
    _, token = cast.OTTO.signed_in(NOON)

    for player, refusal in ((cast.OTTO, NotPossible), (cast.SABINE, NotPermitted), (cast.IVO, NotFound)):
        step_up_id, assertion = player.sign(act, NOON)
        with pytest.raises(refusal):
            passkeys.disable_credential(
                key.id, step_up_id=step_up_id, assertion=assertion, actor=player.actor, now=NOON
            )
    assert sign_ins.current(token, now=NOON) is not None
    step_up_id, assertion = cast.ADA.sign(act, NOON)
    passkeys.disable_credential(key.id, step_up_id=step_up_id, assertion=assertion, actor=cast.ADA.actor, now=NOON)

    assert sign_ins.current(token, now=NOON) is None
    with pytest.raises(NotPossible, match="no passkey"):
        cast.OTTO.sign(act, NOON)


def test_an_officer_names_her_own_age_key_and_a_new_one_replaces_it(cast: Cast) -> None:
    import pyrage

    recipients = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2)]
    for recipient in recipients:
        step_up_id, assertion = cast.OTTO.sign(acts.register_age_key(person_id=cast.OTTO.id, recipient=recipient), NOON)
        passkeys.register_age_key(
            recipient, step_up_id=step_up_id, assertion=assertion, actor=cast.OTTO.actor, now=NOON
        )

    with reading_as(cast.OTTO.actor):
        kept = api.age_key_of(cast.OTTO.id)
    assert kept is not None and kept.recipient == recipients[1]


def test_a_step_up_for_one_age_key_does_not_register_another(cast: Cast) -> None:
    import pyrage

    hers, forged = (str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2))
    step_up_id, assertion = cast.OTTO.sign(acts.register_age_key(person_id=cast.OTTO.id, recipient=hers), NOON)

    with pytest.raises(NotPermitted):
        passkeys.register_age_key(forged, step_up_id=step_up_id, assertion=assertion, actor=cast.OTTO.actor, now=NOON)


def test_a_secret_identity_pasted_by_mistake_is_not_kept(cast: Cast) -> None:
    import pyrage

    for text in (str(pyrage.x25519.Identity.generate()), "age1nonsense", ""):
        with pytest.raises(Invalid):
            passkeys.age_recipient(text)


def _without_verification(credential: str) -> str:
    sent = json.loads(credential)
    attestation = cbor2.loads(from_base64url(sent["response"]["attestationObject"]))
    data = bytearray(attestation["authData"])
    data[32] &= ~0x04
    sent["response"]["attestationObject"] = to_base64url(cbor2.dumps(attestation | {"authData": bytes(data)}))
    return json.dumps(sent)
