"""Pages without a database: only the middleware and context processors that ui itself needs."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, override_settings

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]


def instance(request: HttpRequest) -> dict[str, Any]:
    return {"instance": SimpleNamespace(kind=settings.KIND, name="Aurelia Exchange")}


def failing(request: HttpRequest) -> dict[str, Any]:
    raise ConnectionError("the database is away")


def templates(*processors: str) -> list[dict[str, Any]]:
    common = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
        "entraide.ui.context.pages",
    ]
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "DIRS": [Path(__file__).parent / "templates"],
            "OPTIONS": {"context_processors": [*common, *processors]},
        }
    ]


@pytest.fixture
def pages() -> Iterator[Client]:
    """Return a client for the pages of ui alone, in a demo, read in Brussels."""
    with override_settings(
        ROOT_URLCONF="tests.ui.urls",
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=templates("tests.ui.conftest.instance"),
        KIND="demo",
        TIME_ZONE="Europe/Brussels",
        ALLOWED_HOSTS=["localhost", "testserver"],
        FORM_RENDERER="entraide.ui.forms.FieldRenderer",
    ):
        yield Client(enforce_csrf_checks=True)
