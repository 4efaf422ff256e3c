"""A desk's programs as systemd units, each under an account of its own, drawn from the table of children.

What must be apart is apart by user: the signer, the sequencer, and the programs that open cases.  These last ones, both
faces and the worker, read and write the same key store and the same sealed files, each closed to everybody but its
owner, so they share a user; each has a group of its own, and Linux lets no process look into one of another group
(environment, memory, open files).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from entraide.kernel import durable
from entraide.kernel.errors import NotPossible
from entraide.supervision.children import MIGRATE, Child, Ends
from entraide.supervision.desk import Desk, Ports, children_of, command_of
from entraide.supervision.instance import Kind
from entraide.supervision.places import Places

SIGNING = "entraide-signing"
"""Group of those who may ask the signer."""
_NEVER = frozenset({"HOME", "USER", "LOGNAME", "PATH", "TMPDIR"})  # of the person who draws the units
_HARDENING = """\
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """As whom a program runs, and which of the desk's folders it writes to."""

    user: str
    group: str
    writes: tuple[str, ...] = ()
    asks_signer: bool = False
    has_network: bool = True


_CASES = ("keys", "files", "packages", "spool")
ACCOUNTS = {
    "migrate": Account(user="entraide", group="entraide-migrate"),
    "opening": Account(user="entraide", group="entraide-opening", writes=("keys", "run"), asks_signer=True),
    "signer": Account(
        user="entraide-signer", group="entraide-signer", writes=("signer", "run"), asks_signer=True, has_network=False
    ),
    "sequencer": Account(user="entraide-sequencer", group="entraide-sequencer", asks_signer=True),
    "worker": Account(user="entraide", group="entraide-worker", writes=_CASES, asks_signer=True),
    "web": Account(user="entraide", group="entraide-web", writes=_CASES, asks_signer=True),
    "agency": Account(user="entraide", group="entraide-agency", writes=_CASES, asks_signer=True),
    "staff": Account(user="entraide", group="entraide-staff", writes=_CASES, asks_signer=True),
}

_LOOK = ("-m", "entraide.supervision.serving")  # the role must be one that is bound by the rules, at each start
_AFTER: dict[str, tuple[str, ...]] = {"migrate": (), "signer": (), "opening": ("migrate",)}


def write_units(desk: Desk, folder: Path, ports: Ports, *, host: str) -> list[Path]:
    """Write into `folder` what systemd needs to run the desk, and return the files; all are the caller's only.

    Raises
    ------
    NotPossible
        If the desk's database is the embedded one, which only its own supervisor runs.
    """
    if desk.external is None or desk.instance.kind is Kind.DEMO:
        raise NotPossible(
            "Running the desk's programs under users of their own",
            why="its database is the one that comes along, and belongs to one user with all the rest",
            do="Set DATABASE_URL to a PostgreSQL server of your own and run ./entraide database init",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for name, content in _files(desk, folder.absolute(), ports, host):
        durable.replace(folder / name, content.encode())
        written.append(folder / name)
    return written


def _files(desk: Desk, folder: Path, ports: Ports, host: str) -> Iterator[tuple[str, str]]:
    children = children_of(desk)
    yield "entraide.sysusers.conf", _users_and_groups(desk.places, children)
    yield "entraide.tmpfiles.conf", _ownership(desk.places)
    for child in children:
        yield f"{child.name}.env", _environment(desk.told(child, ports))
        command = command_of(desk, child, ports, host=host)
        yield f"entraide-{child.name}.service", _unit(child, command, desk.places, folder)


def _unit(child: Child, command: list[str], places: Places, folder: Path) -> str:
    account = ACCOUNTS[child.name]
    is_step = child.ends is Ends.STEP
    needed = " ".join(f"entraide-{name}.service" for name in _AFTER.get(child.name, ("opening", "signer")))
    hidden = [place for place in ("signer", "keys", "files") if place not in account.writes]
    lines = [
        "[Unit]",
        f"Description=Entraide {child.name}",
        "Wants=network-online.target",
        f"After=network-online.target {needed}".rstrip(),
        *([f"Requires={needed}"] if needed else []),
        "",
        "[Service]",
        *(["Type=oneshot", "RemainAfterExit=yes"] if is_step else ["Type=exec", "Restart=always", "RestartSec=2"]),
        f"User={account.user}",
        f"Group={account.group}",
        *([f"SupplementaryGroups={SIGNING}"] if account.asks_signer else []),
        f"EnvironmentFile={_escaped(str(folder / child.name))}.env",
        *([f"ExecStartPre={_words([command[0], *_LOOK])}"] if child.databases and child is not MIGRATE else []),
        f"ExecStart={_words(command)}",
        "KillMode=mixed",
        f"TimeoutStopSec={child.stop_within_s:.0f}",
        *(f"ReadWritePaths={_escaped(str(places.home / place))}" for place in account.writes),
        *(f"InaccessiblePaths={_escaped(str(places.home / place))}" for place in hidden),
        f"RestrictAddressFamilies=AF_UNIX{' AF_INET AF_INET6' if account.has_network else ''}",
        *([] if account.has_network else ["PrivateNetwork=yes"]),
    ]
    return "\n".join(lines) + f"\n{_HARDENING}\n[Install]\nWantedBy=multi-user.target\n"


def _users_and_groups(places: Places, children: list[Child]) -> str:
    accounts = [ACCOUNTS[child.name] for child in children]
    groups = sorted({SIGNING, *(one.group for one in accounts), *(one.user for one in accounts)})
    users = sorted({one.user for one in accounts})
    lines = [f"g {group} -" for group in groups]
    lines += [f'u {user} -:{user} "Entraide" {places.home}' for user in users]
    return "\n".join(lines) + "\n"


def _ownership(places: Places) -> str:
    """Say whose each folder is.  Others may pass through the desk's folder, not look.

    The folder of sockets is the signer's, and nobody removes there what is another's (sticky): who may ask the signer
    cannot put himself in its place.  Its group comes to the socket (set-group-id).
    """
    home = _escaped(str(places.home))
    lines = [f"z {home} 0711 root root -", f"z {home}/secrets.json 0600 root root -"]
    lines += [f"d {home}/static 0755 root root -"]
    for place in _CASES:
        lines += [f"d {home}/{place} 0700 entraide entraide -", f"Z {home}/{place} - entraide entraide -"]
    lines += [f"d {home}/signer 0700 entraide-signer entraide-signer -"]
    lines += [f"Z {home}/signer - entraide-signer entraide-signer -"]
    lines += [f"d {home}/run 3770 entraide-signer {SIGNING} -"]
    return "\n".join(lines) + "\n"


def _environment(told: dict[str, str]) -> str:
    lines: list[str] = []
    for name, value in sorted(told.items()):
        if name not in _NEVER and value:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{name}="{escaped}"')
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _words(command: list[str]) -> str:
    return " ".join(_quoted(word) for word in command)


def _quoted(word: str) -> str:
    escaped = _escaped(word).replace("$", "$$").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in word or '"' in word else escaped
