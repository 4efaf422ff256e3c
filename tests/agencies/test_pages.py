"""The pages of agencies: verified by two persons on their pages, the agency's own page, and who is refused."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from entraide.agencies import api
from entraide.agencies.rules import DEFAULT_COUNTERSIGNED
from entraide.agencies.states import AgencyState
from entraide.database import reading_as
from tests.plugins.people import Cast, Player

HOST = {"HTTP_HOST": "localhost:8000", "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
FACTS = {
    "name": "Police de Villeneuve",
    "country": "FR",
    "function": "Police judiciaire",
    "domains": "police.example, pj.police.example",
    "switchboard": "+33 1 40 00 00 00",
}


def _signed_in(player: Player) -> Client:
    client = Client(**HOST)  # type: ignore[arg-type]
    options = client.post("/sign-in/options/").json()["options"]
    assert client.post("/sign-in/", {"credential": player.answer(options["challenge"])}).status_code == 302
    return client


def _sign(client: Client, player: Player, path: str, first: dict[str, Any] | None) -> Any:
    """Answer the question at `path`, sign what is shown then, and send it."""
    shown = client.get(path) if first is None else client.post(path, first)
    assert shown.status_code == 200, shown.content
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode()))
    options = re.search(rb'data-block="options"><script[^>]*>(.*?)</script>', shown.content, re.S)
    assert options
    return client.post(path, sent | {"credential": player.answer(json.loads(options[1])["challenge"])})


def _view(cast: Cast, agency_id: UUID) -> api.AgencyView:
    with reading_as(cast.DORA.actor):
        return api.agency(agency_id)


def _entered(cast: Cast, client: Client) -> UUID:
    answer = _sign(client, cast.DORA, "/agencies/enter/", FACTS)
    assert answer.status_code == 302, answer.content
    assert "Done. Entered in the log: An agency was entered on this desk." in _words(client.get(answer["Location"]))
    return UUID(answer["Location"].split("/")[2])


def _words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_V01_an_agency_is_entered_and_verified_by_two_persons_on_their_pages(cast: Cast) -> None:
    dora, marc = _signed_in(cast.DORA), _signed_in(cast.MARC)
    agency_id = _entered(cast, dora)
    assert _view(cast, agency_id).facts.domains == ("police.example", "pj.police.example")

    assert _sign(dora, cast.DORA, f"/agencies/{agency_id}/propose/", {"checked": ["directory"]}).status_code == 302
    assert dora.get(f"/agencies/{agency_id}/verify/").status_code == 403
    assert b"you vouched for it first" in dora.get(f"/agencies/{agency_id}/").content
    with reading_as(cast.MARC.actor):
        assert [one.id for one in api.waiting_for(cast.MARC.actor)] == [agency_id]
        assert api.waiting_for(cast.DORA.actor) == []
    assert f"/agencies/{agency_id}/" in marc.get("/").content.decode()
    assert f"/agencies/{agency_id}/" not in dora.get("/").content.decode()
    answer = _sign(marc, cast.MARC, f"/agencies/{agency_id}/verify/", {"checked": ["call_back", "law"]})

    assert answer.status_code == 302, answer.content
    assert _view(cast, agency_id).is_verified
    page = marc.get(f"/agencies/{agency_id}/").content.decode()
    assert "Dora Lindt" in page and "Marc Oliveira" in page and "Called back on the number" in page


def test_a_question_without_an_answer_is_asked_again_with_what_is_wrong(cast: Cast) -> None:
    dora = _signed_in(cast.DORA)
    wrong = dora.post("/agencies/enter/", FACTS | {"country": "F", "switchboard": "ask me"})
    assert wrong.status_code == 422
    agency_id = _entered(cast, dora)
    nothing = dora.post(f"/agencies/{agency_id}/propose/", {})

    assert nothing.status_code == 422 and b"Say what you checked" in nothing.content
    assert _view(cast, agency_id).state is AgencyState.UNVERIFIED


def test_the_country_of_an_agency_is_chosen_from_the_countries_there_are(cast: Cast) -> None:
    dora = _signed_in(cast.DORA)
    page = dora.get("/agencies/enter/").content.decode()
    assert '<option value="ES">Spain</option>' in page and '<option value="SP"' not in page

    refused = dora.post("/agencies/enter/", FACTS | {"country": "SP"})
    assert refused.status_code == 422 and "Select the country of the agency" in refused.content.decode()
    shown = dora.post("/agencies/enter/", FACTS | {"country": "ES"}).content.decode()
    assert "Spain" in shown and 'name="country" value="ES"' in shown


def test_a_desk_administrator_suspends_an_agency(cast: Cast) -> None:
    dora = _signed_in(cast.DORA)
    path = f"/agencies/{cast.agency_id}/suspend/"
    assert _sign(dora, cast.DORA, path, None).status_code == 302

    assert _view(cast, cast.agency_id).state is AgencyState.SUSPENDED
    assert b"This agency is suspended" in dora.get(f"/agencies/{cast.agency_id}/").content
    assert dora.get(path).status_code == 409


def test_an_agencys_administrator_makes_it_stricter_and_never_looser(cast: Cast) -> None:
    ada = _signed_in(cast.ADA)
    path = f"/agencies/{cast.agency_id}/countersignature/"
    looser = ada.post(path, {"categories": ["C1"]})
    assert looser.status_code == 422 and b"Only the desk takes a category away" in looser.content
    stricter = [*DEFAULT_COUNTERSIGNED, "S1"]
    assert _sign(ada, cast.ADA, path, {"categories": stricter}).status_code == 302
    dora = _signed_in(cast.DORA)
    assert _sign(dora, cast.DORA, path, {"categories": ["C1"]}).status_code == 302

    assert _view(cast, cast.agency_id).countersigned_categories == {"C1"}


def test_the_agencys_own_page_names_nobody_of_the_exchange(cast: Cast) -> None:
    page = _signed_in(cast.ADA).get("/agencies/own/", follow=True)
    assert page.status_code == 200
    assert "Polizei Musterstadt" in page.content.decode() and "Change" in page.content.decode()
    assert "Dora Lindt" not in page.content.decode()
    assert b"/countersignature/" not in _signed_in(cast.OTTO).get("/agencies/own/", follow=True).content


@pytest.mark.parametrize("name", ["OTTO", "SABINE", "ADA", "IVO"])
def test_V08_another_agencys_page_looks_like_one_that_does_not_exist(cast: Cast, name: str) -> None:
    other = cast.agency_id if name == "IVO" else cast.other_agency_id
    client = _signed_in(getattr(cast, name))
    unseen, absent = client.get(f"/agencies/{other}/"), client.get(f"/agencies/{UUID(int=1)}/")

    assert unseen.status_code == absent.status_code == 404
    assert _bare(unseen.content, other) == _bare(absent.content, UUID(int=1))


def _bare(page: bytes, asked: UUID) -> bytes:
    """Return a page without what was asked for, and without the token against forged forms, masked anew each time."""
    return re.sub(rb'"[A-Za-z0-9]{64}"', b"", page).replace(str(asked).encode(), b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/agencies/", {"DORA", "MARC", "ANOUK", "AUDE"}),
        ("/agencies/enter/", {"DORA"}),
        ("/agencies/{id}/suspend/", {"DORA"}),
        ("/agencies/{id}/countersignature/", {"DORA", "ADA"}),
        ("/agencies/own/", {"OTTO", "SABINE", "ADA", "IVO"}),
    ],
)
def test_V07_who_may_open_which_page(cast: Cast, path: str, allowed: set[str]) -> None:
    opened = set()
    for name in ("OTTO", "SABINE", "ADA", "IVO", "ANOUK", "MARC", "AUDE", "DORA"):
        answer = _signed_in(getattr(cast, name)).get(path.format(id=cast.agency_id))
        assert answer.status_code in {200, 302, 403, 404}
        if answer.status_code in {200, 302}:
            opened.add(name)

    assert opened == allowed
