"""The command that measures runs, and what it prints is what the page shows; no test looks at a figure."""

import subprocess
import sys
from pathlib import Path

import benchmarks.__main__ as command
import pytest
from benchmarks.measuring import Section, number

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_quick_run_prints_a_table_and_says_that_its_figures_mean_nothing():
    said = run("extract")
    assert "the figures mean nothing" in said
    assert "| what | minimum | median | maximum | unit | bar | remark |" in said


@pytest.mark.long
@pytest.mark.parametrize("name", ["packages", "log"])
def test_every_measurement_runs_at_a_small_size(name):
    assert "Load average" in run(name)


def test_a_name_that_is_none_is_refused_with_the_names_there_are(capsys):
    assert command.main(["pakages"]) == 2
    assert ", ".join(command.MEASUREMENTS) in capsys.readouterr().err


def test_the_page_has_the_place_where_figures_are_written():
    page = command.PAGE.read_text(encoding="utf-8")
    assert page.count(command.BEGIN) == page.count(command.END) == 1
    assert page.index(command.BEGIN) < page.index(command.END)


def test_writing_replaces_the_figures_and_nothing_else(tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{command.BEGIN}\nold\n{command.END}\nafter\n")
    monkeypatch.setattr(command, "PAGE", page)
    command._write("new")
    assert page.read_text() == f"before\n{command.BEGIN}\n\nnew\n\n{command.END}\nafter\n"


def test_a_section_survives_the_way_between_processes():
    section = Section(title="Something", load=(0.5, 1.0))
    section.add("ours", [3.0, 1.0, 2.0], "s", bar="< 4")
    section.skip("theirs", "it is not installed")
    again = Section.from_json(section.as_json())
    assert again == section
    assert "| ours | 1.00 | 2.00 | 3.00 | s | < 4 |  |" in again.markdown()
    assert "| *peer: theirs* | – | – | – |  |  | not measured: it is not installed |" in again.markdown()


@pytest.mark.parametrize(("value", "shown"), [(0.123, "0.12"), (12.34, "12.3"), (123.4, "123"), (52_461, "52,500")])
def test_a_figure_shows_three_digits(value, shown):
    assert number(value) == shown
