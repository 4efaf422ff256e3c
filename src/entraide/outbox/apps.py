"""The outbox app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Registers its events."""

    name = "entraide.outbox"
    label = "outbox"
    verbose_name = "Outbox"

    def ready(self) -> None:
        from entraide.audit.api import register_events
        from entraide.outbox.events import EVENTS

        register_events(EVENTS)
