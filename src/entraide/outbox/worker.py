"""The worker process: ``python -m entraide.outbox.worker``.

Jobs (procrastinate), the outbox and the sweep in one process.  It ends when told to (SIGTERM), after what it is doing;
and it ends with an error when the database stays away, for whoever supervises it to start it again.
"""

import asyncio
import logging
import os
import signal
import sys
import threading

import django
from setproctitle import setproctitle

_log = logging.getLogger("entraide.outbox")
CONCURRENCY = 2
GRACE_S = 20.0


def main() -> int:
    """Run until told to stop; return the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    os.environ.setdefault("ENTRAIDE_PROCESS", "worker")
    setproctitle("entraide worker")
    django.setup()

    from django.conf import settings

    from entraide.outbox import loop, registry

    registry.discover()
    if not settings.SENDS_MAIL:
        _log.warning("no mail server is set: nobody is told by mail that something waits")
    _publish_keys()
    stop = threading.Event()
    outbox = threading.Thread(target=loop.run, args=[stop], name="outbox")
    outbox.start()
    try:
        was_told = asyncio.run(_run_jobs(stop))
    finally:
        stop.set()
        outbox.join(timeout=GRACE_S)
    return 0 if was_told else 1


async def _run_jobs(stop: threading.Event) -> bool:
    """Run procrastinate's worker; return whether it ended because it was told to."""
    from procrastinate.contrib.django import app

    told = asyncio.Event()
    running = asyncio.get_running_loop()
    worker = asyncio.current_task()
    assert worker is not None
    with app.replace_connector(app.connector.get_worker_connector()) as jobs:  # type: ignore[attr-defined]
        async with jobs.open_async():
            task = asyncio.create_task(
                jobs.run_worker_async(
                    concurrency=CONCURRENCY, shutdown_graceful_timeout=GRACE_S, install_signal_handlers=False
                )
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                running.add_signal_handler(number, told.set)
            waiting = asyncio.create_task(told.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            waiting.cancel()
    return told.is_set()


def _publish_keys() -> None:
    """Enter the signer's public keys in the log where they are new."""
    from entraide.audit.api import publish_keys
    from entraide.kernel import clock
    from entraide.kernel.errors import Refusal

    try:
        publish_keys(now=clock.now())
    except Refusal as refusal:
        _log.warning("the signer's keys are not published yet: %s", refusal)


if __name__ == "__main__":
    sys.exit(main())
