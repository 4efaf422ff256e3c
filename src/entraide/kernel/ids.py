"""Identifiers of rows and references for people."""

import os
import secrets
import time
from datetime import datetime
from uuid import UUID

# Crockford's alphabet without the letters that are misread on a printed page (I, L, O, U).
_REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uuid7() -> UUID:
    """Return a new time-ordered identifier (RFC 9562, version 7).

    Made here because PostgreSQL has the function only from version 18.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | 0x7 << 76 | 0x2 << 62)


def new_reference(prefix: str, now: datetime) -> str:
    """Return a reference such as ``R-26-7K3F9Q``: short enough to read out, random so that nothing can be counted.

    Thirty random bits: uniqueness is the database's business, and whoever meets a collision draws again.
    """
    tail = "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(6))
    return f"{prefix}-{now:%y}-{tail}"
