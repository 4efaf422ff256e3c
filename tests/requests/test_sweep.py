"""Files that no request knows are removed, and those of drafts, which the worker may not see, are kept."""

import os
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from entraide.database import acting_in
from entraide.kernel.ids import uuid7
from entraide.requests import files, jobs
from tests.requests.story import Story


def _kept() -> set[UUID]:
    return files.older_than(2**40)


def _remove(kept: timedelta = timedelta(days=1)) -> list[UUID]:
    with acting_in("worker"):
        return jobs.remove_unknown_files(kept=kept)


def test_F35_a_file_whose_row_was_never_committed_is_removed_and_a_drafts_instrument_kept(story: Story) -> None:
    story.draft()
    known = _kept()
    lost, cut = uuid7(), uuid7()
    files.keep(b"nobody's", case_id=story.request_id(), file_id=lost)
    unfinished = settings.HOME / "files" / cut.hex[-2:] / f"{cut}.new"
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_bytes(b"the disk was full")
    assert (len(known), _remove()) == (1, [])

    for path in (settings.HOME / "files").glob("??/*"):
        os.utime(path, (0, 0))
    assert _remove() == sorted([lost, cut])
    assert _kept() == known
