"""A whole desk on this machine: its instance, its secrets, its database and what each program is told."""

import asyncio
import contextlib
import errno
import os
import shutil
import socket
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from entraide.kernel import durable, environment
from entraide.kernel.errors import NotPossible, Unavailable
from entraide.supervision import checks, locks, roles, secrets, urls
from entraide.supervision.children import CHILDREN, FACES_APART, WEB, Child, filled
from entraide.supervision.instance import Instance, Kind, open_instance, read_instance
from entraide.supervision.places import CHECKOUT, Places, places_of
from entraide.supervision.postgres import EmbeddedPostgres
from entraide.supervision.supervisor import Supervisor, end_leftovers, say_on_terminal

_LOOPBACK = "127.0.0.1"
_EVERY_ADDRESS = {"0.0.0.0": _LOOPBACK, "::": "::1"}  # noqa: S104 - what a person may ask for with TLS
_PAGES = Path(__file__).resolve().parents[1] / "ui" / "static" / "ui" / "build" / "main.js"
_SECRET_KEY, _EXCHANGE_TOKEN = "secret_key", "exchange_token"
_PATHS = (
    "ENTRAIDE_EXCHANGE_CERTIFICATE",
    "ENTRAIDE_POSTGRES_BINARIES",
    "ENTRAIDE_TLS_CERTIFICATE",
    "ENTRAIDE_TLS_KEY",
    "ENTRAIDE_TRUSTED_SIGNERS",
)
_INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the programs listen."""

    web: int
    exchange: int
    staff: int = 0  # where a process of its own serves the staff face

    def by_name(self) -> dict[str, int]:
        """Return the ports by the names the table of children uses."""
        return {"port": self.web, "exchange_port": self.exchange, "staff_port": self.staff}

    def by_address(self, host: str) -> dict[str, tuple[str, int]]:
        """Return where each answers, seen from this machine, when the pages listen on `host`."""
        here = _EVERY_ADDRESS.get(host, host)
        return {name: (_LOOPBACK if name == "exchange_port" else here, n) for name, n in self.by_name().items()}


class Desk:
    """One instance, opened: it knows every address and secret and hands each program its own."""

    def __init__(self, places: Places, instance: Instance, *, origin: str, staff_origin: str = "") -> None:
        self.places = places
        self.instance = instance
        self.origin = origin
        self.staff_origin = staff_origin
        self.external = environment.read("DATABASE_URL") or None
        self._refuse_unfit_database()
        names = [*roles.names(), _SECRET_KEY, _EXCHANGE_TOKEN]
        self._secrets = secrets.read_or_make(places.secrets, names)
        self.postgres = None if self.external else EmbeddedPostgres(places.postgres, say=say_on_terminal)

    def url(self, role: str) -> str:
        """Return the database URL of `role`."""
        database = roles.EXCHANGE_DATABASE if role == roles.EXCHANGE_ROLE else roles.DESK_DATABASE
        server = self.external or self._embedded().superuser_url()
        return urls.as_role(server, role, self._secrets[role], database)

    def make_roles(self) -> list[str]:
        """Make the roles and databases on the embedded server, or on an external one with its administrator's URL."""
        admin_url = self.external or self._embedded().superuser_url()
        return roles.establish(admin_url, self._secrets, with_exchange=self.instance.kind is Kind.DEMO)

    def prepare_database(self) -> None:
        """Make the embedded server's roles, then refuse a server or a role that is not safe to serve through."""
        if self.postgres is not None:
            self.make_roles()
        is_production = self.instance.kind is Kind.PRODUCTION
        for role in roles.SERVING_ROLES:
            with self._connected(role) as connection:
                checks.check_serving_role(connection)
                checks.check_server(connection, production=is_production)
        server = self.external or self._embedded().superuser_url()
        checks.check_password_is_asked(server, roles.SERVING_ROLES[0], roles.DESK_DATABASE)

    def told(self, child: Child, ports: Ports) -> dict[str, str]:
        """Return the whole environment of `child`: what everybody may know, and of the secrets its own only."""
        told = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        told["PYTHONUNBUFFERED"] = "1"
        told |= _open_settings()
        told |= self.facts(child.process) | {"ENTRAIDE_FACES": child.faces}
        told |= {setting: self.url(role) for setting, role in child.databases.items()}
        known = self._secret_settings()
        told |= {name: known[name] for name in child.settings if known.get(name)}
        if environment.read("ENTRAIDE_SMTP_URL"):
            told["ENTRAIDE_SENDS_MAIL"] = "1"
        if self.instance.kind is Kind.DEMO:
            told["ENTRAIDE_EXCHANGE_URL"] = f"http://{_LOOPBACK}:{ports.exchange}"
        return told

    def facts(self, process: str) -> dict[str, str]:
        """Return what every program of the desk is told about it."""
        return {
            "ENTRAIDE_HOME": str(self.places.home),
            "ENTRAIDE_KIND": self.instance.kind,
            "ENTRAIDE_ORIGIN": self.origin,
            "ENTRAIDE_STAFF_ORIGIN": self.staff_origin,
            "ENTRAIDE_PROCESS": process,
        }

    def _secret_settings(self) -> dict[str, str]:
        known = {name: environment.read(name) for name, setting in environment.SETTINGS.items() if setting.is_secret}
        known["ENTRAIDE_SECRET_KEY"] = known["ENTRAIDE_SECRET_KEY"] or self._secrets[_SECRET_KEY]
        if self.instance.kind is Kind.DEMO:
            known["ENTRAIDE_EXCHANGE_TOKEN"] = known["REFERENCE_EXCHANGE_TOKEN"] = self._secrets[_EXCHANGE_TOKEN]
        return known

    def _connected(self, role: str) -> psycopg.Connection:
        try:
            return psycopg.connect(self.url(role), connect_timeout=10)
        except psycopg.OperationalError as error:
            raise Unavailable(
                f"Signing in to the database as {role}",
                why=str(error).strip().splitlines()[-1],
                do="Is the server up? Are its roles there? `./entraide database init` makes them",
            ) from error

    def _embedded(self) -> EmbeddedPostgres:
        assert self.postgres is not None, "there is either a server of ours or an URL"
        return self.postgres

    def _refuse_unfit_database(self) -> None:
        if self.external and self.instance.kind is Kind.DEMO:
            raise NotPossible(
                "Starting a demo", why="a demo uses the database that comes along, never yours", do="Unset DATABASE_URL"
            )
        if not self.external and self.instance.kind is Kind.PRODUCTION:
            raise NotPossible(
                "Starting a production desk",
                why="the embedded database belongs to the same user as the programs, who could rewrite the log",
                do="Set DATABASE_URL to a PostgreSQL server of your own and run ./entraide database init",
            )


