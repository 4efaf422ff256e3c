"""Whether the time of an answer tells what is there: another agency's case beside one that does not exist.

That the two have the same status and the same bytes is tested at every address; tests never look at a clock, so the
time is measured here.  A person of another agency opens each address that names something and is for people of her
role, with a name that exists elsewhere and a name that exists nowhere, through every layer but the socket.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import erfc, sqrt
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.measuring import Section

_LEVEL = 0.01  # of a sign test, shared out among the addresses


@dataclass(frozen=True)
class _Compared:
    """One address: the time of each answer in ms, where something is there for others and where nothing is."""

    written: str
    there: list[float]
    absent: list[float]

    @property
    def percent(self) -> float:
        """Median of the differences within pairs, in percent of an answer."""
        differences = [one - other for one, other in zip(self.there, self.absent, strict=True)]
        return 100 * statistics.median(differences) / statistics.median(self.absent)

    @property
    def p(self) -> float:
        """How likely so many pairs lean to one side by chance (sign test, two-sided, normal approximation)."""
        longer = sum(one > other for one, other in zip(self.there, self.absent, strict=True))
        n = len(self.there)
        return erfc(abs(longer - n / 2) / sqrt(n / 4) / sqrt(2))


def measure(*, pairs: int, cases: int) -> list[Section]:
    """Measure `pairs` pairs at every address, with `cases` cases of the other agency to choose from."""
    with _world(cases) as (clients, database, names):
        compared = [
            _compare(clients[role], database, route, names, pairs)
            for route in _routes(names)
            for role in clients
            if not route.roles or role in route.roles
        ]
    told = [one.written for one in compared if one.p * len(compared) < _LEVEL]
    section = Section(title=f"The time of an answer about what another agency has: {pairs} pairs at each of "
                      f"{len(compared)} addresses (for people of another agency, by role)")  # fmt: skip
    section.add("it is there, for others", [statistics.median(one.there) for one in compared], "ms")
    section.add("it is nowhere", [statistics.median(one.absent) for one in compared], "ms")
    section.add("difference within pairs, by its size", [abs(one.percent) for one in compared], "%")
    section.add(
        "addresses at which the two can be told apart", len(told), "addresses", bar="0",
        note=f"sign test, p < {_LEVEL} shared out among all addresses" + "".join(f"; {one}" for one in told),
    )  # fmt: skip
    return [section]


def _compare(client: Any, database: Any, route: Any, names: dict[str, list[Any]], pairs: int) -> _Compared:
    there: list[float] = []
    absent: list[float] = []
    method = "post" if client.get(route.path(_absent(route))).status_code == 405 else "get"
    for n in range(pairs):
        if n % 5 == 0:
            database.sql("DELETE FROM access_attempt")  # how often one may ask is another promise
        turns = [(there, _there(route, names)), (absent, _absent(route))]
        random.shuffle(turns)  # strict turns could fall into step with something that comes around as regularly
        for times, values in turns:
            path = route.path(values)
            begin = time.perf_counter()
            getattr(client, method)(path)
            times.append((time.perf_counter() - begin) * 1000)
    return _Compared(f"{method.upper()} {route.written}", there, absent)


def _routes(names: dict[str, list[Any]]) -> list[Any]:
    from tests.story.routes import every_route

    known = {*names, *_FIXED}
    return [
        route
        for route in every_route()
        if set(route.parameters) & set(names) and set(route.parameters) <= known and not route.name.startswith("demo:")
    ]


_FIXED = {"page": "basis", "role": "officer"}


def _there(route: Any, names: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: _FIXED.get(name) or random.choice(names[name]) for name in route.parameters}  # noqa: S311


def _absent(route: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    from entraide.kernel.ids import new_reference

    nowhere = {"reference": lambda: new_reference("R", datetime.now(UTC))}
    return {name: _FIXED.get(name) or nowhere.get(name, uuid4)() for name in route.parameters}


@contextmanager
def _world(cases: int) -> Iterator[tuple[dict[Any, Any], Any, dict[str, list[Any]]]]:
    """A desk with cases of one agency, one of them delivered, and people of another agency at its pages, by role."""
    import tests.plugins.desk as desks
    from tests.desk.pages import at_desk
    from tests.plugins import people
    from tests.plugins.postgres import PostgresForTests
    from tests.requests.story import Story, an_exchange, looked_into_once
    from tests.story.conftest import deliver, entered, give_key

    from entraide.audit.api import create_instance
    from entraide.kernel import clock
    from entraide.kernel.actors import Role
    from entraide.requests.states import RequestState

    server, now = PostgresForTests(), clock.now()
    try:
        server.start()
        database = desks._migrated(server, "entraide")
        with desks.home_of_a_desk() as home, tempfile.TemporaryDirectory() as folder, looked_into_once():
            create_instance("demo", now=now)
            desk = desks.Desk(database, home, now)
            cast = people._enrol_everybody(actor=people.INSTALLER, now=now)
            people._verify_agencies(cast, now)
            desk.start_signer()
            try:
                exchange = an_exchange(at=now)
                first = Story(desk, cast, exchange)
                give_key(first, _identity(Path(folder)))
                deliver(first.to(RequestState.APPROVED))
                for _ in range(cases):
                    Story(desk, cast, exchange).to(RequestState.SUBMITTED)
                cast.OTTO.signed_in(now)
                strangers = {
                    role: at_desk(entered(cast, name, role, organisation_id=cast.other_agency_id, now=now))
                    for name, role in (
                        ("Ines", Role.OFFICER), ("Sol", Role.SUPERVISOR), ("Ana", Role.AGENCY_ADMINISTRATOR)
                    )
                }  # fmt: skip
                yield strangers, database, _names(database, cast)
            finally:
                desk.stop()
    finally:
        desks.close_connections()
        server.stop()


def _identity(folder: Path) -> Path:
    import pyrage

    path = folder / "otto.txt"
    path.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return path


def _names(database: Any, cast: Any) -> dict[str, list[Any]]:
    """Return what Otto's agency has, by the names that addresses give it."""
    questions = {
        "reference": "SELECT reference FROM requests_legalrequest",
        "package_id": "SELECT id FROM disclosure_package",
        "entry_id": "SELECT id FROM audit_entry WHERE kind LIKE 'requests:%'",
        "credential_id": "SELECT id FROM access_credential WHERE organisation_id = %s",
        "sign_in_id": "SELECT id FROM access_signin WHERE organisation_id = %s",
        "person_id": "SELECT id FROM access_person WHERE organisation_id = %s",
        "agency_id": "SELECT id FROM access_organisation WHERE id = %s",
        "organisation_id": "SELECT id FROM access_organisation WHERE id = %s",
    }
    found = {
        name: [row[0] for row in database.sql(question, *([cast.agency_id] if question.endswith("%s") else []))]
        for name, question in questions.items()
    }
    if empty := [name for name, values in found.items() if not values]:
        raise RuntimeError(f"nothing to ask for: {empty}")
    return found
