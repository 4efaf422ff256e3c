"""What the documentation points to is there: pages, headings, commands and their options, programs, settings."""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from entraide.cli import COMMANDS
from entraide.kernel import environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMAND_PAGE = ROOT / "docs" / "reference" / "command-line.md"

_FENCE = re.compile(r"^ *```.*?^ *```", re.S | re.M)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?<![\w/.-])(?:\./)?entraide ((?:[a-z]+)(?: [a-z]+)?)([^\n`|]*)")
_MODULE = re.compile(r"python -m ((?:entraide|reference_exchange)[\w.]*)")
_SETTING = re.compile(r"\b(?:ENTRAIDE|REFERENCE_EXCHANGE)_[A-Z_]+\b")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(page)), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_FENCE.sub("", text_of(page))):
        if not re.match(r"[a-z]+:", target):
            yield target


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"entraide {command}")
    import_module(COMMANDS[command]).add_arguments(parser)
    return parser


def options_of(command: str) -> set[str]:
    return {name for action in parser_of(command)._actions for name in action.option_strings if name.startswith("--")}


def commands_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command that is written as one, in a block or between backquotes, with what follows it."""
    inside = "\n".join([*_FENCE.findall(text), *re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))])
    for words, rest in _COMMAND.findall(inside):
        two = " ".join(words.split()[:2])
        yield (two, rest) if two in COMMANDS else (words.split()[0], " ".join([*words.split()[1:], rest]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    dead = []
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_shown_exists_with_its_options(page: Path):
    wrong = []
    for command, rest in commands_in(text_of(page)):
        if command not in COMMANDS:
            wrong.append(command)
        elif command != "test":  # what it does not know goes to pytest
            known = options_of(command)
            given = re.findall(r"(?<!\S)(--[a-z][a-z-]*)", rest)
            wrong += [f"{command} {option}" for option in given if option not in known]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_program_and_setting_that_is_named_exists(page: Path):
    text = text_of(page)

    assert [name for name in _MODULE.findall(text) if find_spec(name) is None] == []
    assert sorted(set(_SETTING.findall(text)) - set(environment.SETTINGS)) == []


def test_the_command_line_is_described_whole():
    text = text_of(COMMAND_PAGE)
    sections = dict(re.findall(r"^## `entraide ([a-z ]+)`\n(.*?)(?=^## |\Z)", text, re.S | re.M))

    assert set(sections) == set(COMMANDS)
    for command, section in sections.items():
        described = set(re.findall(r"^\| `(--[a-z-]+)", section, re.M))
        assert described == options_of(command) - {"--help"}, command


def test_every_page_is_reached_from_the_index():
    index = ROOT / "docs" / "README.md"
    seen, waiting = set(), [index]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md" and page.is_file():
            seen.add(page)
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page) if link[0] != "#"]
    assert set((ROOT / "docs").rglob("*.md")) - seen == set()


def test_a_wrong_command_would_be_found():
    block = "```\n./entraide verify NAME --no-such\n./entraide nonsense --port 1\n```"

    assert [command for command, _rest in commands_in(block)] == ["verify", "nonsense"]
    assert "nonsense" not in COMMANDS
    assert "--no-such" not in options_of("verify")


def test_every_library_has_its_decision():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    text = text_of(ROOT / "docs" / "decisions" / "README.md")

    names = {re.match(r"[\w.-]+", line).group().lower() for line in wanted}  # type: ignore[union-attr]
    assert names == set(re.findall(r"`([\w.-]+)`", text.rpartition("## Each library")[2]))


def test_the_sample_is_checked_as_the_guide_says():
    guide = text_of(ROOT / "docs" / "how-to" / "verify-a-package.md")
    lines = [line for line in guide.splitlines() if "examples/package/" in line]
    launched = {"./entraide": [sys.executable, "-m", "entraide"], "python3": [sys.executable]}

    assert [line.split()[0] for line in lines] == ["./entraide", "python3"]
    for line in lines:
        first, *rest = line.split()
        done = subprocess.run([*launched[first], *rest], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.startswith("DEMO")) == (0, True), done.stderr


def test_every_word_of_the_glossary_stands_in_four_languages():
    text = text_of(ROOT / "docs" / "reference" / "glossary.md")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| English")
    ]

    assert len(rows) > 60
    assert [row for row in rows if len(row) != 5 or not all(row)] == []
    assert [row[3] for row in rows if not re.search("[\u0600-\u06ff]", row[3])] == []
    assert len({row[0] for row in rows}) == len(rows)
