"""The embedded PostgreSQL: its data directory, its start and its stop.

Only the *programs* of the wheel are used.  The server is closed before it listens for the first time: its socket lies
in the data directory (mode 0700), the superuser comes in by the operating system's word alone (`peer`), everybody else
by SCRAM, and there is no network address.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from entraide.kernel.errors import NotPossible, Unavailable
from entraide.supervision import accounts, locks, processes, programs
from entraide.supervision.places import first_closed

PORT = 5432  # no port is opened; the number is part of the socket's name
SUPERUSER = "postgres"
SOCKET_PATH_BYTES_MAX = 107 if sys.platform == "linux" else 103
FREE_BYTES_MIN = 500 * 1000 * 1000
READY_WITHIN_S = 600.0  # recovery reads the log since the last checkpoint; minutes are possible, hours are not
STOP_WITHIN_S = 60.0
RECOVERING_AFTER_S = 2.0
_MARK = "entraide.json"

Say = Callable[[str], None]


class EmbeddedPostgres:
    """One PostgreSQL server below one folder, owned by whoever holds the folder's lock.

    Parameters
    ----------
    folder : Path
        Where everything of the server lives: `data/` with the socket, `lock`, and `programs/` where a copy is needed.
    is_durable : bool
        Whether an acknowledged commit survives a crash.  Only tests may say no.
    say : callable
        Gets the sentences a person at the terminal should see, such as "recovering…".
    """

    def __init__(
        self, folder: Path, *, is_durable: bool = True, binaries: Path | None = None, say: Say = lambda sentence: None
    ) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.lock_file = self.folder / "lock"
        self.binaries = binaries or programs.postgres_binaries()
        self.process: subprocess.Popen[bytes] | None = None
        self._is_durable = is_durable
        self._say = say
        self._lock: IO[str] | None = None
        self._account = accounts.mine()

    # -- the whole of it ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises
        ------
        NotPossible
            If the folder cannot be used; the sentence says why and what to do.
        """
        self.prepare()
        try:
            self.launch()
            self.wait_until_ready(has_ended=self.has_ended)
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Start the server's process, its words going to `server.log`, without waiting for it."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=programs.clean_environment(),
                cwd="/",
                start_new_session=True,
                # Unsafe only for code that takes locks or allocates between fork and exec; this makes two system calls.
                preexec_fn=processes.dies_with_me(signal.SIGINT),  # noqa: PLW1509
                **self.credentials(),
            )

    def stop(self) -> None:
        """Stop the server, closing sessions but finishing what was committed, and give the folder back.

        Never by SIGKILL: shared memory and half-written files are the server's own to put in order.
        """
        if self.process is not None:
            _stop(self.process.pid, has_ended=self.has_ended)
            self.process = None
        self.release()

    def has_ended(self) -> bool:
        """Return whether the server's process is gone (and reap it, else its id would stay taken)."""
        return self.process is None or self.process.poll() is not None

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    # -- the steps, for a supervisor that starts the process itself -------------------------------------------------

    def prepare(self) -> None:
        """Take the folder, make the data directory where there is none, close it, and stop what was left over."""
        self._check_path()
        self._make_folder()
        self._lock = locks.take(self.lock_file)
        try:
            _check_space(self.folder)
            self._account = accounts.service_account(self.folder, self.data)
            if not self._account.is_mine and first_closed(self.binaries) is not None:
                self.binaries = programs.copy_for_others(self.binaries, self.folder)
            if not self._is_ours():
                self._create()
            self.end_leftovers()
            self._close()
        except BaseException:
            self.release()
            raise

    def prepare_again(self) -> None:
        """Clear what a server that just died left behind; the folder is still ours."""
        self.end_leftovers()
        self._close()

    def command(self) -> list[str]:
        """Return the server's command line."""
        return [str(self.binaries / "postgres"), "-D", str(self.data)]

    def credentials(self) -> accounts.Credentials:
        """Return the keywords that make a child run as the server's account."""
        return self._account.credentials()

    def wait_until_ready(self, *, has_ended: Callable[[], bool], within_s: float = READY_WITHIN_S) -> None:
        """Wait until the server answers; say so when that takes longer than a plain start does.

        Raises
        ------
        Unavailable
            If the server ended, or does not answer in time.
        """
        began = time.monotonic()
        has_spoken = False
        while not self.is_ready():
            waited_s = time.monotonic() - began
            if has_ended():
                raise Unavailable("Starting the database", why=f"it ended at once: {self.last_words()}", do=_LOOK)
            if waited_s > within_s:
                raise Unavailable("Starting the database", why=f"no answer after {within_s:.0f} seconds", do=_LOOK)
            if waited_s > RECOVERING_AFTER_S and not has_spoken:
                self._say("recovering… (the database reads what was committed before it was stopped)")
                has_spoken = True
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Return whether the server answers the superuser."""
        try:
            psycopg.connect(self.superuser_url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def release(self) -> None:
        """Give the folder back to whoever comes next."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- addresses --------------------------------------------------------------------------------------------------

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the superuser's URL; the server asks the operating system who is calling, there is no password."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.data), safe='')}&port={PORT}"

    def url(self, role: str, password: str, database: str) -> str:
        """Return the URL of `role` for `database`."""
        host = quote(str(self.data), safe="")
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={host}&port={PORT}"

    def last_words(self) -> str:
        """Return the last complaint in the server's log, or its last line."""
        try:
            lines = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return "nothing is known"
        complaints = [line for line in lines[-20:] if line.startswith(("FATAL", "PANIC"))]
        return (complaints or lines or ["it said nothing"])[-1]

    # -- the folder -------------------------------------------------------------------------------------------------

    def _check_path(self) -> None:
        longest = len(os.fsencode(self.data / f".s.PGSQL.{PORT}"))
        if longest > SOCKET_PATH_BYTES_MAX:
            raise NotPossible(
                f"Using {self.folder}",
                why=f"the path is {longest - SOCKET_PATH_BYTES_MAX} bytes too long for the database's socket",
                do="Set ENTRAIDE_HOME to a shorter path, such as /var/lib/entraide",
            )

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Others may pass through, not look, where the server runs under another account than ours.
            self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise NotPossible(
                f"Using {self.folder}",
                why=f"it cannot be written to ({error.strerror})",
                do="Set ENTRAIDE_HOME to a folder of your own",
            ) from error

    def _is_ours(self) -> bool:
        """Return whether the data directory is there and one that this program made."""
        if not self.data.exists() or not any(self.data.iterdir()):
            return False
        if not (self.data / _MARK).is_file() or not (self.data / "PG_VERSION").is_file():
            raise NotPossible(
                f"Using {self.data}",
                why="there is something in it that this program did not put there",
                do="Set ENTRAIDE_HOME to an empty folder; nothing was changed",
            )
        made_by, ours = (self.data / "PG_VERSION").read_text().strip(), str(programs.major_version(self.binaries))
        if made_by != ours:
            raise NotPossible(
                f"Using {self.data}",
                why=f"it was made by PostgreSQL {made_by} and the programs here are of PostgreSQL {ours}",
                do=f"Point ENTRAIDE_POSTGRES_BINARIES at the programs of PostgreSQL {made_by}, dump, and load anew",
            )
        return True

    def _create(self) -> None:
        """Make the data directory beside its place and move it there, so that a cut leaves nothing half made."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        maker = self._account.maker
        maker.take(new)
        self._run_initdb(new, maker)
        (new / _MARK).write_text(
            json.dumps({"made_by": "entraide", "postgres": programs.major_version(self.binaries)}) + "\n"
        )
        for path in (new, *new.rglob("*")):
            self._account.take(path)
        if self.data.exists():
            self.data.rmdir()
        new.rename(self.data)

    def _run_initdb(self, new: Path, maker: accounts.Account) -> None:
        command = [str(self.binaries / "initdb"), "-D", str(new), "-U", SUPERUSER, "--encoding=UTF8"]
        # The built-in locale sorts alike on every machine; peer and reject keep the door shut from the first moment.
        command += ["--auth-local=peer", "--auth-host=reject", "--data-checksums", "--no-instructions", "--locale=C"]
        if programs.major_version(self.binaries) >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._is_durable:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env=programs.clean_environment(),
            cwd="/",
            **maker.credentials(),
        )
        if done.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            words = done.stderr.strip().splitlines()
            raise Unavailable("Making the database", why=words[-1] if words else "initdb said nothing", do=_LOOK)

    # -- start and stop ---------------------------------------------------------------------------------------------

    def end_leftovers(self) -> None:
        """Stop a server whose owner died, and clear what a killed one left.

        We hold the folder's lock, so whoever still works in the data directory belongs to nobody.
        """
        left_over = self.data / "postmaster.pid"
        if not left_over.exists():
            return
        self._say("recovering… (the database was not stopped in order)")
        pid = _pid_in(left_over)
        if pid is not None and pid in processes.working_in(self.data):
            _stop(pid, has_ended=lambda: not processes.is_running(pid))
        # Without its head, what remains of a server leaves by itself.  Only when nobody is left may the file go:
        # it is what keeps two servers off one set of files.
        deadline = time.monotonic() + STOP_WITHIN_S
        while processes.working_in(self.data):
            if time.monotonic() > deadline:
                raise NotPossible(
                    "Starting the database",
                    why=f"processes of an earlier one do not end: {processes.working_in(self.data)}",
                    do="End them, or restart the machine",
                )
            time.sleep(0.02)
        if any(processes.process_ids()):
            # Where nobody reaps the dead (a container without an init), their ids look alive to PostgreSQL for ever.
            for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock", f".s.PGSQL.{PORT}"):
                (self.data / name).unlink(missing_ok=True)

    def _close(self) -> None:
        """Write the server's three files anew at every start: what an earlier hand changed does not outlive it."""
        files = {
            "postgresql.conf": _configuration(self.data, is_durable=self._is_durable),
            "postgresql.auto.conf": "# ALTER SYSTEM is undone at every start.\n",
            "pg_hba.conf": _HBA,
            "pg_ident.conf": "".join(f"superuser {name} {SUPERUSER}\n" for name in self._account.superusers),
        }
        for name, text in files.items():
            new = self.data / f"{name}.new"
            new.write_text(text)
            new.chmod(0o600)
            self._account.take(new)
            new.rename(self.data / name)


