"""The reader's time zone: her browser knows it, a cookie carries it, pages are drawn in it."""

import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

ZONE_COOKIE = "entraide_zone"  # set by frontend/src/main.ts
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}")


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone, or None where there is no such one: a cookie can say anything."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


class ReaderZoneMiddleware:
    """Draw times in the reader's zone; in UTC until her browser has said which."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_named(request.COOKIES.get(ZONE_COOKIE, ""))
        if zone is None:
            return self._get_response(request)
        with timezone.override(zone):
            return self._get_response(request)
