"""The room of data packages."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "entraide.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        """Explain this room's events to the log."""
        from entraide.audit.api import register_events
        from entraide.disclosure.events import EVENTS

        register_events(EVENTS)
