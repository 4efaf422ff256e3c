"""One program, two faces: a process of one face knows nobody of the other, whatever they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.test import Client, override_settings

from entraide.access.operations import sign_ins
from entraide.access.operations.sign_ins import DOOR
from entraide.database.doors import acting_in
from entraide.kernel.errors import NotPermitted
from tests.desk.pages import HOST, at_desk, text_of
from tests.plugins.desk import NOON, Desk
from tests.plugins.people import Cast, Player
from tests.requests.story import Story
from tests.story.routes import bare, every_route
from tests.story.test_routes import _there

ORIGINS = {"agency": "http://localhost:8000", "staff": "http://localhost:8001"}
# The database role (by its alias in tests) that a process of one face has, and no other.
ROLE_OF = {"agency": "agency", "staff": "default"}


@contextmanager
def process_of(face: str) -> Iterator[None]:
    """Be a web process that serves one face through its role alone."""
    with override_settings(FACES=(face,), ORIGINS=ORIGINS), acting_in(ROLE_OF[face]):
        yield


@pytest.mark.parametrize(("face", "who"), [("agency", "ANOUK"), ("agency", "DORA"), ("staff", "OTTO")])
def test_a_sign_in_of_the_other_face_is_nobodys_at_every_address(
    delivered: Story, desk: Desk, face: str, who: str
) -> None:
    holder = at_desk(getattr(delivered.cast, who))
    assert holder.get("/account/").status_code == 200
    nobody = Client(**HOST, HTTP_ACCEPT_LANGUAGE="en")  # type: ignore[arg-type]  # headers of every request
    there, different = _there(delivered, delivered.reference), []

    with process_of(face):
        for n, route in enumerate(every_route()):
            if n % 10 == 0:
                desk.superuser_sql("DELETE FROM access_attempt")
            if route.name.startswith("demo:") or route.name == "access:sign_in_options":
                continue  # a demo serves both faces; a challenge never comes twice
            for method in ("get", "post"):
                seen, expected = (getattr(client, method)(route.path(there)) for client in (holder, nobody))
                if (seen.status_code, bare(seen), seen.get("Location")) != (
                    expected.status_code,
                    bare(expected),
                    expected.get("Location"),
                ):
                    different.append((method, route.written, seen.status_code, expected.status_code))

    assert different == []


@pytest.mark.parametrize("face", ["agency", "staff"])
@pytest.mark.parametrize("who", ["OTTO", "ANOUK"])
def test_a_passkey_of_the_other_face_opens_nothing_and_is_told_what_a_strangers_is_told(
    cast: Cast, face: str, who: str
) -> None:
    player: Player = getattr(cast, who)
    is_of_this_face = player.actor.face.value == face

    with process_of(face):
        began = sign_ins.begin_sign_in(actor=DOOR, now=NOON)
        answer = player.answer(began.options["challenge"])
        if is_of_this_face:
            started = sign_ins.sign_in(ceremony_id=began.id, assertion=answer, device="", now=NOON)
            assert started.actor.person_id == player.id
            return
        with pytest.raises(NotPermitted, match="this passkey does not open this desk"):
            sign_ins.sign_in(ceremony_id=began.id, assertion=answer, device="", now=NOON)


@pytest.mark.parametrize(("face", "other"), [("agency", "staff"), ("staff", "agency")])
def test_the_sign_in_page_of_one_face_says_where_the_other_one_is(cast: Cast, face: str, other: str) -> None:
    with process_of(face):
        said = text_of(Client(**HOST).get("/sign-in/"))  # type: ignore[arg-type]  # headers of every request
    both = text_of(Client(**HOST).get("/sign-in/"))  # type: ignore[arg-type]

    assert ORIGINS[other] in said
    assert ORIGINS[other] not in both


@pytest.mark.parametrize(("face", "who"), [("agency", "OTTO"), ("agency", "SABINE"), ("staff", "ANOUK")])
def test_the_people_of_a_face_work_through_its_role_alone(delivered: Story, face: str, who: str) -> None:
    client = at_desk(getattr(delivered.cast, who))
    with process_of(face):
        pages = ["/", "/account/", f"/requests/{delivered.reference}/", f"/requests/{delivered.reference}/log/"]
        answers = [client.get(path) for path in pages]
        changed = client.post("/account/preferences/", {"language": "fr", "time_zone": "Europe/Paris"})

    assert [answer.status_code for answer in answers] == [200] * len(pages)
    assert changed.status_code == 302 and urlsplit(changed["Location"]).path == "/account/"
