"""A milter for Postfix: alters, refuses or holds messages by the domain that they go to.

It speaks as much of the milter protocol (version 6, Sendmail's libmilter/docs and mfdef.h) as that needs.
"""

import base64
import quopri
import re
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from types import TracebackType
from typing import Self

__all__ = ["DOMAINS", "Milter"]

_VERSION = 6
_ADD_HEADERS, _CHANGE_BODY, _CHANGE_HEADERS, _QUARANTINE = 0x01, 0x02, 0x10, 0x20
_ACTIONS = _ADD_HEADERS | _CHANGE_BODY | _CHANGE_HEADERS | _QUARANTINE
_NO_CONNECT, _NO_HELO, _NO_MAIL, _NO_END_OF_HEADERS, _NO_UNKNOWN, _NO_DATA = 0x01, 0x02, 0x04, 0x40, 0x100, 0x200
_SKIPPED = _NO_CONNECT | _NO_HELO | _NO_MAIL | _NO_END_OF_HEADERS | _NO_UNKNOWN | _NO_DATA

Packet = tuple[bytes, bytes]
"""A command or answer, one letter, and what belongs to it."""
_GO_ON: Packet = (b"c", b"")
_SILENT_SECONDS = 2.5
_CLOCK_OFF = "Sat, 01 Jan 2000 00:00:00 +0000"


def _replace_body(body: bytes) -> Packet:
    return b"b", body


def _change_header(name: bytes, value: bytes) -> Packet:
    """The first field of that name; an empty value takes it out."""
    return b"m", struct.pack(">I", 1) + name + b"\0" + value + b"\0"


def _add_header(name: bytes, value: bytes) -> Packet:
    """On top of the header."""
    return b"i", struct.pack(">I", 0) + name + b"\0" + value + b"\0"


def _answer(text: bytes) -> Packet:
    return b"y", text + b"\0"


@dataclass(slots=True)
class _Mail:
    """What a rule knows of a message."""

    rule: str = ""
    subject: bytes = b""
    body: bytes = b""


_CAUTION = b"CAUTION: this came from outside."
_FOOTER = b"Scanned by a gateway."


def _as_html(body: bytes, *, warning: bytes = b"") -> list[Packet]:
    shown = escape(body.decode("ascii")).encode()
    html = b"<html><body>" + warning + b"<pre>" + shown + b"</pre></body></html>\r\n"
    return [_change_header(b"Content-Type", b"text/html"), _replace_body(html)]


def _as_parts(subtype: bytes, *parts: tuple[bytes, bytes]) -> list[Packet]:
    """As a multipart message of these types and contents, as some gateways do."""
    body = b"".join(b"--=_b\r\nContent-Type: " + kind + b"\r\n\r\n" + content + b"\r\n" for kind, content in parts)
    kind = b"multipart/" + subtype + b'; boundary="=_b"'
    return [_change_header(b"Content-Type", kind), _replace_body(body + b"--=_b--\r\n")]


def _with_disclaimer(body: bytes) -> list[Packet]:
    """In plain text and in HTML, as Exchange and its like add them."""
    html = b"<html><body><pre>" + escape(body.decode("ascii")).encode() + b"</pre><p>" + _FOOTER + b"</p></body></html>"
    return _as_parts(b"alternative", (b"text/plain", body + b"\r\n" + _FOOTER), (b"text/html", html))


def _with_link(body: bytes) -> bytes:
    """The machine's name, which stands on a line of its own, as a link through a server that counts clicks."""
    return re.sub(rb"(?<= by\r\n)(\S+)", rb"<https://clicks.probe.test/v1?u=http%3A%2F%2F\1&d=1>", body, count=1)


def _rewrapped(body: bytes) -> list[Packet]:
    """In quoted-printable, with other line ends."""
    text = b" \n".join(b" ".join(body.split()[at : at + 5]) for at in range(0, len(body.split()), 5))
    encoded = quopri.encodestring(text).replace(b"\n", b"\r\n")
    return [_change_header(b"Content-Transfer-Encoding", b"quoted-printable"), _replace_body(encoded)]


