"""V08, V09 inside of forms: what another agency has, named in any field of any form, is as if it did not exist.

The forms are read from the pages, so that a new form and a new field are in this test by being on a page.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.desk.pages import at_desk
from tests.plugins.desk import Desk
from tests.plugins.people import Player
from tests.requests.story import ACCOUNT, Story
from tests.story.forms import every_form
from tests.story.routes import bare
from tests.story.test_routes import ABSENT, NO_REFERENCE

NOWHERE = UUID("01a20f00-0000-7000-8000-000000000001")
_ANEW = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|R-26-[0-9A-Z]{6}|[\w-]{40,}")
# What can be sent once only: the second time it has been done already, whatever is named.
ENDING = ("requests:discard", "requests:draft_instrument", "access:end_sign_in")
_COUNTS = ("access_attempt", "access_signin", "access_stepup", "access_ceremony")


def of_the_agency(desk: Desk, organisation_id: UUID) -> dict[str, str]:
    """Return one id of each table in which the agency has a row, by the table's name."""
    both = desk.superuser_sql(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND column_name IN ('id', 'organisation_id') GROUP BY 1 HAVING count(*) = 2"
    )
    found = {}
    for (table,) in both:
        for (key,) in desk.superuser_sql(f"SELECT id FROM {table} WHERE organisation_id = %s LIMIT 1", organisation_id):
            found[str(table)] = str(key)
    return found


def kept(desk: Desk, organisation_id: UUID) -> list[Any]:
    """Return everything the agency has, as text, but what counts who asks."""
    said = []
    for table in of_the_agency(desk, organisation_id):
        if table not in _COUNTS:
            rows = f"SELECT '{table}', t::text FROM {table} t WHERE organisation_id = %s ORDER BY 2"
            said += desk.superuser_sql(rows, organisation_id)
    return said


def plain(answer: Any, *named: str) -> tuple[int, bytes, bytes]:
    """Return what was answered, without what is new each time and without what was asked."""
    place = answer.get("Location", "").encode()
    for value in named:
        place = place.replace(value.encode(), b"")
    return answer.status_code, _ANEW.sub(b"", place), _ANEW.sub(b"", bare(answer, *named))


def differences(player: Player, story: Story, own: list[dict[str, Any]], foreign: dict[str, str]) -> Iterator[Any]:
    """Yield each field in which something of another agency's is answered otherwise than what does not exist."""
    client, desk = at_desk(player), story.desk
    for form in every_form(player, client, desk, *own):
        if form.method != "post" or form.name in ENDING:
            continue
        for name in [*form.sent, "unasked"]:
            if name == "csrfmiddlewaretoken":
                continue
            desk.superuser_sql("DELETE FROM access_attempt")
            nothing = {len(absent): plain(form.send(client, **{name: absent}), absent)
                       for absent in (str(NOWHERE), NO_REFERENCE, "A-9999")}  # fmt: skip
            for table, value in foreign.items():
                if (said := plain(form.send(client, **{name: value}), value)) != nothing[len(value)]:
                    yield form.name, name, table, said[0], nothing[len(value)][0]


@pytest.mark.parametrize("who", ["IVO", "ANOUK", "DORA"])
def test_V09_what_another_agency_has_named_in_any_field_is_as_what_does_not_exist(
    delivered: Story, draft: Story, who: str
) -> None:
    """For the desk: the draft that only the agency knows."""
    cast, desk = delivered.cast, delivered.desk
    player = getattr(cast, who)
    foreign = of_the_agency(desk, cast.agency_id) if who == "IVO" else {}
    foreign |= {"reference": draft.reference, "request": str(draft.request_id())}
    if who == "IVO":
        foreign |= {"delivered": delivered.reference, "account": ACCOUNT}
    own = [{**ABSENT, "organisation_id": cast.other_agency_id, "agency_id": cast.other_agency_id,
            "person_id": cast.IVO.id}]  # fmt: skip
    if who == "IVO":
        at_desk(player).post("/requests/new/")
        [(reference,)] = desk.superuser_sql(
            "SELECT reference FROM requests_legalrequest WHERE organisation_id = %s", cast.other_agency_id
        )
        pages = ("basis", "authority", "offence", "targets", "categories", "narrative", "urgency")
        own = [{**own[0], "reference": reference, "page": page} for page in pages]
    before = kept(desk, cast.agency_id)
    assert len(before) > 10

    assert list(differences(player, delivered, own, foreign)) == []

    assert kept(desk, cast.agency_id) == before
