"""Addresses that exist in a demo only."""

from django.urls import path

from entraide.access.web import demo

app_name = "demo"
urlpatterns = [
    path("people/", demo.people, name="people"),
    path("people/<uuid:person_id>/", demo.switch, name="switch"),
    path("<str:token>/", demo.link, name="link"),
]
