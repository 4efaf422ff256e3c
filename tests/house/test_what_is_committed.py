"""What the repository holds is what we wrote: fonts, bundles and programs come through the package managers."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE_OR_FOREIGN = {".woff", ".woff2", ".ttf", ".otf", ".so", ".dll", ".whl", ".jar", ".mo", ".map", ".exe"}


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Return every path git keeps, or skip in a tree that came without git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name]


def test_no_font_bundle_or_binary_is_committed(tracked: list[str]) -> None:
    assert [name for name in tracked if Path(name).suffix in MADE_OR_FOREIGN or "/build/" in name] == []


def test_no_committed_file_is_larger_than_anything_a_person_writes(tracked: list[str]) -> None:
    allowed = {"package-lock.json", "requirements.lock", "requirements-dev.lock"}
    sizes = {name: (ROOT / name).stat().st_size for name in tracked if (ROOT / name).is_file()}
    assert {name: size for name, size in sizes.items() if size > 400_000 and name not in allowed} == {}
