"""What the worker does on news of requests."""

from datetime import datetime

from entraide.kernel.actors import Actor
from entraide.outbox.api import News, reaction
from entraide.requests import operations


@reaction("requests:lookup:asked")
@reaction("requests:question:answered")
def look_accounts_up(news: News, *, actor: Actor, now: datetime) -> None:
    """Ask the exchange about every target that still waits; asked again with patience while it does not answer."""
    if news.subject_id is not None:
        operations.look_up(news.subject_id, actor=actor, now=now)


@reaction("requests:request:withdrawn")
def set_decision_aside(news: News, *, actor: Actor, now: datetime) -> None:
    """Note that a decision on a withdrawn request has no effect."""
    if news.subject_id is not None:
        operations.overtake_proposal(news.subject_id, actor=actor, now=now)
