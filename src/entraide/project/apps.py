"""Plugging the outside in: the adapter to the exchange behind its port."""

from django.apps import AppConfig
from django.conf import settings


class ProjectConfig(AppConfig):
    name = "entraide.project"
    label = "project"

    def ready(self) -> None:
        """Install the connector that the settings describe; it is made when it is first asked for."""
        from entraide.connectors.rest import RestConnector
        from entraide.exchange import wiring

        if settings.EXCHANGE_URL:
            wiring.install(RestConnector.from_environment)
