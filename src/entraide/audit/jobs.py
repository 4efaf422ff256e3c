"""What the worker does for the log: it forgets which readings were entered in windows that are over."""

from datetime import datetime, timedelta

from procrastinate.contrib.django import app

from entraide.audit.models import Reading
from entraide.audit.recording import READING_WINDOW_MS
from entraide.database import operation
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.kernel.clock import unix_ms

KEPT = timedelta(days=1)
_WORKER = Actor.system("worker")


@app.periodic(cron="37 * * * *")
@app.task(queue="sweep", queueing_lock="audit-forget-readings", pass_context=False)
def forget_readings(timestamp: int) -> None:
    """Forget the windows that are over; the entries stay."""
    forget_old_readings(actor=_WORKER, now=clock.now())


@operation
def forget_old_readings(*, actor: Actor, now: datetime) -> int:
    """Forget the windows that ended more than a day ago; return how many.

    A row only keeps a window of five minutes from being entered twice; what was read is in the log.
    """
    return Reading.objects.filter(window__lt=unix_ms(now - KEPT) // READING_WINDOW_MS).delete()[0]
