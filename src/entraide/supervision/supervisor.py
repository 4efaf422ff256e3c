"""One parent for all programs of a desk: start in order, pass on what they say, restart, stop in reverse.

PostgreSQL first, then the rows of `children.CHILDREN`.  Each child leads its own session and dies with its parent
(Linux), so no death, not even `kill -9` of this process, leaves one behind for long; what an unlucky moment does leave
is ended at the next start, found by the mark in its environment.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from entraide.kernel.errors import Unavailable
from entraide.supervision import processes
from entraide.supervision.children import Child, Ends
from entraide.supervision.postgres import EmbeddedPostgres
from entraide.supervision.programs import clean_environment

MARK = "ENTRAIDE_SUPERVISED_BY"
ENDS_MAX, WITHIN_S = 5, 60.0
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.5, 30.0
LAST_LINES = 20
LINE_BYTES_MAX = 1 << 20
READY_WITHIN_S = 120.0

Say = Callable[[str], None]


@dataclass(slots=True)
class _Running:
    """A child as it is now."""

    child: Child
    process: asyncio.subprocess.Process | None = None
    says: asyncio.Task[None] | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=ENDS_MAX))
    keeper: asyncio.Task[None] | None = None


class Failed(Unavailable):
    """A child cannot be kept alive; the reason has its last words."""

    def __init__(self, why: str) -> None:
        super().__init__("Running the desk", why=why, do="Everything was stopped in order; start it again to try anew")


class Supervisor:
    """Runs a database and its programs until it is told to stop or one of them cannot be kept alive.

    Parameters
    ----------
    children : sequence of Child
        In starting order.
    commands, environments : callable
        From a child to its command line, and to its whole environment.
    postgres : EmbeddedPostgres, optional
        Absent where the database runs elsewhere.
    prepare : callable, optional
        Called once when the database answers, before the first child.
    mark : str
        Identifies this desk in its children's environment.
    workplace : Path
        An own folder that the children start in, and nobody else; it identifies them as well.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        commands: Callable[[Child], list[str]],
        environments: Callable[[Child], Mapping[str, str]],
        addresses: Mapping[str, tuple[str, int]],
        mark: str,
        workplace: Path,
        postgres: EmbeddedPostgres | None = None,
        prepare: Callable[[], None] | None = None,
        when_up: Callable[[], None] | None = None,
        say: Say | None = None,
        backoff_first_s: float = BACKOFF_FIRST_S,
    ) -> None:
        self._children = [_Running(child) for child in children]
        self._commands = commands
        self._environments = environments
        self._addresses = addresses
        self._mark = mark
        self._workplace = workplace
        self._postgres = postgres
        self._prepare = prepare
        self._when_up = when_up
        self._say = say or say_on_terminal
        self._backoff_first_s = backoff_first_s
        self._stopping = asyncio.Event()
        self._escalating = asyncio.Event()
        self._database_ready = asyncio.Event()
        self._database_process: asyncio.subprocess.Process | None = None
        self._database_keeper: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def run(self) -> int:
        """Start everything, keep it alive, stop it; return 0 when a person asked for the stop, 1 otherwise."""
        self._listen_to_signals()
        try:
            starting = asyncio.create_task(self._start_all())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopping
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
        finally:
            self._stopping.set()
            await self._stop_all()
        if self._failure is not None:
            raise self._failure
        return 0

    # -- starting ---------------------------------------------------------------------------------------------------

    async def _start_all(self) -> None:
        await self._start_database()
        if self._prepare is not None:
            await asyncio.to_thread(self._prepare)
        for running in self._children:
            if running.child.ends is Ends.STEP:
                await self._run_step(running)
            else:
                await self._spawn(running)
                running.keeper = asyncio.create_task(self._guarded(self._keep(running)))
                await self._wait_until_it_answers(running)
        if self._when_up is not None:
            self._when_up()

    async def _start_database(self) -> None:
        if self._postgres is None:
            await asyncio.to_thread(end_leftovers, self._mark, self._workplace)
            self._database_ready.set()
            return
        await asyncio.to_thread(self._postgres.prepare)
        # Only now: before the folder is ours, those who carry its mark are not left over but at work.
        await asyncio.to_thread(end_leftovers, self._mark, self._workplace)
        await self._spawn_database(self._postgres)
        self._database_keeper = asyncio.create_task(self._guarded(self._keep_database(self._postgres)))

    async def _spawn_database(self, postgres: EmbeddedPostgres) -> None:
        log = (postgres.folder / "server.log").open("ab")
        try:
            process = await asyncio.create_subprocess_exec(
                *postgres.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                cwd="/",
                start_new_session=True,
                preexec_fn=processes.dies_with_me(signal.SIGINT),
                **postgres.credentials(),
            )
        finally:
            log.close()
        self._database_process = process
        await asyncio.to_thread(postgres.wait_until_ready, has_ended=lambda: process.returncode is not None)
        self._database_ready.set()

    async def _run_step(self, running: _Running) -> None:
        await self._spawn(running)
        assert running.process is not None
        status = await self._follow(running)
        if status != 0 and not self._stopping.is_set():
            raise _failed(running, f"ended with status {status}")

    async def _spawn(self, running: _Running) -> None:
        child = running.child
        # A pipe of our own: asyncio would not call a child ended as long as one of *its* children holds the other end.
        reading, writing = os.pipe()
        try:
            running.process = await asyncio.create_subprocess_exec(
                *self._commands(child),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env={**self._environments(child), MARK: self._mark},
                cwd=self._workplace,
                start_new_session=True,
                preexec_fn=processes.dies_with_me(signal.SIGTERM),
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        running.says = asyncio.create_task(self._pass_on(running, os.fdopen(reading, "rb", buffering=0)))

    async def _wait_until_it_answers(self, running: _Running) -> None:
        if running.child.answers_on is None:
            return
        host, port = self._addresses[running.child.answers_on]
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._stopping.is_set():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            if time.monotonic() > deadline:
                raise _failed(running, f"does not answer on {host}, port {port}")
            await asyncio.sleep(0.05)

    # -- keeping ----------------------------------------------------------------------------------------------------

    async def _guarded(self, keeping: Awaitable[None]) -> None:
        """Stop everything when something cannot be kept alive; `run` raises what it was."""
        try:
            await keeping
        except Exception as error:
            self._failure = self._failure or error
            self._stopping.set()

    async def _keep(self, running: _Running) -> None:
        """Restart a child whenever it ends, on whatever status: a worker ends with 0 when its database was away."""
        while True:
            status = await self._follow(running)
            if self._stopping.is_set():
                return
            # Whoever lost the database is not to blame, and need not be started before it is back.
            if self._database_ready.is_set():
                running.ended_at.append(time.monotonic())
            self._check_ends(running)
            pause_s = min(self._backoff_first_s * 2 ** max(len(running.ended_at) - 1, 0), BACKOFF_MAX_S)
            self._say(f"{running.child.name} ended ({_in_words(status)}); starting it again in {pause_s:g} s")
            if await self._stopped_within(pause_s):
                return
            await self._database_ready.wait()
            if self._stopping.is_set():
                return
            await self._spawn(running)

    async def _keep_database(self, postgres: EmbeddedPostgres) -> None:
        ended_at: deque[float] = deque(maxlen=ENDS_MAX)
        while True:
            assert self._database_process is not None
            status = await self._database_process.wait()
            if self._stopping.is_set():
                return
            self._database_ready.clear()
            ended_at.append(time.monotonic())
            if _too_often(ended_at):
                raise Failed(f"the database ended {ENDS_MAX} times in a minute; last: {postgres.last_words()}")
            self._say(f"the database ended ({_in_words(status)}); recovering…")
            await asyncio.to_thread(postgres.prepare_again)
            await self._spawn_database(postgres)
            self._say("the database is back")

    async def _follow(self, running: _Running) -> int:
        """Wait for the end of a child, then end what it left of itself.  Returns its status."""
        process, says = running.process, running.says
        assert process is not None and says is not None
        status = await process.wait()
        # A program's own children (web workers) are in its session; without their head they would hold its port.
        _kill_session(process)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(says, timeout=2.0)
        return status

    async def _pass_on(self, running: _Running, pipe: IO[bytes]) -> None:
        """Pass on what a child says, line by line, until nobody can say anything any more."""
        stream = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        protocol = asyncio.StreamReaderProtocol(stream)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        prefix = "" if running.child.speaks_plainly else f"{running.child.name:<9} | "
        try:
            while line := await _next_line(stream):
                text = line.decode(errors="replace").rstrip()
                running.lines.append(text)
                self._say(prefix + text)
        finally:
            transport.close()

    def _check_ends(self, running: _Running) -> None:
        if _too_often(running.ended_at):
            raise _failed(running, f"ended {ENDS_MAX} times in a minute")

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), timeout=seconds)
        except TimeoutError:
            return False
        return True

    # -- stopping ---------------------------------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)

    def _asked_to_stop(self) -> None:
        if not self._stopping.is_set():
            self._say("stopping… (once more to hurry)")
            self._stopping.set()
        else:
            self._escalating.set()

    async def _stop_all(self) -> None:
        self._database_ready.set()  # nobody shall wait for it any more
        for running in reversed(self._children):
            await self._stop(running)
        await self._stop_database()

    async def _stop(self, running: _Running) -> None:
        process = running.process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            if not await self._ended_within(process, running.child.stop_within_s):
                self._say(f"{running.child.name} did not end in time and was killed; its work goes on next time")
                _kill_session(process)
                await process.wait()
        if running.keeper is not None:
            await running.keeper
        if process is not None:
            await self._follow(running)

    async def _stop_database(self) -> None:
        """End the database in order, or (hurried) without order; never by SIGKILL."""
        process = self._database_process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            if not await self._ended_within(process, 60.0):
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGQUIT)
                await process.wait()
        if self._database_keeper is not None:
            await self._database_keeper
        if self._postgres is not None:
            self._postgres.release()

    async def _ended_within(self, process: asyncio.subprocess.Process, seconds: float) -> bool:
        """Wait for the end of a process, but not longer than `seconds` and not when a person is in a hurry."""
        ending = asyncio.create_task(process.wait())
        hurrying = asyncio.create_task(self._escalating.wait())
        await asyncio.wait({ending, hurrying}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if not ending.done():
            ending.cancel()
        return process.returncode is not None


def end_leftovers(mark: str, workplace: Path, *, within_s: float = 5.0) -> None:
    """End the children of an earlier supervisor of this desk that outlived it (Linux; the desk's lock is held)."""
    deadline = time.monotonic() + within_s
    number = signal.SIGTERM
    while left := _left_over(mark, workplace):
        if time.monotonic() > deadline:
            if number is signal.SIGKILL:
                raise Unavailable("Starting", why=f"processes of an earlier run do not end: {left}", do="End them")
            number, deadline = signal.SIGKILL, time.monotonic() + within_s
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        time.sleep(0.05)


def _left_over(mark: str, workplace: Path) -> set[int]:
    """Return who carries the mark or works at the place: a program that names itself writes over its environment."""
    return {*processes.carrying(MARK, mark), *processes.working_in(workplace)} - {os.getpid()}


def _kill_session(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _next_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than any line a program of ours writes; the reader has dropped it
        return b"(a line too long to show)\n"


def say_on_terminal(line: str) -> None:
    """Print a line, or nothing where the terminal is gone: a closed window must not kill the one who stops the rest."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _too_often(ended_at: deque[float]) -> bool:
    return len(ended_at) == ENDS_MAX and ended_at[-1] - ended_at[0] < WITHIN_S


def _failed(running: _Running, what: str) -> Failed:
    last = "\n".join(f"  {line}" for line in running.lines)
    return Failed(f"{running.child.name} {what}. Its last words:\n{last}")


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
