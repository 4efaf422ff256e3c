"""What the worker does for the desk: it sends notices."""

from entraide.desk import notices
from entraide.kernel import clock
from entraide.outbox.api import NO_ACT, EffectToDo, Outcome, handler


@handler(notices.SEND, verifies=NO_ACT)
def send_notice(effect: EffectToDo) -> Outcome:
    """Send one notice; nothing is decided by it, so that it rests on no signed act."""
    return notices.send(effect, now=clock.now())