def open_desk(kind: Kind, *, origin: str, now: datetime) -> Desk:
    """Open the desk of that kind, making it where there is none.

    Raises
    ------
    NotPossible
        If its place is taken by something else, or the origin or database do not fit the kind.
    """
    environment.check_names()
    places, staff_origin = places_of(kind), environment.read("ENTRAIDE_STAFF_ORIGIN")
    instance = open_instance(places, kind, origin, now=now, staff_origin=staff_origin)
    return Desk(places, instance, origin=origin, staff_origin=staff_origin)


def existing_desk() -> Desk:
    """Return the desk that is there already, for a command that works on one.

    Raises
    ------
    NotPossible
        If there is none, or more than one and neither ENTRAIDE_HOME nor ENTRAIDE_KIND says which.
    """
    chosen = environment.read("ENTRAIDE_KIND")
    kinds = [Kind(chosen)] if chosen in list(Kind) else list(Kind)
    found = {places.home: places for kind in kinds if ((places := places_of(kind)).home / "instance.json").exists()}
    if len(found) > 1:
        raise NotPossible(
            "Choosing a desk",
            why="there are several here: " + ", ".join(str(home) for home in found),
            do="Set ENTRAIDE_KIND to demo, trial or production",
        )
    places = next(iter(found.values()), places_of(kinds[0]))
    instance = read_instance(places)
    served_at, staff_served_at = _last_served_at(places, instance)
    return Desk(
        places,
        instance,
        origin=environment.read("ENTRAIDE_ORIGIN") or served_at,
        staff_origin=environment.read("ENTRAIDE_STAFF_ORIGIN") or staff_served_at,
    )


def _last_served_at(places: Places, instance: Instance) -> tuple[str, str]:
    """Return the origins under which links work now: a desk on localhost may be started on any port."""
    with contextlib.suppress(FileNotFoundError):
        origin, _newline, staff_origin = places.served_at.read_text().partition("\n")
        return origin, staff_origin
    return instance.origin, instance.staff_origin


@contextlib.contextmanager
def database_of(desk: Desk) -> Generator[None]:
    """Have the desk's database up while the block runs: the running one, or one started for as long as it takes."""
    postgres = desk.postgres
    if postgres is None or (locks.is_taken(postgres.lock_file) and postgres.is_ready()):
        yield
        return
    with postgres:
        desk.make_roles()
        yield


