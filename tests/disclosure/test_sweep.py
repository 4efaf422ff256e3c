"""What builds left on the disk is removed when no package needs it, and only then."""

import os
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from tests.disclosure.test_packages import build, identity, sealed, story  # noqa: F401  # fixtures
from tests.requests.story import Story

from entraide.database import acting_in
from entraide.disclosure import building
from entraide.disclosure.sweeping import sweep_files


def _sweep() -> list[str]:
    with acting_in("worker"):
        return sorted(path.name for path in sweep_files())


def _age() -> None:
    for folder in (settings.SPOOL_FOLDER, settings.PACKAGE_FOLDER):
        for path in Path(folder).rglob("*"):
            os.utime(path, (0, 0))


def _leave(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"sealed")


def test_F35_parts_of_nobody_are_removed_when_they_are_a_day_old(story: Story, identity: Path) -> None:  # noqa: F811
    stray = str(uuid4())
    _leave(settings.SPOOL_FOLDER / stray, "part")
    _leave(settings.PACKAGE_FOLDER, f"{stray}.zip.age.new")
    _leave(settings.PACKAGE_FOLDER, "something else")
    assert _sweep() == []
    _age()

    assert _sweep() == sorted([stray, f"{stray}.zip.age.new"])
    assert [path.name for path in Path(settings.PACKAGE_FOLDER).iterdir()] == ["something else"]


def test_a_package_that_is_still_built_keeps_its_parts_and_a_released_one_its_files(
    story: Story,  # noqa: F811
    identity: Path,  # noqa: F811
) -> None:
    package_id = sealed(story, identity)
    _age()
    assert _sweep() == []
    build(package_id)
    story.desk.work()
    _leave(settings.SPOOL_FOLDER / str(package_id), "part")
    _age()

    assert _sweep() == [str(package_id)]
    assert building.package_file(package_id).exists() and building.archive_file(package_id).exists()
