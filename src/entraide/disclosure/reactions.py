"""What this room does on news from below."""

from datetime import datetime

from entraide.disclosure import operations
from entraide.kernel.actors import Actor
from entraide.outbox.api import News, reaction


@reaction("requests:decision:approved")
def order_package(news: News, *, actor: Actor, now: datetime) -> None:
    """Order the package of a decision as soon as it is approved."""
    if news.case_id is not None:
        operations.order(news.case_id, actor=actor, now=now)
