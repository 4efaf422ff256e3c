"""Finding a command, refusing one that is not there, and what each exit status means."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from entraide import cli
from entraide.kernel.errors import NotPossible

CHECKOUT = Path(__file__).resolve().parents[2]


def commands(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    """Let there be one command of one word and one of two, which do `run`."""
    module = SimpleNamespace(HELP="Do it.", add_arguments=lambda parser: parser.add_argument("--n", type=int), run=run)
    monkeypatch.setattr(cli, "COMMANDS", {"one": "there", "one two": "there"})
    monkeypatch.setattr(cli, "_module", lambda name: module)


def test_a_command_gets_its_arguments_and_gives_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    commands(monkeypatch, lambda args: args.n)

    assert (cli.main(["one", "--n", "0"]), cli.main(["one", "two", "--n", "7"])) == (0, 7)


def test_an_unknown_command_is_a_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["dance"]) == 2
    assert capsys.readouterr().err == "entraide: there is no command `dance`. ./entraide --help lists them.\n"


def test_an_argument_not_understood_is_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    commands(monkeypatch, lambda args: 0)

    assert cli.main(["one", "--n", "many"]) == 2


def test_a_refusal_is_a_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(args: object) -> int:
        raise NotPossible("Dancing", why="the floor is wet", do="Wait")

    commands(monkeypatch, refuse)

    assert cli.main(["one"]) == 1
    assert capsys.readouterr().err == "entraide: Dancing: the floor is wet. Wait.\n"


def test_an_interrupt_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(args: object) -> int:
        raise KeyboardInterrupt

    commands(monkeypatch, interrupted)

    assert cli.main(["one"]) == 130


def test_the_overview_names_every_command_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in ("demo", "up", "setup", "test", "database init") if f"  {name} " not in printed] == []


def test_the_launcher_is_understood_by_a_plain_shell() -> None:
    checked = subprocess.run(["sh", "-n", CHECKOUT / "entraide"], check=False, capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_command_has_its_line_and_its_door() -> None:
    for name in cli.COMMANDS:
        module = cli._module(name)
        assert module.HELP.endswith("."), name
        assert callable(module.add_arguments), name
        assert callable(module.run), name


def test_the_package_can_be_run_as_a_program() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "entraide", "dance"],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT / "src",
    )

    assert (asked.returncode, asked.stdout) == (2, "")
