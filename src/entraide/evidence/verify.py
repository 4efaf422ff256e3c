"""The verifier: says of a package, offline and in plain words, whether it holds.

Steps: signature and files, log entry, inclusion, checkpoint, witnesses, time stamp, history of the case.  The words and
the form of the report are those of `standalone/verify.py`; the checks are written a second time, on other libraries, so
that an error would have to be made twice.  `tests/evidence` demands that the two always say the same.
"""

# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (pyrage has no types, and what is read here is foreign JSON, checked field by field)

import base64
import binascii
import contextlib
import hashlib
import json
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from entraide.evidence.bag import KINDS, SEALED_KIND, ExchangeKeys, public_key_of_pem, public_key_pem
from entraide.evidence.leaves import SALT_BYTES, Leaf, LeafError, check_stream, commitment
from entraide.evidence.merkle import leaf_hash, verify_inclusion
from entraide.evidence.notes import LogProof, NoteError, Policy, is_demo_name
from entraide.evidence.receipts import Receipt
from entraide.evidence.standalone.verify import exit_status, refused, render
from entraide.kernel.canonical import canonical

T = TypeVar("T")

TAGMANIFEST = "bag/tagmanifest-sha256.txt"
ENTRY, PROOF, STREAM = "seal/entry.json", "seal/package.tlog-proof", "seal/stream.jsonl"
KEYS, PEM, POLICY = "seal/exchange-keys.note", "seal/exchange.pem", "seal/policy.txt"
SIGNATURE, TIMESTAMP = "seal/tagmanifest.ed25519", "seal/tagmanifest.tsr"

_AGE_HEADER = b"age-encryption.org/v1\n"
_OUTSIDE = {"VERIFY.txt", KEYS, PEM, POLICY}
_TAGS = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "statement.json"]
_KNOWN = {TAGMANIFEST, ENTRY, PROOF, STREAM, SIGNATURE, TIMESTAMP, "seal/tagmanifest.p7s", *_OUTSIDE}
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]*)")
_SMALL_BYTES = 64 << 20
_FILES_MAX = 200_000
_MEMORY_BYTES = 64 << 20
_FOREIGN = (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class CannotCheck(Exception):
    """The question itself cannot be answered; `code` is one of the words, `file` what it is about."""

    def __init__(self, code: str, file: str = "") -> None:
        super().__init__(code, file)
        self.code = code
        self.file = file


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
        Never written to, nor anything beside it.  An encrypted package is decrypted into memory, and beyond 64 MiB into
        a file that has no name and vanishes with the process.
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
            source = _open(path, identity, stack)
        except _Unsafe as error:
            return Report(refused("zip-unsafe", str(error), exchange_key), require_evidence)
        except _Altered:
            return Report(refused("cipher-changed", path.name, exchange_key), require_evidence)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OverflowError):
            return Report(refused("zip-broken", path.name, exchange_key), require_evidence)
        return Report(_Examination(source, exchange_key, receipts).run(), require_evidence)


class _Unsafe(Exception):
    """A package that is built to mislead whoever opens it."""


class _Altered(Exception):
    """An encrypted package that was changed or cut after it was encrypted."""


class _Files(Protocol):
    def names(self) -> set[str]: ...

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]: ...


