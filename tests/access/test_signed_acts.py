"""A signed act: this person, this act, once, within five minutes, and verifiable from the log years later."""

import dataclasses
import json
from contextlib import nullcontext
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings

from entraide.access import api, enrolment
from entraide.access.models import Person
from entraide.access.states import CredentialKind
from entraide.audit.api import record
from entraide.database import acting_in, operation, reading_as
from entraide.evidence.signed_acts import from_base64url, to_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act, step_up_challenge
from entraide.kernel.errors import NotFound, NotPermitted, NotPossible
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player

ACT = Act("requests:request:file", "R-26-000001", {"targets": ["bc1q…"], "n": 1})
OTHER = Act("requests:request:file", "R-26-000001", {"targets": ["bc1q…"], "n": 2})
WORKER = Actor.system("worker")


@operation
def _keep(act: Act, step_up_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> api.SignedActView:
    """File something: what a room above does with a signature."""
    assert actor.organisation_id is not None
    signed = api.sign(
        act, step_up_id=step_up_id, assertion=assertion, case_id=actor.organisation_id, actor=actor, now=now
    )
    stream_id = api.organisation(actor.organisation_id).stream_id
    record("access:age-key:registered", stream_id=stream_id, actor=actor, now=now, act_hash=act.hash())
    return signed


def _n_kept(desk: Desk) -> int:
    return int(desk.superuser_sql("SELECT count(*) FROM access_signedact")[0][0])


def _sign(player: Player, act: Act = ACT, at: datetime = NOON) -> api.SignedActView:
    step_up_id, assertion = player.sign(act, at)
    return _keep(act, step_up_id, assertion, actor=player.actor, now=at)


def test_the_worker_verifies_a_signed_act_with_the_key_from_the_log(cast: Cast) -> None:
    signed = _sign(cast.OTTO)

    with acting_in("worker"), reading_as(WORKER):
        api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)
        kept = api.signed_act(signed.id)

    assert kept.act == ACT.canonical() and kept.credential_id == cast.OTTO.key.credential_id


@pytest.mark.parametrize(("after", "is_accepted"), [(299, True), (301, False)])
def test_V03_a_step_up_lasts_300_seconds(cast: Cast, desk: Desk, after: int, is_accepted: bool) -> None:
    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)
    at = NOON + timedelta(seconds=after)

    if is_accepted:
        _keep(ACT, step_up_id, assertion, actor=cast.OTTO.actor, now=at)
    else:
        with pytest.raises(NotPermitted, match="more than five minutes"):
            _keep(ACT, step_up_id, assertion, actor=cast.OTTO.actor, now=at)

    assert _n_kept(desk) == int(is_accepted)


def test_V03_a_step_up_signs_one_act_and_no_other(cast: Cast, desk: Desk) -> None:
    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)

    with pytest.raises(NotPermitted):
        _keep(OTHER, step_up_id, assertion, actor=cast.OTTO.actor, now=NOON)

    assert _n_kept(desk) == 0


def test_V03_a_step_up_for_one_act_serves_no_other_though_the_key_signed_that_one(cast: Cast, desk: Desk) -> None:
    """A page that was tampered with lets the passkey answer for an act of its own, under the attempt of another."""
    begun = api.begin_step_up(ACT, actor=cast.OTTO.actor, now=NOON)
    [(nonce,)] = desk.superuser_sql("SELECT nonce FROM access_stepup WHERE id = %s", begun.id)
    challenge = step_up_challenge(OTHER.canonical(), nonce=bytes(nonce), expires_at=begun.expires_at)

    with pytest.raises(NotPermitted):
        _keep(OTHER, begun.id, cast.OTTO.answer(to_base64url(challenge)), actor=cast.OTTO.actor, now=NOON)

    assert _n_kept(desk) == 0


def test_V03_a_step_up_is_used_once_even_for_the_same_act(cast: Cast, desk: Desk) -> None:
    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)
    _keep(ACT, step_up_id, assertion, actor=cast.OTTO.actor, now=NOON)

    with pytest.raises(NotPermitted, match="already used"):
        _keep(ACT, step_up_id, assertion, actor=cast.OTTO.actor, now=NOON)

    assert _n_kept(desk) == 1


def test_V03_an_old_assertion_does_not_fit_a_new_attempt(cast: Cast, desk: Desk) -> None:
    _, old = cast.OTTO.sign(ACT, NOON)
    new_id, _ = cast.OTTO.sign(ACT, NOON)

    with pytest.raises(NotPermitted):
        _keep(ACT, new_id, old, actor=cast.OTTO.actor, now=NOON)

    assert _n_kept(desk) == 0


