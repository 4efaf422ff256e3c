"""A desk of a database and small programs, for tests that kill things: `python little_desk.py FOLDER PROGRAM…`.

Each PROGRAM is `name=behaviour`; see `BEHAVIOURS`.  Each child appends its process id to FOLDER/NAME.pids.
"""

import asyncio
import os
import sys
from pathlib import Path

from entraide.kernel.errors import Refusal
from entraide.supervision.children import Child, Ends
from entraide.supervision.postgres import EmbeddedPostgres
from entraide.supervision.supervisor import Supervisor

_NOTE = "import os, pathlib, sys, time; open(sys.argv[1] + '.pids', 'a').write(f'{os.getpid()}\\n'); "
BEHAVIOURS = {
    "waits": _NOTE + "print('waiting', flush=True); time.sleep(3600)",
    "ends": _NOTE + "print('I cannot go on', flush=True)",
    # It names itself, which writes over its environment, as the real programs do.
    "deaf": _NOTE
    + "import setproctitle, signal; setproctitle.setproctitle('deaf' * 500); "
    + "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(3600)",
    # A head with a hand, like a web server with its workers; the hand outlives a killed head if nobody looks after it.
    "headed": _NOTE + "import subprocess; hand = subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(3600)']); open(sys.argv[1] + '.hands', 'a').write(f'{hand.pid}\\n'); print('two', flush=True); "
    "time.sleep(3600)",
    "step": _NOTE + "print('done', flush=True)",
    "failing-step": _NOTE + "print('the disk of my dreams is full', flush=True); sys.exit(3)",
}


def main() -> int:
    """Run the little desk until told to stop."""
    folder = Path(sys.argv[1])
    programs = [word.split("=") for word in sys.argv[2:]]
    children = [
        Child(
            name=name,
            command=(sys.executable, "-c", BEHAVIOURS[behaviour], str(folder / name)),
            process=name,
            ends=Ends.STEP if behaviour.endswith("step") else Ends.RESTART,
        )
        for name, behaviour in programs
    ]
    workplace = folder / "programs"
    workplace.mkdir(exist_ok=True)
    supervisor = Supervisor(
        children,
        commands=lambda child: list(child.command),
        environments=lambda child: dict(os.environ),
        addresses={},
        mark=str(folder),
        workplace=workplace,
        postgres=EmbeddedPostgres(folder / "postgres", say=_say),
        when_up=lambda: _say("everything is up"),
        say=_say,
        backoff_first_s=0.05,
    )
    try:
        return asyncio.run(supervisor.run())
    except Refusal as error:
        _say(str(error))
        return 1


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
