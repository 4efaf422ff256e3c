import json
import re
from pathlib import Path

import pytest

from entraide.ui import build, fonts


def test_the_lock_names_no_host_to_fetch_from() -> None:
    lock = json.loads((build.ROOT / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_every_package_is_pinned_to_one_version() -> None:
    wanted = json.loads((build.ROOT / "package.json").read_text())
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_scripts_know_nothing_of_eval() -> None:
    sources = "".join(path.read_text() for path in build.FRONTEND.glob("*.ts"))
    assert re.findall(r"\beval\(|new Function|innerHTML|document\.write", sources) == []


def test_a_change_of_any_source_asks_for_a_new_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path
    for folder in (root / "css", root / "src"):
        folder.mkdir()
    (root / "package-lock.json").write_text("{}")
    (root / "build.py").write_text("")
    (root / "css" / "a.css").write_text("p {}")
    monkeypatch.setattr(build, "ROOT", root)
    monkeypatch.setattr(build, "CSS", root / "css")
    monkeypatch.setattr(build, "FRONTEND", root / "src")
    monkeypatch.setattr(build, "__file__", str(root / "build.py"))
    before = build._fingerprint()
    assert build._fingerprint() == before
    (root / "css" / "a.css").write_text("p { color: #000000; }")
    assert build._fingerprint() != before


def test_fonts_for_documents_are_there_with_their_licences() -> None:
    if not fonts.BUILT.is_dir():
        pytest.skip("the pages are not built here")
    [folder] = fonts.pdf_font_paths()
    names = {path.name for path in folder.iterdir()}
    assert {"NotoSans_400Regular.ttf", "NotoNaskhArabic_400Regular.ttf", "noto-sans.LICENSE.txt"} <= names


def test_unbuilt_fonts_are_asked_for_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "BUILT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run \./entraide setup"):
        fonts.pdf_font_paths()
