"""Who does what: handlers of effects and reactions to news, registered where they are defined.

A handler says which signed acts it checks before the effect, or says aloud that none are needed: an effect cannot be
registered in silence about its signatures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from django.apps import apps
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from entraide.kernel.actors import Actor


class NoAct(Enum):
    """That an effect rests on no signed act."""

    NO_ACT = "no act"


NO_ACT = NoAct.NO_ACT


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectToDo:
    """An effect as its handler gets it.

    With `is_repeat` an earlier attempt may have reached the other side: ask by `key` first, or send the same key again.
    """

    id: UUID
    key: str
    order: str
    action: str
    version: int
    request: Mapping[str, Any]
    act_hash: bytes | None
    case_id: UUID | None
    organisation_id: UUID | None
    asked_at: datetime
    attempt: int

    @property
    def is_repeat(self) -> bool:
        """Whether an earlier attempt may have reached the other side."""
        return self.attempt > 1


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The other side did it; `answer` is kept as it came."""

    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will not do it, now or when asked again."""

    reason: str
    answer: Mapping[str, Any] = field(default_factory=dict)


Outcome: TypeAlias = Confirmed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """That something happened in a lower room."""

    kind: str
    subject_id: UUID | None
    organisation_id: UUID | None
    case_id: UUID | None
    at: datetime


class Note(Protocol):
    """What a room does with an outcome, in the transaction in which the outcome is stored."""

    def __call__(self, effect: EffectToDo, outcome: Outcome, *, actor: Actor, now: datetime) -> None: ...


class React(Protocol):
    """What a room does with news.  It opens its own operation, and may be called more than once for the same news."""

    def __call__(self, news: News, *, actor: Actor, now: datetime) -> Any: ...


Do: TypeAlias = Callable[[EffectToDo], Outcome]
Verify: TypeAlias = Callable[[EffectToDo], None]
_D = TypeVar("_D", bound=Do)
_R = TypeVar("_R", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How one kind of effect is done."""

    action: str
    do: Do
    verifies: Verify | None
    note: Note | None
    lease_s: int


_handlers: dict[str, Handler] = {}
_reactions: dict[str, dict[str, React]] = {}
_is_discovered = False


def handler(
    action: str, *, verifies: Verify | NoAct, note: Note | None = None, lease_s: int = 60
) -> Callable[[_D], _D]:
    """Register the function that does the effect `action`, outside of any transaction.

    Parameters
    ----------
    verifies : callable or NO_ACT
        Checks the signed acts that the effect rests on, before each attempt; a refusal it raises ends the effect.
    note : callable, optional
        Called with the outcome in the transaction that stores it; records in the log what it means.
    lease_s : int
        How long one attempt may take before another worker may take over.
    """

    def register(do: _D) -> _D:
        check = None if isinstance(verifies, NoAct) else verifies
        _handlers[action] = Handler(action=action, do=do, verifies=check, note=note, lease_s=lease_s)
        return do

    return register


def reaction(kind: str) -> Callable[[_R], _R]:
    """Register a function that is told of news of `kind`; it is called ``function(news, actor=…, now=…)``."""

    def register(react: _R) -> _R:
        _reactions.setdefault(kind, {})[f"{react.__module__}.{react.__qualname__}"] = react
        return react

    return register


def handlers() -> Mapping[str, Handler]:
    """Return the handlers by action."""
    discover()
    return _handlers


def reactions_to(kind: str) -> Mapping[str, React]:
    """Return the reactions to news of `kind`, by name."""
    discover()
    return _reactions.get(kind, {})


def all_reactions() -> Mapping[str, React]:
    """Return every reaction by name."""
    discover()
    return {name: react for of_kind in _reactions.values() for name, react in of_kind.items()}


def job(name: str) -> Task[..., Any, Any]:
    """Return the job of that name."""
    discover()
    return app.tasks[name]


def discover() -> None:
    """Import `jobs` and `reactions` of every room, once: for the worker, and for whoever queues a job."""
    global _is_discovered
    if _is_discovered:
        return
    for config in apps.get_app_configs():
        if config.name.startswith("entraide."):
            for module in ("jobs", "reactions"):
                if find_spec(f"{config.name}.{module}") is not None:
                    import_module(f"{config.name}.{module}")
    _is_discovered = True  # not before: another thread would go on without what is still being imported
