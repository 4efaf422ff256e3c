"""A key in software that answers like an authenticator.

It is **no passkey**: nothing protects it but whoever holds the bytes, and it says "user verified" without having asked
anybody.  It stands in for one in the demo, where every page says so, and in tests.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from entraide.evidence.signed_acts import ES256, USER_PRESENT, USER_VERIFIED, SignedAct, to_base64url
from entraide.kernel.acts import Act, step_up_challenge
from entraide.kernel.clock import unix_ms

_ATTESTED = 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator answers to a challenge."""

    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes


class SoftwareKey:
    """A P-256 credential for the demo and for tests; see the module's warning.

    Parameters
    ----------
    secret : bytes
        32 bytes, the private number.
    """

    __slots__ = ("_private", "credential_id", "public_key")

    def __init__(self, secret: bytes) -> None:
        self._private = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.public_key: bytes = cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: x, -3: y}, canonical=True)
        self.credential_id: bytes = hashlib.sha256(b"entraide/software-key/v1\x00" + self.public_key).digest()

    @classmethod
    def generate(cls) -> "SoftwareKey":
        """Return a new random key."""
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(number.to_bytes(32, "big"))

    @property
    def secret(self) -> bytes:
        """The private number, 32 bytes, to keep in a demo's own key file."""
        return self._private.private_numbers().private_value.to_bytes(32, "big")

    def answer(self, challenge: bytes, *, origin: str, rp_id: str, flags: int | None = None) -> Assertion:
        """Return the assertion an authenticator would make for `challenge`; `flags` lets a test leave some out."""
        client_data = _client_data("webauthn.get", challenge, origin)
        bits = USER_PRESENT | USER_VERIFIED if flags is None else flags
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([bits]) + bytes(4)
        message = data + hashlib.sha256(client_data).digest()
        signature = self._private.sign(message, ec.ECDSA(hashes.SHA256()))
        return Assertion(client_data_json=client_data, authenticator_data=data, signature=signature)

    def sign(self, act: Act, *, nonce: bytes, expires_at: datetime, origin: str, rp_id: str) -> SignedAct:
        """Return `act` signed by this key, as a step-up with a passkey would."""
        canonical = act.canonical()
        challenge = step_up_challenge(canonical, nonce=nonce, expires_at=expires_at)
        answer = self.answer(challenge, origin=origin, rp_id=rp_id)
        return SignedAct(
            domain=act.domain,
            act=canonical,
            nonce=nonce,
            expires_at_ms=unix_ms(expires_at),
            client_data_json=answer.client_data_json,
            authenticator_data=answer.authenticator_data,
            signature=answer.signature,
            public_key=self.public_key,
            credential_id=self.credential_id,
            rp_id=rp_id,
            origin=origin,
        )

    def registration_json(self, challenge: bytes, *, origin: str, rp_id: str) -> dict[str, Any]:
        """Return a registration in the JSON form browsers send (attestation "none")."""
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.public_key
        flags = bytes([USER_PRESENT | USER_VERIFIED | _ATTESTED])
        data = hashlib.sha256(rp_id.encode()).digest() + flags + bytes(4) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": to_base64url(_client_data("webauthn.create", challenge, origin)),
            "attestationObject": to_base64url(attestation),
            "transports": ["internal"],
        }
        return self._credential_json(response)

    def assertion_json(
        self, challenge: bytes, *, origin: str, rp_id: str, user_handle: bytes | None = None
    ) -> dict[str, Any]:
        """Return an assertion in the JSON form browsers send."""
        answer = self.answer(challenge, origin=origin, rp_id=rp_id)
        response = {
            "clientDataJSON": to_base64url(answer.client_data_json),
            "authenticatorData": to_base64url(answer.authenticator_data),
            "signature": to_base64url(answer.signature),
            "userHandle": None if user_handle is None else to_base64url(user_handle),
        }
        return self._credential_json(response)

    def _credential_json(self, response: dict[str, Any]) -> dict[str, Any]:
        identifier = to_base64url(self.credential_id)
        return {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }


def _client_data(kind: str, challenge: bytes, origin: str) -> bytes:
    fields = {"type": kind, "challenge": to_base64url(challenge), "origin": origin, "crossOrigin": False}
    return json.dumps(fields, separators=(",", ":")).encode()
