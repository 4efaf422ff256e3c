"""Who may open a page at all.  Every view says it: `public`, or `requires` with roles (none: whoever is signed in)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import NotPermitted

View = TypeVar("View", bound=Callable[..., HttpResponse])


def requires(*roles: Role) -> Callable[[View], View]:
    """Let in only people who hold one of `roles`; without roles, whoever is signed in.

    Who is not signed in goes to the sign-in page and comes back.  The roles stay readable as `required_roles`, so that
    the table of routes can be compared with what the code does.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor | None = getattr(request, "actor", None)
            if actor is None:
                back = request.get_full_path() if request.method == "GET" else "/"
                return HttpResponseRedirect(f"{reverse('access:sign_in')}?{urlencode({'next': back})}")
            if roles and not actor.has(*roles):
                raise NotPermitted(
                    _("Opening this page"), why=_("your role does not cover it"), do=_("Start from your own list")
                )
            return view(request, *args, **kwargs)

        guarded.required_roles = frozenset(roles)  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def public(view: View) -> View:
    """Say that a page is for everybody."""
    view.required_roles = None  # type: ignore[attr-defined]
    return view


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks, in a view that `requires` someone."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotPermitted(_("Opening this page"), why=_("you are not signed in"), do=pgettext("what to do", "Sign in"))
    return actor
