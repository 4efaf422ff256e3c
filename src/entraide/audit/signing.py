"""Asking the signer, over its Unix socket.  No Django here: the sequencer asks as well."""

import json
import socket
from base64 import b64decode, b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

from entraide.evidence.notes import Note, VerifierKey
from entraide.evidence.receipts import Receipt
from entraide.kernel.errors import NotPossible, Unavailable

TIMEOUT_S = 10.0


class SignerClient:
    """The signer behind its socket; one connection for each question.

    Every method raises `Unavailable` where the signer does not answer and `NotPossible` where it refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> tuple[int, bytes]:
        """Return size and root of the last tree it signed."""
        answer = self._ask({"do": "state"})
        return int(answer["size"]), b64decode(answer["root"])

    def public_keys(self) -> dict[str, VerifierKey]:
        """Return the public keys by purpose: log, receipts, packages."""
        keys: dict[str, str] = self._ask({"do": "keys"})["keys"]
        return {purpose: VerifierKey.parse(text) for purpose, text in keys.items()}

    def sign_checkpoint(self, size: int, root: bytes, proof: list[bytes]) -> Note:
        """Return the signed checkpoint of a tree, with the proof that it extends the last one signed."""
        hashes = [b64encode(item).decode() for item in proof]
        question = {"do": "checkpoint", "size": size, "root": b64encode(root).decode(), "proof": hashes}
        try:
            return Note.parse(str(self._ask(question)["note"]))
        except NotPossible as refusal:
            do = "If an older backup was restored, restore the newest one: this log is not signed any further"
            raise NotPossible(refusal.what, why=refusal.why, do=do) from None

    def sign_receipt(self, receipt: Receipt) -> Note:
        """Return the receipt as a signed note."""
        return Note.parse(str(self._ask({"do": "receipt", "receipt": asdict(receipt)})["note"]))

    def sign_package(self, tag_manifest: bytes) -> bytes:
        """Return the 64 bytes of the signature over a bag's tag manifest."""
        question = {"do": "package", "tag_manifest": b64encode(tag_manifest).decode()}
        return b64decode(self._ask(question)["signature"])

    def keys_note(self) -> Note:
        """Return the public keys as the note that travels in packages, signed by the package key."""
        return Note.parse(str(self._ask({"do": "keys-note"})["note"]))

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(TIMEOUT_S)
                line.connect(str(self._path))
                line.sendall(json.dumps(question).encode() + b"\n")
                with line.makefile("rb") as answers:
                    answer = answers.readline()
        except OSError as error:
            raise _silent(str(error)) from error
        if not answer.endswith(b"\n"):
            raise _silent("it ended before it answered")
        fields: dict[str, Any] = json.loads(answer)
        if "refused" in fields:
            raise NotPossible("Signing", why=fields["refused"])
        return fields


def _silent(why: str) -> Unavailable:
    return Unavailable("Signing", why=f"the signer does not answer ({why})", do="Look whether its process runs")
