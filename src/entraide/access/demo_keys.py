"""The demo's software keys: in a file of the demo beside the database, never in it, and nowhere but in a demo.

A software key in the page stands in for a passkey, so that anyone can walk the story on any laptop.  It proves nothing,
and every page of a demo says so.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import cbor2
from django.conf import settings

from entraide.evidence.signed_acts import from_base64url, to_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel import durable


def path() -> Path:
    """Return where the keys lie."""
    return Path(settings.HOME) / "demo-keys.json"


def keep(person_id: UUID, key: SoftwareKey) -> None:
    """Keep the key of one made-up person."""
    keys = _read() | {str(person_id): to_base64url(key.secret)}
    durable.replace(path(), json.dumps(keys).encode("ascii"))


def key_of(person_id: UUID) -> SoftwareKey | None:
    """Return the key of a made-up person; None outside of a demo, whatever files lie about."""
    if settings.KIND != "demo":
        return None
    secret = _read().get(str(person_id))
    return SoftwareKey(from_base64url(secret)) if secret else None


def key_for_page(person_id: UUID, handle: bytes) -> dict[str, Any] | None:
    """Return what the page of this one person needs to sign: credential, user handle, private key (JWK)."""
    key = key_of(person_id)
    if key is None:
        return None
    cose = cbor2.loads(key.public_key)
    jwk = {"kty": "EC", "crv": "P-256", "x": to_base64url(cose[-2]), "y": to_base64url(cose[-3])}
    return {
        "credential_id": to_base64url(key.credential_id),
        "user_handle": to_base64url(handle),
        "private_jwk": jwk | {"d": to_base64url(key.secret)},
    }


def _read() -> dict[str, str]:
    try:
        return dict(json.loads(path().read_text(encoding="ascii")))
    except FileNotFoundError:
        return {}
