"""What the commands make of their arguments."""

import subprocess
from types import SimpleNamespace

import pytest

from entraide import cli
from entraide.cli import test as testing
from entraide.cli.demo import STAGES
from entraide.desk.demo.__main__ import STAGES as TOLD


@pytest.fixture
def pytest_called_with(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the command lines by which pytest would have been run, on a machine of two cores."""
    called: list[list[str]] = []

    def run(command: list[str], **options: object) -> SimpleNamespace:
        called.append(command[command.index("pytest") + 1 :])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    return called


PARALLEL = ["-n", "2", "--dist", "loadfile"]


@pytest.mark.parametrize(
    ("typed", "passed_on"),
    [
        ([], PARALLEL),
        (["-q", "-k", "x"], [*PARALLEL, "-q", "-k", "x"]),
        (["-n", "2"], ["-n", "2"]),
        (["-n0", "tests/kernel"], ["-n0", "tests/kernel"]),
        (["--pdb"], ["--pdb"]),
        (["--long", "-x"], ["--run-long", *PARALLEL, "-x"]),
        (["tests/kernel", "--", "-q"], [*PARALLEL, "tests/kernel", "-q"]),
        (["--lf"], [*PARALLEL, "--lf"]),
    ],
)
def test_what_the_launcher_does_not_know_goes_to_pytest(
    pytest_called_with: list[list[str]], typed: list[str], passed_on: list[str]
) -> None:
    assert cli.main(["test", *typed]) == 0
    assert pytest_called_with == [passed_on]


def test_the_tests_see_nothing_of_this_machines_desk_but_what_is_meant_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, str] = {}

    def run(command: list[str], *, env: dict[str, str], **options: object) -> SimpleNamespace:
        seen.update(env)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    for name in ("ENTRAIDE_HOME", "ENTRAIDE_DATABASE_URL_WEB", "DATABASE_URL", "ENTRAIDE_SEED"):
        monkeypatch.setenv(name, "7")

    assert cli.main(["test"]) == 0

    ours = {name for name in seen if name.startswith("ENTRAIDE_") or name == "DATABASE_URL"}
    assert ours - {"ENTRAIDE_TEST_DATA", "ENTRAIDE_POSTGRES_BINARIES"} == {"ENTRAIDE_SEED"}


def test_one_core_runs_the_tests_in_one_process() -> None:
    assert testing.in_processes([], 1) == []


def test_help_is_ours_and_speaks_of_pytest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["test", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Everything else goes to pytest" in printed and "-n 0 runs them in one" in printed


def test_an_unknown_stage_is_a_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--stage", "finished"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.endswith("the story has no stage 'finished'; say filed, triage, decision or delivered")


def test_the_command_and_the_story_know_the_same_stages() -> None:
    assert STAGES == TOLD
