"""The verifiers as people meet them: on files, from the command line, on zips that mean harm, and without a network."""

import argparse
import ast
import gzip
import io
import json
import shutil
import stat
import string
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from entraide.cli import verify as command
from entraide.evidence.bag import public_key_pem, write_zip
from entraide.evidence.example import files, make
from entraide.evidence.standalone import verify as one_file
from entraide.evidence.verify import CannotCheck, verify
from tests.evidence.packages import DEMO, KEY, PRODUCTION, codes, contents_of, opened, sample, zipped

SCRIPT = Path(one_file.__file__)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The committed sample's files."""
    for name, data in files().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(argument) for argument in arguments]))


def alone(*arguments: object) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=False)


def both(path: Path) -> dict[str, Any]:
    """Return what both verifiers say of a file, after making sure that it is the same."""
    report = verify(path, exchange_key=KEY).findings
    assert one_file.check(str(path), KEY) == report
    return report


def test_the_zip_and_the_folder_it_was_opened_into_are_judged_alike(folder: Path) -> None:
    path = folder / "R-26-SAMP1E-v1.zip"
    report = both(path)
    assert report["holds"]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "opened")
    assert both(folder / "opened") == report


def test_a_demo_says_so_first_and_is_no_evidence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, key = folder / "R-26-SAMP1E-v1.zip", folder / "exchange.pem"
    assert run(path, "--exchange-key", key, "--receipt", folder / "receipt.note", "--lang", "en") == 0
    said = capsys.readouterr().out
    assert said.startswith("DEMO: not evidence\n") and "The package holds." in said
    assert run(path, "--exchange-key", key, "--evidence") == 1
    assert capsys.readouterr().out.startswith("DEMO: not evidence")
    for language in one_file.LANGUAGES:
        assert run(path, "--lang", language) == 0
        assert capsys.readouterr().out.startswith("DEMO: not evidence")


def test_both_commands_print_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, key = folder / "R-26-SAMP1E-v1.zip", folder / "exchange.pem"
    for language in one_file.LANGUAGES:
        arguments = (path, "--exchange-key", key, "--lang", language)
        status = run(*arguments)
        answer = alone(*arguments)
        assert (answer.stdout, answer.returncode) == (capsys.readouterr().out, status)


def test_a_changed_package_exits_1_and_names_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contents = {**contents_of(sample()), "bag/data/letter.txt": b"Something else.\n"}
    path = folder / "changed.zip"
    path.write_bytes(zipped(contents))
    assert run(path, "--exchange-key", folder / "exchange.pem", "--lang", "en") == 1
    assert "FAIL  1" in (said := capsys.readouterr().out) and "bag/data/letter.txt" in said
    answer = alone(path, "--exchange-key", folder / "exchange.pem", "--json")
    assert answer.returncode == 1 and json.loads(answer.stdout)["files"] == ["bag/data/letter.txt"]


def test_evidence_passes_as_evidence_on_the_command_line(tmp_path: Path) -> None:
    made = make(kind="production", **PRODUCTION)
    (tmp_path / "p.zip").write_bytes(made.zip())
    (tmp_path / "exchange.pem").write_bytes(public_key_pem(PRODUCTION["package_key"].public_key))
    arguments = (tmp_path / "p.zip", "--exchange-key", tmp_path / "exchange.pem", "--evidence", "--lang", "en")
    assert run(*arguments) == 0
    answer = alone(*arguments)
    assert answer.returncode == 0 and "DEMO" not in answer.stdout


def test_what_cannot_be_checked_exits_2_and_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "R-26-SAMP1E-v1.zip"
    (folder / "p.zip.age").write_bytes(b"age-encryption.org/v1\n-> X25519 x\n")
    (folder / "no-key.txt").write_text("# nothing\n")
    cases = [
        ([folder / "absent.zip"], "no such file"),
        ([path, "--exchange-key", folder / "absent.pem"], "no such file"),
        ([path, "--exchange-key", folder / "receipt.note"], "not an Ed25519 public key"),
        ([path, "--receipt", folder / "absent.note"], "no such file"),
        ([folder / "p.zip.age"], "is encrypted"),
    ]
    for arguments, words in cases:
        assert run(*arguments, "--lang", "en") == 2
        assert words in capsys.readouterr().err
        answer = alone(*arguments, "--lang", "en")
        assert answer.returncode == 2 and words in answer.stderr
    for identity, words in (("absent.txt", "no such file"), ("no-key.txt", "not a key file"), ("p.zip.age", "not a")):
        assert run(folder / "p.zip.age", "--identity", folder / identity, "--lang", "en") == 2
        assert words in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2 and alone().returncode == 2


# zips that mean harm


def hostile(name: str, *, mode: int = stat.S_IFREG | 0o644, data: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for inner, content in contents_of(sample()).items():
            archive.writestr(inner, content)
        info = zipfile.ZipInfo("placeholder")
        info.external_attr = mode << 16
        info.filename = name
        archive.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "bag/../../evil", "C:/evil", "bag\\evil", "bag//evil", "./bag/evil", "bag/./x"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "p.zip").write_bytes(hostile(name))
    assert codes(both(tmp_path / "p.zip")) == ["zip-unsafe"]


def test_links_devices_and_doubled_names_are_refused(tmp_path: Path) -> None:
    for mode in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        (tmp_path / "p.zip").write_bytes(hostile("bag/data/link", mode=mode | 0o777, data=b"/etc/passwd"))
        assert codes(both(tmp_path / "p.zip")) == ["zip-unsafe"]
    for name in ("bag/bagit.txt", "BAG/bagit.txt"):
        with pytest.warns(UserWarning, match="Duplicate") if name[0] == "b" else _nothing():
            (tmp_path / "p.zip").write_bytes(hostile_double(name))
        assert codes(both(tmp_path / "p.zip")) == ["zip-unsafe"]


