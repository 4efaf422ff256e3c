"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers its own events."""

    name = "entraide.audit"
    label = "audit"
    verbose_name = "Log"

    def ready(self) -> None:
        from entraide.audit.events import EVENTS, register_events

        register_events(EVENTS)
