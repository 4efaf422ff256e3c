"""F01–F05: a process killed inside an operation leaves the act, its entry and its effect together, or none of them."""

import subprocess
import sys

import pytest

from entraide.audit.verification import verify
from tests.audit.conftest import ANOUK, open_cases
from tests.plugins.desk import Desk

BEFORE = ["operation.begun", "tests.after_state", "audit.entry_ready", "operation.before_commit"]
COUNTS = (
    "SELECT (SELECT count(*) FROM audit_signerkey WHERE verifier = 'an act'), "
    "(SELECT count(*) FROM audit_entry WHERE kind = 'tests:thing:done'), (SELECT count(*) FROM outbox_effect)"
)


@pytest.mark.parametrize("point", [*BEFORE, "operation.after_commit"])
def test_a_killed_operation_is_whole_or_was_never_there(desk: Desk, point: str) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    command = [sys.executable, "-m", "tests.database.one_act", str(stream)]

    killed = subprocess.run(
        command, env={**desk.environment(), "ENTRAIDE_FAULTS": f"{point}=kill"}, capture_output=True, check=False
    )

    assert killed.returncode == -9
    assert desk.superuser_sql(COUNTS) == [(1, 1, 1) if point == "operation.after_commit" else (0, 0, 0)]
    if point in BEFORE:
        subprocess.run(command, env=desk.environment(), capture_output=True, check=True)
        assert desk.superuser_sql(COUNTS) == [(1, 1, 1)]
    desk.superuser_sql("DELETE FROM audit_signerkey")  # the made-up act is no key
    desk.sequence()
    assert verify(desk.url("entraide_auditor"), keys=[log_key(desk)], processes=1).holds


def log_key(desk: Desk):  # type: ignore[no-untyped-def]
    from entraide.audit.signer import Signer

    return Signer(desk.home / "signer", "demo.invalid/log").public_keys()["log"]
