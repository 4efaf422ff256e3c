"""Addresses of requests.  A verb of the workflow is named as its value, so that a page can link whatever is allowed."""

from django.urls import URLPattern

app_name = "requests"
urlpatterns: list[URLPattern] = []
