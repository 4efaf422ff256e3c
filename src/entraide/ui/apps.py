"""The ui app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Components and templates; no models."""

    name = "entraide.ui"
    label = "ui"
    verbose_name = "Pages"
