"""From documents to identifiers: what an officer pasted, read with offsets, checksums and what is wrong."""

from entraide.identifiers.blotting import BLOT, holds_secret, without_secrets
from entraide.identifiers.extraction import extract
from entraide.identifiers.model import Identifier, IdentifierKind

__all__ = ["BLOT", "Identifier", "IdentifierKind", "extract", "holds_secret", "without_secrets"]
