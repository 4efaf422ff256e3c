"""How far ended work came is forgotten after thirty days; what runs is kept, however old."""

from datetime import timedelta
from uuid import UUID

from entraide.database import acting_in
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.outbox.api import Progress
from entraide.outbox.jobs import forget_ended_work
from tests.plugins.desk import Desk


def test_ended_work_is_forgotten_after_thirty_days(desk: Desk) -> None:
    with acting_in("worker"):
        with Progress("tests:work", subject_id=UUID(int=1), organisation_id=None):
            pass
        running = Progress("tests:work", subject_id=UUID(int=2), organisation_id=None)
        running.close()
        worker, now = Actor.system("worker"), clock.now()
        kept = forget_ended_work(actor=worker, now=now + timedelta(days=29))
        forgotten = forget_ended_work(actor=worker, now=now + timedelta(days=31))

    assert (kept, forgotten) == (0, 1)
    assert desk.superuser_sql("SELECT subject_id, state FROM outbox_progress") == [(UUID(int=2), "running")]