class _Folder:
    """An opened package."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: set[str] = set()
        for item in root.rglob("*"):
            kind = item.lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise _Unsafe(item.relative_to(root).as_posix())
            if stat.S_ISREG(kind):
                self._names.add(item.relative_to(root).as_posix())

    def names(self) -> set[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


class _Zip:
    """A decrypted package.  Nothing of it is ever written to a disk, so a bomb costs time and no space."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        entries = archive.infolist()
        if len(entries) > _FILES_MAX:
            raise _Unsafe(f"{len(entries)} files")
        lowered: set[str] = set()
        for entry in entries:
            self._check(entry)
            if entry.filename.lower() in lowered:
                raise _Unsafe(entry.filename)
            lowered.add(entry.filename.lower())
        self._check_overlap(entries, archive.start_dir)
        self._names = {entry.filename for entry in entries if not entry.is_dir()}

    def names(self) -> set[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)

    @staticmethod
    def _check(entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        segments = name.removesuffix("/").split("/")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        misleading = (
            entry.orig_filename != name
            or any(letter in name for letter in "\\:\x00")
            or any(segment in ("", ".", "..") for segment in segments)
            or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
            or entry.flag_bits & 1
            or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            or (entry.is_dir() and entry.file_size)
        )
        if misleading:
            raise _Unsafe(name)

    @staticmethod
    def _check_overlap(entries: list[zipfile.ZipInfo], directory: int) -> None:
        # Entries that share bytes are how a small zip becomes an endless one.
        end = 0
        for entry in sorted(entries, key=lambda item: item.header_offset):
            if entry.header_offset < end:
                raise _Unsafe(entry.filename)
            end = entry.header_offset + 30 + entry.compress_size
        if end > directory:
            raise _Unsafe("the zip's directory")


def _open(path: Path, identity: Path | None, stack: contextlib.ExitStack) -> _Files:
    if path.is_dir():
        return _Folder(path)
    file: IO[bytes] = stack.enter_context(path.open("rb"))
    if file.read(len(_AGE_HEADER)) == _AGE_HEADER:
        if identity is None:
            raise CannotCheck("identity-needed", str(path))
        file = stack.enter_context(_decrypted(file, path, identity))
    file.seek(0)
    return _Zip(stack.enter_context(zipfile.ZipFile(file)))


def _decrypted(file: IO[bytes], path: Path, identity: Path) -> IO[bytes]:
    keys = read_identities(identity)
    plain: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  -- the caller closes it
    file.seek(0)
    try:
        pyrage.decrypt_io(file, plain, keys)
    except (pyrage.DecryptError, OSError) as error:
        plain.close()
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the package: an altered package has no number
        if "No matching keys" in str(error):
            raise CannotCheck("identity-wrong", str(path)) from None
        raise _Altered(path.name) from None
    return plain


def read_identities(path: Path) -> list[Any]:
    """Return the identities in an age key file; raises `CannotCheck` where it holds none."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except FileNotFoundError:
        raise CannotCheck("no-such-file", str(path)) from None
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        raise CannotCheck("identity-unreadable", str(path)) from None
    if not keys:
        raise CannotCheck("identity-unreadable", str(path))
    return keys


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

    def __init__(self, files: _Files, exchange_key: bytes | None, receipts: Sequence[tuple[str, bytes]]) -> None:
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

    # step 1

    def _check_files(self) -> None:
        step = self._steps[1]
        tagmanifest = self._read(step, TAGMANIFEST, bytes)
        signature = self._read(step, SIGNATURE, bytes)
        copy = self._read(step, PEM, _key_of_copy)
        if self._given is None:
            self._key = copy
        elif copy is not None and copy != self._given:
            step.fail("key-differs", PEM)
        if tagmanifest is not None and signature is not None and self._key is not None:
            self._is_signed = _verifies(self._key, signature, tagmanifest)
            if not self._is_signed:
                step.fail("signature-false", self._altered_one(tagmanifest))
        listed = self._listed(step, tagmanifest)
        self._read(step, "bag/bagit.txt", _check_bagit)
        for name in sorted(listed):
            self._compare(step, name, listed[name])
        for name in sorted(self._files.names() - listed.keys() - _KNOWN):
            step.fail("file-unlisted", name)
        if step.holds:
            step.say("files-hold", n=len(listed))

    def _listed(self, step: _Step, tagmanifest: bytes | None) -> dict[str, str]:
        """Return path → hash of everything that the signature covers."""
        listed: dict[str, str] = {}
        if tagmanifest is not None:
            tags = self._read(step, TAGMANIFEST, _manifest)
            if tags is not None and list(tags) != _TAGS:
                step.fail("file-unreadable", TAGMANIFEST)
            listed |= {f"bag/{name}": digest for name, digest in (tags or {}).items()}
        data = self._read(step, "bag/manifest-sha256.txt", _manifest) or {}
        if not all(name.startswith("data/") for name in data):
            step.fail("file-unreadable", "bag/manifest-sha256.txt")
        listed |= {f"bag/{name}": digest for name, digest in data.items()}
        self._statement = self._read(step, "bag/statement.json", _read_statement)
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
        except _FOREIGN:
            step.fail("file-changed", name)
            return
        if actual.hexdigest() != digest:
            step.fail("file-changed", name)

    def _altered_one(self, tagmanifest: bytes) -> str:
        # The log entry names the list too; where they agree it is the signature that was changed.
        try:
            with self._files.open(ENTRY) as file:
                named = json.load(file)["payload"]["tagmanifest"]
        except (KeyError, TypeError, RecursionError, *_FOREIGN):
            return TAGMANIFEST
        return SIGNATURE if named == hashlib.sha256(tagmanifest).hexdigest() else TAGMANIFEST

    # steps 2 and 3

    def _check_entry(self) -> None:
        step = self._steps[2]
        opened = self._read(step, ENTRY, _read_entry)
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
        self._proof = self._read(step, PROOF, _read_proof)
        if self._proof is None:
            return
        checkpoint, index = self._proof.checkpoint, self._proof.index
        leaf = leaf_hash(self._leaf_data) if self._leaf_data is not None else b""
        if not verify_inclusion(leaf, index, checkpoint.size, self._proof.hashes, checkpoint.root):
            step.fail("inclusion-false", PROOF, ENTRY)
            return
        step.say("inclusion-holds", n=index + 1, size=checkpoint.size)

    # steps 4 and 5

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
            witnesses.say("witnesses-hold", n=len(seen), name=", ".join(seen))
        else:
            witnesses.say("witnesses-none", outcome="absent")

    # step 7

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
        except _FOREIGN:
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

    # all

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
        except (RecursionError, *_FOREIGN):
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


def _key_of_copy(data: bytes) -> bytes:
    key = public_key_of_pem(data)
    if public_key_pem(key) != data:
        raise ValueError("not in its one form")
    return key


def _verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_bagit(data: bytes) -> None:
    if data != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        raise ValueError("not BagIt 1.0")


def _manifest(data: bytes) -> dict[str, str]:
    *lines, end = data.decode("ascii").split("\n")
    found = [_LINE.fullmatch(line) for line in lines]
    listed = {match[2]: match[1] for match in found if match}
    unsafe = any(segment in ("", ".", "..") for name in listed for segment in name.split("/"))
    if end or unsafe or len(listed) != len(lines):
        raise ValueError("not a manifest")
    return listed


def _read_statement(data: bytes) -> dict[str, Any]:
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
    if hashes.keys() != _OUTSIDE or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a statement")
    if not all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes.values()):
        raise ValueError("not a statement")
    return said


def _read_entry(data: bytes) -> tuple[bytes, bytes, dict[str, Any]]:
    entry = json.loads(data.decode("utf-8"))
    if not isinstance(entry, dict) or entry.keys() != {"leaf", "salt", "payload"} or canonical(entry) != data:
        raise ValueError("not an entry")
    leaf, salt, payload = _unbase64(entry["leaf"]), _unbase64(entry["salt"]), entry["payload"]
    if not isinstance(payload, dict) or len(salt) != SALT_BYTES:
        raise ValueError("not an entry")
    return leaf, salt, payload


def _read_proof(data: bytes) -> LogProof:
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


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(1 << 17):
        if not line.endswith(b"\n"):
            raise ValueError("a line without its end")
        yield line[:-1]


def _noting(lines: Iterator[bytes], heads: list[str]) -> Iterator[bytes]:
    for line in lines:
        yield line
        heads.append(leaf_hash(line).hex())  # reached only when the check went on to the next line
