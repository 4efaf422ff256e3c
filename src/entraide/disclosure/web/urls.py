"""Addresses of packages."""

from django.urls import path

from entraide.disclosure.web import views

app_name = "disclosure"
urlpatterns = [
    path("packages/<uuid:package_id>/", views.package, name="package"),
    path("packages/<uuid:package_id>/progress/", views.progress, name="progress"),
    path("packages/<uuid:package_id>/download/", views.download, name="download"),
    path("packages/<uuid:package_id>/download/options/", views.download_options, name="download_options"),
    path("packages/<uuid:package_id>/fetched/<uuid:download_id>/", views.fetched, name="fetched"),
    path("packages/<uuid:package_id>/file/<uuid:download_id>/", views.file, name="file"),
    path("packages/<uuid:package_id>/cancel/", views.cancel, name="cancel"),
    path("packages/<uuid:package_id>/resume/", views.resume, name="resume"),
    path("exchange.pem", views.exchange_key, name="exchange_key"),
]
