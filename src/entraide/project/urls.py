"""Every address of the desk."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("entraide.requests.web.urls")),  # before the desk: "new" is no reference
    path("", include("entraide.desk.web.urls")),
    path("", include("entraide.access.web.urls")),
    path("", include("entraide.agencies.web.urls")),
    path("", include("entraide.disclosure.web.urls")),
    path("", include("entraide.ui.urls")),
]
if settings.KIND == "demo":
    urlpatterns.append(path("demo/", include("entraide.access.web.demo_urls")))

handler400 = "entraide.ui.errors.bad_request"
handler403 = "entraide.ui.errors.permission_denied"
handler404 = "entraide.ui.errors.not_found"
handler500 = "entraide.ui.errors.server_error"
