"""Cookies, addresses and names of browsers."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from entraide.access.operations.sign_ins import StartedSignIn
from entraide.access.rules import true_address
from entraide.access.states import ABSOLUTE_LIMIT, CEREMONY_LASTS

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def address_of(request: HttpRequest) -> str:
    """Return the true address of whoever asks, behind as many proxies as the settings say."""
    return true_address(
        peer=request.META.get("REMOTE_ADDR", ""),
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        n_proxies=settings.TRUSTED_PROXIES,
    )


def device_of(request: HttpRequest) -> str:
    """Return the browser in a few words, for the list of sign-ins; the whole text it sends is not kept."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "Browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser} · {system}" if system else browser


def safe_next(request: HttpRequest) -> str:
    """Return where to go after signing in: a page of this desk, or the first one."""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours and target.startswith("/") else "/"


def remember_sign_in(response: HttpResponse, started: StartedSignIn) -> HttpResponse:
    """Give the browser its sign-in, and the pages the person's language."""
    _set(response, settings.SIGN_IN_COOKIE, started.token, int(ABSOLUTE_LIMIT.total_seconds()))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        started.language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.IS_SECURE,
        httponly=True,
    )
    return response


def forget_sign_in(response: HttpResponse) -> HttpResponse:
    """Take the sign-in from the browser."""
    response.delete_cookie(settings.SIGN_IN_COOKIE, path="/", samesite="Lax")
    return response


def remember_ceremony(response: HttpResponse, ceremony_id: UUID) -> HttpResponse:
    """Tie a challenge to this browser until it is answered."""
    _set(response, ceremony_cookie(), str(ceremony_id), int(CEREMONY_LASTS.total_seconds()), samesite="Strict")
    return response


def ceremony_of(request: HttpRequest) -> UUID:
    """Return the challenge this browser was given; one that was given to nobody where there is none."""
    try:
        return UUID(request.COOKIES.get(ceremony_cookie(), ""))
    except ValueError:
        return UUID(int=0)


def ceremony_cookie() -> str:
    """Return the name of the cookie that ties a challenge to a browser."""
    return f"{settings.SIGN_IN_COOKIE}-challenge"


def _set(response: HttpResponse, name: str, value: str, max_age: int, samesite: Any = "Lax") -> None:
    # Path "/" and no domain: what a __Host- name demands.  Lax, because people come from a link in a mail.
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=settings.IS_SECURE, httponly=True, samesite=samesite
    )
