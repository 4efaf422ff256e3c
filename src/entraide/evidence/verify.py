"""The verifier: says of a package, offline and in plain words, whether it holds.

Steps: signature and files, log entry, inclusion, checkpoint, witnesses, time stamp, history of the case.  The words and
the form of the report are those of `standalone/verify.py`; the checks are written a second time, on other libraries, so
that an error would have to be made twice.  `tests/evidence` demands that the two always say the same.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (what is read here is foreign JSON, checked field by field)

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from entraide.evidence.bag import SEALED_KIND, ExchangeKeys
from entraide.evidence.leaves import Leaf, LeafError, check_stream, commitment
from entraide.evidence.merkle import leaf_hash, verify_inclusion
from entraide.evidence.notes import LogProof, NoteError, Policy, is_demo_name
from entraide.evidence.opening import FOREIGN, Altered, CannotCheck, Files, Unsafe, open_package
from entraide.evidence.package_files import (
    BAGIT,
    ENTRY,
    KEYS,
    KNOWN,
    MANIFEST,
    PEM,
    POLICY,
    PROOF,
    SIGNATURE,
    STATEMENT,
    STREAM,
    TAGMANIFEST,
    TAGS,
    TIMESTAMP,
    check_bagit,
    key_of_copy,
    read_entry,
    read_manifest,
    read_proof,
    read_statement,
)
from entraide.evidence.receipts import Receipt
from entraide.evidence.standalone.verify import exit_status, refused, render

__all__ = ["CannotCheck", "Report", "verify"]

T = TypeVar("T")

_SMALL_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Parameters
    ----------
    findings : dict
        The report as JSON (`v`, `holds`, `demo`, `key`, `package`, `files`, `steps`), described in the reference
        documentation of the verifier.
    require_evidence : bool
        Whether a demo package counts as failing.
    """

    findings: dict[str, Any]
    require_evidence: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing was found that does not hold."""
        return bool(self.findings["holds"])

    @property
    def is_demo(self) -> bool:
        """Whether the package, its log or its keys are a demo's."""
        return bool(self.findings["demo"])

    @property
    def files(self) -> list[str]:
        """The files at fault."""
        return list(self.findings["files"])

    @property
    def exit_status(self) -> int:
        """0 holds, 1 does not."""
        return exit_status(self.findings, self.require_evidence)

    def text(self, language: str = "en") -> str:
        """Return the report in plain words, in ``en``, ``fr``, ``es`` or ``ar``."""
        return render(self.findings, language, self.require_evidence)


