"""Units for systemd: every program under an account of its own, with its own settings and no others."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entraide.audit.signer import Signer, SignerServer
from entraide.kernel import environment
from entraide.kernel.errors import NotPossible
from entraide.supervision import serving
from entraide.supervision.accounts import as_owner_of
from entraide.supervision.desk import Desk, Ports, children_of
from entraide.supervision.instance import Kind, open_instance
from entraide.supervision.places import Places
from entraide.supervision.units import ACCOUNTS, write_units
from tests.plugins.postgres import PostgresForTests

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PORTS = Ports(web=8000, staff=8001, exchange=0)
ORIGIN, STAFF = "https://desk.example", "https://staff.desk.example"


@pytest.fixture(autouse=True)
def own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/postgres")
    monkeypatch.setenv("ENTRAIDE_EXCHANGE_TOKEN", 'a "token" of $ix\\')


def a_desk(folder: Path, *, staff_origin: str = STAFF) -> Desk:
    places = Places(folder / "desk")
    instance = open_instance(places, Kind.PRODUCTION, ORIGIN, now=NOON, staff_origin=staff_origin)
    return Desk(places, instance, origin=ORIGIN, staff_origin=staff_origin)


def drawn(desk: Desk, folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in write_units(desk, folder, PORTS, host="127.0.0.1")}


def value_of(unit: str, name: str) -> str:
    found = re.search(rf"^{name}=(.*)$", unit, re.MULTILINE)
    assert found, f"no {name}"
    return found[1]


@pytest.mark.parametrize("staff_origin", [STAFF, ""], ids=["faces apart", "one web program"])
def test_every_program_has_a_unit_and_a_group_that_no_other_has(folder: Path, staff_origin: str) -> None:
    desk = a_desk(folder, staff_origin=staff_origin)
    files = drawn(desk, folder / "units")

    names = [child.name for child in children_of(desk)]
    groups = [value_of(files[f"entraide-{name}.service"], "Group") for name in names]
    assert len(set(groups)) == len(names)
    assert {f"g {group} -" for group in groups} <= set(files["entraide.sysusers.conf"].splitlines())


def test_signer_and_sequencer_share_a_user_with_nobody() -> None:
    for alone in ("signer", "sequencer"):
        assert [name for name, one in ACCOUNTS.items() if one.user == ACCOUNTS[alone].user] == [alone]


def test_the_signers_keys_are_out_of_reach_of_every_other_program(folder: Path) -> None:
    desk = a_desk(folder)
    files = drawn(desk, folder / "units")

    line = f"InaccessiblePaths={desk.places.signer}"
    reaching = {name for name, text in files.items() if name.endswith(".service") and line not in text.splitlines()}
    assert reaching == {"entraide-signer.service"}


def test_signer_and_sequencer_reach_no_key_of_a_case(folder: Path) -> None:
    desk = a_desk(folder)
    files = drawn(desk, folder / "units")

    for name in ("signer", "sequencer", "migrate"):
        assert f"InaccessiblePaths={desk.places.keys}" in files[f"entraide-{name}.service"].splitlines()


def test_each_program_is_handed_the_secrets_the_supervisor_would_hand_it(folder: Path) -> None:
    desk = a_desk(folder)
    files = drawn(desk, folder / "units")

    secrets = {name for name, setting in environment.SETTINGS.items() if setting.is_secret}
    for child in children_of(desk):
        told = {line.partition("=")[0] for line in files[f"{child.name}.env"].splitlines()}
        assert told & secrets == set(desk.told(child, PORTS)) & secrets
        assert value_of(files[f"entraide-{child.name}.service"], "EnvironmentFile").endswith(f"/{child.name}.env")


def test_a_secret_comes_through_quotes_and_backslashes_whole(folder: Path) -> None:
    files = drawn(a_desk(folder), folder / "units")

    assert 'ENTRAIDE_EXCHANGE_TOKEN="a \\"token\\" of $ix\\\\"' in files["worker.env"].splitlines()
    assert "DATABASE_URL=" not in {line[:13] for line in files["worker.env"].splitlines()}


def test_what_is_written_is_its_writers_only(folder: Path) -> None:
    written = write_units(a_desk(folder), folder / "units", PORTS, host="127.0.0.1")

    assert {path.stat().st_mode & 0o077 for path in (*written, folder / "units")} == {0}


def test_the_embedded_database_is_not_taken_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    places = Places(folder / "desk")
    instance = open_instance(places, Kind.TRIAL, ORIGIN, now=NOON)

    with pytest.raises(NotPossible, match="belongs to one user"):
        write_units(Desk(places, instance, origin=ORIGIN), folder / "units", PORTS, host="127.0.0.1")


def test_a_program_looks_at_its_database_before_it_serves(folder: Path) -> None:
    files = drawn(a_desk(folder), folder / "units")

    looking = {name for name, text in files.items() if "ExecStartPre=" in text}
    assert looking == {f"entraide-{name}.service" for name in ("opening", "sequencer", "worker", "agency", "staff")}


def test_V11_a_program_of_a_unit_does_not_serve_past_row_level_security(
    durable_postgres: PostgresForTests, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENTRAIDE_DATABASE_URL_WORKER", durable_postgres.url("entraide_worker"))
    assert serving.main() == 0

    monkeypatch.setenv("ENTRAIDE_DATABASE_URL_WEB", durable_postgres.superuser_url("entraide"))
    assert serving.main() == 1
    assert "is a superuser" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_understands_every_unit(folder: Path) -> None:
    units = [str(path) for path in write_units(a_desk(folder), folder / "units", PORTS, host="127.0.0.1")]

    said = subprocess.run(
        ["systemd-analyze", "verify", *(unit for unit in units if unit.endswith(".service"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize(("folders_mode", "sockets_mode"), [(0o700, 0o600), (0o3770, 0o660)])
def test_the_signers_socket_is_open_to_a_group_only_where_its_folder_is(
    folder: Path, folders_mode: int, sockets_mode: int
) -> None:
    run = folder / "run"
    run.mkdir()
    run.chmod(folders_mode)
    with SignerServer(run / "signer.sock", Signer(folder / "signer", "desk.example/log")):
        assert (run / "signer.sock").stat().st_mode & 0o777 == sockets_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_what_root_makes_in_another_users_store_is_that_users(folder: Path) -> None:
    store = folder / "keys"
    store.mkdir(mode=0o700)
    os.chown(store, 61234, 61234)

    with as_owner_of(store):
        (store / "key").write_bytes(b"")

    assert ((store / "key").stat().st_uid, os.geteuid(), os.getegid()) == (61234, 0, 0)
