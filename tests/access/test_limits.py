"""V05: what is counted, by address before anybody is known and by person afterwards, and what is said then."""

import pytest
from django.test import Client

from entraide.access import acts, rules
from entraide.access.api import TooMany, begin_step_up
from entraide.kernel.actors import Role
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player

HOST = {"HTTP_HOST": "localhost:8000"}


@pytest.fixture(autouse=True)
def _low(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.ATTEMPTS_MAX, "change", 3)
    monkeypatch.setitem(rules.ATTEMPTS_MAX, "demo", 3)


def _signed_in(player: Player) -> Client:
    client = Client(**HOST)  # type: ignore[arg-type]
    options = client.post("/sign-in/options/").json()["options"]
    assert client.post("/sign-in/", {"credential": player.answer(options["challenge"])}).status_code == 302
    return client


def _save(client: Client) -> int:
    return client.post("/account/preferences/", {"language": "en", "time_zone": "UTC"}).status_code


def test_V05_what_one_person_sends_is_counted_in_every_browser_and_nobody_elses(cast: Cast) -> None:
    here, there, other = _signed_in(cast.OTTO), _signed_in(cast.OTTO), _signed_in(cast.IVO)
    # A minute may end between two of them: of seven, four fall into one minute.
    statuses = [_save(client) for client in (here, there, here, there, here, there, here)]

    assert statuses[:3] == [302, 302, 302] and 429 in statuses
    assert _save(other) == 302
    assert here.get("/account/").status_code == 200


def test_V05_whoever_tries_links_of_the_demo_waits(desk: Desk) -> None:
    client = Client(**HOST)  # type: ignore[arg-type]
    statuses = [client.get(f"/demo/nothing-{n}/").status_code for n in range(7)]

    assert statuses[:3] == [404, 404, 404] and 429 in statuses


def test_V05_attempts_to_sign_are_counted_by_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entraide.access.operations.signing.STEP_UPS_MAX", 3)
    act = acts.grant_role(person_id=cast.ANOUK.id, role=Role.APPROVER)
    for _ in range(3):
        begin_step_up(act, actor=cast.DORA.actor, now=NOON)
    with pytest.raises(TooMany):
        begin_step_up(act, actor=cast.DORA.actor, now=NOON + rules.WINDOW / 2)

    assert begin_step_up(act, actor=cast.MARC.actor, now=NOON).id
    assert begin_step_up(act, actor=cast.DORA.actor, now=NOON + rules.WINDOW).id
