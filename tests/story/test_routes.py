"""V07, V08, V10, V33 over every address there is; a new page is in these tests by being in the table of addresses."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from entraide.kernel.actors import Role
from tests.desk.pages import HOST, at_desk
from tests.plugins.desk import Desk
from tests.plugins.people import ROLES, Cast, Player
from tests.requests.story import Story
from tests.story.routes import Route, ask, bare, every_route

NOBODY = UUID(int=1)
NO_REFERENCE = "R-26-000000"
# What an address may name, and a value of each that names nothing.
ABSENT: dict[str, Any] = {
    "reference": NO_REFERENCE,
    "page": "basis",
    "role": Role.OFFICER.value,
    "token": "a" * 43,
    **dict.fromkeys(
        [
            "agency_id",
            "credential_id",
            "download_id",
            "entry_id",
            "organisation_id",
            "package_id",
            "person_id",
            "sign_in_id",
        ],
        NOBODY,
    ),
}
ROUTES = every_route()
PUBLIC = {
    "access:invitation",
    "access:invitation_options",
    "access:no_password",
    "access:sign_in",
    "access:sign_in_options",
    "access:sign_out",
    "demo:link",
    "demo:people",
    "demo:switch",
    "desk:home",
    "disclosure:exchange_key",
    "ui:language",
    "ui:theme",
}
STAFF = {role for role in Role if role.value in ("analyst", "approver", "auditor", "desk_administrator")}


def test_V07_every_address_declares_who_may_open_it() -> None:
    silent = [route.written for route in ROUTES if not hasattr(route.view, "required_roles")]

    assert len(ROUTES) > 60
    assert silent == []


def test_V07_what_an_address_names_is_known_here() -> None:
    """A page with a new kind of identifier adds what names nothing of it, so that V08 can ask for it."""
    assert {name for route in ROUTES for name in route.parameters} <= set(ABSENT)


def test_V07_only_the_doorstep_is_for_everybody() -> None:
    assert {route.name for route in ROUTES if route.roles is None} <= PUBLIC


def test_V07_no_page_lets_in_both_sides_but_those_about_one_case_or_oneself() -> None:
    """A page of one face names roles of that face only, unless it is a page both read."""
    mixed = {route.name for route in ROUTES if route.roles and route.roles & STAFF and route.roles - STAFF}

    assert {name for name in mixed if name.startswith("requests:")} <= {
        "requests:printed",
        "requests:document",
        "requests:instrument_file",
    }


@pytest.mark.parametrize("who", ["nobody", *ROLES])
def test_V07_every_address_lets_in_exactly_the_roles_it_declares(cast: Cast, desk: Desk, who: str) -> None:
    client = Client(**HOST) if who == "nobody" else at_desk(getattr(cast, who))  # type: ignore[arg-type]
    roles = frozenset() if who == "nobody" else getattr(cast, who).actor.roles
    wrong = []
    for n, route in enumerate(ROUTES):
        if route.name in ("access:sign_out", "demo:switch"):
            continue  # it ends this sign-in, or begins another
        if n % 10 == 0:
            desk.superuser_sql("DELETE FROM access_attempt")
        answer = ask(client, route.path(ABSENT))
        if answer.status_code == 405:
            answer = client.post(route.path(ABSENT))
        if _let_in(answer) != _may(route, who, roles) or answer.status_code == 500:
            wrong.append((route.written, answer.status_code))
    assert wrong == []


def _may(route: Route, who: str, roles: frozenset[Role]) -> bool:
    if route.roles is None:
        return True
    return who != "nobody" and (not route.roles or bool(roles & route.roles))


def _let_in(answer: Any) -> bool:
    """Return whether the guard let in: behind it, a page may still find nothing or refuse."""
    if answer.status_code == 302:
        return not answer["Location"].startswith("/sign-in/?next=")
    return not (answer.status_code == 403 and b"Opening this page" in answer.content)


# ---------------------------------------------------------------------------------------------- V08


def _there(delivered: Story, reference: str) -> dict[str, Any]:
    """Return what Otto's agency has, by the names of the addresses."""
    cast, one = delivered.cast, delivered.desk.superuser_sql
    [(package_id,)] = one("SELECT id FROM disclosure_package")
    [(entry_id,)] = one("SELECT id FROM audit_entry WHERE kind = 'requests:request:filed' LIMIT 1")
    [(credential_id,)] = one("SELECT id FROM access_credential WHERE person_id = %s", cast.OTTO.id)
    cast.OTTO.signed_in(delivered.now)
    [(sign_in_id,)] = one("SELECT id FROM access_signin WHERE person_id = %s LIMIT 1", cast.OTTO.id)
    return {
        **ABSENT,
        "reference": reference,
        "package_id": package_id,
        "entry_id": entry_id,
        "credential_id": credential_id,
        "sign_in_id": sign_in_id,
        "person_id": cast.OTTO.id,
        "agency_id": cast.agency_id,
        "organisation_id": cast.agency_id,
    }


