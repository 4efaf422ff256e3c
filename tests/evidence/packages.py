"""Packages for tests: made, taken apart, altered, put together again."""

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from entraide.evidence import verify as program
from entraide.evidence.example import LOG_KEY, PACKAGE_KEY, RECEIPT_KEY, Sample, make
from entraide.evidence.notes import Ed25519NoteKey
from entraide.evidence.standalone import verify as one_file

KEY = PACKAGE_KEY.public_key
PRODUCTION = {
    "package_key": Ed25519NoteKey("desk.example/package", bytes([41]) * 32),
    "log_key": Ed25519NoteKey("desk.example/log", bytes([42]) * 32),
    "receipt_key": Ed25519NoteKey("desk.example/receipts", bytes([43]) * 32),
}
DEMO = {"package_key": PACKAGE_KEY, "log_key": LOG_KEY, "receipt_key": RECEIPT_KEY}

Contents = dict[str, bytes]


@cache
def sample() -> Sample:
    return make()


def contents_of(made: Sample) -> Contents:
    with zipfile.ZipFile(io.BytesIO(made.zip())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return out.getvalue()


def opened(contents: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


class Memory:
    """Files that are in memory only, for trying thousands of alterations."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.contents = contents

    def names(self) -> set[str]:
        return set(self.contents)

    def open(self, name: str) -> io.BytesIO:
        return io.BytesIO(self.contents[name])


def judged(
    contents: Mapping[str, bytes], *, key: bytes | None = KEY, receipts: tuple[tuple[str, bytes], ...] = ()
) -> dict[str, Any]:
    """Return the program's findings about files in memory."""
    return program._Examination(Memory(contents), key, receipts).run()


def judged_by_one_file(
    contents: Mapping[str, bytes], *, key: bytes | None = KEY, receipts: tuple[tuple[str, bytes], ...] = ()
) -> dict[str, Any]:
    """Return the findings of the verifier in one file."""
    return one_file.Check(Memory(contents), key, list(receipts)).run()


def judged_by_both(
    contents: Mapping[str, bytes], *, key: bytes | None = KEY, receipts: tuple[tuple[str, bytes], ...] = ()
) -> dict[str, Any]:
    """Return the findings, after making sure that both verifiers say the same, word for word."""
    report = judged(contents, key=key, receipts=receipts)
    assert judged_by_one_file(contents, key=key, receipts=receipts) == report
    return report


def codes(report: dict[str, Any]) -> list[str]:
    """Return the codes of what failed."""
    return [finding["code"] for step in report["steps"] if step["outcome"] == "fail" for finding in step["findings"]]
