"""Signing in: passkeys only, no word about who exists, limits that hold, and an end that counts at once."""

import dataclasses
import json
from datetime import timedelta

import pytest
from django.conf import settings

from entraide.access import acts
from entraide.access.operations import limits, members, sign_ins
from entraide.access.operations.limits import TooMany
from entraide.access.operations.sign_ins import DOOR
from entraide.access.rules import is_alive, source_of, true_address
from entraide.audit.api import entries_of, stream_of_organisation
from entraide.database import reading_as
from entraide.evidence.signed_acts import from_base64url, to_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.errors import NotFound, NotPermitted, Refusal
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player


def _sign_in(ceremony_id: object, assertion: str, at: object = NOON) -> sign_ins.StartedSignIn:
    return sign_ins.sign_in(ceremony_id=ceremony_id, assertion=assertion, device="Firefox", now=at)  # type: ignore[arg-type]


def _kinds(cast: Cast, who: Player) -> list[str]:
    assert who.actor.organisation_id is not None
    with reading_as(cast.DORA.actor):
        return [entry.kind for entry in entries_of(stream_of_organisation(who.actor.organisation_id).id)]


def test_a_passkey_signs_in_and_the_cookie_is_known_at_the_next_request(cast: Cast) -> None:
    otto, token = cast.OTTO.signed_in(NOON)
    current = sign_ins.current(token, now=NOON)

    assert current is not None
    assert current.actor == otto.actor
    assert current.actor.roles == cast.OTTO.actor.roles
    assert _kinds(cast, otto)[-1] == "access:sign-in:started"


def test_V04_the_database_holds_only_the_hash_of_a_cookie_that_is_new_each_time(cast: Cast, desk: Desk) -> None:
    tokens = {cast.OTTO.signed_in(NOON)[1] for _ in range(3)}
    stored = {bytes(row[0]) for row in desk.superuser_sql("SELECT token_hash FROM access_signin")}

    assert len(tokens) == len(stored) == 3
    assert all(len(hash_) == 32 for hash_ in stored)
    assert not {token.encode() for token in tokens} & stored


@pytest.mark.parametrize(("idle_s", "is_known"), [(1799, True), (1801, False)])
def test_V04_a_sign_in_ends_after_thirty_idle_minutes(cast: Cast, idle_s: int, is_known: bool) -> None:
    _, token = cast.OTTO.signed_in(NOON)

    assert (sign_ins.current(token, now=NOON + timedelta(seconds=idle_s)) is not None) is is_known


def test_V04_a_sign_in_in_use_goes_on_but_never_beyond_twelve_hours(cast: Cast) -> None:
    otto, token = cast.OTTO.signed_in(NOON)
    at = NOON
    while at < NOON + timedelta(hours=12) - timedelta(minutes=20):
        at += timedelta(minutes=20)
        current = sign_ins.current(token, now=at)
        assert current is not None and current.is_due
        sign_ins.note_seen(actor=otto.actor, now=at)

    assert sign_ins.current(token, now=NOON + timedelta(hours=12)) is None


def test_V04_disabling_a_person_ends_every_sign_in_at_the_next_request(cast: Cast, desk: Desk) -> None:
    tokens = [cast.OTTO.signed_in(NOON)[1] for _ in range(3)]
    assert all(sign_ins.current(token, now=NOON) for token in tokens)
    step_up_id, assertion = cast.ADA.sign(acts.disable_person(person_id=cast.OTTO.id), NOON)

    members.disable_person(cast.OTTO.id, step_up_id=step_up_id, assertion=assertion, actor=cast.ADA.actor, now=NOON)

    assert [sign_ins.current(token, now=NOON) for token in tokens] == [None, None, None]
    assert desk.superuser_sql("SELECT count(*) FROM access_signin WHERE ended_at IS NULL") == [(0,)]
    assert _kinds(cast, cast.OTTO)[-2:] == ["access:person:disabled", "access:sign-in:ended"]
    with pytest.raises(NotPermitted):
        cast.OTTO.signed_in(NOON)
    with pytest.raises(NotPermitted, match="your access has ended"):
        cast.OTTO.sign(acts.add_passkey(person_id=cast.OTTO.id), NOON)


def test_one_ends_ones_own_sign_ins_and_nobody_elses(cast: Cast) -> None:
    otto, here = cast.OTTO.signed_in(NOON)
    other, there = cast.OTTO.signed_in(NOON)
    assert other.actor.sign_in_id is not None
    for stranger in (cast.SABINE, cast.IVO, cast.DORA):
        with pytest.raises(NotFound):
            sign_ins.end_sign_in(other.actor.sign_in_id, actor=stranger.actor, now=NOON)

    sign_ins.end_sign_in(other.actor.sign_in_id, actor=otto.actor, now=NOON)

    assert sign_ins.current(there, now=NOON) is None
    assert sign_ins.current(here, now=NOON) is not None
    assert _kinds(cast, otto)[-1] == "access:sign-in:ended"