@pytest.mark.parametrize("other", ["SABINE", "IVO", "DORA"])
def test_another_persons_step_up_serves_nobody_else(cast: Cast, desk: Desk, other: str) -> None:
    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)

    with pytest.raises(NotPermitted):
        _keep(ACT, step_up_id, assertion, actor=getattr(cast, other).actor, now=NOON)

    assert _n_kept(desk) == 0


def test_a_step_up_of_one_sign_in_does_not_serve_another(cast: Cast) -> None:
    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)
    elsewhere = dataclasses.replace(cast.OTTO.actor, sign_in_id=UUID(int=7))

    with pytest.raises(NotPermitted):
        _keep(ACT, step_up_id, assertion, actor=elsewhere, now=NOON)


def test_another_persons_key_signs_nothing_for_me(cast: Cast) -> None:
    begun = api.begin_step_up(ACT, actor=cast.OTTO.actor, now=NOON)
    forged = cast.SABINE.answer(begun.options["challenge"])

    with pytest.raises(NotPermitted):
        _keep(ACT, begun.id, forged, actor=cast.OTTO.actor, now=NOON)


@pytest.mark.parametrize(
    "changed",
    [{"flags": 0x01}, {"flags": 0x04}, {"origin": "http://localhost:9"}, {"rp_id": "localhost.example"}],
    ids=["user not verified", "user not present", "another origin", "another site"],
)
def test_V02_an_assertion_must_verify_the_user_on_this_origin(cast: Cast, changed: dict[str, str]) -> None:
    begun = api.begin_step_up(ACT, actor=cast.OTTO.actor, now=NOON)
    kwargs = {"origin": settings.ORIGIN, "rp_id": settings.RP_ID} | changed
    answer = cast.OTTO.key.answer(from_base64url(begun.options["challenge"]), **kwargs)  # type: ignore[arg-type]
    sent = json.loads(cast.OTTO.answer(begun.options["challenge"]))
    sent["response"] |= _encoded(answer)

    with pytest.raises(NotPermitted):
        _keep(ACT, begun.id, json.dumps(sent), actor=cast.OTTO.actor, now=NOON)


@pytest.mark.parametrize("sent", ["", "null", "[]", "{}", '{"id": 1, "response": {}}', '{"response": []}', "x" * 9])
def test_what_is_no_assertion_is_refused_and_not_a_fault(cast: Cast, sent: str) -> None:
    begun = api.begin_step_up(ACT, actor=cast.OTTO.actor, now=NOON)

    with pytest.raises(NotPermitted):
        _keep(ACT, begun.id, sent, actor=cast.OTTO.actor, now=NOON)


def test_a_form_without_a_signature_says_that_none_was_sent_and_uses_nothing_up(cast: Cast) -> None:
    begun = api.begin_step_up(ACT, actor=cast.OTTO.actor, now=NOON)

    with pytest.raises(NotPermitted, match="no signature was sent"):
        _keep(ACT, begun.id, "", actor=cast.OTTO.actor, now=NOON)

    signed = _keep(ACT, begun.id, cast.OTTO.answer(begun.options["challenge"]), actor=cast.OTTO.actor, now=NOON)
    assert signed.person_id == cast.OTTO.id


def test_no_system_part_signs_anything(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match="only a person signs"):
        api.begin_step_up(ACT, actor=WORKER, now=NOON)


def test_V18_a_signed_act_without_its_entry_is_not_committed(cast: Cast, desk: Desk) -> None:
    @operation
    def keep_silently(step_up_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> None:
        assert actor.organisation_id is not None
        api.sign(ACT, step_up_id=step_up_id, assertion=assertion, case_id=actor.organisation_id, actor=actor, now=now)

    step_up_id, assertion = cast.OTTO.sign(ACT, NOON)
    with pytest.raises(Exception, match="no entry in the log carries the hash"):
        keep_silently(step_up_id, assertion, actor=cast.OTTO.actor, now=NOON)

    assert _n_kept(desk) == 0


def test_V12_a_forged_row_with_the_best_of_names_does_not_verify(cast: Cast, desk: Desk) -> None:
    """A broken web tier copies OTTO's row under SABINE's name, and swaps the act under a good signature."""
    signed = _sign(cast.OTTO)
    desk.superuser_sql("UPDATE access_signedact SET person_id = %s", cast.SABINE.id)

    with acting_in("worker"), reading_as(WORKER):
        for act, by in ((ACT, cast.SABINE.id), (ACT, cast.OTTO.id), (OTHER, cast.OTTO.id)):
            with pytest.raises(NotPermitted):
                api.verify_signed_act(signed.id, act=act.canonical(), by=by)


@pytest.mark.parametrize("keeps_the_name", [False, True])
def test_V12_a_key_swapped_in_the_table_verifies_nothing(cast: Cast, desk: Desk, keeps_the_name: bool) -> None:
    """Whoever may write the database replaces the key by one of their own and signs with it."""
    forger = SoftwareKey.generate()
    if keeps_the_name:
        forger.credential_id = cast.OTTO.key.credential_id
    desk.superuser_sql(
        "UPDATE access_credential SET credential_id = %s, public_key = %s WHERE person_id = %s",
        forger.credential_id,
        forger.public_key,
        cast.OTTO.id,
    )
    signed = _sign(dataclasses.replace(cast.OTTO, key=forger))

    with acting_in("worker"), reading_as(WORKER), pytest.raises(NotPermitted):
        api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)


