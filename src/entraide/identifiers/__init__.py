"""From documents to identifiers: what an officer pasted, read with offsets, checksums and what is wrong."""

from entraide.identifiers.extraction import extract
from entraide.identifiers.model import Identifier, IdentifierKind

__all__ = ["Identifier", "IdentifierKind", "extract"]
