"""The exchange lets in who has a certificate of its authority, and nobody else."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from entraide.connectors.rest import RestConnector, Retries
from entraide.exchange.port import ExchangeUnavailable
from entraide.kernel.errors import NotPossible
from tests.reference_exchange.process import ReferenceExchange

_NOW = datetime.now(UTC)


class Authority:
    """A certificate authority of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {folder.name}")])
        certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.path = folder / "authority.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, usage: x509.ObjectIdentifier) -> Path:
        """Return a PEM file with a certificate for `name` on this machine and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = (
            self._builder(subject, key)
            .add_extension(here, critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return path

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_NOW - timedelta(days=1))
            .not_valid_after(_NOW + timedelta(days=2))
        )


def test_a_client_certificate_opens_the_door_and_nothing_else_does(
    reference_exchange: ReferenceExchange, tmp_path: Path
) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    server = ours.issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
    desk = ours.issue("desk", ExtendedKeyUsageOID.CLIENT_AUTH)
    stranger = theirs.issue("stranger", ExtendedKeyUsageOID.CLIENT_AUTH)
    options = ["--certificate", str(server), "--key", str(server), "--client-ca", str(ours.path)]
    once = Retries(attempts=1)

    with ReferenceExchange(reference_exchange.database_url, options=options, scheme="https", token="") as running:
        with_certificate = RestConnector(running.url, certificate=desk, authority=ours.path)
        assert with_certificate.capabilities().exchange == "Reference Exchange"
        for certificate, authority in ((None, ours.path), (stranger, ours.path), (desk, theirs.path)):
            refused = RestConnector(running.url, certificate=certificate, authority=authority, retries=once)
            with pytest.raises(ExchangeUnavailable):
                refused.capabilities()


def test_a_certificate_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="cannot be used"):
        RestConnector("https://backoffice.example/", certificate=tmp_path / "none.pem")
