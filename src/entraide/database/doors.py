"""The two doors: `operation` for a change, `reading_as` for a look.

Both open a transaction in the database role of the actor's face and tell PostgreSQL who is acting, for the length of
that transaction only (`set_config(…, true)`): a pooled connection never carries one person's tenant to the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.utils.translation import gettext_lazy as _

from entraide.database.postgresql.base import DatabaseWrapper
from entraide.kernel.actors import Actor, Face
from entraide.kernel.errors import OutcomeUnknown, Refusal, Unavailable
from entraide.kernel.faults import fault

P = ParamSpec("P")
R = TypeVar("R")

_alias: ContextVar[str | None] = ContextVar("database of the actor inside the door", default=None)

# serialization_failure, deadlock_detected: the whole operation is asked again, never a part of it.
_TRY_AGAIN = {"40001", "40P01"}
_ATTEMPTS = 4
_DISK_FULL = "53100"
# What the server says when it ends a session; without any state the line itself broke.
_LOST = {None, "57P01", "57P02", "57P03"}


class FaceRouter:
    """Send every query to the database role of whoever came in by the door."""

    def db_for_read(self, model: object, **hints: object) -> str | None:
        return _alias.get()

    def db_for_write(self, model: object, **hints: object) -> str | None:
        return _alias.get()

    def allow_relation(self, one: object, other: object, **hints: object) -> bool:
        return True  # the aliases are roles of one and the same database


def alias_of(actor: Actor) -> str:
    """Return the database alias (a role) that serves `actor` in this process."""
    here = _process_alias.get()
    if here is not None:
        return here
    return "agency" if actor.face is Face.AGENCY and "agency" in settings.DATABASES else "default"


@contextmanager
def acting_in(alias: str) -> Iterator[None]:
    """Send what is done inside to one alias whoever acts; for the worker's process and for tests that play it."""
    token = _process_alias.set(alias)
    try:
        yield
    finally:
        _process_alias.reset(token)


_process_alias: ContextVar[str | None] = ContextVar("alias of this process", default=None)


@contextmanager
def _inside(actor: Actor, *, read_only: bool) -> Iterator[None]:
    alias = alias_of(actor)
    token = _alias.set(alias)
    try:
        cast(DatabaseWrapper, connections[alias]).say_who(
            actor.key, str(actor.organisation_id or ""), read_only=read_only
        )
        with transaction.atomic(using=alias, durable=True):
            yield
    finally:
        _alias.reset(token)


@contextmanager
def reading_as(actor: Actor) -> Iterator[None]:
    """Open a read-only transaction in which only what `actor`'s tenant may see has rows.

    Query inside, and turn rows into values inside: a lazy query set that is drawn after the door has closed finds
    nothing.
    """
    with _inside(actor, read_only=True):
        yield


def _not_saved(state: str | None, *, is_committing: bool) -> Refusal:
    """Return what is true about a change that the database did not confirm."""
    if is_committing and state in _LOST:
        return OutcomeUnknown(
            _("Saving"),
            why=_("the connection to the database broke at the last moment, so it is not known whether it was saved"),
            do=_("Open the case and look whether it is there before you try again"),
        )
    if state == _DISK_FULL:
        why, do = _("the disk of the database is full"), _("Tell whoever runs this desk; nothing was changed")
        return Unavailable(_("Saving"), why=why, do=do)
    return Unavailable(
        _("Saving"), why=_("the database is busy or does not answer"), do=_("Try again; nothing was changed")
    )


def operation(function: Callable[P, R]) -> Callable[P, R]:
    """Make `function` one durable transaction, seen as its keyword argument `actor`.

    An operation cannot be called inside another one; rooms offer each other functions that work in the caller's
    transaction instead.  A deadlock or serialization failure repeats the whole operation, so it must do nothing that a
    rollback does not undo.

    Raises
    ------
    Unavailable
        If the database did not answer, or was busy each time: nothing was changed.
    OutcomeUnknown
        If the connection broke during the commit.  The change may be there or not, and only a look at it can tell.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        actor = cast(Actor, kwargs["actor"])
        for attempt in range(1, _ATTEMPTS + 1):
            is_committing = False
            try:
                with _inside(actor, read_only=False):
                    fault("operation.begun")
                    result = function(*args, **kwargs)
                    fault("operation.before_commit")
                    is_committing = True
            except OperationalError as error:
                state = getattr(error.__cause__, "sqlstate", None)
                if state in _TRY_AGAIN and attempt < _ATTEMPTS:
                    continue
                raise _not_saved(state, is_committing=is_committing) from error
            fault("operation.after_commit")
            return result
        raise AssertionError("unreachable: the last attempt returns or raises")

    return run
