"""The signer process: ``python -m entraide.audit.signer``.

It alone holds the private keys (log, receipts, packages), and it remembers the last tree it signed: a checkpoint that
does not extend that one is refused, whoever asks.  It saves before it answers.  It imports neither Django nor the
database.
"""

import argparse
import json
import re
import signal
import socketserver
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from setproctitle import setproctitle

from entraide.audit import place
from entraide.evidence.merkle import EMPTY_ROOT, verify_consistency
from entraide.evidence.notes import Checkpoint, Ed25519NoteKey, NoteError, VerifierKey, open_note, sign_note
from entraide.evidence.receipts import Receipt
from entraide.kernel import durable
from entraide.kernel.errors import NotPossible, Refusal
from entraide.kernel.faults import fault

PURPOSES = ("log", "receipts", "packages")
LINE_BYTES_MAX = 16_000_000
_TAG_MANIFEST = re.compile(rb"(?:[0-9a-f]{64}  [^\n/][^\n]*\n)+")


@dataclass(frozen=True, slots=True)
class TreeState:
    """The last tree that was signed."""

    size: int
    root: bytes


class Signer:
    """The keys, the memory, and what may be signed.

    Parameters
    ----------
    folder : Path
        Keys (one file each, mode 0600) and state; made at the first start.
    origin : str
        Name of the log, which is also the name of its key.

    Raises
    ------
    NotPossible
        If there are keys but no memory of what they signed.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder, self.origin = folder, origin
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state_file = folder / "state.json"
        if not self._state_file.exists():
            self._begin()
        self._keys = {purpose: self._key(purpose) for purpose in PURPOSES}
        self._state = self._read_state()

    @property
    def state(self) -> TreeState:
        """The last tree that was signed; size 0 before the first."""
        return self._state

    def public_keys(self) -> dict[str, VerifierKey]:
        """Return the public half of each key."""
        return {purpose: VerifierKey.of(key) for purpose, key in self._keys.items()}

    def sign_checkpoint(self, size: int, root: bytes, proof: list[bytes]) -> str:
        """Return the signed checkpoint of a tree that extends the last one.

        Raises
        ------
        NotPossible
            If it does not, or nothing proves that it does.
        """
        with self._lock:
            self._check_extends(size, root, proof)
            if (size, root) != (self._state.size, self._state.root):
                state = TreeState(size, root)
                durable.replace(self._state_file, _state_json(state))
                self._state = state
                fault("signer.after_save")
            return str(sign_note(Checkpoint(self.origin, size, root).text, self._keys["log"]))

    def sign_receipt(self, receipt: Receipt) -> str:
        """Return the receipt as a signed note."""
        if receipt.log != self.origin:
            raise _refused(f"this is the signer of {self.origin}, not of {receipt.log}")
        return str(receipt.sign(self._keys["receipts"]))

    def sign_package(self, tag_manifest: bytes) -> bytes:
        """Return the detached signature over the bytes of a bag's ``tagmanifest-sha256.txt``, and over nothing else."""
        if not _TAG_MANIFEST.fullmatch(tag_manifest):
            raise _refused("these bytes are not the tag manifest of a bag")
        return self._keys["packages"].sign(tag_manifest)

    def keys_note(self, kind: str) -> str:
        """Return the public keys as a note signed by the package key."""
        from entraide.evidence.bag import ExchangeKeys  # here: few questions need it, and it is not small

        keys = self.public_keys()
        note = ExchangeKeys(kind=kind, package=keys["packages"], log=keys["log"], receipts=keys["receipts"])
        return str(note.sign(self._keys["packages"]))

    def adopt(self, note: str) -> TreeState:
        """Take a signed checkpoint as the last tree; for two people after the memory was lost.

        Raises
        ------
        NotPossible
            If there is a memory that knows better.
        """
        checkpoint = Checkpoint.parse(open_note(note, VerifierKey.of(self._key("log"))))
        if checkpoint.origin != self.origin or checkpoint.size < self._state.size:
            raise _refused(f"the last tree signed here had {self._state.size} entries")
        self._state = TreeState(checkpoint.size, checkpoint.root)
        durable.replace(self._state_file, _state_json(self._state))
        return self._state

    def rotate(self, purpose: str) -> VerifierKey:
        """Replace a key by a new one; the old file is kept beside it, under its key's number."""
        path = self._key_file(purpose)
        old = VerifierKey.of(self._keys[purpose])
        durable.replace(path.with_name(f"{purpose}-{old.key_id.hex()}.pem"), path.read_bytes())
        durable.replace(path, _new_key())
        self._keys[purpose] = self._key(purpose)
        return VerifierKey.of(self._keys[purpose])

    def _check_extends(self, size: int, root: bytes, proof: list[bytes]) -> None:
        last = self._state
        if size < last.size:
            raise _refused(f"a tree of {size} entries is smaller than the one of {last.size} signed before")
        if size < 1 or len(root) != 32:
            raise _refused("an empty tree is not signed")
        if last.size and not verify_consistency(last.size, size, proof, last.root, root):
            raise _refused(f"the tree of {size} entries does not extend the one of {last.size} signed before")

    def _begin(self) -> None:
        if any(self._key_file(purpose).exists() for purpose in PURPOSES):
            raise NotPossible(
                "Starting the signer",
                why=f"there are keys in {self._folder} and no memory of what they signed",
                do="Two people give it the last witnessed checkpoint: python -m entraide.audit.signer --adopt FILE",
            )
        durable.replace(self._state_file, _state_json(TreeState(0, EMPTY_ROOT)))

    def _key_file(self, purpose: str) -> Path:
        return self._folder / f"{purpose}.pem"

    def _key(self, purpose: str) -> Ed25519NoteKey:
        path = self._key_file(purpose)
        if not path.exists():
            durable.replace(path, _new_key())
        if path.stat().st_mode & 0o077:
            raise NotPossible("Starting the signer", why=f"others can read {path}", do=f"chmod 600 {path}")
        private = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, Ed25519PrivateKey):
            raise NotPossible("Starting the signer", why=f"{path} is no Ed25519 key", do="Put the right key there")
        name = self.origin if purpose == "log" else f"{self.origin}/{purpose}"
        return Ed25519NoteKey(name, private.private_bytes_raw())

    def _read_state(self) -> TreeState:
        fields = json.loads(self._state_file.read_bytes())
        return TreeState(int(fields["size"]), bytes.fromhex(fields["root"]))