def verify(
    path: Path,
    *,
    identity: Path | None = None,
    exchange_key: bytes | None = None,
    require_evidence: bool = False,
    receipts: Sequence[tuple[str, bytes]] = (),
) -> Report:
    """Check the package at `path`: encrypted (``.zip.age``), decrypted (``.zip``), or an opened folder.

    Parameters
    ----------
    path : Path
        Never written to, nor anything beside it.
    identity : Path, optional
        age identity file (``AGE-SECRET-KEY-…``), needed for an encrypted package.
    exchange_key : bytes, optional
        32 bytes of the exchange's package key, as received at onboarding.  Without it the copy in the package is used,
        which shows integrity and not origin; the report says so.
    require_evidence : bool
        Count a demo package as failing.
    receipts : Sequence of (name, bytes)
        Receipts the other side kept, to be compared with the history.

    Raises
    ------
    CannotCheck
        If there is nothing to check, or it cannot be opened with what was given.
    """
    if not path.exists():
        raise CannotCheck("no-such-file", str(path))
    with contextlib.ExitStack() as stack:
        try:
            source = open_package(path, identity, stack)
        except Unsafe as error:
            return Report(refused("zip-unsafe", str(error), exchange_key), require_evidence)
        except Altered:
            return Report(refused("cipher-changed", path.name, exchange_key), require_evidence)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OverflowError):
            return Report(refused("zip-broken", path.name, exchange_key), require_evidence)
        return Report(_Examination(source, exchange_key, receipts).run(), require_evidence)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The log entry that sealed the package, opened."""

    data: bytes
    leaf: Leaf
    salt: bytes
    payload: dict[str, Any]


@dataclass(slots=True)
class _Step:
    """One step under examination."""

    number: int
    findings: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = "pass"

    def fail(self, code: str, *files: str, **values: object) -> None:
        self.outcome = "fail"
        self.findings.append({**values, "code": code, "files": list(files)})

    def say(self, code: str, *, outcome: str | None = None, **values: object) -> None:
        self.findings.append({**values, "code": code})
        if outcome and self.outcome != "fail":
            self.outcome = outcome

    @property
    def holds(self) -> bool:
        return self.outcome != "fail"


class _Examination:
    """One package, step by step; a fault never stops the steps after it."""

    def __init__(self, files: Files, exchange_key: bytes | None, receipts: Sequence[tuple[str, bytes]]) -> None:
        self._files = files
        self._given = exchange_key
        self._receipts = receipts
        self._steps = {number: _Step(number) for number in range(1, 8)}
        self._small: dict[str, bytes] = {}
        self._key = exchange_key
        self._statement: dict[str, Any] | None = None
        self._entry: _Entry | None = None
        self._leaf_data: bytes | None = None
        self._proof: LogProof | None = None
        self._keys: ExchangeKeys | None = None
        self._is_signed = False

    def run(self) -> dict[str, Any]:
        self._check_files()
        self._check_entry()
        self._check_inclusion()
        self._check_log()
        present = TIMESTAMP in self._files.names()
        self._steps[6].say("time-unchecked" if present else "time-none", outcome="absent")
        self._check_history()
        return self._report()

    # Step 1: signature and files.

    def _check_files(self) -> None:
        step = self._steps[1]
        tagmanifest = self._read(step, TAGMANIFEST, bytes)
        signature = self._read(step, SIGNATURE, bytes)
        copy = self._read(step, PEM, key_of_copy)
        if self._given is None:
            self._key = copy
        elif copy is not None and copy != self._given:
            step.fail("key-differs", PEM)
        if tagmanifest is not None and signature is not None and self._key is not None:
            self._is_signed = _verifies(self._key, signature, tagmanifest)
            if not self._is_signed:
                step.fail("signature-false", self._altered_one(tagmanifest))
        listed = self._listed(step, tagmanifest)
        self._read(step, BAGIT, check_bagit)
        for name in sorted(listed):
            self._compare(step, name, listed[name])
        for name in sorted(self._files.names() - listed.keys() - KNOWN):
            step.fail("file-unlisted", name)
        if step.holds:
            step.say("files-hold", n=len(listed))

    def _listed(self, step: _Step, tagmanifest: bytes | None) -> dict[str, str]:
        """Return path → hash of everything that the signature covers."""
        listed: dict[str, str] = {}
        if tagmanifest is not None:
            tags = self._read(step, TAGMANIFEST, read_manifest)
            if tags is not None and list(tags) != TAGS:
                step.fail("file-unreadable", TAGMANIFEST)
            listed |= {f"bag/{name}": digest for name, digest in (tags or {}).items()}
        data = self._read(step, MANIFEST, read_manifest) or {}
        if not all(name.startswith("data/") for name in data):
            step.fail("file-unreadable", MANIFEST)
        listed |= {f"bag/{name}": digest for name, digest in data.items()}
        self._statement = self._read(step, STATEMENT, read_statement)
        if self._statement is not None:
            listed |= self._statement["outside"]
        return listed

    def _compare(self, step: _Step, name: str, digest: str) -> None:
        if name not in self._files.names():
            step.fail("file-missing", name)
            return
        actual = hashlib.sha256()
        try:
            with self._files.open(name) as file:
                while chunk := file.read(1 << 20):
                    actual.update(chunk)
        except FOREIGN:
            step.fail("file-changed", name)
            return
        if actual.hexdigest() != digest:
            step.fail("file-changed", name)

    def _altered_one(self, tagmanifest: bytes) -> str:
        # The log entry names the list too; where they agree it is the signature that was changed.
        try:
            with self._files.open(ENTRY) as file:
                named = json.load(file)["payload"]["tagmanifest"]
        except (KeyError, TypeError, RecursionError, *FOREIGN):
            return TAGMANIFEST
        return SIGNATURE if named == hashlib.sha256(tagmanifest).hexdigest() else TAGMANIFEST

    # Steps 2 and 3: the log entry and its place in the log.

    def _check_entry(self) -> None:
        step = self._steps[2]
        opened = self._read(step, ENTRY, read_entry)
        if opened is None:
            return
        self._leaf_data, salt, payload = opened
        try:
            leaf = Leaf.parse(self._leaf_data)
        except LeafError:
            step.fail("file-unreadable", ENTRY)
            return
        self._entry = _Entry(self._leaf_data, leaf, salt, payload)
        said = self._statement or {}
        place = (said.get("stream"), said.get("n", -1) + 1, said.get("head"))
        if (
            commitment(salt, payload).hex() != leaf.payload
            or place != (leaf.stream, leaf.n, leaf.prev)
            or leaf.kind != SEALED_KIND
        ):
            step.fail("entry-false", ENTRY)
            return
        tagmanifest = self._small.get(TAGMANIFEST)
        if tagmanifest is None or payload.get("tagmanifest") != hashlib.sha256(tagmanifest).hexdigest():
            step.fail("entry-false", ENTRY if self._is_signed else TAGMANIFEST)
            return
        step.say("entry-holds")

    def _check_inclusion(self) -> None:
        step = self._steps[3]
        self._proof = self._read(step, PROOF, read_proof)
        if self._proof is None:
            return
        checkpoint, index = self._proof.checkpoint, self._proof.index
        leaf = leaf_hash(self._leaf_data) if self._leaf_data is not None else b""
        if not verify_inclusion(leaf, index, checkpoint.size, self._proof.hashes, checkpoint.root):
            step.fail("inclusion-false", PROOF, ENTRY)
            return
        step.say("inclusion-holds", n=index + 1, size=checkpoint.size)

    # Steps 4 and 5: the signature of the log and its witnesses.

    def _check_log(self) -> None:
        log, witnesses = self._steps[4], self._steps[5]
        note = self._read(log, KEYS, bytes)
        policy = self._read(log, POLICY, Policy.parse)
        if note is not None and self._key is not None:
            try:
                self._keys = ExchangeKeys.open(note, self._key)
            except NoteError:
                log.fail("checkpoint-false", KEYS)
        if self._keys and self._statement and self._keys.kind != self._statement["kind"]:
            log.fail("checkpoint-false", KEYS)
        if policy is None or self._keys is None or self._proof is None:
            for step, code in ((log, "checkpoint-false"), (witnesses, "witnesses-short")):
                if not step.findings:
                    step.fail(code, PROOF)
            return
        self._judge(policy, self._keys, self._proof)

    def _judge(self, policy: Policy, keys: ExchangeKeys, proof: LogProof) -> None:
        log, witnesses = self._steps[4], self._steps[5]
        if policy.logs != (keys.log,):
            log.fail("checkpoint-false", POLICY)
        checkpoint = proof.checkpoint
        try:
            is_signed = proof.note.signed_by(keys.log)
            answer = policy.judge(proof.note)
            seen, has_quorum = answer.witnesses, answer.has_quorum
        except NoteError:
            is_signed, seen, has_quorum = False, (), policy.quorum == "none"
        origin = self._entry.leaf.log if self._entry else None
        if not is_signed or not checkpoint.origin == keys.log.name == origin:
            log.fail("checkpoint-false", PROOF)
        if log.holds:
            log.say("checkpoint-holds", name=checkpoint.origin, size=checkpoint.size)
        if not has_quorum:
            witnesses.fail("witnesses-short", PROOF)
        elif seen:
            witnesses.say("witnesses-hold", n=len(seen), names=list(seen))
        else:
            witnesses.say("witnesses-none", outcome="absent")

    # Step 7: the history of the case, and receipts.

    def _check_history(self) -> None:
        step = self._steps[7]
        heads: list[str] | None = None
        if STREAM in self._files.names():
            heads = self._history(step)
        else:
            step.say("stream-none", outcome="absent")
        agrees = [self._agrees(data, heads) for _, data in self._receipts]
        for (name, _), answer in zip(self._receipts, agrees, strict=True):
            if answer is False:
                step.fail("receipt-false", name)
        if not step.holds:
            return
        if True in agrees:
            step.outcome = "pass"
            step.say("receipts-hold", n=agrees.count(True))
        if None in agrees:
            step.say("receipts-uncompared", n=agrees.count(None))

    def _history(self, step: _Step) -> list[str] | None:
        said, leaf = self._statement, self._entry.leaf if self._entry else None
        heads: list[str] = []
        try:
            with self._files.open(STREAM) as file:
                check = check_stream(
                    _noting(_lines(file), heads),
                    log=leaf.log if leaf else None,
                    stream=said["stream"] if said else leaf.stream if leaf else None,
                )
        except FOREIGN:
            step.fail("stream-false", STREAM, n=len(heads) + 1)
            return None
        if check.fault:
            step.fail("stream-false", STREAM, n=check.fault.n)
            return None
        if leaf is None or (check.n, check.head) != (leaf.n, leaf.hash().hex()):
            step.fail("stream-false", STREAM, ENTRY, n=check.n + 1 if leaf and check.n < leaf.n else check.n)
            return None
        step.say("stream-holds", n=check.n)
        return heads

    def _agrees(self, data: bytes, heads: list[str] | None) -> bool | None:
        """Say whether a receipt agrees; None where it is genuine and nothing here could contradict it."""
        if self._keys is None or self._entry is None:
            return False
        leaf = self._entry.leaf
        try:
            receipt = Receipt.open(data, self._keys.receipts)
        except NoteError:
            return False
        if (receipt.log, receipt.stream) != (leaf.log, leaf.stream):
            return False
        if receipt.n > leaf.n:
            return None  # given after this package was sealed
        if heads is not None:
            return receipt.agrees_with(heads)
        known = {leaf.n: leaf.hash().hex(), leaf.n - 1: leaf.prev}
        return known[receipt.n] == receipt.head if receipt.n in known else None

    # For all steps.

    def _read(self, step: _Step, name: str, parse: Callable[[bytes], T]) -> T | None:
        """Return a small file, parsed; None after saying what is wrong with it."""
        if name not in self._files.names():
            step.fail("file-missing", name)
            return None
        try:
            if name not in self._small:
                with self._files.open(name) as file:
                    data = file.read(_SMALL_BYTES + 1)
                if len(data) > _SMALL_BYTES:
                    raise ValueError("too large")
                self._small[name] = data
            return parse(self._small[name])
        except (RecursionError, *FOREIGN):
            step.fail("file-unreadable", name)
            return None

    def _report(self) -> dict[str, Any]:
        said = self._statement
        names = [key.name for key in (self._keys.package, self._keys.log, self._keys.receipts)] if self._keys else []
        names += [self._entry.leaf.log] if self._entry else []
        names += [self._proof.checkpoint.origin] if self._proof else []
        blamed = [name for step in self._steps.values() for one in step.findings for name in one.get("files", ())]
        package = said and {
            "name": f"{said['reference']}-v{said['version']}",
            "copy": said["copy_id"],
            "kind": said["kind"],
            "recipient": said["recipient"].get("name", ""),
        }
        return {
            "v": 1,
            "holds": all(step.holds for step in self._steps.values()),
            "demo": any(map(is_demo_name, names)) or bool(said and said["kind"] == "demo"),
            "key": "given" if self._given is not None else "none" if self._key is None else "copy",
            "package": package,
            "files": list(dict.fromkeys(blamed)),
            "steps": [
                {"step": step.number, "outcome": step.outcome, "findings": step.findings}
                for step in self._steps.values()
            ],
        }


def _verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(1 << 17):
        if not line.endswith(b"\n"):
            raise ValueError("a line without its end")
        yield line[:-1]


def _noting(lines: Iterator[bytes], heads: list[str]) -> Iterator[bytes]:
    for line in lines:
        yield line
        heads.append(leaf_hash(line).hex())  # reached only when the check went on to the next line
