"""The SMTP side of the loopback server (RFC 5321 and the extensions it announces)."""

import re
from email.utils import format_datetime
from typing import ClassVar

from mailtrip.model import MailProtocol
from mailtrip.testing.connection import ServerConnection
from mailtrip.testing.delivery import deliver
from mailtrip.testing.mailstore import Account
from mailtrip.testing.site import Site

__all__ = ["SMTPConnection"]

_PATH = re.compile(rb"<(?P<address>[^<>\s]*)>(?P<parameters>.*)\Z")
_MARK = b"\r\n.\r\n"


class SMTPConnection(ServerConnection):
    """One SMTP session."""

    protocol: ClassVar[MailProtocol] = MailProtocol.SMTP
    endless_line: ClassVar[bytes] = b"250-AND-SO-ON\r\n"

    def __init__(self, site: Site, port_name: str) -> None:
        super().__init__(site, port_name)
        self._helo = ""
        self._is_esmtp = False
        self._sender: str | None = None
        self._recipients: list[Account] = []
        self._commands = {
            b"EHLO": ("ehlo", self._ehlo),
            b"HELO": ("helo", self._hello),
            b"STARTTLS": ("starttls", self._starttls),
            b"AUTH": ("auth", self._auth),
            b"MAIL": ("mail", self._mail),
            b"RCPT": ("rcpt", self._rcpt),
            b"DATA": ("data", self._data),
            b"RSET": ("rset", self._rset),
            b"NOOP": ("noop", self._noop),
            b"QUIT": ("quit", self._quit),
        }

    def greet(self) -> None:
        self.send(b"220 %b ESMTP\r\n" % self.site.hostname.encode())

    def command(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        known = self._commands.get(verb.upper())
        if known is None:
            self.answer(500, "5.5.2", "Command not known")
            return
        moment, handler = known
        self.at(moment, lambda: handler(rest.strip()))

    def answer(self, code: int, status: str, text: str) -> None:
        """One reply line, with the enhanced status code where it is announced (RFC 2034)."""
        enhanced = f"{status} " if self._is_esmtp and self.site.features.enhanced_status_codes else ""
        self.send(f"{code} {enhanced}{text}\r\n".encode())

    def refuse_login(self) -> None:
        self.answer(535, "5.7.8", "Authentication failed")

    def accept_login(self, account: Account) -> None:
        self.account = account
        self.log.username = account.address
        self.answer(235, "2.7.0", "Authentication successful")

    def _ehlo(self, argument: bytes) -> None:
        if not self.site.features.esmtp:
            self.answer(502, "5.5.1", "EHLO is not implemented")
            return
        self._greeted_as(argument)
        self._is_esmtp = True
        lines = [self.site.hostname, *self._extensions()]
        marked = [f"250-{line}\r\n" for line in lines[:-1]] + [f"250 {lines[-1]}\r\n"]
        self.send("".join(marked).encode())

    def _extensions(self) -> list[str]:
        features = self.site.features
        mechanisms = " ".join(self.mechanisms)
        offered = {
            "PIPELINING": features.pipelining,
            f"SIZE {features.size_limit}": True,
            "STARTTLS": self.offers_tls,
            f"AUTH {mechanisms}": bool(mechanisms),
            "ENHANCEDSTATUSCODES": features.enhanced_status_codes,
            "8BITMIME": features.eight_bit_mime,
            "SMTPUTF8": features.smtputf8,
        }
        return [extension for extension, is_offered in offered.items() if is_offered]

    def _hello(self, argument: bytes) -> None:
        self._greeted_as(argument)
        self._is_esmtp = False
        self.send(f"250 {self.site.hostname}\r\n".encode())

    def _greeted_as(self, argument: bytes) -> None:
        self._helo = argument.decode(errors="replace")
        self._forget()

    def _forget(self) -> None:
        self._sender = None
        self._recipients = []

    def _starttls(self, argument: bytes) -> None:
        if argument:
            self.answer(501, "5.5.4", "STARTTLS has no parameter")
        elif not self.offers_tls:
            self.answer(502, "5.5.1", "STARTTLS is not offered")
        else:
            self.answer(220, "2.0.0", "Ready to start TLS")
            self._helo = ""
            self._is_esmtp = False
            self.start_tls_after_reply()

    def _auth(self, argument: bytes) -> None:
        mechanism, _, initial = argument.partition(b" ")
        name = mechanism.decode(errors="replace").upper()
        if self.account is not None:
            self.answer(503, "5.5.1", "Already logged in")
        elif not self.may_log_in:
            self.answer(538, "5.7.11", "Encryption required for authentication")
        elif not self.knows(name):
            self.answer(504, "5.5.4", "Mechanism not known")
        else:
            self.begin_login(name, initial or None)

    def _mail(self, argument: bytes) -> None:
        match = _PATH.match(argument[5:].lstrip()) if argument[:5].upper() == b"FROM:" else None
        if match is None:
            self.answer(501, "5.5.4", "Write MAIL FROM:<address>")
        elif not self._helo:
            self.answer(503, "5.5.1", "Say EHLO first")
        elif self._sender is not None:
            self.answer(503, "5.5.1", "Nested MAIL command")
        elif self.site.features.smtp_auth_required and self.account is None:
            self.answer(530, "5.7.0", "Authentication required")
        else:
            self._begin_mail(match["address"], match["parameters"].decode(errors="replace").upper().split())

    def _begin_mail(self, address: bytes, parameters: list[str]) -> None:
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "SIZE" and value.isdigit():
                if int(value) > self.site.features.size_limit:
                    self.answer(552, "5.3.4", "Message size exceeds the limit")
                    return
            elif not self._is_announced(name, value):
                self.answer(555, "5.5.4", f"Parameter {name} not known")
                return
        if not address.isascii() and "SMTPUTF8" not in parameters:
            self.answer(553, "5.6.7", "Address not ASCII, and no SMTPUTF8")
            return
        self._sender = address.decode(errors="replace")
        self.answer(250, "2.1.0", "Ok")

    def _is_announced(self, name: str, value: str) -> bool:
        features = self.site.features
        if name == "BODY":
            return features.eight_bit_mime and value in {"7BIT", "8BITMIME"}
        return name == "SMTPUTF8" and features.smtputf8 and not value

    def _rcpt(self, argument: bytes) -> None:
        match = _PATH.match(argument[3:].lstrip()) if argument[:3].upper() == b"TO:" else None
        if match is None:
            self.answer(501, "5.5.4", "Write RCPT TO:<address>")
            return
        if self._sender is None:
            self.answer(503, "5.5.1", "Say MAIL first")
            return
        account = self.site.store.find(match["address"].decode(errors="replace"))
        if account is None:
            self.answer(550, "5.1.1", "No such user here")
            return
        self._recipients.append(account)
        self.answer(250, "2.1.5", "Ok")

    def _data(self, argument: bytes) -> None:
        if argument:
            self.answer(501, "5.5.4", "DATA has no parameter")
        elif not self._recipients:
            self.answer(554, "5.5.1", "No valid recipients")
        else:
            self.send(b"354 End data with <CR><LF>.<CR><LF>\r\n")
            # A message without a line is ".CRLF" alone: let the mark's first CRLF be the one of DATA.
            self.input[:0] = b"\r\n"
            self.read_until(_MARK, self._message)
            self.at("content", _go_on)

    def _message(self, data: bytes) -> None:
        content = data[2 : -len(_MARK) + 2].replace(b"\r\n.", b"\r\n").removeprefix(b".")
        sender, recipients = self._sender or "", self._recipients
        self._forget()
        self.at("dot", lambda: self._accept(sender, recipients, content))

    def _accept(self, sender: str, recipients: list[Account], content: bytes) -> None:
        if len(content) > self.site.features.size_limit:
            self.answer(552, "5.3.4", "Message size exceeds the limit")
            return
        self.site.received += 1
        queue_id = f"{self.site.received:08X}"
        for account in recipients:
            deliver(self.site, sender, account, self._trace(queue_id, sender, account) + content)
        self.answer(250, "2.0.0", f"Ok: queued as {queue_id}")

    def _trace(self, queue_id: str, sender: str, account: Account) -> bytes:
        """Return-Path and Received (RFC 5321, 4.4), the protocol word as RFC 3848 has it."""
        protocol = "ESMTP" if self._is_esmtp else "SMTP"
        if self._is_esmtp:
            protocol += ("S" if self.is_encrypted else "") + ("A" if self.account else "")
        peer = self.transport.get_extra_info("peername")[0]
        date = format_datetime(self.site.clock.now())
        return (
            f"Return-Path: <{sender}>\r\n"
            f"Received: from {self._helo} ([{peer}])\r\n"
            f"\tby {self.site.hostname} with {protocol} id {queue_id}\r\n"
            f"\tfor <{account.address}>; {date}\r\n"
        ).encode()

    def _rset(self, _: bytes) -> None:
        self._forget()
        self.answer(250, "2.0.0", "Ok")

    def _noop(self, _: bytes) -> None:
        self.answer(250, "2.0.0", "Ok")

    def _quit(self, _: bytes) -> None:
        self.answer(221, "2.0.0", "Bye")
        self.close_after_reply()


def _go_on() -> None:
    """Nothing goes wrong."""
