"""The addresses of this room and of the room below, as the desk includes them."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from entraide.access.web.guards import public


@public
def home(request: HttpRequest) -> HttpResponse:
    """Say who is signed in."""
    actor = getattr(request, "actor", None)
    return HttpResponse(actor.name if actor else "nobody")


urlpatterns = [
    path("", home),
    path("", include("entraide.access.web.urls")),
    path("", include("entraide.ui.urls")),
    path("demo/", include("entraide.access.web.demo_urls")),
]
handler404 = "entraide.ui.errors.not_found"
