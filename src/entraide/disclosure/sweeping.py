"""Removing what builds left on the disk: parts of packages that need them no more, and files of no package."""

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings

from entraide.database import reading_as
from entraide.disclosure.models import Package
from entraide.disclosure.states import PackageState
from entraide.kernel.actors import Actor

KEPT = timedelta(days=1)
WORKER = Actor.system("worker")
_DONE = {PackageState.ASSEMBLED.value, PackageState.RELEASED.value, PackageState.CANCELLED.value}


def sweep_files(*, kept: timedelta = KEPT) -> list[Path]:
    """Remove what is left over and older than `kept`; return what was removed.

    Left over are the parts of packages that were written, released or cancelled, the files of cancelled ones, and
    whatever belongs to no package: everything in both folders carries a package's identifier.
    """
    left = [*_old(Path(settings.SPOOL_FOLDER), kept), *_old(Path(settings.PACKAGE_FOLDER), kept)]
    with reading_as(WORKER):
        states = dict(Package.objects.filter(pk__in={name for name, _path in left}).values_list("pk", "state"))
    removed = []
    for package_id, path in left:
        state = states.get(package_id)
        if state is None or state == PackageState.CANCELLED or (path.is_dir() and state in _DONE):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _old(folder: Path, kept: timedelta) -> Iterator[tuple[UUID, Path]]:
    """Yield what bears a package's identifier and was not touched for a while; anything else is not ours."""
    before = time.time() - kept.total_seconds()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            package_id = UUID(path.name.partition(".")[0])
        except ValueError:
            continue
        if max(one.stat().st_mtime for one in (path, *path.glob("*"))) < before:
            yield package_id, path
