"""Private keys and recovery phrases in what people write: none of it may be kept, wherever it was written."""

from entraide.identifiers.extraction import extract
from entraide.identifiers.model import IdentifierKind

BLOT = "[█ private key removed █]"
_AROUND = " \t\r\n,;:.|/\\-–—'\"“”«»()[]"


def holds_secret(text: str) -> bool:
    """Say whether a private key or a recovery phrase stands in `text`."""
    return any(one.kind is IdentifierKind.SECRET for one in extract(text))


def without_secrets(text: str) -> str:
    """Return `text` with every private key and recovery phrase blotted out, so that none is kept.

    What is left between two of them is read once more, alone: words that were no phrase in the middle of a line are one
    where nothing stands beside them but keys.
    """
    pieces = _between_secrets(text)
    return text if len(pieces) == 1 else BLOT.join(map(_blotted_alone, pieces))


def _blotted_alone(piece: str) -> str:
    core = piece.strip(_AROUND)
    before, _core, after = piece.partition(core) if core else (piece, "", "")
    return f"{before}{BLOT.join(_between_secrets(core))}{after}"


def _between_secrets(text: str) -> list[str]:
    pieces, at = list[str](), 0
    for one in sorted(extract(text), key=lambda one: one.start):
        if one.kind is IdentifierKind.SECRET:
            pieces.append(text[at : one.start])
            at = one.end
    return [*pieces, text[at:]]
