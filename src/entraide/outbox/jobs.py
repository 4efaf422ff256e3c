"""The outbox's own job: taking up what a killed worker left behind."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

SWEEP_QUEUE = "sweep"
RETRY = RetryStrategy(max_attempts=20, exponential_wait=3)
"""For jobs that are safe to repeat, as every job is: a database or exchange that is away does not lose them."""


@app.periodic(cron="* * * * * */30")  # seconds are the sixth field
@app.task(queue=SWEEP_QUEUE, queueing_lock="outbox-sweep", pass_context=False)
async def sweep(timestamp: int) -> None:
    """Queue again the jobs of workers that died: without this they would stay `doing` for ever."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
