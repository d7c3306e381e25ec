"""A certificate authority for tests and the sandbox: good server certificates, and each kind of bad one."""

import os
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["LOCAL_NAMES", "Authority", "ServerCertificate"]

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
"""The names a server on loopback is reached by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """A certificate with its private key, both as PEM."""

    certificate_pem: str
    key_pem: str = field(repr=False)

    def server_context(
        self,
        *,
        minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
        maximum_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> ssl.SSLContext:
        """A context for the server's side; the key is on disk, mode 0600, only while it is loaded."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = minimum_version
        context.maximum_version = maximum_version
        handle, path = tempfile.mkstemp(prefix="mailtrip-", suffix=".pem")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.key_pem + self.certificate_pem)
            context.load_cert_chain(path)
        finally:
            Path(path).unlink()
        return context


class Authority:
    """Signs certificates with its own key (EC P-256); made anew each time, so each instance is foreign to the others.

    Args:
        name: common name of the authority.
    """

    def __init__(self, name: str = "Mailtrip test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        today = datetime.now(UTC)
        self._certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .not_valid_before(today - timedelta(days=4000))
            .not_valid_after(today + timedelta(days=4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(is_authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def ca_pem(self) -> str:
        """What a client must trust."""
        return _pem(self._certificate)

    def issue(
        self,
        names: Sequence[str] = LOCAL_NAMES,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> ServerCertificate:
        """A server certificate for these DNS names and IP addresses, valid from yesterday for a year if not told."""
        today = datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            _builder(subject, self._name, key.public_key())
            .not_valid_before(not_before or today - timedelta(days=1))
            .not_valid_after(not_after or today + timedelta(days=365))
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return ServerCertificate(certificate_pem=_pem(certificate), key_pem=private.decode())

    def expired(self, names: Sequence[str] = LOCAL_NAMES) -> ServerCertificate:
        """Ended yesterday."""
        today = datetime.now(UTC)
        return self.issue(names, not_before=today - timedelta(days=30), not_after=today - timedelta(days=1))

    def not_yet_valid(self, names: Sequence[str] = LOCAL_NAMES) -> ServerCertificate:
        """Begins tomorrow."""
        today = datetime.now(UTC)
        return self.issue(names, not_before=today + timedelta(days=1), not_after=today + timedelta(days=30))

    def wrong_name(self) -> ServerCertificate:
        """In order, but for another host."""
        return self.issue(("mail.elsewhere.test",))

    @staticmethod
    def foreign(names: Sequence[str] = LOCAL_NAMES) -> ServerCertificate:
        """In order, but signed by an authority that nobody knows."""
        return Authority("Foreign test authority").issue(names)


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
