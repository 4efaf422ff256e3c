"""What the worker does for packages: building them, and releasing what was built."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from entraide.disclosure import building, operations, sweeping
from entraide.disclosure.building import WORKER
from entraide.exchange.port import ExchangeBroken, ExchangeRefused
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible
from entraide.outbox.api import (
    RETRY,
    Cancelled,
    Confirmed,
    EffectToDo,
    Outcome,
    Progress,
    handler,
)

# What asking again will not change: a person must look.  Everything else is tried again by the queue.
_LASTING = (ExchangeBroken, ExchangeRefused, NotPermitted, NotPossible, NotFound, Invalid)


@app.task(name=operations.BUILD, queue="packages", retry=RETRY, pass_context=False)
def build(package_id: str) -> None:
    """Build a package, or go on building it."""
    subject = UUID(package_id)
    job = building.load(subject)
    try:
        with Progress(operations.WORK, subject_id=subject, organisation_id=job.package.organisation_id) as progress:

            def tell(done: int, total: int | None, stage: str) -> None:
                progress.report(done, total, stage)
                progress.check()

            building.build(subject, tell=tell)
    except Cancelled:
        return
    except _LASTING as refusal:
        operations.fail(subject, why=str(refusal), actor=WORKER, now=clock.now())


@app.periodic(cron="11 * * * *")
@app.task(queue="sweep", queueing_lock="disclosure-sweep-files", pass_context=False)
def sweep_files(timestamp: int) -> None:
    """Remove what builds left on the disk."""
    sweeping.sweep_files()


def _verify_release(effect: EffectToDo) -> None:
    job = building.load(UUID(effect.request["package"]))
    building.verify(job)
    if job.package.file_hash is None or bytes(job.package.file_hash).hex() != effect.request["sha256"]:
        raise NotPossible(f"Releasing {job.package.reference}", why="the file is not the one that was built")


def _note_release(effect: EffectToDo, outcome: Outcome, *, actor: Actor, now: datetime) -> None:
    if isinstance(outcome, Confirmed):
        operations.note_released(UUID(effect.request["package"]), actor=actor, now=now)


@handler(operations.RELEASE, verifies=_verify_release, note=_note_release)
def release(effect: EffectToDo) -> Outcome:
    """Release a package: what was built is there, whole; the note then opens the link."""
    path = building.package_file(UUID(effect.request["package"]))
    return Confirmed({"file": path.name, "size": str(path.stat().st_size)})
