"""The sequencer process: ``python -m entraide.audit.sequencer``.

A fixed rhythm on purpose: how often checkpoints appear says nothing about how busy a case is.
"""

import signal
import sys
import threading

import psycopg
from setproctitle import setproctitle

from entraide.audit import place, sequencing
from entraide.audit.signing import SignerClient
from entraide.kernel import environment
from entraide.kernel.errors import Refusal

RHYTHM_S = {"demo": 2.0}
RHYTHM_OTHERWISE_S = 10.0


def main() -> int:
    """Run until told to stop; return the exit status."""
    setproctitle("entraide sequencer")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        url = environment.required("ENTRAIDE_DATABASE_URL_SEQUENCER")
    except Refusal as refusal:
        _say(str(refusal))
        return 1
    rhythm = RHYTHM_S.get(place.kind(), RHYTHM_OTHERWISE_S)
    sequencing.run(
        lambda: psycopg.connect(url, connect_timeout=10),
        SignerClient(place.signer_socket()),
        wait=lambda: not stop.wait(rhythm),
        say=_say,
    )
    return 0


def _say(sentence: str) -> None:
    print(f"entraide sequencer: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
