"""The demo's running story: everybody lands on a real task, and what its pages promise works."""

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from entraide.access.api import demo as people
from entraide.audit import api as audit
from entraide.audit.verification import verify
from entraide.desk.demo import __main__ as demo
from entraide.desk.demo.waiting import Task, tasks_of
from entraide.disclosure import building
from entraide.disclosure.web.views import _as_typed
from entraide.kernel import clock
from entraide.supervision.places import CHECKOUT
from tests.desk.loading import build_packages, empty_demo
from tests.plugins.desk import Desk, DeskDatabase


@pytest.fixture(scope="module")
def told(desk_database: DeskDatabase) -> Iterator[Desk]:
    """Return a demo whose story was told and whose package the worker has built; the tests only look at it."""
    with empty_demo(desk_database) as desk:
        demo.load("triage", now=desk.now)
        build_packages(desk)
        yield desk


def tasks(desk: Desk) -> dict[str, list[Task]]:
    """Return what waits for everybody, by first name."""
    return {person.name.split()[0]: tasks_of(person, now=desk.now) for person in people.people()}


def without_references(task: Task) -> str:
    return re.sub(r"R-\d\d-\w{6}", "R", task.what)


def a_browser() -> Client:
    return Client(HTTP_HOST=settings.ORIGIN.partition("//")[2])


def test_everybody_lands_on_a_task_of_the_story(told: Desk) -> None:
    found = tasks(told)

    assert {name: without_references(of_her[0]) for name, of_her in found.items()} == {
        "Dora": "Timo Hansen was invited and has not come yet",
        "Marc": "R: A decision to approve",
        "Anouk": "R: In your triage",
        "Aude": "R: the log of a delivered case to check",
        "Ada": "Lena Vogt was invited and has not come yet",
        "Sabine": "R: Awaiting your countersignature",
        "Otto": "R-v1 can be fetched and verified",
        "Inés": "Pablo Serna was invited and has not come yet",
        "Ivo": "R: Returned for correction",
    }
    assert [without_references(task) for task in found["Otto"]][1:] == [
        "R: The desk asked a question",
        "R: A draft to finish",
    ]


def test_every_target_of_the_main_story_is_found_at_the_exchange(told: Desk) -> None:
    found = told.superuser_sql(
        "SELECT t.n, l.state FROM requests_target t JOIN requests_lookup l ON l.target_id = t.id "
        "JOIN requests_legalrequest r ON r.id = t.request_id WHERE r.agency_reference = 'MS-4711/26' ORDER BY 1"
    )
    assert found == [(n, "found") for n in range(1, 6)]


def test_the_log_goes_forward_and_never_beyond_the_present(told: Desk) -> None:
    rows = told.superuser_sql("SELECT at FROM audit_entry ORDER BY id")

    moments = [at for (at,) in rows]
    assert len(moments) > 100
    assert moments == sorted(moments)
    assert max(moments) == told.now


def test_the_log_of_a_loaded_demo_verifies(told: Desk) -> None:
    told.sequence()

    report = verify(told.url("entraide_auditor"), processes=1)

    assert report.fault is None
    assert report.holds and report.waiting == 0 and report.entries > 100


def test_two_agencies_ask_about_one_address(told: Desk) -> None:
    [(n,)] = told.superuser_sql(
        "SELECT count(DISTINCT organisation_id) FROM requests_target GROUP BY blind_index HAVING count(*) > 1"
    )
    assert n == 2


def test_loading_again_changes_nothing(told: Desk) -> None:
    before = told.superuser_sql("SELECT count(*), max(at) FROM audit_entry")

    demo.load("delivered", now=told.now)

    assert told.superuser_sql("SELECT count(*), max(at) FROM audit_entry") == before


def test_a_loaded_demo_has_the_mark_of_its_end(told: Desk) -> None:
    assert (told.home / "demo" / "loaded").exists()
    assert audit.instance().demo_loaded_at == told.now


# --------------------------------------------------------------------------------------------------------- the way in


def test_the_terminal_says_for_everybody_what_waits_and_where(told: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    demo.links(now=told.now)

    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert len([line for line in lines if line.startswith(f"    {settings.ORIGIN}/demo/")]) == 9
    at = lines.index("Otto Brandt: Officer, Polizei Musterstadt")
    assert re.fullmatch(r"    R-26-\w{6}-v1 can be fetched and verified \(and 2 more\)", lines[at + 1])
    assert "dates are old" not in printed


def test_who_follows_her_link_lands_on_her_task(told: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    demo.links(now=told.now)
    found = tasks(told)
    ways = re.findall(r"^(\w+) .*\n.*\n    (http\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert len(ways) == 9

    for name, link in ways:
        browser = a_browser()
        landed = browser.get(link)
        assert (landed.status_code, landed["Location"]) == (302, found[name][0].page), name
        assert browser.get(landed["Location"]).status_code == 200, name
        assert browser.get("/").status_code == 200, name


def test_an_old_demo_says_so_on_every_page_and_on_the_terminal(
    told: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--fresh" not in a_browser().get("/sign-in/").content.decode()
    later = told.now + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)

    page = a_browser().get("/sign-in/").content.decode()
    demo.links(now=later)

    said = "2026; its dates are old. Start ./entraide demo --fresh"
    assert f"This demo was loaded on Nov. 24, {said}" in html.unescape(page)
    assert "This demo was loaded on 2026-11-24; its dates are old. Start ./entraide demo" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------ the package's proof


def test_the_very_command_on_the_page_opens_and_verifies_the_package(
    told: Desk, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    demo.links(now=told.now)
    [link] = re.findall(r"^Otto .*\n.*\n    (http\S+)$", capsys.readouterr().out, re.MULTILINE)
    page = a_browser().get(link, follow=True).content.decode()
    [command] = set(re.findall(r"\./entraide verify [^<\"]+", html.unescape(page)))
    [(package_id, reference)] = told.superuser_sql("SELECT id, reference FROM disclosure_package")
    downloads = tmp_path / "Downloads"
    downloads.mkdir()
    (downloads / f"{reference}.zip.age").write_bytes(building.package_file(package_id).read_bytes())

    done = _typed_in_a_shell(command.strip(), home=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("DEMO: not evidence")
    assert (told.home / "demo" / "exchange.pem").read_bytes() == audit.package_key_pem()


def _typed_in_a_shell(command: str, *, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line as somebody types it in the checkout; the launcher, which would set up, is stood in for."""
    launcher = home / "entraide"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m entraide "$@"\n')
    launcher.chmod(0o755)
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT / "src"), "LANG": "C.UTF-8"}
    return subprocess.run(
        ["sh", "-c", command], cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_path_inside_the_checkout_is_printed_as_one_types_it_there() -> None:
    assert _as_typed(CHECKOUT / ".entraide" / "demo" / "demo" / "key.txt") == ".entraide/demo/demo/key.txt"
    assert _as_typed(Path("/somewhere else/key.txt")) == "'/somewhere else/key.txt'"
