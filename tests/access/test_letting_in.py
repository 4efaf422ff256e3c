"""A key counts that somebody let in; one that a broken web program enters by itself does not, whatever it claims."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from entraide.access import acts, api, enrolment, letting_in
from entraide.access.models import Person, SignedAct
from entraide.access.operations import members, passkeys
from entraide.access.operations.passkeys import DOOR
from entraide.access.states import CredentialKind
from entraide.audit import api as audit
from entraide.database import acting_in, operation, reading_as
from entraide.evidence.signed_acts import NotSigned, from_base64url, to_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.actors import Actor, Role
from entraide.kernel.acts import Act
from entraide.kernel.errors import NotPermitted
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Player

ACT = Act("tests:thing:sign", "R-26-000001", {"n": 1})
WORKER = Actor.system("worker")


@dataclass
class House:
    """A desk that two people founded; the second let in Marc, and Marc a second key of his own."""

    first: Player
    second: Player
    marc: Player
    marcs_other: Player


@pytest.fixture
def trial(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk whose people are real: in a demo, whose keys everybody has, nothing of this is followed."""
    monkeypatch.setattr(settings, "KIND", "trial")
    return desk


@pytest.fixture
def house(trial: Desk) -> House:
    first, second = (_enrol(one, name=name) for one, name in zip(members.invite_first(now=NOON), "AB", strict=True))
    marc = _enrol(_invite(second, "Marc", [Role.APPROVER]))
    house = House(first, second, marc, _add_key(marc))
    trial.start_signer()
    audit.publish_keys(now=NOON)
    trial.sequence()
    return house


def _invite(by: Player, name: str, roles: list[Role]) -> members.Invited:
    asked: dict[str, Any] = {"name": name, "email": f"{name}@desk.example", "language": "en", "roles": roles}
    organisation_id = by.actor.organisation_id
    assert organisation_id is not None
    signed = by.sign(acts.invite(organisation_id=organisation_id, **asked), NOON)
    return members.invite(
        organisation_id=organisation_id, **asked, step_up_id=signed[0], assertion=signed[1], actor=by.actor, now=NOON
    )


def _enrol(invited: members.Invited, name: str = "") -> Player:
    token, key = invited.link.rstrip("/").rpartition("/")[2], SoftwareKey.generate()
    begun = passkeys.begin_enrolment(token, actor=DOOR, now=NOON)
    started = passkeys.finish_enrolment(
        token, ceremony_id=begun.id, credential=_registration(key, begun.options), label="", device="Firefox",
        now=NOON, name=name, email=f"{name}@desk.example" if name else "",
    )  # fmt: skip
    with acting_in("worker"), reading_as(WORKER):
        row = Person.objects.get(pk=invited.person_id)
    return Player(row.pk, bytes(row.handle), started.actor, key, row.email)


def _add_key(player: Player) -> Player:
    key = SoftwareKey.generate()
    step_up_id, assertion = player.sign(acts.add_passkey(person_id=player.id), NOON)
    begun = passkeys.begin_another_passkey(step_up_id=step_up_id, assertion=assertion, actor=player.actor, now=NOON)
    passkeys.finish_another_passkey(
        ceremony_id=begun.id, credential=_registration(key, begun.options), label="", actor=player.actor, now=NOON
    )
    return replace(player, key=key)


def _registration(key: SoftwareKey, options: dict[str, Any]) -> str:
    challenge = from_base64url(options["challenge"])
    return json.dumps(key.registration_json(challenge, origin=settings.ORIGIN, rp_id=settings.RP_ID))


