"""The file store: bytes that lie sealed with the key of their case, one file each, outside the database."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from entraide.database import key_store
from entraide.identifiers import without_secrets
from entraide.kernel.durable import whole_file

NAME_MAX = 120


def keep(data: bytes, *, case_id: UUID, file_id: UUID) -> None:
    """Seal and keep `data`, durable when this returns; a crash leaves either the whole file or none."""
    path = _path(file_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as out:
        key_store().create(case_id).seal_stream([data], out, place=_place(file_id))


def read(*, case_id: UUID, file_id: UUID) -> Iterator[bytes]:
    """Yield the plaintext of a kept file; raises as `DataKey.open_stream` and `KeyStore.get` do."""
    key = key_store().get(case_id)
    with _path(file_id).open("rb") as source:
        yield from key.open_stream(source, place=_place(file_id))


def remove(file_id: UUID) -> None:
    """Remove a kept file; harmless when it is gone."""
    path = _path(file_id)
    for one in (path, path.with_name(f"{path.name}.new")):
        one.unlink(missing_ok=True)


def older_than(moment: float) -> set[UUID]:
    """Return which kept files were written before `moment` (seconds, as files count); drafts of files are theirs."""
    found = set()
    for path in (Path(settings.HOME) / "files").glob("??/*"):
        try:
            file_id = UUID(path.name.partition(".")[0])
        except ValueError:
            continue
        if path.stat().st_mtime < moment:
            found.add(file_id)
    return found


def tidy_name(name: str) -> str:
    """Return a file's name as it may be shown and used as an attachment's name: no path, no control, one line."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in base if unicodedata.category(letter)[0] not in "CZ" or letter == " ")
    kept = without_secrets(" ".join(kept.split()).strip(". "))
    if len(kept) > NAME_MAX:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}" if dot and len(ending) <= 8 else kept[:NAME_MAX]
    return kept or "instrument.pdf"


def _path(file_id: UUID) -> Path:
    return Path(settings.HOME) / "files" / file_id.hex[-2:] / str(file_id)


def _place(file_id: UUID) -> str:
    return f"requests.file:{file_id}"
