"""Who asks: `request.actor`, read anew at every request."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entraide.access.operations import limits, sign_ins
from entraide.access.operations.limits import TooMany
from entraide.kernel import clock
from entraide.ui import errors

Answer = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Set `request.actor` (an Actor or None) and `request.sign_in` from the cookie, and the reader's time zone.

    Nothing is remembered between requests: who was disabled a moment ago is nobody now.  What a person sends is counted
    by the minute, whatever page it goes to.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, now = request.COOKIES.get(settings.SIGN_IN_COOKIE, ""), clock.now()
        current = sign_ins.current(token, now=now) if token else None
        if current is not None and current.is_due:
            sign_ins.note_seen(actor=current.actor, now=now)
        request.actor = current.actor if current else None  # type: ignore[attr-defined]  # what every view reads
        request.sign_in = current  # type: ignore[attr-defined]
        if current is None:
            return self._get_response(request)
        if request.method == "POST" and current.actor.person_id is not None:
            try:
                limits.count_change(current.actor.person_id, actor=sign_ins.DOOR, now=now)
            except TooMany as refusal:
                return errors.page(request, 429, what=refusal.what, why=refusal.why, do=refusal.do)
        with timezone.override(ZoneInfo(current.time_zone)):
            return self._get_response(request)