def _signs(player: Player) -> UUID:
    @operation
    def keep(step_up_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> UUID:
        assert actor.organisation_id is not None
        signed = api.sign(
            ACT, step_up_id=step_up_id, assertion=assertion, case_id=actor.organisation_id, actor=actor, now=now
        )
        stream_id = api.organisation(actor.organisation_id).stream_id
        audit.record("access:age-key:registered", stream_id=stream_id, actor=actor, now=now, act_hash=ACT.hash())
        return signed.id

    return keep(*player.sign(ACT, NOON), actor=player.actor, now=NOON)


def _is_believed(player: Player) -> bool:
    signed = _signs(player)
    try:
        with acting_in("worker"), reading_as(WORKER):
            api.verify_signed_act(signed, act=ACT.canonical(), by=player.id)
    except NotPermitted:
        return False
    return True


def _forge(player: Player, stream_id: UUID | None = None, **said: Any) -> Player:
    """Register a key for somebody as a broken web program could: its row, and an entry that says what it likes."""
    key = SoftwareKey.generate()

    @operation
    def register(*, actor: Actor) -> None:
        row = enrolment.register(
            Person.objects.get(pk=player.id), credential_id=key.credential_id, public_key=key.public_key,
            kind=CredentialKind.PASSKEY, label="", actor=actor, now=NOON, **said,
        )  # fmt: skip
        if stream_id is not None:
            payload = {
                "credential": str(row.pk), "credential_id": to_base64url(key.credential_id), "let_in_by": None,
                "public_key": to_base64url(key.public_key), "algorithm": row.algorithm, "person": str(player.id),
                "kind": "passkey", "rp_id": settings.RP_ID, "invitation": str(said["invitation"]),
            }  # fmt: skip
            row.entry_id = audit.record(
                "access:credential:registered", stream_id=stream_id, actor=actor, now=NOON, payload=payload
            ).id
            row.save(update_fields=["entry_id"])

    register(actor=player.actor)
    return replace(player, key=key)


def _entry_of(house: House, kind: str, person: Player) -> audit.EntryView:
    assert house.second.actor.organisation_id is not None
    with reading_as(house.second.actor):
        entries = audit.entries_of(audit.stream_of_organisation(house.second.actor.organisation_id).id, kinds=[kind])
    return next(one for one in entries if one.payload and one.payload["person"] == str(person.id))


def _enter(house: House, kind: str, stream_id: UUID | None = None, **payload: Any) -> UUID:
    """Write an entry that nobody's act stands behind; return it."""

    @operation
    def enter(*, actor: Actor) -> UUID:
        assert actor.organisation_id is not None
        stream = stream_id or api.organisation(actor.organisation_id).stream_id
        return audit.record(kind, stream_id=stream, actor=actor, now=NOON, payload=payload).id

    return enter(actor=house.second.actor)


def _forge_invitation(house: House, person: Player | None = None, stream_id: UUID | None = None, **said: Any) -> UUID:
    """Enter an invitation in the log that nobody made."""
    who = str((person or house.marc).id)
    return _enter(house, "access:invitation:made", stream_id, **{"person": who, "signed_act": None, **said})


def _only_signed(by: Player, act: Act) -> UUID:
    """Have somebody sign an act that nothing follows from."""
    step_up_id, assertion = by.sign(act, NOON)

    @operation
    def keep(*, actor: Actor) -> UUID:
        assert actor.organisation_id is not None
        signed = api.sign(
            act, step_up_id=step_up_id, assertion=assertion, case_id=actor.organisation_id, actor=actor, now=NOON
        )
        stream_id = api.organisation(actor.organisation_id).stream_id
        audit.record("access:credential:allowed", stream_id=stream_id, actor=actor, now=NOON, act_hash=act.hash())
        return signed.id

    return keep(actor=by.actor)


def _act_of_inviting(organisation_id: UUID | None) -> Act:
    assert organisation_id is not None
    return acts.invite(
        organisation_id=organisation_id, name="Eve", email="eve@desk.example", language="en", roles=[Role.ANALYST]
    )


def test_whoever_was_let_in_signs_with_each_key_and_is_believed(house: House) -> None:
    assert [_is_believed(one) for one in (house.first, house.second, house.marc, house.marcs_other)] == [True] * 4


def test_whoever_was_let_in_anew_is_believed_with_the_new_key(house: House) -> None:
    step_up_id, assertion = house.first.sign(acts.invite_again(person_id=house.marc.id), NOON)
    again = members.invite_again(
        house.marc.id, step_up_id=step_up_id, assertion=assertion, actor=house.first.actor, now=NOON
    )

    assert _is_believed(_enrol(again))


def _nothing(house: House) -> dict[str, Any]:
    return {}


def _his_own_invitation(house: House) -> dict[str, Any]:
    return {"invitation": _entry_of(house, "access:invitation:made", house.marc).id}


def _somebody_elses_invitation(house: House) -> dict[str, Any]:
    eve = _invite(house.second, "Eve", [Role.ANALYST])
    return {"invitation": eve.entry_id}


def _the_signature_for_his_other_key(house: House) -> dict[str, Any]:
    said = [one.payload for one in _registrations(house) if one.payload and one.payload["let_in_by"]]
    return {"let_in_by": UUID(said[0]["let_in_by"])}


def _registrations(house: House) -> list[audit.EntryView]:
    with reading_as(house.second.actor):
        assert house.second.actor.organisation_id is not None
        stream = audit.stream_of_organisation(house.second.actor.organisation_id)
        return audit.entries_of(stream.id, kinds=["access:credential:registered"])


def _a_signature_about_something_else(house: House) -> dict[str, Any]:
    return {"let_in_by": _signs(house.marc)}


def _an_invitation_as_of_the_first(house: House) -> dict[str, Any]:
    return {"invitation": _forge_invitation(house)}


def _an_invitation_on_the_signature_for_another(house: House) -> dict[str, Any]:
    eve = _invite(house.second, "Eve", [Role.ANALYST])
    with reading_as(house.second.actor):
        payload = audit.entry(eve.entry_id).payload
    assert payload is not None
    return {"invitation": _forge_invitation(house, signed_act=payload["signed_act"])}


def _an_invitation_on_a_signature_about_something_else(house: House) -> dict[str, Any]:
    return {"invitation": _forge_invitation(house, signed_act=str(_signs(house.second)))}


def _an_invitation_of_a_third_first(house: House) -> dict[str, Any]:
    _enter(house, "access:person:first-invited", person=str(house.marc.id), signed_act=None)
    return {"invitation": _forge_invitation(house)}


def _another_invitation_on_the_signature_for_him(house: House) -> dict[str, Any]:
    payload = _entry_of(house, "access:invitation:made", house.marc).payload
    assert payload is not None
    return {"invitation": _forge_invitation(house, signed_act=payload["signed_act"])}


def _an_invitation_on_a_signature_from_which_nothing_followed(house: House) -> dict[str, Any]:
    signed = str(_only_signed(house.second, _act_of_inviting(house.second.actor.organisation_id)))
    _enter(house, "access:person:invited", person=str(uuid4()), signed_act=signed)
    return {"invitation": _forge_invitation(house, signed_act=signed)}


def _an_invitation_on_a_signature_for_another_house(house: House) -> dict[str, Any]:
    signed = str(_only_signed(house.second, _act_of_inviting(uuid4())))
    _enter(house, "access:person:invited", person=str(house.marc.id), signed_act=signed)
    return {"invitation": _forge_invitation(house, signed_act=signed)}


def _no_entry(house: House) -> dict[str, Any]:
    return {"invitation": uuid4()}


@pytest.mark.parametrize(
    "claim",
    [
        _nothing, _his_own_invitation, _somebody_elses_invitation, _the_signature_for_his_other_key,
        _a_signature_about_something_else, _an_invitation_as_of_the_first, _an_invitation_on_the_signature_for_another,
        _an_invitation_on_a_signature_about_something_else, _an_invitation_of_a_third_first, _no_entry,
        _another_invitation_on_the_signature_for_him, _an_invitation_on_a_signature_from_which_nothing_followed,
        _an_invitation_on_a_signature_for_another_house,
    ],
)  # fmt: skip
def test_V12_a_key_that_nobody_let_in_is_not_believed_whatever_its_entry_claims(
    house: House, trial: Desk, claim: Callable[[House], dict[str, Any]]
) -> None:
    forged = _forge(house.marc, **claim(house))
    trial.sequence()

    assert not _is_believed(forged)
    assert _is_believed(house.marc), "and it takes nothing away from the true one"


def test_V12_a_key_does_not_let_in_itself(house: House) -> None:
    let_in_by = uuid4()
    forged = _forge(house.marc, let_in_by=let_in_by)
    step_up_id, assertion = forged.sign(acts.add_passkey(person_id=forged.id), NOON)
    unused, _assertion = forged.sign(acts.add_passkey(person_id=forged.id), NOON)

    @operation
    def sign(*, actor: Actor) -> None:
        assert actor.organisation_id is not None
        act = acts.add_passkey(person_id=forged.id)
        signed = api.sign(
            act, step_up_id=step_up_id, assertion=assertion, case_id=actor.organisation_id, actor=actor, now=NOON
        )
        row = SignedAct.objects.get(pk=signed.id)
        row.pk, row.content, row.step_up_id = let_in_by, row.content, unused  # sealed anew for its new place
        row.save(force_insert=True)
        stream_id = api.organisation(actor.organisation_id).stream_id
        audit.record(
            "access:credential:allowed", stream_id=stream_id, actor=actor, now=NOON, act_hash=act.hash(), subject=row
        )

    sign(actor=forged.actor)

    assert not _is_believed(forged)


def test_V12_nobody_joins_the_first_two_and_none_of_them_is_invited_again_without_a_signature(
    house: House, trial: Desk
) -> None:
    founder = _forge(house.second, invitation=_forge_invitation(house, house.second))
    trial.sequence()

    assert not _is_believed(founder)
    of_marc = _entry_of(house, "access:invitation:made", house.marc)
    with acting_in("worker"), reading_as(WORKER), pytest.raises(NotSigned):
        letting_in._check_first([of_marc], of_marc)


@pytest.mark.parametrize("kind", [audit.StreamKind.ORGANISATION, audit.StreamKind.CASE])
def test_V12_a_trail_laid_in_another_stream_leads_nowhere(house: House, trial: Desk, kind: audit.StreamKind) -> None:
    """Every entry of it is there and the first of its kind: in a stream that the broken program opened for it."""
    ours = house.second.actor.organisation_id

    @operation
    def open_stream(*, actor: Actor) -> UUID:
        case_id = uuid4() if kind is audit.StreamKind.CASE else None
        organisation_id = ours if case_id else uuid4()
        return audit.open_stream(kind, organisation_id=organisation_id, case_id=case_id, now=NOON)

    stream_id = open_stream(actor=house.second.actor)
    if kind is audit.StreamKind.CASE:
        signed = str(_only_signed(house.second, _act_of_inviting(ours)))
        _enter(house, "access:person:invited", stream_id, person=str(house.second.id), signed_act=signed)
        invitation = _forge_invitation(house, house.second, stream_id, signed_act=signed)
    else:
        invitation = _forge_invitation(house, house.second, stream_id)
    forged = _forge(house.second, stream_id, invitation=invitation)
    trial.sequence()

    assert not _is_believed(forged)


def test_V12_an_invitation_is_believed_on_a_signature_that_holds_only(house: House, trial: Desk) -> None:
    payload = _entry_of(house, "access:invitation:made", house.marc).payload
    assert payload is not None
    assert _is_believed(house.marc)

    with acting_in("worker"), reading_as(WORKER):
        row = SignedAct.objects.get(pk=UUID(payload["signed_act"]))
        row.content = {**row.content, "signature": to_base64url(bytes(70))}
        sealed = SignedAct._meta.get_field("content").pre_save(row, False)
    trial.superuser_sql(
        "SET session_replication_role = replica; "
        f"UPDATE access_signedact SET content = '\\x{bytes(sealed).hex()}' WHERE id = '{row.pk}'"
    )

    assert not _is_believed(house.marc)