@contextlib.contextmanager
def speaking_as(child: Child) -> Generator[Desk]:
    """Make this process one of the existing desk's programs while the block runs, for a command of one process.

    Its environment becomes what `child` would be told; Django may be set up inside the block.
    """
    desk = existing_desk()
    with database_of(desk):
        told = desk.told(child, Ports(web=0, exchange=0))
        if not environment.read("ENTRAIDE_EXCHANGE_URL"):
            told.pop("ENTRAIDE_EXCHANGE_URL", None)
        told["DJANGO_SETTINGS_MODULE"] = "entraide.project.settings"
        before = dict(os.environ)
        os.environ.update(told)
        try:
            yield desk
        finally:
            os.environ.clear()
            os.environ.update(before)


def run_desk(
    kind: Kind,
    *,
    port: int,
    staff_port: int | None = None,
    host: str = _LOOPBACK,
    now: datetime,
    fresh: bool = False,
    stage: str = "triage",
) -> int:
    """Run a desk until a person stops it; return the exit status.

    Parameters
    ----------
    staff_port : int, optional
        Of the process that serves the exchange's people where ENTRAIDE_STAFF_ORIGIN says there is one; the port after
        `port` unless given.
    fresh : bool
        Whether a demo that is there is removed first.
    stage : str
        How far the demo's story is told when it is loaded.
    """
    origin = environment.read("ENTRAIDE_ORIGIN") or f"http://localhost:{port}"
    environment.check_names()
    staff_origin = _staff_origin(staff_port)
    check_tls()
    places = places_of(kind)
    check_pages()
    is_new = not (places.home / "instance.json").exists()
    instance = open_instance(places, kind, origin, now=now, staff_origin=staff_origin)
    places.make()
    lock = locks.take(places.run / "lock")
    try:
        ports = _ports(host, port, (staff_port or port + 1) if staff_origin else 0)
        is_half = kind is Kind.DEMO and not is_new and not places.demo_loaded.exists()
        if is_half and not fresh:
            say_on_terminal("The demo was not loaded to its end the last time; it is made anew.")
        if fresh and places.demo_loaded.exists():
            say_on_terminal("The demo you played is replaced by a new one.")
        if fresh or is_half:
            instance = _made_anew(places, instance, origin, now=now)
        desk = Desk(places, instance, origin=origin, staff_origin=staff_origin)
        durable.replace(places.served_at, "\n".join(filter(None, (origin, staff_origin))).encode())
        return asyncio.run(_supervisor(desk, ports, host=host, stage=stage).run())
    finally:
        lock.close()


def _staff_origin(staff_port: int | None) -> str:
    """Return the second origin; refuse a port for it where there is none."""
    staff_origin = environment.read("ENTRAIDE_STAFF_ORIGIN")
    if staff_port is not None and not staff_origin:
        raise NotPossible(
            f"Serving the exchange's people on port {staff_port}",
            why="it is not said which address they type",
            do="Set ENTRAIDE_STAFF_ORIGIN, such as https://staff.desk.example, or leave --staff-port out",
        )
    return staff_origin


def _ports(host: str, port: int, staff_port: int) -> Ports:
    """Return where the programs listen; refuse ports that are taken."""
    for wanted in filter(None, (port, staff_port)):
        check_port(host, wanted)
    if port == staff_port:
        raise NotPossible(
            f"Listening on port {port} twice", why="two programs cannot", do="Choose another --staff-port"
        )
    return Ports(web=port, staff=staff_port, exchange=_free_port(port + 1))


def _supervisor(desk: Desk, ports: Ports, *, host: str, stage: str) -> Supervisor:
    return Supervisor(
        children_of(desk),
        commands=lambda child: command_of(desk, child, ports, host=host, stage=stage),
        environments=lambda child: desk.told(child, ports),
        addresses=ports.by_address(host),
        mark=str(desk.places.home),
        workplace=desk.places.workplace,
        postgres=desk.postgres,
        prepare=desk.prepare_database,
        when_up=lambda: say_on_terminal(_welcome(desk)),
    )


def command_of(desk: Desk, child: Child, ports: Ports, *, host: str, stage: str = "") -> list[str]:
    """Return the command line of one of the desk's programs."""
    values = {"host": host, "stage": stage, "made_at": desk.instance.created}
    values |= {name: str(number) for name, number in ports.by_name().items()}
    return filled(child, values) + (_tls() if child in (WEB, *FACES_APART) else [])


def children_of(desk: Desk) -> list[Child]:
    """Return the programs this start runs: of its kind, and without what loads a demo where it is loaded."""
    is_loaded = desk.places.demo_loaded.exists()
    pages = FACES_APART if desk.staff_origin else (WEB,)
    everything = [one for child in CHILDREN for one in (pages if child is WEB else (child,))]
    return [child for child in everything if desk.instance.kind in child.kinds and not (child.is_once and is_loaded)]


def check_pages(built: Path = _PAGES) -> None:
    """Refuse to serve pages whose scripts and styles were never built.

    Raises
    ------
    NotPossible
        With the command that builds them.
    """
    if not built.exists():
        raise NotPossible(
            "Starting the desk",
            why=f"the files its pages need are not built ({built.parent} is not complete)",
            do=f"Run {_launcher()} setup; it needs a network the first time",
        )


