"""People of the cast at a browser: the key each has is put into the browser's virtual authenticator."""

import base64
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.plugins.people import Player

_OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def carry_passkey(page: Any, player: Player) -> None:
    """Give the page's browser a device that holds the key of `player`, as if she had enrolled with it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": _OPTIONS})
    number = int.from_bytes(player.key.secret, "big")
    key = ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credential = {
        "credentialId": _base64(player.key.credential_id),
        "isResidentCredential": True,
        "rpId": "localhost",
        "privateKey": _base64(key),
        "userHandle": _base64(player.handle),
        "signCount": 0,
    }
    session.send("WebAuthn.addCredential", {"authenticatorId": added["authenticatorId"], "credential": credential})


def sign_in(page: Any, origin: str) -> None:
    """Sign in by the button, with the passkey the browser carries."""
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{origin}/")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