def test_V12_an_entry_of_another_person_or_kind_is_no_registration(cast: Cast, desk: Desk) -> None:
    signed = _sign(cast.OTTO)
    entries = desk.superuser_sql(
        "SELECT entry_id FROM access_credential WHERE person_id = %s "
        "UNION SELECT (SELECT id FROM audit_entry WHERE kind = 'access:role:granted' LIMIT 1)",
        cast.SABINE.id,
    )
    for (entry_id,) in entries:
        desk.superuser_sql("UPDATE access_credential SET entry_id = %s WHERE person_id = %s", entry_id, cast.OTTO.id)
        with acting_in("worker"), reading_as(WORKER), pytest.raises(NotPermitted):
            api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)


def test_V12_what_another_kind_of_entry_says_of_a_key_registers_none(cast: Cast, desk: Desk) -> None:
    """A broken web tier enters the particulars of its own key under a kind of entry that means something else."""
    forger, otto = SoftwareKey.generate(), cast.OTTO.actor
    said = {"person": str(cast.OTTO.id), "kind": CredentialKind.PASSKEY.value, "rp_id": settings.RP_ID}
    said |= {"credential_id": to_base64url(forger.credential_id), "public_key": to_base64url(forger.public_key)}

    @operation
    def enter(kind: str, *, actor: Actor) -> UUID:
        assert actor.organisation_id is not None
        stream_id = api.organisation(actor.organisation_id).stream_id
        return record(kind, stream_id=stream_id, actor=actor, now=NOON, payload=said).id

    for kind, holds in (("access:credential:registered", True), ("access:age-key:registered", False)):
        desk.superuser_sql(
            "UPDATE access_credential SET credential_id = %s, public_key = %s, entry_id = %s WHERE person_id = %s",
            forger.credential_id,
            forger.public_key,
            enter(kind, actor=otto),
            cast.OTTO.id,
        )
        signed = _sign(dataclasses.replace(cast.OTTO, key=forger))
        with acting_in("worker"), reading_as(WORKER):
            if holds:  # the log is what is believed, and shows it for ever
                api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)
                continue
            with pytest.raises(NotPermitted):
                api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)


@pytest.mark.parametrize(("desk_is", "holds"), [("demo", True), ("trial", False), ("production", False)])
def test_the_software_key_of_a_demo_signs_nothing_on_any_other_desk(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, desk_is: str, holds: bool
) -> None:
    key = SoftwareKey.generate()

    @operation
    def register(*, actor: Actor) -> None:
        enrolment.register(
            Person.objects.get(pk=cast.OTTO.id),
            credential_id=key.credential_id,
            public_key=key.public_key,
            kind=CredentialKind.SOFTWARE,
            label="",
            actor=actor,
            now=NOON,
        )

    register(actor=cast.OTTO.actor)
    signed = _sign(dataclasses.replace(cast.OTTO, key=key))
    monkeypatch.setattr(settings, "KIND", desk_is)

    with acting_in("worker"), reading_as(WORKER), nullcontext() if holds else pytest.raises(NotPermitted):
        api.verify_signed_act(signed.id, act=ACT.canonical(), by=cast.OTTO.id)


def test_V08_another_agencys_signed_act_looks_like_none(cast: Cast) -> None:
    signed = _sign(cast.OTTO)
    said = []
    with reading_as(cast.IVO.actor):
        for unseen in (signed.id, UUID(int=1)):
            with pytest.raises(NotFound) as refusal:
                api.signed_act(unseen)
            said.append(str(refusal.value))

    assert said[0] == said[1]


def test_erasing_the_case_erases_what_was_signed(cast: Cast) -> None:
    from entraide.database import key_store

    signed = _sign(cast.OTTO)
    key_store().destroy(cast.agency_id)

    with acting_in("worker"), reading_as(WORKER), pytest.raises(NotPossible):
        api.signed_act(signed.id)


def _encoded(answer: object) -> dict[str, str]:
    from entraide.evidence.signed_acts import to_base64url

    names = {"client_data_json": "clientDataJSON", "authenticator_data": "authenticatorData", "signature": "signature"}
    return {sent: to_base64url(getattr(answer, name)) for name, sent in names.items()}
