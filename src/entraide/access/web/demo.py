"""The demo's links and its switcher.  A browser that once came by a link may switch; no other may."""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from entraide.access import demo
from entraide.access.operations import limits
from entraide.access.operations.sign_ins import DOOR
from entraide.access.states import roles_in_words
from entraide.access.web import browser
from entraide.access.web.guards import public
from entraide.audit import api as audit
from entraide.kernel import clock
from entraide.kernel.errors import NotFound
from entraide.ui import errors

_PASS = "entraide-demo"  # noqa: S105 - the name of a cookie
_YEAR_S = 365 * 24 * 3600


@public
@require_GET
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a link that the terminal printed; it works once, its browser may switch from then on."""
    demo.check_is_demo()
    limits.count_attempt("demo", browser.address_of(request), actor=DOOR, now=clock.now())
    try:
        started = demo.use_link(token, device=browser.device_of(request), now=clock.now())
    except NotFound:
        if may_switch(request):
            return HttpResponseRedirect(reverse("demo:people"))
        return _used(request)
    response = browser.remember_sign_in(HttpResponseRedirect(demo.landing_of(started.actor.person_id)), started)
    value = signing.dumps(_mark(), salt=_PASS)
    response.set_cookie(_PASS, value, max_age=_YEAR_S, httponly=True, samesite="Lax", path="/")
    return response


@public
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Show the made-up people of the demo, each with a button."""
    _check(request)
    rows = [{"view": view, "roles": roles_in_words(view.roles)} for view in demo.people()]
    actor = getattr(request, "actor", None)
    return render(request, "access/demo.html", {"people": rows, "current_id": actor.person_id if actor else None})


@public
@require_POST
def switch(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Become another made-up person."""
    _check(request)
    former = getattr(request, "actor", None)
    started = demo.switch_to(person_id, device=browser.device_of(request), former=former, now=clock.now())
    return browser.remember_sign_in(HttpResponseRedirect(browser.safe_next(request)), started)


def may_switch(request: HttpRequest) -> bool:
    """Say whether this browser came by a link of this very demo."""
    if settings.KIND != "demo":
        return False
    try:
        return bool(signing.loads(request.COOKIES.get(_PASS, ""), salt=_PASS, max_age=_YEAR_S) == _mark())
    except signing.BadSignature:
        return False


def _used(request: HttpRequest) -> HttpResponse:
    """Answer every link that is no good with the way to a new one: only who runs the demo can go it."""
    return errors.page(
        request,
        404,
        what=_("This link was used"),
        why=_("A link of the demo works once, and nobody in the demo has a passkey."),
        do=_(
            "In the browser that opened it, go on with “Be somebody else”. Elsewhere, stop the demo (Ctrl-C) and start"
            " it again for new links."
        ),
    )


def _check(request: HttpRequest) -> None:
    demo.check_is_demo()
    if not may_switch(request):
        raise NotFound(_("This page"), why=_("there is none"))


def _mark() -> str:
    """Return what tells one demo from the next: a fresh one forgets the browsers of the old."""
    return audit.instance().created_at.isoformat()
