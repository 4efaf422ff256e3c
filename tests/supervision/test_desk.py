"""What each program is told: its own secrets and nobody else's."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from entraide.kernel import environment
from entraide.kernel.errors import NotPossible
from entraide.supervision import children
from entraide.supervision import desk as supervised
from entraide.supervision.children import CHILDREN, FACES_APART, Child
from entraide.supervision.desk import Desk, Ports, check_port, check_tls, database_of, existing_desk, run_desk
from entraide.supervision.instance import Kind, open_instance
from entraide.supervision.places import Places

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PORTS = Ports(web=8000, exchange=8001)
LOCAL = "http://localhost:8000"


def a_desk(folder: Path, kind: Kind = Kind.DEMO, origin: str = LOCAL) -> Desk:
    places = Places(folder)
    return Desk(places, open_instance(places, kind, origin, now=NOON), origin=origin)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_a_child_gets_the_database_urls_of_its_own_roles_only(folder: Path, child: Child) -> None:
    told = a_desk(folder).told(child, PORTS)

    urls = {name for name in told if "DATABASE_URL" in name}
    assert urls == set(child.databases)
    for setting, role in child.databases.items():
        assert told[setting].startswith(f"postgresql://{role}:")


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_a_child_gets_no_secret_its_row_does_not_name(
    folder: Path, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRAIDE_SMTP_URL", "smtp://user:password@host")

    told = a_desk(folder).told(child, PORTS)

    secret = {name for name, setting in environment.SETTINGS.items() if setting.is_secret}
    assert secret & set(told) <= {*child.databases, *child.settings}


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_no_child_gets_the_administrators_url_or_an_unknown_variable(
    folder: Path, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not yours")
    desk = a_desk(folder)
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres:admin@db.example/postgres")

    told = desk.told(child, PORTS)

    assert not {"DATABASE_URL", "AWS_SECRET_ACCESS_KEY"} & set(told)


# What each program may know; a secret that is not in its line is kept from it.
KNOWS = {
    "migrate": {"ENTRAIDE_DATABASE_URL_MIGRATE"},
    "opening": {"ENTRAIDE_DATABASE_URL_WEB", "ENTRAIDE_DATABASE_URL_AGENCY", "ENTRAIDE_SECRET_KEY"},
    "signer": set(),
    "sequencer": {"ENTRAIDE_DATABASE_URL_SEQUENCER"},
    "exchange": {"REFERENCE_EXCHANGE_DATABASE_URL", "REFERENCE_EXCHANGE_TOKEN"},
    "worker": {
        "ENTRAIDE_DATABASE_URL_WORKER", "ENTRAIDE_SECRET_KEY", "ENTRAIDE_SMTP_URL", "ENTRAIDE_EXCHANGE_TOKEN",
    },
    "web": {"ENTRAIDE_DATABASE_URL_WEB", "ENTRAIDE_DATABASE_URL_AGENCY", "ENTRAIDE_SECRET_KEY"},
    "agency": {"ENTRAIDE_DATABASE_URL_AGENCY", "ENTRAIDE_SECRET_KEY"},
    "staff": {"ENTRAIDE_DATABASE_URL_WEB", "ENTRAIDE_SECRET_KEY"},
    "story": {
        "ENTRAIDE_DATABASE_URL_WEB", "ENTRAIDE_DATABASE_URL_AGENCY", "ENTRAIDE_DATABASE_URL_WORKER",
        "ENTRAIDE_SECRET_KEY", "ENTRAIDE_EXCHANGE_TOKEN",
    },
    "links": {"ENTRAIDE_DATABASE_URL_WEB", "ENTRAIDE_DATABASE_URL_AGENCY", "ENTRAIDE_SECRET_KEY"},
}  # fmt: skip


@pytest.mark.parametrize("child", [*CHILDREN, *FACES_APART], ids=lambda child: child.name)
def test_each_program_knows_the_secrets_of_its_line_and_no_other(
    folder: Path, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {name for name, setting in environment.SETTINGS.items() if setting.is_secret}
    for name in secrets - {"DATABASE_URL"}:
        monkeypatch.setenv(name, f"the {name}")

    told = a_desk(folder).told(child, PORTS)

    assert secrets & set(told) <= KNOWS[child.name]


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_every_variable_a_child_is_told_is_documented(folder: Path, child: Child) -> None:
    told = a_desk(folder).told(child, PORTS)

    ours = {name for name in told if name.startswith(("ENTRAIDE_", "REFERENCE_"))}
    assert ours <= set(environment.SETTINGS)
    assert {*child.databases, *child.settings} <= set(environment.SETTINGS)


def test_every_child_knows_its_desk(folder: Path) -> None:
    told = a_desk(folder).told(children.WEB, PORTS)

    assert {name: told[name] for name in ("ENTRAIDE_HOME", "ENTRAIDE_KIND", "ENTRAIDE_ORIGIN", "ENTRAIDE_PROCESS")} == {
        "ENTRAIDE_HOME": str(folder),
        "ENTRAIDE_KIND": "demo",
        "ENTRAIDE_ORIGIN": LOCAL,
        "ENTRAIDE_PROCESS": "web",
    }


def test_h6_a_demo_child_never_gets_the_operators_exchange_credential(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRAIDE_EXCHANGE_URL", "https://exchange.example")
    monkeypatch.setenv("ENTRAIDE_EXCHANGE_TOKEN", "the real one")

    told = a_desk(folder).told(children.WORKER, PORTS)

    assert told["ENTRAIDE_EXCHANGE_URL"] == "http://127.0.0.1:8001"
    assert told["ENTRAIDE_EXCHANGE_TOKEN"] != "the real one"


def test_secrets_stay_the_same_from_start_to_start(folder: Path) -> None:
    first = a_desk(folder).told(children.WEB, PORTS)
    second = a_desk(folder).told(children.WEB, PORTS)

    assert first["ENTRAIDE_SECRET_KEY"] == second["ENTRAIDE_SECRET_KEY"]
    assert first["ENTRAIDE_DATABASE_URL_WEB"] == second["ENTRAIDE_DATABASE_URL_WEB"]


def test_a_demo_does_not_touch_a_server_of_the_installers_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/postgres")

    with pytest.raises(NotPossible, match="never yours"):
        a_desk(folder)


def test_production_does_not_run_on_the_embedded_server(folder: Path) -> None:
    with pytest.raises(NotPossible, match="who could rewrite the log"):
        a_desk(folder, Kind.PRODUCTION, "https://desk.example")


def test_the_database_of_a_desk_is_started_for_a_command_and_shared_with_a_running_one(folder: Path) -> None:
    desk = a_desk(folder)
    assert desk.postgres is not None

    with database_of(desk):
        desk.prepare_database()
        with database_of(a_desk(folder)):  # another command meanwhile: it finds the server up and leaves it so
            pass
        assert desk.postgres.is_ready()
    assert not desk.postgres.is_ready()


def test_a_taken_port_is_said_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(NotPossible, match=f"another program is using it. .*--port {port + 1}"):
            check_port("127.0.0.1", port)


def test_a_port_that_is_none_is_not_said_to_be_taken() -> None:
    with pytest.raises(NotPossible, match=r"ports go from 1 to 65535\. Choose another port: --port 8000") as refused:
        check_port("127.0.0.1", 99_999)
    assert "Stop that program" not in str(refused.value)


def test_a_taken_port_stops_a_demo_before_its_database_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder / "demo"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(NotPossible, match="another program is using it"):
            run_desk(Kind.DEMO, port=taken.getsockname()[1], now=NOON)

    assert not (folder / "demo" / "postgres").exists()


def test_links_name_the_port_the_desk_was_last_started_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder))
    desk = a_desk(folder, Kind.TRIAL)  # as `database init` makes it, which knows of no port
    assert existing_desk().origin == LOCAL

    desk.places.served_at.write_text("http://localhost:9000")
    assert existing_desk().origin == "http://localhost:9000"

    monkeypatch.setenv("ENTRAIDE_ORIGIN", "http://localhost:9100")
    assert existing_desk().origin == "http://localhost:9100"


def test_a_start_leaves_word_of_where_it_serves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_programs(_: object) -> int:
        return 0

    monkeypatch.setenv("ENTRAIDE_HOME", str(folder))
    monkeypatch.setattr(supervised, "check_pages", lambda: None)
    monkeypatch.setattr(supervised.Supervisor, "run", no_programs)
    a_desk(folder, Kind.TRIAL)
    port = _a_free_port()

    assert run_desk(Kind.TRIAL, port=port, now=NOON) == 0

    assert existing_desk().origin == f"http://localhost:{port}"


def _a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.7", "192.0.2.7")]
)
def test_the_pages_are_waited_for_where_they_listen(host: str, here: str) -> None:
    assert PORTS.by_address(host)["port"] == (here, 8000)
    assert PORTS.by_address(host)["exchange_port"] == ("127.0.0.1", 8001)


def _pair(folder: Path, name: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOON, NOON + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    chain_file, key_file = folder / f"{name}.pem", folder / f"{name}-key.pem"
    chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kept = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *kept))
    return str(chain_file), str(key_file)


def test_a_certificate_that_is_no_pair_with_its_key_is_refused_before_anything_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_tls()
    chain, key = _pair(folder, "ours")
    monkeypatch.setenv("ENTRAIDE_TLS_CERTIFICATE", chain)
    monkeypatch.setenv("ENTRAIDE_TLS_KEY", key)
    check_tls()

    rubbish = folder / "rubbish.pem"
    rubbish.write_text("rubbish")
    for wrong, why in [
        (_pair(folder, "other")[1], "is not the key of"),
        (str(rubbish), "is no pair"),
        (str(folder / "absent.pem"), "No such file"),
        ("", "is no pair"),
    ]:
        monkeypatch.setenv("ENTRAIDE_TLS_KEY", wrong)
        with pytest.raises(NotPossible, match=why):
            check_tls()


def test_a_setting_that_does_not_exist_is_refused_with_the_one_that_was_meant(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(folder / "home"))
    monkeypatch.setenv("ENTRAIDE_ORIGN", "https://desk.example")

    with pytest.raises(NotPossible, match="there is no setting ENTRAIDE_ORIGN. Did you mean ENTRAIDE_ORIGIN"):
        run_desk(Kind.TRIAL, port=8000, now=NOON)
    assert not (folder / "home").exists()
