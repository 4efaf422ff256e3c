"""The exchange's side as an attacker: what it may send, how long, how much, and who it may be."""

import gzip
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import chain, count, repeat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from entraide.connectors.outbound import Limits
from entraide.connectors.rest import RestConnector, Retries
from entraide.exchange.port import ExchangeBroken, ExchangeError, ExchangeUnavailable
from tests.exchange.test_rest import ACCOUNT, PURPOSE, TOKEN, UID, message, read, stream_of

Pieces = Callable[[], Iterator[bytes]]
LIMITS = Limits(answer_bytes=1_000_000, silence_s=20, answer_s=1_000)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


class Hostile:
    """Answers every call with the bytes it was given, as long as anybody reads them."""

    def __init__(self, pieces: Pieces, context: ssl.SSLContext | None = None) -> None:
        self.pieces, self.context, self.heard, self.n_sent = pieces, context, list[bytes](), 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.server.getsockname()[1]}/"

    def stop(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()

    def _serve(self) -> None:
        while True:
            try:
                plain, _address = self.server.accept()
            except OSError:
                return
            with suppress(OSError), plain:
                self._answer(self.context.wrap_socket(plain, server_side=True) if self.context else plain)

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            self.heard.append(_whole_question(connection))
            for piece in self.pieces():
                connection.sendall(piece)
                self.n_sent += len(piece)


def _whole_question(connection: socket.socket) -> bytes:
    """Read all that was asked: closing with something unread would break off the answer too."""
    with connection.makefile("rb") as asked:
        lines = list(iter(asked.readline, b"\r\n"))
        sizes = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length")]
        return b"".join([*lines, asked.read(sum(sizes))])


@contextmanager
def hostile(pieces: Pieces, context: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    server = Hostile(pieces, context)
    try:
        yield server
    finally:
        server.stop()


def connector(server: Hostile, **other: Any) -> RestConnector:
    """Return a connector whose clock goes on by a second each time it is asked: no test waits for a real one."""
    ticks = count()
    return RestConnector(
        server.url,
        token=TOKEN,
        limits=LIMITS,
        retries=Retries(attempts=1),
        clock=lambda: float(next(ticks)),
        **other,
    )


def find(server: Hostile, **other: Any) -> Any:
    return connector(server, **other).find_accounts([UID], purpose=PURPOSE)


ENDLESS = {
    "body": lambda: chain([OK, b"\r\n"], repeat(b"x" * 65_536)),
    "line": lambda: chain([OK, b'\r\n{"a": "'], repeat(b"x" * 65_536)),
    "header": lambda: chain([OK, b"X-Long: "], repeat(b"x" * 65_536)),
    "headers": lambda: chain([OK], repeat(b"X-More: " + b"y" * 4_000 + b"\r\n")),
    "status": lambda: chain([b"HTTP/1.1 200 "], repeat(b"x" * 65_536)),
    "chunks": lambda: chain([OK, b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1000\r\n" + b"x" * 4_096 + b"\r\n")),
    "interim answers": lambda: repeat(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 8_000 + b"\r\n\r\n"),
    "empty pages": lambda: chain([OK, b"\r\n"], repeat(b'{"$cursor": "on-and-on", "records": 0}\n')),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_without_an_end_is_left_after_what_is_allowed(kind: str) -> None:
    with hostile(ENDLESS[kind]) as server:
        if kind != "empty pages":
            with pytest.raises(ExchangeError):
                find(server)
        with pytest.raises(ExchangeError):
            read(connector(server))

    # Two calls, each of at most one read a second, and what stood in the buffers between the two of us.
    assert server.n_sent < 2 * (LIMITS.answer_s * 65_536 + 20_000_000)


def packed(body: bytes, how: str) -> bytes:
    return gzip.compress(body) if how == "gzip" else zlib.compress(body)


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_a_packed_answer_is_neither_unpacked_nor_believed(how: str) -> None:
    """Not a bomb, and not an honest one either: it was asked for as it is."""
    honest = json.dumps({"answers": [{"answer": "not_found", "accounts": []}]}).encode()
    for body in (honest, b" " * 50_000_000 + honest):
        head = OK + f"Content-Encoding: {how}\r\n\r\n".encode()
        with hostile(lambda head=head, body=body: iter([head, packed(body, how)])) as server:  # type: ignore[misc]
            with pytest.raises(ExchangeBroken):
                find(server)
            assert b"accept-encoding: identity" in server.heard[0].lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_no_redirect_is_followed_and_no_credential_goes_along(status: int) -> None:
    with hostile(lambda: iter([OK, b"\r\n{}"])) as elsewhere:
        head = f"HTTP/1.1 {status} Go\r\nLocation: {elsewhere.url}v1/accounts/find\r\nContent-Length: 0\r\n\r\n"
        with hostile(lambda: iter([head.encode()])) as server:
            with pytest.raises(ExchangeBroken):
                find(server)
            with pytest.raises(ExchangeBroken):
                read(connector(server))
            assert TOKEN.encode() in server.heard[0]
        assert elsewhere.heard == []


def found(**changes: Any) -> dict[str, Any]:
    return {"answers": [{"answer": "found", "accounts": [{**ACCOUNT, **changes}]}]}


GOOD = json.dumps(found())
BODIES = {
    "a name twice": GOOD.replace('"entity": "RX"', '"entity": "RX", "account_id": "RX2"'),
    "an answer twice": GOOD[:-1] + ', "answers": []}',
    "NaN": GOOD.replace('"ties": []', '"ties": [], "risk": NaN'),
    "Infinity": GOOD.replace('"ties": []', '"ties": [], "risk": -Infinity'),
    "10,000 digits": GOOD.replace('"ties": []', f'"ties": [], "risk": {"9" * 10_000}'),
    "10,000 levels": GOOD.replace('"ties": []', f'"ties": [], "deep": {"[" * 10_000}{"]" * 10_000}'),
    "a byte order mark": "\ufeff" + GOOD,
    "half of a pair": GOOD.replace('"RX1"', '"RX\\ud800"'),
    "two values": GOOD + GOOD,
    "a comment": GOOD + "// found",
    "an account without an answer": GOOD.replace('"found"', '"not_found"'),
}


@pytest.mark.parametrize("kind", BODIES)
def test_an_answer_that_two_readers_could_read_differently_is_not_believed(kind: str) -> None:
    body = BODIES[kind]
    with hostile(lambda: iter([OK, b"\r\n", GOOD.encode()])) as server:
        assert find(server)
    with hostile(lambda: iter([OK, b"\r\n", body.encode()])) as server, pytest.raises(ExchangeBroken):
        find(server)


@pytest.mark.parametrize(
    "wrong", [{"account_id": "RX2"}, {"at": "2027-03-01T00:00:00Z"}, {"at": "2019-01-01T00:00:00Z"}, {"more": 1}]
)
def test_a_record_of_another_request_is_not_believed(wrong: dict[str, Any]) -> None:
    good, bad = stream_of((0, 1)), f"{json.dumps({**message(0), **wrong})}\n".encode()
    with hostile(lambda: iter([OK, b"\r\n", good])) as server:
        assert read(connector(server))
    answer = [OK, b"\r\n", bad, b'{"$end": "c", "records": 1}\n']
    with hostile(lambda: iter(answer)) as server, pytest.raises(ExchangeBroken):
        read(connector(server))


# Who it is.


def certificate(folder: Path, *, name: str, days: tuple[int, int], signer: Any = None) -> tuple[Path, Any]:
    """Return a PEM file with certificate and key for a host's name, and what can sign others."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {folder.name}")])
    issuer, issuer_key = signer or (subject, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    path = folder / f"{name}{days[0]}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path, (subject, key)


@pytest.mark.parametrize("who", ["ours", "another name", "expired", "not yet", "signed by itself", "an old protocol"])
def test_only_the_exchange_that_its_authority_names_today_hears_the_token(who: str, tmp_path: Path) -> None:
    authority, signer = certificate(tmp_path, name="authority.example", days=(-5, 5))
    server_path, _ = {
        "another name": lambda: certificate(tmp_path, name="elsewhere.example", days=(-1, 1), signer=signer),
        "expired": lambda: certificate(tmp_path, name="localhost", days=(-3, -1), signer=signer),
        "not yet": lambda: certificate(tmp_path, name="localhost", days=(1, 3), signer=signer),
        "signed by itself": lambda: certificate(tmp_path, name="localhost", days=(-1, 1)),
    }.get(who, lambda: certificate(tmp_path, name="localhost", days=(-2, 1), signer=signer))()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_path)
    if who == "an old protocol":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with hostile(lambda: iter([OK, b"\r\n", GOOD.encode()]), context) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        desk = RestConnector(url, token=TOKEN, authority=authority, limits=LIMITS, retries=Retries(attempts=1))
        if who == "ours":
            assert desk.find_accounts([UID], purpose=PURPOSE)
            assert TOKEN.encode() in server.heard[0]
            return
        with pytest.raises(ExchangeUnavailable):
            desk.find_accounts([UID], purpose=PURPOSE)
        assert server.heard == []
