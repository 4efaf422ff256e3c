"""Opening a desk at its start: what production refuses, and whether anybody can sign in."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from entraide.agencies.api import demo
from entraide.audit import api as audit
from entraide.cli.opening import open_desk
from entraide.kernel import clock
from entraide.kernel.errors import NotPossible
from entraide.supervision.instance import Kind
from entraide.supervision.places import Places
from tests.plugins.desk import NOON, Desk

# Only a superuser who switches the triggers off can change a desk's kind.
MADE_PRODUCTION = "SET session_replication_role = replica; UPDATE audit_instance SET kind = 'production'"


@pytest.fixture(autouse=True)
def home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("ENTRAIDE_HOME", str(desk.home))
    places = Places(Path(desk.home))
    places.run.mkdir(exist_ok=True)
    return places


def test_V04_production_does_not_start_on_what_a_demo_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    demo.load(now=NOON)
    desk.superuser_sql(MADE_PRODUCTION)

    origins = {"agency": "https://desk.example", "staff": "https://desk.example"}
    production = override_settings(KIND="production", SECRET_KEY="x" * 50, ORIGINS=origins)
    with production, pytest.raises(NotPossible, match="was made as demo"):
        open_desk(Kind.PRODUCTION)

    monkeypatch.setattr("entraide.audit.instance._kind_in_log", lambda: "production")  # and if the log said so too
    with production, pytest.raises(NotPossible, match="made-up person") as refused:
        open_desk(Kind.PRODUCTION)

    assert "check --production" in str(refused.value)


def test_an_opened_desk_knows_whether_anybody_can_sign_in(desk: Desk, home: Places) -> None:
    open_desk(Kind.DEMO)
    assert home.nobody.exists()

    demo.load(now=NOON)
    open_desk(Kind.DEMO)

    assert not home.nobody.exists()


def test_a_demos_desk_was_there_before_its_story(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from entraide.desk.demo.story import DESK_WAS_MADE, PEOPLE_CAME

    desk.superuser_sql("SET session_replication_role = replica; DELETE FROM audit_entry; DELETE FROM audit_instance")
    desk.superuser_sql("SET session_replication_role = replica; DELETE FROM audit_stream")
    monkeypatch.setattr(clock, "now", lambda: NOON)

    open_desk(Kind.DEMO)

    assert audit.instance().created_at == NOON - DESK_WAS_MADE
    assert timedelta() < DESK_WAS_MADE - PEOPLE_CAME
