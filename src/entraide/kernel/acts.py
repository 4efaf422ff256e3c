"""An act: the exact thing a person signs with a step-up, in canonical form."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from entraide.kernel.canonical import canonical, sha256
from entraide.kernel.clock import unix_ms

STEP_UP_TAG = b"entraide/step-up/v1\x00"
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Act:
    """What is done (`domain`), to what (`subject`), with every detail that matters (`content`).

    `domain` has the grammar of events, ``requests:request:file``; the same bytes can therefore never serve another act.
    """

    domain: str
    subject: str
    content: Mapping[str, Any]

    def canonical(self) -> bytes:
        """Return the bytes that are hashed, shown and signed."""
        return canonical({"v": 1, "domain": self.domain, "subject": self.subject, "content": dict(self.content)})

    def hash(self) -> bytes:
        """Return SHA-256 of the canonical form: the name of this act in approvals, outbox and log."""
        return sha256(self.canonical())


def step_up_challenge(act: bytes, *, nonce: bytes, expires_at: datetime) -> bytes:
    """Return the WebAuthn challenge that binds an assertion to one act, one attempt and one moment.

    Parameters
    ----------
    act : bytes
        Canonical form of the act.
    nonce : bytes
        32 random bytes of the server, so that signing the same act twice never gives the same challenge.
    expires_at : datetime
        Aware; counted in whole milliseconds, 8 bytes, big-endian.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a step-up nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    return hashlib.sha256(STEP_UP_TAG + act + nonce + unix_ms(expires_at).to_bytes(8, "big")).digest()
