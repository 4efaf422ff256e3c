"""The top room of the desk."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "entraide.desk"
    label = "desk"
