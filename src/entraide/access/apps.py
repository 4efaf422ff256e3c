"""The room `access`."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "entraide.access"
    label = "access"

    def ready(self) -> None:
        from entraide.access.events import EVENTS
        from entraide.audit.api import register_events

        register_events(EVENTS)
