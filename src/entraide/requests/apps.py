"""The room `requests`."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "entraide.requests"
    label = "requests"

    def ready(self) -> None:
        from entraide.audit.api import register_events
        from entraide.requests.events import EVENTS

        register_events(EVENTS)
