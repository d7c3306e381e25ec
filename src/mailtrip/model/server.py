"""Mail servers as a monitor names them: protocol, host, port, TLS, and how to log in."""

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Credentials", "MailProtocol", "Mechanism", "Server", "TLSMode", "parse_server"]


class MailProtocol(StrEnum):
    SMTP = "smtp"
    POP3 = "pop3"
    IMAP = "imap"


class TLSMode(StrEnum):
    """How a connection becomes encrypted."""

    AUTO = "auto"
    """Implicit TLS for `smtps://`, `pop3s://`, `imaps://`; otherwise STARTTLS when the server offers it."""
    NONE = "none"
    STARTTLS = "starttls"
    """STARTTLS (STLS), which the server must offer."""
    IMPLICIT = "implicit"


class Mechanism(StrEnum):
    """How to log in. `AUTO` takes the strongest that both sides know."""

    AUTO = "auto"
    PLAIN = "plain"
    LOGIN = "login"
    """SMTP: AUTH LOGIN; POP3: USER and PASS; IMAP: the LOGIN command."""
    CRAM_MD5 = "cram-md5"
    APOP = "apop"
    SCRAM_SHA_1 = "scram-sha-1"
    SCRAM_SHA_256 = "scram-sha-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A login; the password never shows in `repr`."""

    username: str
    password: str = field(repr=False)
    mechanism: Mechanism = Mechanism.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where and how to connect.

    Attributes:
        host: a name (as written, not yet IDNA-encoded) or an IPv4 or IPv6 address without brackets.
        port: 1..65535.
        tls: never `AUTO` with an implicit-TLS scheme: `parse_server` has settled that.
        tls_verify: whether a certificate that does not verify fails the run; it is reported in both cases.
        tls_ca: PEM bundle of the owner's CA, used instead of the system's; None for the system's.
        address: IP address to connect to, so that the host's name is not looked up; None looks it up.
    """

    protocol: MailProtocol
    host: str
    port: int
    tls: TLSMode = TLSMode.AUTO
    tls_verify: bool = True
    tls_ca: str | None = field(default=None, repr=False)
    address: str | None = None

    @property
    def url(self) -> str:
        """The server in URL form, for people: `smtps://mail.example.com:465`."""
        scheme = f"{self.protocol}s" if self.tls is TLSMode.IMPLICIT else str(self.protocol)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


_PORTS = {MailProtocol.SMTP: (25, 465), MailProtocol.POP3: (110, 995), MailProtocol.IMAP: (143, 993)}
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>\d{1,5}))?\Z")


def parse_server(
    text: str,
    protocol: MailProtocol,
    *,
    tls: TLSMode = TLSMode.AUTO,
    tls_verify: bool = True,
    tls_ca: str | None = None,
    port: int | None = None,
    address: str | None = None,
) -> Server:
    """Read `host`, `host:port`, `smtp://host[:port]` or `smtps://host[:port]` (likewise pop3, imap; IPv6 in brackets).

    A `port` beside it stands for the one that `text` leaves open; the other options are those of `Server`.

    Raises:
        ValueError: with a text that says what is wrong and what would be right, without the field's name.
    """
    implicit, authority = _split_scheme(text, protocol)
    match = _AUTHORITY.match(authority)
    if match is None:
        raise ValueError(f'"{text}" is no server; write host, host:port or {protocol}s://host:port (IPv6 in brackets)')
    host = match["v6"] or match["host"]
    _check_host(host, text, is_v6=match["v6"] is not None)
    if implicit and tls not in {TLSMode.AUTO, TLSMode.IMPLICIT}:
        raise ValueError(
            f'"{text}" means implicit TLS, which contradicts TLS mode "{tls}"; use {protocol}:// or mode auto'
        )
    mode = TLSMode.IMPLICIT if implicit else tls
    named = int(match["port"]) if match["port"] else port
    if named is None:
        named = _PORTS[protocol][mode is TLSMode.IMPLICIT]
    if not 1 <= named <= 65535:
        raise ValueError(f'"{text}" has port {named}; a port is 1 to 65535')
    if port not in {None, named}:
        raise ValueError(f'"{text}" names port {named}, but the port is given as {port}; name it once')
    return Server(
        protocol=protocol, host=host, port=named, tls=mode, tls_verify=tls_verify, tls_ca=tls_ca, address=address
    )


def _split_scheme(text: str, protocol: MailProtocol) -> tuple[bool, str]:
    """Whether the scheme asks for implicit TLS, and what follows the scheme."""
    if any(character < "!" or character == "\x7f" for character in text):
        raise ValueError("a server has no blanks or control characters in it; write host, host:port or a URL")
    scheme, separator, rest = text.partition("://")
    if not separator:
        return False, text
    if scheme.lower() not in {protocol, f"{protocol}s"}:
        raise ValueError(f'"{text}" has an unknown scheme; use {protocol}:// or {protocol}s://')
    if "@" in rest:
        raise ValueError("user name and password don't belong into the server's URL; they have their own fields")
    if any(mark in rest for mark in "/?#"):
        raise ValueError(f'"{text}" has a path; write {scheme}://host:port and nothing behind it')
    return scheme.lower().endswith("s"), rest


def _check_host(host: str, text: str, *, is_v6: bool) -> None:
    if is_v6:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f'"{text}" has no valid IPv6 address in its brackets') from None
        return
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(label and _LABEL.match(label) for label in labels):
        raise ValueError(f'"{text}" has no valid host name; write a name like mail.example.com or an address')
    if labels[-1].isdigit():
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise ValueError(f'"{text}" has no valid IPv4 address') from None
