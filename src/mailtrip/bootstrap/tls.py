"""The service's own TLS: certificate and key from files, looked at before they are used, read anew while it runs."""

import ssl
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError

__all__ = ["ServerTLS", "make_tls"]

_log = structlog.get_logger(__name__)

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, with forward secrecy and authenticated; those of TLS 1.3 all are."""
_SOON: Final = timedelta(days=14)
_SAY_AGAIN: Final = "and then `kill -HUP` the service, or start it again"


def make_tls(settings: Settings, *, clock: Clock, warns: bool = True) -> "ServerTLS | None":
    """What the service speaks TLS with; None for plain HTTP. `warns` logs what is odd about the files.

    Raises:
        ConfigurationError: one of the two files is not named, or they can't be used.
    """
    match settings.tls_cert, settings.tls_key:
        case None, None:
            return None
        case Path() as certificate, Path() as key:
            return ServerTLS(certificate, key, clock=clock, warns=warns)
        case None, _:
            raise ConfigurationError("tls_cert: is missing; name the certificate of tls_key with --tls-cert")
        case _:
            raise ConfigurationError("tls_key: is missing; name the private key of tls_cert with --tls-key")


class ServerTLS:
    """A TLS context of the server's side, TLS 1.2 or newer, and the files it was made of.

    Raises:
        ConfigurationError: a file can't be read or is not what it should be, or the two don't belong together.
    """

    def __init__(self, certificate: Path, key: Path, *, clock: Clock, warns: bool = True) -> None:
        """Read the files: the chain, beginning with the server's own certificate, and its key."""
        self._certificate = certificate
        self._key = key
        self._clock = clock
        self.context = self._load(_new_context(), warns=warns)

    def reload(self) -> None:
        """Read the files anew: connections that come after this get the new certificate, open ones go on as they are.

        Raises:
            ConfigurationError: as at the beginning; what was there before stays in use.
        """
        self._load(_new_context())  # a key that does not fit would leave the context in use without any
        self._load(self.context, warns=False)

    def _load(self, context: ssl.SSLContext, *, warns: bool = True) -> ssl.SSLContext:
        leaf = self._read_certificate()
        self._check_key(warns=warns)
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except ssl.SSLError as exc:
            raise ConfigurationError(self._fault(exc)) from exc
        if warns:
            self._warn_of_dates(leaf)
        return context

    def _read_certificate(self) -> x509.Certificate:
        content = _read(self._certificate, "tls_cert")
        try:
            return x509.load_pem_x509_certificates(content)[0]
        except ValueError as exc:
            raise ConfigurationError(
                f"tls_cert: {self._certificate} holds no PEM certificate; name the file with the server's own certificate "
                "and, after it, those between it and the root"
            ) from exc

    def _check_key(self, *, warns: bool) -> None:
        content = _read(self._key, "tls_key")
        if b"ENCRYPTED" in content:  # the service starts unattended: a password would have to lie beside it
            raise ConfigurationError(
                f"tls_key: {self._key} is encrypted, which is not supported; decrypt it into a file that only the "
                f"service may read: openssl pkey -in {self._key} -out FILE"
            )
        if b"PRIVATE KEY-----" not in content:
            raise ConfigurationError(f"tls_key: {self._key} holds no PEM private key; name the file with the key")
        mode = stat.S_IMODE(self._key.stat().st_mode)
        if warns and mode & 0o027:
            _log.warning(
                "others can read or change the TLS key",
                file=str(self._key),
                mode=f"{mode:04o}",
                remedy=f"chmod 600 {self._key}",
            )

    def _fault(self, exc: ssl.SSLError) -> str:
        if exc.reason == "KEY_VALUES_MISMATCH":
            return (
                f"tls_key: {self._key} is not the key of the certificate in {self._certificate}; "
                "name the two that were made together (the server's own certificate comes first in its file)"
            )
        reason = (exc.reason or str(exc)).lower().replace("_", " ")
        return f"tls_cert: {self._certificate} and {self._key} can't be used ({reason}); make them anew"

    def _warn_of_dates(self, leaf: x509.Certificate) -> None:
        now: datetime = self._clock.now()
        if leaf.not_valid_after_utc <= now:
            self._warn("the TLS certificate has expired: clients refuse it", leaf, f"renew it, {_SAY_AGAIN}")
        elif leaf.not_valid_before_utc > now:
            self._warn("the TLS certificate is not valid yet: clients refuse it", leaf, "see that the clock is right")
        elif leaf.not_valid_after_utc - now < _SOON:
            self._warn("the TLS certificate expires soon", leaf, f"renew it, {_SAY_AGAIN}")

    def _warn(self, event: str, leaf: x509.Certificate, remedy: str) -> None:
        _log.warning(
            event,
            file=str(self._certificate),
            valid_from=leaf.not_valid_before_utc.isoformat(),
            valid_until=leaf.not_valid_after_utc.isoformat(),
            remedy=remedy,
        )


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        option = f"--{setting.replace('_', '-')}"
        raise ConfigurationError(
            f"{setting}: {path} can't be read ({exc.strerror}); name a PEM file that the service's user may read with {option}"
        ) from exc


def _no_password() -> str:
    """In place of the library's question on the terminal."""
    return ""
