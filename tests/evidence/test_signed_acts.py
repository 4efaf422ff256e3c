"""Signed acts: a passkey's assertion, verified offline."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from webauthn import verify_authentication_response, verify_registration_response

from entraide.evidence.signed_acts import NotSigned, SignedAct, algorithm_of, from_base64url, to_base64url, verify
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.acts import Act
from entraide.kernel.canonical import sha256

ORIGIN, RP = "https://desk.example", "desk.example"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACT = Act("requests:request:file", "R-26-7K3F9Q", {"targets": ["bc1q…"]})
KEY = SoftwareKey(bytes([7]) * 32)
SIGNED = KEY.sign(ACT, nonce=bytes([5]) * 32, expires_at=NOON + timedelta(minutes=5), origin=ORIGIN, rp_id=RP)


def refused(signed: SignedAct, **known: Any) -> str:
    with pytest.raises(NotSigned) as caught:
        verify(signed, **{"act": ACT.canonical(), **known})
    return caught.value.code


def test_a_signed_act_verifies_offline_and_survives_storage() -> None:
    verify(SIGNED, act=ACT.canonical(), public_key=KEY.public_key, rp_id=RP, origin=ORIGIN)
    stored = json.loads(json.dumps(SIGNED.to_json()))
    assert SignedAct.from_json(stored) == SIGNED
    verify(SignedAct.from_json(stored), act=None)
    assert SIGNED.act_hash == ACT.hash()


def test_another_act_key_place_or_time_is_refused() -> None:
    other = Act("requests:request:file", "R-26-7K3F9R", ACT.content)
    assert refused(SIGNED, act=other.canonical()) == "act"
    assert refused(SIGNED, public_key=SoftwareKey(bytes([8]) * 32).public_key) == "key"
    assert refused(SIGNED, rp_id="other.example") == "rp"
    assert refused(SIGNED, origin="https://other.example") == "origin"
    assert refused(SIGNED, at_ms=SIGNED.expires_at_ms) == "expired"
    verify(SIGNED, act=None, at_ms=SIGNED.expires_at_ms - 1)
    assert refused(replace(SIGNED, domain="requests:request:withdraw")) == "domain"


def test_every_part_of_the_challenge_binds() -> None:
    assert refused(replace(SIGNED, nonce=bytes(32))) == "challenge"
    assert refused(replace(SIGNED, nonce=bytes(31))) == "challenge"
    assert refused(replace(SIGNED, expires_at_ms=SIGNED.expires_at_ms + 1)) == "challenge"
    swapped = Act(ACT.domain, ACT.subject, {"targets": []})
    assert refused(replace(SIGNED, act=swapped.canonical()), act=None) == "challenge"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "webauthn.create"}, "type"),
        ({"origin": "https://evil.example"}, "origin"),
        ({"crossOrigin": True}, "cross-origin"),
        ({"crossOrigin": "false"}, "cross-origin"),
        ({"topOrigin": ORIGIN}, "cross-origin"),
        ({"challenge": None}, "challenge"),
    ],
)
def test_client_data_of_another_ceremony_is_refused(change: dict[str, Any], code: str) -> None:
    data = json.dumps({**json.loads(SIGNED.client_data_json), **change}).encode()
    assert refused(replace(SIGNED, client_data_json=data)) == code


def test_client_data_that_is_no_object_is_refused() -> None:
    for data in (b"", b"[]", b"\xff", b"[" * 100_000):
        assert refused(replace(SIGNED, client_data_json=data)) == "client-data"


@pytest.mark.parametrize(("flags", "code"), [(0x04, "user-present"), (0x01, "user-verified"), (0x00, "user-present")])
def test_presence_and_verification_are_both_needed(flags: int, code: str) -> None:
    answer = KEY.answer(SIGNED.challenge, origin=ORIGIN, rp_id=RP, flags=flags)
    weak = replace(SIGNED, authenticator_data=answer.authenticator_data, signature=answer.signature)
    assert refused(weak) == code


def test_an_assertion_for_another_site_is_refused() -> None:
    answer = KEY.answer(SIGNED.challenge, origin=ORIGIN, rp_id="evil.example")
    assert refused(replace(SIGNED, authenticator_data=answer.authenticator_data)) == "rp-hash"
    assert refused(replace(SIGNED, authenticator_data=b"")) == "authenticator-data"


@given(st.sampled_from(["client_data_json", "authenticator_data", "signature", "act"]), st.data())
def test_no_flipped_bit_is_accepted(part: str, data: st.DataObject) -> None:
    value = bytearray(getattr(SIGNED, part))
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    value[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotSigned):
        verify(replace(SIGNED, **{part: bytes(value)}), act=None)


def message(signed: SignedAct) -> bytes:
    return signed.authenticator_data + sha256(signed.client_data_json)


def test_ed25519_and_rsa_credentials_verify_too() -> None:
    edwards = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    cose = cbor2.dumps({1: 1, 3: -8, -1: 6, -2: edwards.public_key().public_bytes_raw()})
    verify(replace(SIGNED, public_key=cose, signature=edwards.sign(message(SIGNED))), act=None)

    for bits, accepted in ((2048, True), (1024, False)):
        secret = rsa.generate_private_key(65537, bits)
        numbers = secret.public_key().public_numbers()
        cose = cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(bits // 8, "big"), -2: b"\x01\x00\x01"})
        signature = secret.sign(message(SIGNED), padding.PKCS1v15(), hashes.SHA256())
        signed = replace(SIGNED, public_key=cose, signature=signature)
        if accepted:
            verify(signed, act=None)
        else:
            assert refused(signed) == "algorithm"


@pytest.mark.parametrize("algorithm", [-35, -36, -37, -47, -48, -49, -50, 0, None, "ES256", -7.0, True])
def test_any_other_algorithm_is_refused(algorithm: object) -> None:
    key = cbor2.loads(KEY.public_key)
    assert refused(replace(SIGNED, public_key=cbor2.dumps({**key, 3: algorithm}))) == "algorithm"


def test_a_broken_key_is_refused() -> None:
    key = cbor2.loads(KEY.public_key)
    assert algorithm_of(KEY.public_key) == -7
    assert refused(replace(SIGNED, public_key=b"\xff")) == "key"
    assert refused(replace(SIGNED, public_key=cbor2.dumps([]))) == "key"
    assert refused(replace(SIGNED, public_key=cbor2.dumps({**key, -1: 2}))) == "algorithm"
    assert refused(replace(SIGNED, public_key=cbor2.dumps({**key, -2: bytes(32)}))) == "signature"
    assert refused(replace(SIGNED, public_key=cbor2.dumps({**key, -2: 5}))) == "signature"


def test_stored_text_that_is_no_signed_act_is_refused() -> None:
    good = SIGNED.to_json()
    for bad in (
        None,
        {},
        {**good, "v": 2},
        {**good, "extra": 1},
        {**good, "nonce": "AB="},
        {**good, "nonce": "A"},
        {**good, "nonce": 5},
        {**good, "expires_at_ms": "1"},
        {**good, "expires_at_ms": -1},
    ):
        with pytest.raises(ValueError, match=r".+"):
            SignedAct.from_json(bad)


@given(st.binary(max_size=40))
def test_base64url_has_one_form(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


def test_a_software_key_speaks_webauthn_as_another_library_reads_it() -> None:
    challenge = bytes(range(32))
    registered = verify_registration_response(
        credential=KEY.registration_json(challenge, origin=ORIGIN, rp_id=RP),
        expected_challenge=challenge,
        expected_rp_id=RP,
        expected_origin=ORIGIN,
        require_user_verification=True,
    )
    assert registered.credential_id == KEY.credential_id
    assert registered.credential_public_key == KEY.public_key
    verify_authentication_response(
        credential=KEY.assertion_json(challenge, origin=ORIGIN, rp_id=RP),
        expected_challenge=challenge,
        expected_rp_id=RP,
        expected_origin=ORIGIN,
        credential_public_key=KEY.public_key,
        credential_current_sign_count=0,
        require_user_verification=True,
    )


def test_a_software_key_comes_back_from_its_secret() -> None:
    key = SoftwareKey.generate()
    assert SoftwareKey(key.secret).public_key == key.public_key
    assert SoftwareKey.generate().credential_id != key.credential_id
