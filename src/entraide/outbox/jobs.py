"""The outbox's own jobs: taking up what a killed worker left behind, and forgetting work that ended long ago."""

from datetime import datetime, timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from entraide.database import operation
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.outbox.models import Progress

SWEEP_QUEUE = "sweep"
KEPT = timedelta(days=30)
_WORKER = Actor.system("worker")
RETRY = RetryStrategy(max_attempts=20, exponential_wait=3)
"""For jobs that are safe to repeat, as every job is: a database or exchange that is away does not lose them."""


@app.periodic(cron="* * * * * */30")  # seconds are the sixth field
@app.task(queue=SWEEP_QUEUE, queueing_lock="outbox-sweep", pass_context=False)
async def sweep(timestamp: int) -> None:
    """Queue again the jobs of workers that died: without this they would stay `doing` for ever."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


@app.periodic(cron="41 3 * * *")
@app.task(queue=SWEEP_QUEUE, queueing_lock="outbox-forget-jobs", pass_context=False)
async def forget_jobs(timestamp: int) -> None:
    """Forget jobs that ended long ago; they carry identifiers only, and the rows they worked on stay."""
    hours = KEPT // timedelta(hours=1)
    await app.job_manager.delete_old_jobs(hours, include_failed=True, include_cancelled=True, include_aborted=True)


@app.periodic(cron="43 3 * * *")
@app.task(queue=SWEEP_QUEUE, queueing_lock="outbox-forget-progress", pass_context=False)
def forget_progress(timestamp: int) -> None:
    """Forget how far work came that ended long ago."""
    forget_ended_work(actor=_WORKER, now=clock.now())


@operation
def forget_ended_work(*, actor: Actor, now: datetime) -> int:
    """Forget what is known of work that ended more than thirty days ago; return how much that was."""
    ended = Progress.objects.filter(updated_at__lt=now - KEPT).exclude(state="running")
    return ended.delete()[0]