NAMING = [
    route
    for route in ROUTES
    if set(route.parameters) - {"token", "role", "page"} and not route.name.startswith("demo:")
]


def _differences(client: Client, desk: Desk, there: dict[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Yield where a thing that is there answers otherwise than one that is not."""
    for n, route in enumerate(NAMING):
        if n % 10 == 0:
            desk.superuser_sql("DELETE FROM access_attempt")
        present, absent = route.path(there), route.path(ABSENT)
        for method in ("get", "post"):
            seen, unseen = getattr(client, method)(present), getattr(client, method)(absent)
            asked = [there[name] for name in route.parameters] + [ABSENT[name] for name in route.parameters]
            if (seen.status_code, bare(seen, *asked)) != (unseen.status_code, bare(unseen, *asked)):
                yield route.written, method, seen.status_code, unseen.status_code


@pytest.mark.parametrize("who", ["officer", "supervisor", "administrator"])
def test_V08_V09_what_another_agency_has_answers_as_what_does_not_exist_at_every_address(
    delivered: Story, draft: Story, strangers: dict[str, Player], who: str
) -> None:
    otto = at_desk(delivered.cast.OTTO)  # there is something to be absent
    assert otto.get(f"/requests/{delivered.reference}/").status_code == 200
    client = at_desk(strangers[who])

    for reference in (delivered.reference, draft.reference):
        assert list(_differences(client, delivered.desk, _there(delivered, reference))) == []


@pytest.mark.parametrize("who", ["ANOUK", "MARC", "AUDE", "DORA"])
def test_V08_a_draft_answers_the_desk_as_what_does_not_exist_at_every_address(
    delivered: Story, draft: Story, who: str
) -> None:
    client = at_desk(getattr(delivered.cast, who))
    there = {**ABSENT, "reference": draft.reference}

    assert list(_differences(client, delivered.desk, there)) == []


# ---------------------------------------------------------------------------------------------- V10

_OWNERSHIP = re.compile(
    r"^(id|.*_id|reference|version|.*_hash|handle|face|kind|is_demo|public_key|verified_at|granted_.*|approved_at)$"
)
_NOT_THE_PAGES_OWN = re.compile(r"^(access_attempt|access_ceremony|access_stepup|access_signin|audit_|procrastinate_)")


def _ownership_question(desk: Desk) -> str:
    """Return the question for the columns of every row that say whose it is, what it is and who signed it."""
    by_table: dict[str, list[str]] = {}
    for table, column in desk.superuser_sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, ordinal_position"
    ):
        if not _NOT_THE_PAGES_OWN.match(table) and _OWNERSHIP.match(column):
            by_table.setdefault(table, []).append(column)
    return " UNION ALL ".join(
        f"SELECT '{table}', id::text, organisation_id::text, ROW({', '.join(names)})::text FROM {table}"
        for table, names in by_table.items()
        if {"id", "organisation_id"} <= set(names)
    )


def _owned(desk: Desk, question: str) -> dict[tuple[str, str], tuple[str, str]]:
    return {(table, key): (owner, row) for table, key, owner, row in desk.superuser_sql(question)}


@pytest.mark.parametrize("who", ["OTTO", "SABINE", "ADA", "ANOUK", "MARC", "DORA"])
def test_V10_no_column_that_says_whose_a_row_is_can_be_sent_to_any_address(
    delivered: Story, draft: Story, who: str
) -> None:
    """Every column of every table, sent beside nothing to every address: who owns what stays as it was."""
    fields = {field.attname for model in apps.get_models() for field in model._meta.concrete_fields}
    cast, desk = delivered.cast, delivered.desk
    poison: dict[str, Any] = {name: str(cast.IVO.id) for name in fields} | {
        "organisation_id": str(cast.other_agency_id),
        "organisation": str(cast.other_agency_id),
        "state": "approved",
        "role": "approver",
        "roles": ["approver", "supervisor"],
        "version": "99",
    }
    client, n_asked = at_desk(getattr(cast, who)), 0
    question = _ownership_question(desk)
    before = _owned(desk, question)
    assert len(before) > 20
    for reference in (delivered.reference, draft.reference):
        there = _there(delivered, reference)
        for route in ROUTES:
            if route.name == "access:sign_out" or route.name.startswith(("demo:", "ui:")):
                continue
            if n_asked % 10 == 0:
                desk.superuser_sql("DELETE FROM access_attempt")
            answer = client.post(route.path(there), poison)
            after = _owned(desk, question)
            assert {key: after.get(key) for key in before if key in after} == {
                key: row for key, row in before.items() if key in after
            }, route.written
            assert answer.status_code != 500, route.written
            assert {after[key][0] for key in set(after) - set(before)} <= {str(cast.agency_id), str(cast.exchange_id)}
            before, n_asked = after, n_asked + 1
    assert n_asked > 100
