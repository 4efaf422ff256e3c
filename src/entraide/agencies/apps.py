"""The room `agencies`."""

from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    name = "entraide.agencies"
    label = "agencies"

    def ready(self) -> None:
        from entraide.agencies.events import EVENTS
        from entraide.audit.api import register_events

        register_events(EVENTS)
