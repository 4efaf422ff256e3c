"""What is signed in this room."""

from entraide.kernel.acts import Act


def download_act(reference: str, file_hash: bytes) -> Act:
    """Return the act by which the recipient fetches one file, named by its hash."""
    return Act("disclosure:package:fetch", reference, {"sha256": file_hash.hex()})
