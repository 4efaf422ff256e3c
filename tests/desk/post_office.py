"""A mail server for tests: it takes what is sent to it, or answers as a test tells it to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default


@dataclass
class PostOffice:
    """What was taken in; `answer_to_rcpt` is said to each recipient."""

    port: int = 0
    answer_to_rcpt: str = "250 OK"
    mails: list[Message] = field(default_factory=list)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Answer on a port of this machine until the block ends."""
    office = PostOffice()

    class Counter(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 post office")
            while line := self.rfile.readline().strip().upper():
                if line.startswith(b"RCPT"):
                    self._say(office.answer_to_rcpt)
                elif line == b"DATA":
                    self._take()
                elif line == b"QUIT":
                    return self._say("221 bye")
                else:
                    self._say("250 OK")

        def _take(self) -> None:
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            office.mails.append(message_from_bytes(b"".join(lines), policy=default))
            self._say("250 taken")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counter) as server:
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()
