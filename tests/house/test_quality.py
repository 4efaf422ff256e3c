"""The tools of the house run clean; a change that needs an exception writes it where it is needed, with its reason."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import contracts": ["lint-imports"],
    "mypy": ["mypy"],
    "basedpyright": ["basedpyright", "--level", "error"],
}


@pytest.mark.parametrize("name", list(CHECKS))
def test_the_source_passes(name):
    program, *arguments = CHECKS[name]
    if not (BIN / program).exists():
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def test_models_and_migrations_agree():
    done = subprocess.run(
        [sys.executable, "-m", "entraide.project.manage", "makemigrations", "--check", "--dry-run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_test_fails_because_the_machine_is_slow() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