def test_V05_every_failed_sign_in_says_the_same(cast: Cast) -> None:
    """A stranger's passkey, a known one with another's handle, a bad signature, an old challenge, no JSON at all."""
    stranger = dataclasses.replace(cast.OTTO, key=SoftwareKey.generate())
    mixed = dataclasses.replace(cast.OTTO, handle=cast.IVO.handle)
    said = []
    for player in (stranger, mixed):
        begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
        said.append(_refused(begun.id, player.answer(begun.options["challenge"])))
    begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
    said.append(_refused(begun.id, _flipped(cast.OTTO.answer(begun.options["challenge"]))))
    begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
    said.append(_refused(begun.id, cast.OTTO.answer(begun.options["challenge"]), NOON + timedelta(seconds=301)))
    begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
    said.append(_refused(begun.id, "no JSON"))

    assert len(set(said)) == 1


def test_a_challenge_is_used_up_by_the_first_answer(cast: Cast, desk: Desk) -> None:
    begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
    assertion = cast.OTTO.answer(begun.options["challenge"])
    _sign_in(begun.id, assertion)

    _refused(begun.id, assertion)

    assert desk.superuser_sql("SELECT count(*) FROM access_signin") == [(1,)]


@pytest.mark.parametrize(
    "changed",
    [{"flags": 0x01}, {"origin": "http://localhost:9"}, {"rp_id": "other.example"}],
    ids=["user not verified", "another origin", "another site"],
)
def test_V02_signing_in_verifies_the_user_on_this_origin(cast: Cast, changed: dict[str, object]) -> None:
    begun = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
    challenge = from_base64url(begun.options["challenge"])
    place: dict[str, object] = {"origin": settings.ORIGIN, "rp_id": settings.RP_ID}
    answer = cast.OTTO.key.answer(challenge, **(place | changed))  # type: ignore[arg-type]
    sent = json.loads(cast.OTTO.answer(begun.options["challenge"]))
    sent["response"] |= {
        "clientDataJSON": to_base64url(answer.client_data_json),
        "authenticatorData": to_base64url(answer.authenticator_data),
        "signature": to_base64url(answer.signature),
    }

    _refused(begun.id, json.dumps(sent))


def test_user_verification_is_asked_for_and_nobody_is_named(cast: Cast) -> None:
    options = sign_ins.begin_sign_in(actor=DOOR, now=NOON).options

    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")


def test_V05_attempts_are_counted_per_network_and_minute_in_the_database(cast: Cast, desk: Desk) -> None:
    for _ in range(10):
        limits.count_attempt("invitation", "203.0.113.7", actor=DOOR, now=NOON)

    with pytest.raises(TooMany):
        limits.count_attempt("invitation", "203.0.113.7", actor=DOOR, now=NOON)
    limits.count_attempt("invitation", "203.0.113.8", actor=DOOR, now=NOON)
    limits.count_attempt("invitation", "203.0.113.7", actor=DOOR, now=NOON + timedelta(minutes=1))

    assert all(b"203.0.113" not in bytes(row[0]) for row in desk.superuser_sql("SELECT source FROM access_attempt"))


def test_an_ipv6_host_counts_by_its_network() -> None:
    assert source_of("2001:db8:1:2::7") == source_of("2001:db8:1:2:ffff::1") != source_of("2001:db8:1:3::7")
    assert source_of("::ffff:203.0.113.7") == source_of("203.0.113.7")
    assert source_of("no address") == "unknown"


@pytest.mark.parametrize(
    ("n_proxies", "forwarded_for", "seen"),
    [
        (0, "1.1.1.1", "10.0.0.1"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "2.2.2.2", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_V05_a_forged_forwarded_address_changes_nothing(n_proxies: int, forwarded_for: str, seen: str) -> None:
    assert true_address(peer="10.0.0.1", forwarded_for=forwarded_for, n_proxies=n_proxies) == seen


def test_an_ended_sign_in_is_never_alive() -> None:
    later = NOON + timedelta(hours=1)
    assert is_alive(seen_at=NOON, expires_at=later, ended_at=None, now=NOON)
    assert not is_alive(seen_at=NOON, expires_at=later, ended_at=NOON, now=NOON)


def _refused(ceremony_id: object, assertion: str, at: object = NOON) -> str:
    with pytest.raises(Refusal) as refusal:
        _sign_in(ceremony_id, assertion, at)
    assert isinstance(refusal.value, NotPermitted)
    return str(refusal.value)


def _flipped(assertion: str) -> str:
    sent = json.loads(assertion)
    signature = bytearray(from_base64url(sent["response"]["signature"]))
    signature[-1] ^= 1
    sent["response"]["signature"] = to_base64url(bytes(signature))
    return json.dumps(sent)
