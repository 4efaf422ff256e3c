"""The house keeps its own rules: front doors, direction of foreign keys, pages drawn from the program."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db import models

from entraide.project import reference

SOURCE = Path(reference.__file__).resolve().parents[1]
ROOT = SOURCE.parents[1]

# From the ground up; foreign keys point to an earlier room or stay at home.
FLOORS = ["database", "audit", "ui", "outbox", "access", "agencies", "requests", "disclosure", "desk"]
DOORS = {"api", "events"}
# Rooms that are a library for everybody above them rather than a context with a door.
OPEN_ROOMS = {"kernel", "chains", "identifiers", "evidence", "exchange", "supervision", "database", "ui", "connectors"}
# What the pages of every room may use of `access`: who is let in, how a signature is asked for, and
# how a receipt is handed over.
WEB_DOORS = {("access", "web.guards"), ("access", "web.receipts"), ("access", "web.signing")}
# What the command line and a desk's own programs use without a web program around it.
PROGRAM_DOORS = {
    ("audit", "verification"),
    ("audit", "place"),
    ("audit", "signing"),
    ("access", "checks"),
    ("cli", "main"),
}


def imports_of(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.startswith("entraide.")]


def test_text_is_marked_as_safe_by_the_drawing_room_only():
    """A component that holds a text marked as safe equals the same text unmarked, and would be drawn for it."""
    marks = re.compile(r"mark_safe|SafeString|SafeText|format_html|\|\s*safe\b|autoescape off")
    marked = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.suffix in {".py", ".html"} and marks.search(path.read_text(encoding="utf-8"))
    ]
    assert {name.split("/", 1)[0] for name in marked} == {"ui"}
    assert sorted(marked) == ["ui/icons.py", "ui/templatetags/entraide_ui.py"]


def test_a_room_is_entered_by_its_front_door_only():
    trespasses = []
    for path in SOURCE.rglob("*.py"):
        here = path.relative_to(SOURCE).parts[0]
        for name in imports_of(path):
            parts = name.split(".")
            room, inside = parts[1], parts[2] if len(parts) > 2 else ""
            if room in OPEN_ROOMS or room == here or not (SOURCE / room).is_dir():
                continue
            if inside in DOORS or not inside:
                continue
            if "web" in path.parts and (room, ".".join(parts[2:4])) in WEB_DOORS:
                continue
            if here in ("cli", "__main__.py") and (room, inside) in PROGRAM_DOORS:
                continue
            if here != "project":  # the wiring knows every room
                trespasses.append(f"{path.relative_to(SOURCE)}: {name}")
    assert trespasses == []


def test_foreign_keys_point_down_or_stay_at_home():
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("entraide."):
            continue
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                target = field.related_model._meta.app_label
                if FLOORS.index(target) > FLOORS.index(model._meta.app_label):
                    wrong.append(f"{model._meta.label}.{field.name} -> {target}")
    assert wrong == []


def test_the_reference_pages_are_what_the_program_says():
    # In a process of its own: tests register events that no room knows.
    command = [sys.executable, "-m", "entraide.project.reference", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_model_field_has_its_data_class_and_none_is_left_over():
    from entraide.database.dataclasses import orphaned, undeclared

    assert undeclared() == []
    assert orphaned() == []


def test_every_setting_that_is_read_is_in_the_table():
    pattern = re.compile(r"(?:ENTRAIDE|REFERENCE_EXCHANGE)_[A-Z_]+")
    from entraide.kernel.environment import SETTINGS

    written = {
        name
        for path in [*SOURCE.rglob("*.py"), *(SOURCE.parent / "reference_exchange").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in pattern.findall(node.value)
        if name == node.value
    }
    assert sorted(written - set(SETTINGS)) == []


def test_the_repository_speaks_of_the_product_alone():
    words = re.compile(r"(?<![\w.])/(?:work|farm|root|tmp/bash_jobs)/|\.\./shared/domain|pythonhosted|registry\.npm")
    told = []
    for path in [*SOURCE.rglob("*.py"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        if words.search(path.read_text(encoding="utf-8")):
            told.append(str(path.relative_to(ROOT)))
    assert told == []


def test_every_decision_says_what_was_decided_and_why():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "## Decision" in text and "## Why" in text, page.name
