"""Addresses of the reader's choices."""

from django.urls import path

from entraide.ui import views

app_name = "ui"
urlpatterns = [
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
]
