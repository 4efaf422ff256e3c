import argparse
import json

import pytest

from entraide.cli import extract as command
from tests.chains import made_up

ADDRESS, KEY = made_up.witness("bc", 0, 20)(b"c"), made_up.wif(b"c")


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    status = command.run(parser.parse_args(argv))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_json_prints_one_object_a_line_in_the_promised_order(tmp_path, capsys):
    (tmp_path / "note.txt").write_text(f"🙂 {ADDRESS}\n{KEY}\n", encoding="utf-8")

    status, out, _ = run(capsys, str(tmp_path / "note.txt"), "--json")

    first, second = (json.loads(line) for line in out.splitlines())
    assert status == 0
    assert list(first) == ["value", "normalised", "kind", "networks", "valid", "problem", "start", "end"]
    assert first == {
        "value": ADDRESS, "normalised": ADDRESS, "kind": "address", "networks": ["bitcoin"],
        "valid": True, "problem": None, "start": 2, "end": 2 + len(ADDRESS),
    }  # fmt: skip
    assert (second["kind"], second["value"], second["normalised"]) == ("secret", None, None)


def test_the_table_shows_what_is_wrong_and_hides_what_is_secret(tmp_path, capsys):
    (tmp_path / "note.txt").write_text(f"{ADDRESS[:-1]} {KEY}", encoding="utf-8")

    _, out, _ = run(capsys, str(tmp_path / "note.txt"))

    assert "NOT VALID: length" in out
    assert KEY not in out
    assert "not shown" in out


def test_a_text_without_identifiers_says_so(tmp_path, capsys):
    (tmp_path / "note.txt").write_text("Nothing here.")

    assert run(capsys, str(tmp_path / "note.txt")) == (0, "No identifier was found.\n", "")


def test_a_text_that_is_not_utf_8_is_refused_with_the_place(tmp_path, capsys):
    (tmp_path / "note.txt").write_bytes(b"caf\xe9")

    status, out, err = run(capsys, str(tmp_path / "note.txt"))

    assert (status, out) == (2, "")
    assert "byte 3 is 0xe9" in err


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path, capsys):
    status, _, err = run(capsys, str(tmp_path / "absent.txt"))

    assert status == 2
    assert "cannot be read" in err
