"""The room `database` has no tables of its own."""

from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "entraide.database"
    label = "database"
