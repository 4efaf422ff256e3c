"""What the worker does for people and keys: it forgets challenges, attempts and links that are over."""

from datetime import datetime, timedelta

from django.db.models import Q
from procrastinate.contrib.django import app

from entraide.access.models import Ceremony, Invitation, StepUp
from entraide.access.states import Purpose
from entraide.database import operation
from entraide.kernel import clock
from entraide.kernel.actors import Actor

KEPT = timedelta(days=1)
_WORKER = Actor.system("worker")


@app.periodic(cron="23 * * * *")
@app.task(queue="sweep", queueing_lock="access-forget-expired", pass_context=False)
def forget(timestamp: int) -> None:
    """Forget what is over."""
    forget_expired(actor=_WORKER, now=clock.now())


@operation
def forget_expired(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Forget what ended more than a day ago; return how much of each.

    A step-up that was used is evidence, its nonce and moment belong to the signed act: it is kept as long as that, and
    the database lets the worker remove no other.  A registration's evidence is the log's entry of the key.
    """
    before = now - KEPT
    ended = {
        "ceremonies": Ceremony.objects.filter(expires_at__lt=before),
        "step_ups": StepUp.objects.filter(expires_at__lt=before, used_at__isnull=True),
        "demo_links": Invitation.objects.filter(
            Q(expires_at__lt=before) | Q(used_at__lt=before), purpose=Purpose.DEMO.value
        ),
    }
    # Raw: Django would look for rows that hang on these in tables the worker may not read; the database itself refuses.
    return {name: rows._raw_delete(rows.db) for name, rows in ended.items()}
