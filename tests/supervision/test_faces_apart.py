"""Two web processes, one for each face: each with its own role's database URL and no other."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from entraide.evidence.signed_acts import from_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel import environment
from entraide.kernel.errors import NotPossible
from entraide.supervision import desk as starting
from entraide.supervision.children import AGENCY_FACE, FACES_APART, STAFF_FACE, WEB
from entraide.supervision.desk import Desk, Ports, children_of, existing_desk, run_desk
from entraide.supervision.instance import Kind, open_instance
from entraide.supervision.places import CHECKOUT, Places
from tests.plugins.postgres import PostgresForTests

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOUND_S = 180.0
LOCAL, STAFF = "http://localhost:8000", "http://localhost:8001"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.SETTINGS:
        monkeypatch.delenv(name, raising=False)


def apart(folder: Path, origin: str = LOCAL, staff_origin: str = STAFF) -> Desk:
    places = Places(folder)
    instance = open_instance(places, Kind.TRIAL, origin, now=NOON, staff_origin=staff_origin)
    return Desk(places, instance, origin=origin, staff_origin=staff_origin)


def test_each_face_is_told_its_own_database_url_only(folder: Path) -> None:
    desk, ports = apart(folder), Ports(web=8000, staff=8001, exchange=8002)

    told = {child.name: desk.told(child, ports) for child in FACES_APART}

    urls = {name: {key for key in one if "DATABASE_URL" in key} for name, one in told.items()}
    assert urls == {"agency": {"ENTRAIDE_DATABASE_URL_AGENCY"}, "staff": {"ENTRAIDE_DATABASE_URL_WEB"}}
    assert {name: one["ENTRAIDE_FACES"] for name, one in told.items()} == {"agency": "agency", "staff": "staff"}
    assert children_of(desk)[-2:] == [AGENCY_FACE, STAFF_FACE] and WEB not in children_of(desk)


def test_faces_that_were_given_names_of_their_own_keep_them(folder: Path) -> None:
    apart(folder, "https://desk.example", "https://staff.desk.example")

    apart(folder, "https://desk.example", "https://staff.desk.example:8443")
    for other in ("", "https://other.example"):
        with pytest.raises(NotPossible, match=r"made for staff\.desk\.example"):
            apart(folder, "https://desk.example", other)


def test_a_desk_of_one_name_may_be_parted_by_ports_but_not_by_names(folder: Path) -> None:
    apart(folder, "https://desk.example", "")

    apart(folder, "https://desk.example", "https://desk.example:8443")
    with pytest.raises(NotPossible, match=r"made for desk\.example"):
        apart(folder, "https://desk.example", "https://staff.desk.example")


@pytest.mark.parametrize(
    ("kind", "staff_origin", "why"),
    [
        (Kind.TRIAL, LOCAL, "agencies' address too"),
        (Kind.TRIAL, "http://staff.example", "passkeys need https"),
        (Kind.DEMO, STAFF, "a demo serves everybody at one address"),
    ],
)
def test_an_address_that_cannot_be_a_second_one_is_refused(
    folder: Path, kind: Kind, staff_origin: str, why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        open_instance(Places(folder), kind, LOCAL, now=NOON, staff_origin=staff_origin)


def test_a_second_port_without_a_second_address_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder))

    with pytest.raises(NotPossible, match="Set ENTRAIDE_STAFF_ORIGIN"):
        run_desk(Kind.TRIAL, port=8000, staff_port=8001, now=NOON)


def test_a_command_knows_both_addresses_of_a_desk_that_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder))
    desk = apart(folder)
    desk.places.served_at.write_text("http://localhost:9000\nhttp://localhost:9001")

    found = existing_desk()

    assert (found.origin, found.staff_origin) == ("http://localhost:9000", "http://localhost:9001")


@pytest.mark.parametrize("text", ["desk", "agency,agency", "agency,staff,worker"])
def test_a_face_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(NotPossible, match="ENTRAIDE_FACES"):
        environment.faces({"ENTRAIDE_FACES": text})


class _Running:
    """A desk on a PostgreSQL of the installer's own, started by the commands a person types."""

    def __init__(self, home: Path, database_url: str) -> None:
        self._ports = [str(starting._free_port(0)) for _ in range(2)]
        self.agency, self.staff = (f"http://localhost:{port}" for port in self._ports)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._told = kept | {
            "DATABASE_URL": database_url,
            "ENTRAIDE_HOME": str(home),
            "ENTRAIDE_KIND": "trial",
            "ENTRAIDE_ORIGIN": self.agency,
            "ENTRAIDE_STAFF_ORIGIN": self.staff,
            "PYTHONPATH": str(CHECKOUT / "src"),
            "PYTHONUNBUFFERED": "1",
        }
        self._up: subprocess.Popen[str] | None = None

    def run(self, *words: str) -> str:
        """Run one command to its end."""
        command = [sys.executable, "-m", "entraide", *words]
        done = subprocess.run(command, env=self._told, capture_output=True, text=True, timeout=BOUND_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self) -> None:
        """Start the desk and wait until it says that it is up."""
        port, staff_port = self._ports
        self._up = subprocess.Popen(
            [sys.executable, "-m", "entraide", "up", "--port", port, "--staff-port", staff_port],
            env=self._told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._up.stdout is not None
        bound, said = threading.Timer(BOUND_S, self._up.kill), []
        bound.start()
        for line in self._up.stdout:
            said.append(line)
            if "Ctrl-C stops it." in line:
                break
        bound.cancel()
        assert f"{self.agency} for agencies and {self.staff} for the exchange" in "".join(said)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self._up is not None:
            self._up.send_signal(signal.SIGINT)
            self._up.communicate(timeout=BOUND_S)


@pytest.fixture
def running(folder: Path, durable_postgres: PostgresForTests) -> Iterator[_Running]:
    """Return a desk whose two faces are two processes, up."""
    desk = _Running(folder / "home", durable_postgres.superuser_url())
    try:
        desk.run("database", "init")
        desk.up()
        yield desk
    finally:
        desk.stop()


def test_two_processes_serve_one_face_each_and_neither_knows_who_signed_in_at_the_other(
    running: _Running, durable_postgres: PostgresForTests
) -> None:
    link = re.search(rf"{running.staff}/invitation/\S+", running.run("staff", "invite", "--first"))
    assert link is not None

    with httpx.Client(base_url=running.agency) as agency, httpx.Client(base_url=running.staff) as staff:
        assert running.staff in agency.get("/sign-in/").text
        assert running.agency in staff.get("/sign-in/").text
        path = link[0].removeprefix(running.staff)
        assert agency.get(path).status_code == 404
        _enrol(staff, path, running.staff)
        assert staff.get("/").status_code == 200
        agency.cookies = staff.cookies
        assert agency.get("/").headers["Location"] == "/sign-in/?next=%2F"

    url = durable_postgres.superuser_url()
    with psycopg.connect(url) as connection:
        roles = {
            row[0] for row in connection.execute("SELECT usename FROM pg_stat_activity WHERE datname = 'entraide'")
        }
    assert {"entraide_web", "entraide_agency"} <= roles


def _enrol(client: httpx.Client, path: str, origin: str) -> None:
    """Make a passkey as the page of the invitation does."""
    client.get(path)
    token = {"csrfmiddlewaretoken": client.cookies["csrf"]}
    options = client.post(f"{path}options/", data=token).json()["options"]
    key = SoftwareKey.generate()
    made = key.registration_json(from_base64url(options["challenge"]), origin=origin, rp_id="localhost")
    sent = {**token, "credential": json.dumps(made), "name": "Dora Desk", "email": "dora@desk.example"}
    answer = client.post(path, data=sent)
    assert answer.status_code == 302, answer.text
