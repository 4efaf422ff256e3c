"""Signed acts: a passkey's assertion over one exact act, kept so that anyone can check it years later, offline.

The challenge an authenticator signs is made from the act itself (`kernel.acts.step_up_challenge`).  Whoever has the
act, the nonce, the moment of expiry and what the authenticator answered can repeat every check without the server.
"""

# pyright: reportUnknownArgumentType=false
# (what is read here is foreign JSON and CBOR, checked field by field)

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from entraide.kernel.acts import NONCE_BYTES, STEP_UP_TAG

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
"""What is accepted at registration, because it is what can be verified here; nothing else."""

USER_PRESENT, USER_VERIFIED = 0x01, 0x04
_RSA_BITS_MIN = 2048


class NotSigned(Exception):
    """An act that is not signed as it must be; `code` says which check failed.

    Codes: ``act``, ``domain``, ``key``, ``rp``, ``origin``, ``client-data``, ``type``, ``challenge``, ``cross-origin``,
    ``authenticator-data``, ``rp-hash``, ``user-present``, ``user-verified``, ``algorithm``, ``signature``, ``expired``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"the act is not signed as it must be: {code}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAct:
    """An act and everything needed to verify its signature later.

    Parameters
    ----------
    domain : str
        The act's domain, as it stands in its canonical form.
    act : bytes
        Canonical form of the act.
    nonce : bytes
        The server's 32 random bytes.
    expires_at_ms : int
        When the step-up ended, Unix milliseconds.
    client_data_json, authenticator_data, signature : bytes
        The authenticator's answer, verbatim.
    public_key : bytes
        The credential's COSE key, as registered.
    credential_id : bytes
        The credential's identifier, as registered.
    rp_id, origin : str
        What the assertion was made for.
    """

    domain: str
    act: bytes
    nonce: bytes
    expires_at_ms: int
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    public_key: bytes
    credential_id: bytes
    rp_id: str
    origin: str

    @property
    def challenge(self) -> bytes:
        """The challenge that binds act, attempt and expiry."""
        return hashlib.sha256(STEP_UP_TAG + self.act + self.nonce + self.expires_at_ms.to_bytes(8, "big")).digest()

    @property
    def act_hash(self) -> bytes:
        """SHA-256 of the act."""
        return hashlib.sha256(self.act).digest()

    def to_json(self) -> dict[str, Any]:
        """Return the signed act as a JSON object; bytes in unpadded base64url."""
        fields: dict[str, Any] = {"v": 1}
        for name in self.__slots__:
            value = getattr(self, name)
            fields[name] = to_base64url(value) if isinstance(value, bytes) else value
        return fields

    @classmethod
    def from_json(cls, fields: Any) -> "SignedAct":
        """Return the signed act that `to_json` wrote.

        Raises
        ------
        ValueError
            If it is not one.
        """
        texts = ("domain", "rp_id", "origin")
        binary = set(cls.__slots__) - {*texts, "expires_at_ms"}
        if not isinstance(fields, dict) or set(fields) != {"v", *cls.__slots__} or fields["v"] != 1:
            raise ValueError("this is not a signed act of version 1")
        if type(fields["expires_at_ms"]) is not int or not 0 <= fields["expires_at_ms"] < 2**63:
            raise ValueError("a signed act expires at a number of milliseconds")
        if not all(isinstance(fields[name], str) for name in (*texts, *binary)):
            raise ValueError("a field of the signed act is not text")
        values: dict[str, Any] = {name: fields[name] for name in (*texts, "expires_at_ms")}
        values |= {name: from_base64url(fields[name]) for name in binary}
        return cls(**values)


def verify(
    signed: SignedAct,
    *,
    act: bytes | None,
    public_key: bytes | None = None,
    rp_id: str | None = None,
    origin: str | None = None,
    at_ms: int | None = None,
) -> None:
    """Check, offline, that a passkey with user verification signed this very act.

    Parameters
    ----------
    signed : SignedAct
        What is questioned.
    act : bytes or None
        The act the caller is about to carry out, in canonical form; None only where the kept one itself is in question.
    public_key, rp_id, origin : optional
        What the caller knows from elsewhere (the log, the instance's settings).  A signed act carries all three, so
        that it can be read alone; whoever acts on it must say what they have to be.
    at_ms : int, optional
        When it was presented; refused from its expiry on.

    Raises
    ------
    NotSigned
        With the code of the first check that failed.
    """
    _require(act is None or hmac.compare_digest(act, signed.act), "act")
    _require(_domain_of(signed.act) == signed.domain, "domain")
    _require(public_key is None or hmac.compare_digest(public_key, signed.public_key), "key")
    _require(rp_id is None or rp_id == signed.rp_id, "rp")
    _require(origin is None or origin == signed.origin, "origin")
    _require(at_ms is None or at_ms < signed.expires_at_ms, "expired")
    _check_client_data(signed)
    _check_authenticator_data(signed)
    message = signed.authenticator_data + hashlib.sha256(signed.client_data_json).digest()
    _check_signature(signed.public_key, signed.signature, message)


def algorithm_of(public_key: bytes) -> int:
    """Return the COSE algorithm of a credential's key; raises `NotSigned` (``algorithm``) for one not accepted here."""
    algorithm = _cose(public_key).get(3)
    if type(algorithm) is not int or algorithm not in ALGORITHMS:
        raise NotSigned("algorithm")
    return algorithm


def to_base64url(data: bytes) -> str:
    """Return `data` in base64url without padding, as WebAuthn writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Return the bytes of unpadded base64url `text`; raises `ValueError` on any other spelling."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_base64url(data) != text:
        raise ValueError("not base64url in its one form")
    return data


def _check_client_data(signed: SignedAct) -> None:
    _require(len(signed.nonce) == NONCE_BYTES and 0 <= signed.expires_at_ms < 2**63, "challenge")
    try:
        data = json.loads(signed.client_data_json)
    except (ValueError, RecursionError):
        raise NotSigned("client-data") from None
    _require(isinstance(data, dict), "client-data")
    _require(data.get("type") == "webauthn.get", "type")
    challenge = data.get("challenge")
    _require(isinstance(challenge, str) and challenge == to_base64url(signed.challenge), "challenge")
    _require(data.get("origin") == signed.origin, "origin")
    _require(data.get("crossOrigin", False) is False and "topOrigin" not in data, "cross-origin")


def _check_authenticator_data(signed: SignedAct) -> None:
    data = signed.authenticator_data
    _require(len(data) >= 37, "authenticator-data")
    _require(data[:32] == hashlib.sha256(signed.rp_id.encode()).digest(), "rp-hash")
    _require(bool(data[32] & USER_PRESENT), "user-present")
    _require(bool(data[32] & USER_VERIFIED), "user-verified")


def _check_signature(public_key: bytes, signature: bytes, message: bytes) -> None:
    algorithm, key = algorithm_of(public_key), _cose(public_key)
    try:
        if algorithm == ES256:
            _require(key.get(1) == 2 and key.get(-1) == 1, "algorithm")
            point = ec.EllipticCurvePublicNumbers(
                int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big"), ec.SECP256R1()
            )
            point.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
        elif algorithm == EDDSA:
            _require(key.get(1) == 1 and key.get(-1) == 6, "algorithm")
            Ed25519PublicKey.from_public_bytes(key[-2]).verify(signature, message)
        else:
            modulus, exponent = int.from_bytes(key[-1], "big"), int.from_bytes(key[-2], "big")
            _require(key.get(1) == 3 and modulus.bit_length() >= _RSA_BITS_MIN, "algorithm")
            rsa.RSAPublicNumbers(exponent, modulus).public_key().verify(
                signature, message, padding.PKCS1v15(), hashes.SHA256()
            )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError):
        raise NotSigned("signature") from None


def _cose(public_key: bytes) -> dict[Any, Any]:
    try:
        key = cbor2.loads(public_key)
    except Exception:  # the reader raises many things at foreign bytes; every one means: no key
        raise NotSigned("key") from None
    _require(isinstance(key, dict), "key")
    return dict(key)


def _domain_of(act: bytes) -> str | None:
    try:
        domain = json.loads(act)["domain"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return domain if isinstance(domain, str) else None


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise NotSigned(code)
