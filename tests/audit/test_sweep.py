"""Windows of readings that are over are forgotten; the entries stay."""

from datetime import timedelta

from entraide.audit import api as audit
from entraide.audit.jobs import forget_old_readings
from entraide.database import acting_in
from entraide.kernel.actors import Actor
from tests.audit.conftest import ANOUK, open_cases
from tests.plugins.desk import NOON, Desk

LEFT = "SELECT (SELECT count(*) FROM audit_reading), (SELECT count(*) FROM audit_entry WHERE kind = 'audit:data:read')"


def test_old_windows_of_readings_are_forgotten_and_their_entries_kept(desk: Desk) -> None:
    [stream] = open_cases(1, actor=ANOUK)
    for day in (0, 3):
        moment = NOON + timedelta(days=day)
        audit.record_reading("request", stream_id=stream, actor=ANOUK, purpose="triage", now=moment)
    assert desk.superuser_sql(LEFT) == [(2, 2)]
    with acting_in("worker"):
        forgotten = forget_old_readings(actor=Actor.system("worker"), now=NOON + timedelta(days=3))

    assert forgotten == 1
    assert desk.superuser_sql(LEFT) == [(1, 2)]
