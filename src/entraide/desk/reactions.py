"""What the desk does on news from the rooms below: it tells people by mail what waits for them."""

from datetime import datetime

from entraide.desk import notices
from entraide.kernel.actors import Actor
from entraide.outbox.api import News, reaction


def ask_for_notices(news: News, *, actor: Actor, now: datetime) -> None:
    """Ask the outbox for a notice to everybody the news concerns."""
    notices.ask_for(news, actor=actor, now=now)


for _kind in notices.NOTICES:
    reaction(_kind)(ask_for_notices)