class SignerServer(socketserver.ThreadingUnixStreamServer):
    """Answers on a Unix socket; one JSON object a line, both ways.

    Only its own user may open it, or the group of the socket's folder as well where that folder lets its group through.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: Path, signer: Signer) -> None:
        self.signer = signer
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Conversation)
        path.chmod(0o660 if path.parent.stat().st_mode & 0o010 else 0o600)

    def server_close(self) -> None:
        """Close the socket and remove it."""
        super().server_close()
        self.path.unlink(missing_ok=True)


class _Conversation(socketserver.StreamRequestHandler):
    server: SignerServer

    def handle(self) -> None:
        while line := self.rfile.readline(LINE_BYTES_MAX):
            self.wfile.write(json.dumps(_answer(self.server.signer, line)).encode() + b"\n")


def _answer(signer: Signer, line: bytes) -> dict[str, Any]:
    try:
        question = json.loads(line)
        return _QUESTIONS[question["do"]](signer, question)
    except Refusal as refusal:
        return {"refused": str(refusal.why)}
    except (NoteError, ValueError, KeyError, TypeError) as error:
        return {"refused": f"the question is not one ({type(error).__name__})"}


def _ask_checkpoint(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    proof = [b64decode(item) for item in question["proof"]]
    return {"note": signer.sign_checkpoint(int(question["size"]), b64decode(question["root"]), proof)}


def _ask_receipt(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    return {"note": signer.sign_receipt(Receipt(**question["receipt"]))}


def _ask_package(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    return {"signature": b64encode(signer.sign_package(b64decode(question["tag_manifest"]))).decode()}


def _ask_keys(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    return {"keys": {purpose: str(key) for purpose, key in signer.public_keys().items()}}


def _ask_keys_note(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    return {"note": signer.keys_note(place.kind())}


def _ask_state(signer: Signer, question: dict[str, Any]) -> dict[str, Any]:
    state = signer.state
    return {"size": state.size, "root": b64encode(state.root).decode()}


_QUESTIONS: dict[str, Callable[[Signer, dict[str, Any]], dict[str, Any]]] = {
    "checkpoint": _ask_checkpoint,
    "receipt": _ask_receipt,
    "package": _ask_package,
    "keys": _ask_keys,
    "keys-note": _ask_keys_note,
    "state": _ask_state,
}


def _refused(why: str) -> NotPossible:
    return NotPossible("Signing", why=why)


def _state_json(state: TreeState) -> bytes:
    return json.dumps({"size": state.size, "root": state.root.hex()}).encode()


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m entraide.audit.signer", description=__doc__)
    parser.add_argument("--adopt", metavar="FILE", help="take a witnessed checkpoint as the last tree signed")
    parser.add_argument("--rotate", choices=PURPOSES, help="replace one key by a new one")
    options = parser.parse_args(arguments)
    setproctitle("entraide signer")
    folder = place.signer_folder()
    try:
        if options.adopt:
            return _adopt(folder, Path(options.adopt))
        signer = Signer(folder, place.log_origin())
        if options.rotate:
            print(signer.rotate(options.rotate))
            return 0
        _serve(SignerServer(place.signer_socket(), signer))
    except Refusal as refusal:
        print(f"entraide: {refusal}", file=sys.stderr)
        return 1
    return 0


def _adopt(folder: Path, file: Path) -> int:
    if not (folder / "state.json").exists():
        durable.replace(folder / "state.json", _state_json(TreeState(0, EMPTY_ROOT)))
    try:
        state = Signer(folder, place.log_origin()).adopt(file.read_text())
    except NoteError as error:
        raise _refused(str(error)) from error
    print(f"the last tree is now the one of {state.size} entries")
    return 0


def _serve(server: SignerServer) -> None:
    def stop(number: int, frame: object) -> None:
        # From another thread: `shutdown` waits for the loop that this signal has just interrupted.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with server:
        server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    sys.exit(main())
