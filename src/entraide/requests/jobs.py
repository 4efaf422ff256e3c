"""What the worker does for requests: it removes files that no request knows."""

import time
from datetime import timedelta
from uuid import UUID

from django.db import connections, router
from procrastinate.contrib.django import app

from entraide.database import reading_as
from entraide.kernel.actors import Actor
from entraide.requests import files
from entraide.requests.models import Instrument

KEPT = timedelta(days=1)
_WORKER = Actor.system("worker")


@app.periodic(cron="17 * * * *")
@app.task(queue="sweep", queueing_lock="requests-sweep-files", pass_context=False)
def sweep_files(timestamp: int) -> None:
    """Remove files that no request knows."""
    remove_unknown_files()


def remove_unknown_files(*, kept: timedelta = KEPT) -> list[UUID]:
    """Remove kept files older than `kept` that have no row; return which.

    A file is kept before the row that names it is committed: a process killed between leaves a file of nobody.
    """
    old = files.older_than(time.time() - kept.total_seconds())
    with reading_as(_WORKER), connections[router.db_for_read(Instrument)].cursor() as cursor:
        cursor.execute("SELECT requests_known_files(%s)", [list(old)])
        known = {row[0] for row in cursor.fetchall()}
    for file_id in old - known:
        files.remove(file_id)
    return sorted(old - known)
