"""TLS for the driver: contexts built once, certificates read, failures put into words."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from mailtrip.model import TLSFacts

__all__ = ["CertificateReader", "TLSContexts", "TLSPump", "describe_tls_error", "read_facts"]

_DER = 2
_MOST_CERTIFICATES = 4096


class TLSContexts:
    """Contexts by (CA bundle, verification), each built once: one with the system's CAs costs 40 ms."""

    def __init__(self, *, minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> None:
        self._minimum_version = minimum_version
        self._contexts: dict[tuple[str | None, bool], ssl.SSLContext] = {}

    def get(self, ca: str | None, *, verify: bool) -> ssl.SSLContext:
        """A client context.

        Args:
            ca: PEM bundle used instead of the system's CAs; None for the system's.
            verify: whether a certificate that does not verify ends the handshake.
        """
        context = self._contexts.get((ca, verify))
        if context is None:
            context = ssl.create_default_context(cadata=ca) if ca else ssl.create_default_context()
            context.minimum_version = self._minimum_version
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._contexts[ca, verify] = context
        return context


class TLSPump:
    """One TLS connection between two byte queues; knows no socket.

    Encrypted bytes go in with `receive`, come out of `pending`; plain ones come out of `receive` and go in with `send`.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.is_established = False
        self.is_ended = False

    def handshake(self) -> bool:
        """Go on with the handshake; whether it is done.

        Raises:
            ssl.SSLError: when it failed.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.is_established = True
        return True

    def put(self, data: bytes | memoryview) -> None:
        """Take encrypted bytes from the network."""
        self._incoming.write(data)

    def end(self) -> None:
        """The network has ended."""
        self._incoming.write_eof()

    def read_into(self, inbox: bytearray, scratch: memoryview) -> None:
        """Append all plain bytes that are there; sets `is_ended` when the far end has closed.

        Args:
            inbox: grows by them.
            scratch: where they are decrypted; what it holds is lost.

        Raises:
            ssl.SSLError: when the far end broke the protocol.
        """
        try:
            # Asked first: a read that finds nothing costs an exception.
            while self._incoming.pending or self._tls.pending():
                # With a buffer it returns a number, which its type doesn't tell.
                size: int = self._tls.read(len(scratch), scratch)  # type: ignore[assignment,arg-type,unused-ignore]
                if not size:
                    self.is_ended = True
                    return
                inbox += scratch[:size]
        except ssl.SSLWantReadError:
            return
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.is_ended = True

    def write(self, data: bytes) -> None:
        """Encrypt; the result is in `pending`."""
        self._tls.write(data)

    def close(self) -> None:
        """Say good-bye (close_notify) without waiting for the answer."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            return

    def pending(self) -> bytes:
        """Encrypted bytes to be sent, taken out."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def facts(self, reader: "CertificateReader", *, verify_error: str | None = None) -> TLSFacts | None:
        """What was negotiated and shown so far; None when no certificate was seen."""
        der = self._leaf()
        if der is None:
            return None
        cipher = self._tls.cipher()
        return replace(
            reader.read(der),
            version=self._tls.version() or "",
            cipher=cipher[0] if cipher else "",
            verify_error=verify_error,
        )

    def _leaf(self) -> bytes | None:
        """The server's certificate, also after a handshake that failed because of it."""
        if self.is_established:
            return self._tls.getpeercert(binary_form=True)
        # SSLObject.get_unverified_chain is public from Python 3.13 on; before, only the object below it has it.
        chain = self._tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001
        return bytes(chain[0].public_bytes(_DER)) if chain else None


class CertificateReader:
    """Reads certificates, each once: servers show the same one at every run."""

    def __init__(self) -> None:
        self._known: dict[bytes, TLSFacts] = {}

    def read(self, der: bytes) -> TLSFacts:
        """Subject, issuer, validity and names of a certificate; version and cipher are left empty."""
        facts = self._known.get(der)
        if facts is None:
            if len(self._known) >= _MOST_CERTIFICATES:
                self._known.clear()
            facts = self._known[der] = read_facts(der)
        return facts


def read_facts(der: bytes) -> TLSFacts:
    """Read one DER certificate; one that can't be read gives empty facts with the reason as `verify_error`."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return TLSFacts(
            version="",
            cipher="",
            subject=_name(certificate.subject),
            issuer=_name(certificate.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            names=_names(certificate),
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as exc:
        reason = f"the certificate can't be read: {type(exc).__name__}"
        return TLSFacts(
            version="", cipher="", subject="", issuer="", not_before=None, not_after=None, verify_error=reason
        )


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return _printable(text)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = extension.get_values_for_type(x509.DNSName)
    addresses = extension.get_values_for_type(x509.IPAddress)
    return tuple(_printable(name) for name in [*names, *map(str, addresses)][:100])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:300])


def describe_tls_error(error: ssl.SSLError, facts: TLSFacts | None) -> str:
    """The failure in words an administrator can act on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the certificate does not verify: {error.verify_message.rstrip('.')}"
        if facts is not None:
            reason += f" (subject {facts.subject}, issuer {facts.issuer}{_validity(facts)})"
        return reason
    word = (error.reason or "").replace("_", " ").lower()
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}:
        return f"the server did not answer with TLS ({word}); does this port want plain text or STARTTLS?"
    return f"TLS handshake failed: {word}" if word else "TLS handshake failed"


def _validity(facts: TLSFacts) -> str:
    if facts.not_after is None or facts.not_after > datetime.now(UTC):
        return ""
    return f", expired {facts.not_after:%Y-%m-%d}"
