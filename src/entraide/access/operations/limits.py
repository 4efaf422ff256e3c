"""Counting attempts in the database: a limit kept in one process is doubled by two."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, router
from django.utils.translation import gettext as _

from entraide.access.models import Attempt
from entraide.access.rules import ATTEMPTS_MAX, source_of, window_of
from entraide.database import key_store, operation
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotPermitted
from entraide.kernel.ids import uuid7

_KEPT = timedelta(hours=1)
_COUNT = """
INSERT INTO access_attempt (id, what, source, "window", count) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (what, source, "window") DO UPDATE SET count = access_attempt.count + 1 RETURNING count
"""


class TooMany(NotPermitted):
    """Too many attempts from one address or by one person; the page says 429."""


def count_attempt(what: str, address: str, *, actor: Actor, now: datetime) -> None:
    """Count one attempt of `what` from `address`.

    Raises
    ------
    TooMany
        If the limit of this minute is reached.
    """
    if _counted(what, source_of(address), actor=actor, now=now) > ATTEMPTS_MAX[what]:
        raise too_many()


def count_change(person_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Count one change that a person asks for; raises `TooMany` as `count_attempt` does."""
    if _counted("change", str(person_id), actor=actor, now=now) > ATTEMPTS_MAX["change"]:
        raise too_many()


def check_attempts(what: str, address: str, *, actor: Actor, now: datetime) -> None:
    """Refuse when the limit of `what` is reached, without counting."""
    if _count_so_far(what, source_of(address), actor=actor, now=now) >= ATTEMPTS_MAX[what]:
        raise too_many()


def too_many() -> TooMany:
    """Return the refusal of whoever tries too often."""
    return TooMany(_("Trying again"), why=_("there were too many attempts"), do=_("Wait a minute"))


@operation
def _counted(what: str, source: str, *, actor: Actor, now: datetime) -> int:
    window = window_of(now)
    alias = router.db_for_write(Attempt)
    with connections[alias].cursor() as cursor:
        cursor.execute(_COUNT, [uuid7(), what, _mark(source), window])
        count = int(cursor.fetchone()[0])
    if count == 1:  # a new window: the moment to forget old ones
        Attempt.objects.filter(window__lt=window - _KEPT).delete()
    return count


@operation
def _count_so_far(what: str, source: str, *, actor: Actor, now: datetime) -> int:
    row = Attempt.objects.filter(what=what, source=_mark(source), window=window_of(now)).first()
    return row.count if row else 0


def _mark(source: str) -> bytes:
    """Return a keyed hash of the network or person an attempt came from: enough to count, not enough to know."""
    return key_store().blind_index("source", source)
