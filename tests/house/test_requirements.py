"""Every requirement names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "requirements.md"
ROW = re.compile(r"^\| (?P<id>R-[A-Z]+-\d+) \| (?P<sentence>.+?) \| (?P<shown>.+?) \|$", re.M)


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE.read_text(encoding="utf-8")))


def names_in(path: Path) -> set[str]:
    """Return `test_…` and `TestX::test_…` of a file, with what its classes inherit from other files of the tests."""
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    origins = {
        alias.asname or alias.name: ROOT / (node.module.replace(".", "/") + ".py")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
            for base in node.bases:
                origin = origins.get(base.id) if isinstance(base, ast.Name) else None
                if origin is not None and origin.is_file():
                    assert isinstance(base, ast.Name)
                    inherited = [name for name in names_in(origin) if name.startswith(f"{base.id}::")]
                    names |= {f"{node.name}::{name.partition('::')[2]}" for name in inherited}
    return names


def test_every_line_of_a_table_is_a_requirement_with_an_identifier_of_its_own():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| R-")]
    identifiers = [row["id"] for row in rows()]

    assert len(identifiers) == len(lines) > 60
    assert len(set(identifiers)) == len(identifiers)


def test_every_requirement_names_tests_that_exist_or_says_not_yet():
    missing = []
    for row in rows():
        shown = re.findall(r"`([^`]+)`", row["shown"])
        if not shown:
            assert row["shown"] == "not yet", f"{row['id']} names no test"
        for name in shown:
            file, _, function = name.partition("::")
            path = ROOT / file
            if not path.is_file() or (function and function not in names_in(path)):
                missing.append(f"{row['id']}: {name}")
    assert missing == []
