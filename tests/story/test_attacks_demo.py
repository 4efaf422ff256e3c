"""H6: where a trial or a production desk runs, nothing of the demo is there, and no software key signs anybody in."""

import importlib
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client, override_settings
from django.urls import clear_url_caches, set_urlconf

from entraide.access import demo_keys
from entraide.access.operations.signing import sign_own
from entraide.database import operation
from entraide.kernel.actors import Actor
from entraide.kernel.acts import Act
from entraide.kernel.errors import NotPermitted, NotPossible
from entraide.project import urls
from tests.desk.pages import HOST
from tests.plugins.desk import Desk
from tests.plugins.people import Cast
from tests.story.routes import every_route

TABLES = ("signin", "credential", "person", "invitation", "stepup", "signedact")


def _as_served() -> None:
    """Read the table of addresses anew, as a process that starts with these settings does."""
    importlib.reload(urls)
    clear_url_caches()
    set_urlconf(None)


@pytest.fixture(params=["trial", "production"])
def kind(request: pytest.FixtureRequest, desk: Desk, cast: Cast) -> Iterator[str]:
    """Return the kind of a desk that has one demo person left in its rows, with a software key in its file."""
    desk.superuser_sql("UPDATE access_credential SET kind = 'software' WHERE person_id = %s", cast.OTTO.id)
    desk.superuser_sql("UPDATE access_person SET is_demo = true WHERE id = %s", cast.OTTO.id)
    demo_keys.keep(cast.OTTO.id, cast.OTTO.key)
    with override_settings(KIND=request.param):
        _as_served()
        yield str(request.param)
    _as_served()


def rows(desk: Desk) -> list[object]:
    return [desk.superuser_sql(f"SELECT count(*) FROM access_{table}") for table in TABLES]


def test_H6_no_address_of_the_demo_is_there(kind: str, desk: Desk, cast: Cast) -> None:
    client = Client(**HOST)  # type: ignore[arg-type]
    client.cookies["entraide-demo"] = signing.dumps("anything", salt="entraide-demo")
    before = rows(desk)
    for path in ("/demo/", f"/demo/{'a' * 43}/", "/demo/people/", f"/demo/people/{cast.OTTO.id}/"):
        assert [client.get(path).status_code, client.post(path).status_code] == [404, 404], path

    assert not [route.name for route in every_route() if route.name.startswith("demo:")]
    assert rows(desk) == before


def test_H6_a_software_key_signs_nobody_in(kind: str, desk: Desk, cast: Cast) -> None:
    client = Client(**HOST)  # type: ignore[arg-type]
    begun = client.post("/sign-in/options/")
    assert begun.status_code == 200
    before = rows(desk)

    answer = client.post("/sign-in/", {"credential": cast.OTTO.answer(begun.json()["options"]["challenge"])})

    assert answer.status_code != 302
    assert settings.SIGN_IN_COOKIE not in answer.cookies or not answer.cookies[settings.SIGN_IN_COOKIE].value
    assert rows(desk) == before


def test_H6_no_page_is_handed_a_software_key(kind: str, desk: Desk, cast: Cast) -> None:
    assert demo_keys.path().exists()
    assert demo_keys.key_of(cast.OTTO.id) is None
    assert demo_keys.key_for_page(cast.OTTO.id, cast.OTTO.handle) is None


def test_H6_a_passkey_of_the_same_desk_still_signs_in(kind: str, desk: Desk, cast: Cast) -> None:
    """The refusals above are of the demo, not of signing in."""
    client = Client(**HOST)  # type: ignore[arg-type]
    begun = client.post("/sign-in/options/").json()

    answer = client.post("/sign-in/", {"credential": cast.ANOUK.answer(begun["options"]["challenge"])})

    assert answer.status_code == 302


def test_H6_an_act_begun_with_a_passkey_is_not_signed_by_a_software_key(desk: Desk, cast: Cast) -> None:
    """The person's row may have become the demo's in between; what is asked for counts when it is used."""
    act = Act(domain="access:people:invite", subject="somebody", content={"name": "Nora"})
    step_up_id, assertion = cast.OTTO.sign(act, desk.now)
    desk.superuser_sql("UPDATE access_credential SET kind = 'software' WHERE person_id = %s", cast.OTTO.id)
    with override_settings(KIND="trial"):
        with pytest.raises(NotPermitted):
            _signed(act, step_up_id, assertion, actor=cast.OTTO.actor, now=desk.now)
        with pytest.raises(NotPossible, match="no passkey"):
            cast.OTTO.sign(act, desk.now)
    assert desk.superuser_sql("SELECT count(*) FROM access_signedact") == [(0,)]


@operation
def _signed(act: Act, step_up_id: UUID, assertion: str, *, actor: Actor, now: datetime) -> None:
    sign_own(act, step_up_id=step_up_id, assertion=assertion, actor=actor, now=now)