_LOOK = "Look into server.log in the data directory"

_HBA = """\
# The superuser comes in by the operating system's word (pg_ident.conf), everybody else by a generated password.
# Nobody is trusted, and there is no line for the network.
local  all          postgres  peer map=superuser
local  replication  postgres  peer map=superuser
local  all          all       scram-sha-256
"""


def _configuration(data: Path, *, is_durable: bool) -> str:
    socket = str(data).replace("'", "''")
    safe = "on" if is_durable else "off"
    return f"""\
# Written at every start; changes do not last.
listen_addresses = ''
port = {PORT}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '64MB'
fsync = {safe}
full_page_writes = {safe}
synchronous_commit = {safe}
data_sync_retry = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
jit = off
commit_delay = 1000  # microseconds, and only where five others are about to commit: they then share one fsync
# Statements can carry what was sealed for a reason: they are never logged, not even with an error.
log_min_error_statement = panic
log_statement = none
log_parameter_max_length_on_error = 0
log_line_prefix = ''
log_checkpoints = off
"""


def _check_space(folder: Path) -> None:
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < FREE_BYTES_MIN:
        raise NotPossible(
            f"Using {folder}",
            why=f"the disk is full: {free // 1_000_000} MB are free and {FREE_BYTES_MIN // 1_000_000} MB are needed",
            do="Make room, or set ENTRAIDE_HOME to another disk",
        )


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _stop(pid: int, *, has_ended: Callable[[], bool]) -> None:
    """Stop a server: close its sessions (SIGINT); if it does not end, let it end without order (SIGQUIT)."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < deadline:
            if has_ended():
                return
            time.sleep(0.01)