def _launcher() -> str:
    return "./entraide" if (CHECKOUT / "entraide").is_file() else "entraide"


def check_tls() -> None:
    """Refuse a certificate and key that the web program could not speak TLS with.

    Raises
    ------
    NotPossible
        With what is wrong with them.
    """
    certificate, key = environment.read("ENTRAIDE_TLS_CERTIFICATE"), environment.read("ENTRAIDE_TLS_KEY")
    if not certificate and not key:
        return
    what, do = "Speaking TLS", "Correct ENTRAIDE_TLS_CERTIFICATE and ENTRAIDE_TLS_KEY: two PEM files, the key unlocked"
    for name, file in (("ENTRAIDE_TLS_CERTIFICATE", certificate), ("ENTRAIDE_TLS_KEY", key)):
        try:
            Path(file or os.devnull).read_bytes()
        except OSError as error:
            raise NotPossible(what, why=f"{name} is {file}: {error.strerror}", do=do) from error
    try:
        # A key that is locked would be asked for at a terminal that nobody watches: it is not a key we can use.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key or None, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        is_other = "VALUES_MISMATCH" in str(error)
        why = (
            f"{key} is not the key of {certificate}" if is_other else f"{certificate} with {key or 'no key'} is no pair"
        )
        raise NotPossible(what, why=why, do=do) from error


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken or may not be used.

    Raises
    ------
    NotPossible
        With another port to try.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            other = f"another port: --port {port + 1 if 1024 <= port < 65535 else 8000}"
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                why, do = "another program is using it", f"Stop that program, or choose {other}"
            elif isinstance(error, OverflowError):
                why, do = "ports go from 1 to 65535", f"Choose {other}"
            else:
                why, do = error.strerror or str(error), f"Choose {other}"
            raise NotPossible(f"Listening on {host}:{port}", why=why, do=do) from error


def _free_port(wanted: int) -> int:
    """Return `wanted` where it is free, else any port that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError, OverflowError):
                probe.bind((_LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise NotPossible("Starting the reference exchange", why="no port is free", do="Stop some programs")


def _made_anew(places: Places, instance: Instance, origin: str, *, now: datetime) -> Instance:
    """Remove a demo and make it anew.  Its lock is ours and stays."""
    if instance.kind is not Kind.DEMO:
        raise NotPossible(f"Making a {instance.kind} desk anew", why="only a demo may be thrown away")
    if locks.is_taken(places.postgres / "lock"):
        raise NotPossible(
            "Making the demo anew",
            why=f"{locks.holder(places.postgres / 'lock')} is using its database",
            do="Stop it first",
        )
    EmbeddedPostgres(places.postgres).end_leftovers()
    end_leftovers(str(places.home), places.workplace)
    for path in places.home.iterdir():
        if path != places.run:
            _remove(path)
    return open_instance(Places(places.home), Kind.DEMO, origin, now=now, is_emptied=True)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _welcome(desk: Desk) -> str:
    kind = desk.instance.kind
    note = {
        Kind.DEMO: "made-up people, software keys, not evidence",
        Kind.TRIAL: "real passkeys; no outside witness watches the log",
        Kind.PRODUCTION: "production",
    }[kind]
    first = ""
    if kind is not Kind.DEMO and desk.places.nobody.exists():
        first = (
            f"\nNobody can sign in yet. In another terminal, `{_launcher()} staff invite --first`"
            " makes the enrolment links of the first two people."
        )
    where = f"{desk.origin} for agencies and {desk.staff_origin} for the exchange" if desk.staff_origin else desk.origin
    return f"\nEntraide ({kind}: {note}) is at {where}{first}\nCtrl-C stops it."


def _open_settings() -> dict[str, str]:
    """Return the settings that are no secrets and that a person has set; the administrator's URL stays here."""
    settings = (setting for setting in environment.SETTINGS.values() if not setting.is_secret)
    told = {s.name: environment.read(s.name) for s in settings if s.name != "DATABASE_URL" and environment.read(s.name)}
    # The programs start elsewhere than the person who set these did.
    return told | {name: str(Path(told[name]).absolute()) for name in _PATHS if name in told}


def _tls() -> list[str]:
    certificate, key = environment.read("ENTRAIDE_TLS_CERTIFICATE"), environment.read("ENTRAIDE_TLS_KEY")
    if not certificate:
        return []
    options = ["--ssl-certificate", str(Path(certificate).absolute())]
    options += ["--ssl-keyfile", str(Path(key).absolute())] if key else []
    return [*options, "--ssl-protocol-min", "tls1.2"]
