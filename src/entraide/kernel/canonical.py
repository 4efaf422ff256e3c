"""The canonical form of a document (RFC 8785) and its hash."""

import hashlib
from typing import Any

import rfc8785


def canonical(document: Any) -> bytes:
    """Return `document` in the one byte form that is hashed and signed (RFC 8785, JSON Canonicalization Scheme).

    Amounts and other integers beyond 2**53 must already be strings: the scheme's numbers are IEEE doubles.

    Raises
    ------
    ValueError
        If `document` holds something that has no canonical form.
    """
    try:
        return rfc8785.dumps(document)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"no canonical form: {error}") from error


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()