_RULES: Mapping[str, Callable[[_Mail], list[Packet]]] = {
    "footer": lambda mail: [_replace_body(mail.body + b"-- \r\n" + _FOOTER + b"\r\n")],
    "footer-part": lambda mail: _as_parts(b"mixed", (b"text/plain", mail.body), (b"text/plain", _FOOTER)),
    "disclaimer": lambda mail: _with_disclaimer(mail.body),
    "banner": lambda mail: [_replace_body(_CAUTION + b"\r\n\r\n" + mail.body)],
    "truncated": lambda mail: [_replace_body(mail.body[: len(mail.body) // 3])],
    "emptied": lambda _: [_replace_body(b"\r\n")],
    "damaged": lambda mail: [_replace_body(mail.body.replace(b"touches no others", b"touches others"))],
    "links": lambda mail: [_replace_body(_with_link(mail.body))],
    "stripped": lambda _: [
        _change_header(name, b"") for name in (b"X-Mailtrip-Token", b"Message-ID", b"Auto-Submitted", b"Date")
    ],
    "unrecognisable": lambda _: [
        _change_header(b"X-Mailtrip-Token", b""),
        _change_header(b"Message-ID", b""),
        _replace_body(b"The content was removed by your administrator.\r\n"),
    ],
    "tagged": lambda mail: [_change_header(b"Subject", b"[EXTERNAL] " + mail.subject)],
    "subject": lambda _: [_change_header(b"Subject", b"a new subject")],
    "base64": lambda mail: [
        _change_header(b"Content-Transfer-Encoding", b"base64"),
        _replace_body(base64.encodebytes(mail.body).replace(b"\n", b"\r\n")),
    ],
    "rewrapped": lambda mail: _rewrapped(mail.body),
    "multipart": lambda mail: _as_parts(b"mixed", (b"text/plain", _CAUTION), (b"text/plain", mail.body)),
    "html": lambda mail: _as_html(mail.body),
    "html-banner": lambda mail: _as_html(mail.body, warning=b"<p>" + _CAUTION + b"</p>"),
    "spam-mark": lambda mail: [
        _add_header(b"X-Spam-Flag", b" YES"),
        _change_header(b"Subject", b"***SPAM*** " + mail.subject),
    ],
    "clock-off": lambda _: [
        _add_header(b"Received", b" from a.probe.test by b.probe.test with ESMTP; " + _CLOCK_OFF.encode())
    ],
    "clock-ahead": lambda _: [
        _add_header(b"Received", b" from a.probe.test by b.probe.test with ESMTP; " + _half_a_minute_ahead())
    ],
    "milter-refuses": lambda _: [_answer(b"550 5.7.1 this is spam")],
    "milter-defers": lambda _: [(b"t", b"")],
    "milter-421": lambda _: [_answer(b"421 4.3.2 the filter is shutting down")],
    "milter-discards": lambda _: [(b"d", b"")],
    "quarantined": lambda _: [(b"q", b"for the administrator\0")],
    "answered-late": lambda _: _sleep(1.0),
    "answered-too-late": lambda _: _sleep(_SILENT_SECONDS),
    "milter-dies": lambda _: [],
}
DOMAINS = tuple(_RULES)
"""The first part of a recipient's domain tells what is done to the message."""


def _half_a_minute_ahead() -> bytes:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=30)).encode()


def _sleep(seconds: float) -> list[Packet]:
    time.sleep(seconds)
    return [_GO_ON]


class _Conversation(socketserver.StreamRequestHandler):
    """One connection of Postfix, for one SMTP session."""

    def handle(self) -> None:
        mail = _Mail()
        while (packet := self._read()) is not None:
            command, data = packet
            match command:
                case b"O":
                    self._write(b"O", struct.pack(">III", _VERSION, _ACTIONS, _SKIPPED))
                case b"R":
                    mail = _Mail(_rule_of(data))
                    self._write(*_GO_ON)
                case b"L":
                    name, _, value = data.partition(b"\0")
                    mail.subject = value.rstrip(b"\0") if name.lower() == b"subject" else mail.subject
                    self._write(*_GO_ON)
                case b"B":
                    mail.body += data
                    self._write(*_GO_ON)
                case b"E":
                    if mail.rule == "milter-dies":
                        return
                    self._judge(mail)
                case b"D" | b"A" | b"K":
                    pass  # macros, an abort, the end of one session: no answer is wanted
                case b"Q":
                    return
                case _:
                    self._write(*_GO_ON)

    def _judge(self, mail: _Mail) -> None:
        packets = _RULES[mail.rule](mail) if mail.rule in _RULES else []
        for packet in packets:
            self._write(*packet)
        is_final = bool(packets) and packets[-1][0] in b"ctdy"
        if not is_final:
            self._write(*_GO_ON)

    def _read(self) -> Packet | None:
        size = self.rfile.read(4)
        if len(size) < 4:
            return None
        packet = self.rfile.read(struct.unpack(">I", size)[0])
        return packet[:1], packet[1:]

    def _write(self, command: bytes, data: bytes) -> None:
        self.wfile.write(struct.pack(">I", len(data) + 1) + command + data)


def _rule_of(data: bytes) -> str:
    """Of `<u0001@footer.probe.test>` the first label of the domain."""
    return data.partition(b"\0")[0].partition(b"@")[2].partition(b".")[0].decode("ascii", "replace")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Milter:
    """A context manager that listens on a free loopback port."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