def _nothing() -> Any:
    import contextlib

    return contextlib.nullcontext()


def hostile_double(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for inner, content in contents_of(sample()).items():
            archive.writestr(inner, content)
        archive.writestr(name, b"another")
    return out.getvalue()


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bag/a", bytes(1 << 20))
        archive.writestr("bag/b", bytes(1 << 20))
        archive.filelist[1].header_offset = archive.filelist[0].header_offset
    (tmp_path / "p.zip").write_bytes(out.getvalue())
    assert codes(both(tmp_path / "p.zip")) == ["zip-unsafe"]


def test_a_bomb_costs_no_memory_and_is_refused(tmp_path: Path) -> None:
    import tracemalloc

    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents_of(sample()).items():
            archive.writestr(name, data)
        for name in ("bag/statement.json", "bag/data/letter.txt"):
            archive.filelist[:] = [item for item in archive.filelist if item.filename != name]
            archive.NameToInfo.pop(name)
            with archive.open(name, "w") as entry:
                for _ in range(100):
                    entry.write(bytes(1 << 20))
    tracemalloc.start()
    report = both(tmp_path / "p.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not report["holds"]
    assert {"bag/statement.json", "bag/data/letter.txt"} <= set(report["files"])
    assert peak < 200 << 20


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x00" * 5000, None])
def test_what_is_no_zip_or_an_empty_one_does_not_hold(tmp_path: Path, data: bytes | None) -> None:
    (tmp_path / "p.zip").write_bytes(sample().zip()[:-40] if data is None else data)
    assert not both(tmp_path / "p.zip")["holds"]


@pytest.mark.parametrize("compress", [True, False])
def test_v20_a_zip_with_any_flipped_byte_is_noticed_or_has_the_same_contents(tmp_path: Path, compress: bool) -> None:
    out, path = io.BytesIO(), tmp_path / "p.zip"
    write_zip(out, sample().bag, sample().seal, compress=compress)
    whole, expected = out.getvalue(), contents_of(sample())
    for place in range(0, len(whole), 23):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        report = verify(path, exchange_key=KEY)
        assert one_file.check(str(path), KEY) == report.findings
        if report.holds:
            with zipfile.ZipFile(path) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == expected


def test_a_link_in_an_opened_folder_is_refused(tmp_path: Path) -> None:
    opened(contents_of(sample()), tmp_path / "p")
    letter = tmp_path / "p" / "bag" / "data" / "letter.txt"
    letter.rename(tmp_path / "letter.txt")
    letter.symlink_to(tmp_path / "letter.txt")
    report = both(tmp_path / "p")
    assert codes(report) == ["zip-unsafe"] and report["files"] == ["bag/data/letter.txt"]


def test_the_program_asks_for_a_package_that_exists(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match="no-such-file"):
        verify(tmp_path / "absent")


# the one file


def test_v19_the_one_file_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported and imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "ssl", "http", "urllib", "subprocess", "ctypes", "asyncio"}


def test_v19_the_one_file_works_where_there_is_no_network(folder: Path) -> None:
    unshare = shutil.which("unshare")
    inside = [unshare or "", "--net", "--map-root-user"]
    if unshare is None or subprocess.run([*inside, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives no namespace without a network")
    shutil.copy(SCRIPT, folder / "verify.py")
    line = [*inside, sys.executable, "-I", folder / "verify.py", folder / "R-26-SAMP1E-v1.zip", "--lang", "en"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0 and done.stdout.startswith("DEMO: not evidence\n")


def test_the_one_file_judges_every_published_ed25519_vector_as_published(
    shared_data: Callable[[str], Path],
) -> None:
    with gzip.open(shared_data("vectors/signatures/ed25519_test.json.gz")) as file:
        groups = json.load(file)["testGroups"]
    seen, wrong = 0, []
    for group in groups:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            seen += 1
            valid = one_file.ed25519_verifies(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            if valid != (case["result"] == "valid"):
                wrong.append(case["tcId"])
    assert (wrong, seen) == ([], 151)


def test_the_one_file_takes_no_second_form_of_a_signature() -> None:
    """RFC 8032, 5.1.7: s and s + L verify alike where nobody looks, so that one signature could be made two."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"act")
    other = int.from_bytes(signature[32:], "little") + one_file._L

    assert one_file.ed25519_verifies(public, signature, b"act")
    assert not one_file.ed25519_verifies(public, signature[:32] + other.to_bytes(32, "little"), b"act")


def test_every_sentence_is_there_in_four_languages_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for code, sentences in one_file.WORDS.items():
        assert len(sentences) == len(one_file.LANGUAGES) == 4, code
        assert len({frozenset(blanks(sentence)) for sentence in sentences}) == 1, code
        assert all(sentence.strip() for sentence in sentences), code


def test_the_language_is_the_one_asked_for_or_the_system_s_or_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert one_file.language("ar") == "ar"
    for spoken, language in (("fr_BE.UTF-8", "fr"), ("es", "es"), ("C.UTF-8", "en"), ("de_DE", "en")):
        monkeypatch.setenv("LANG", spoken)
        assert one_file.language() == language


def test_a_demo_s_names_are_all_of_the_reserved_domain() -> None:
    assert all(key.name.startswith("demo.invalid/") for key in DEMO.values())
