"""The small files of a package: their names, and reading each in its one form.

Every reader takes the bytes of a foreign file and raises `ValueError` (or what `json` raises of nesting without end)
where they are not exactly what a builder writes: a file with two readings could say two things.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (what is read here is foreign JSON, checked field by field)

import base64
import binascii
import json
import re
from typing import Any

from entraide.evidence.bag import KINDS, public_key_of_pem, public_key_pem
from entraide.evidence.leaves import SALT_BYTES
from entraide.evidence.notes import LogProof
from entraide.kernel.canonical import canonical

TAGMANIFEST, MANIFEST = "bag/tagmanifest-sha256.txt", "bag/manifest-sha256.txt"
BAGIT, STATEMENT = "bag/bagit.txt", "bag/statement.json"
ENTRY, PROOF, STREAM = "seal/entry.json", "seal/package.tlog-proof", "seal/stream.jsonl"
KEYS, PEM, POLICY = "seal/exchange-keys.note", "seal/exchange.pem", "seal/policy.txt"
SIGNATURE, TIMESTAMP = "seal/tagmanifest.ed25519", "seal/tagmanifest.tsr"

# What the tag manifest lists, what the statement lists, and what is known without being listed.
TAGS = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "statement.json"]
OUTSIDE = {"VERIFY.txt", KEYS, PEM, POLICY}
KNOWN = {TAGMANIFEST, ENTRY, PROOF, STREAM, SIGNATURE, TIMESTAMP, "seal/tagmanifest.p7s", *OUTSIDE}

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]*)")


def key_of_copy(data: bytes) -> bytes:
    """Return the exchange's package key, 32 bytes, from the copy in the package."""
    key = public_key_of_pem(data)
    if public_key_pem(key) != data:
        raise ValueError("not in its one form")
    return key


def check_bagit(data: bytes) -> None:
    """Raise where this is not the declaration of BagIt 1.0 (RFC 8493, 2.1.1)."""
    if data != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        raise ValueError("not BagIt 1.0")


def read_manifest(data: bytes) -> dict[str, str]:
    """Return name → SHA-256 in hexadecimal, in the order of a manifest (RFC 8493, 2.1.3)."""
    *lines, end = data.decode("ascii").split("\n")
    found = [_LINE.fullmatch(line) for line in lines]
    listed = {match[2]: match[1] for match in found if match}
    unsafe = any(segment in ("", ".", "..") for name in listed for segment in name.split("/"))
    if end or unsafe or len(listed) != len(lines):
        raise ValueError("not a manifest")
    return listed


def read_statement(data: bytes) -> dict[str, Any]:
    """Return the statement of a package, with every field of its type."""
    said = json.loads(data.decode("utf-8"))
    forms: dict[str, tuple[type, ...]] = {
        **dict.fromkeys(("reference", "kind", "purpose", "copy_id", "stream", "snapshot", "release"), (str,)),
        **dict.fromkeys(("v", "version", "n"), (int,)),
        **dict.fromkeys(("scope", "recipient", "outside"), (dict,)),
        "head": (str, type(None)),
    }
    if not isinstance(said, dict) or said.keys() != forms.keys() or said["v"] != 1:
        raise ValueError("not a statement")
    if not all(type(said[name]) in form for name, form in forms.items()) or said["kind"] not in KINDS:
        raise ValueError("not a statement")
    hashes, texts = said["outside"], [*said["recipient"].values(), *said["outside"].values()]
    if hashes.keys() != OUTSIDE or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a statement")
    if not all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes.values()):
        raise ValueError("not a statement")
    return said


def read_entry(data: bytes) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return leaf, salt and payload of the log entry that sealed the package."""
    entry = json.loads(data.decode("utf-8"))
    if not isinstance(entry, dict) or entry.keys() != {"leaf", "salt", "payload"} or canonical(entry) != data:
        raise ValueError("not an entry")
    leaf, salt, payload = _unbase64(entry["leaf"]), _unbase64(entry["salt"]), entry["payload"]
    if not isinstance(payload, dict) or len(salt) != SALT_BYTES:
        raise ValueError("not an entry")
    return leaf, salt, payload


def read_proof(data: bytes) -> LogProof:
    """Return the proof that the entry is in the log."""
    proof = LogProof.parse(data)
    _ = proof.checkpoint  # raises where the note is none
    return proof


def _unbase64(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("not Base64")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not Base64 in its one form")
    return data
