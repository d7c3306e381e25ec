"""The POP3 side of the loopback server (RFC 1939, 2449, 2595, 3206, 5034)."""

import hashlib
import hmac
import secrets
from typing import ClassVar

from mailtrip.model import MailProtocol
from mailtrip.testing.connection import ServerConnection
from mailtrip.testing.mailstore import Account, StoredMessage
from mailtrip.testing.site import Site

__all__ = ["POP3Connection"]

_AUTHORIZATION = {b"CAPA", b"STLS", b"USER", b"PASS", b"APOP", b"AUTH", b"QUIT"}
_BOTH = {b"CAPA", b"QUIT"}


class POP3Connection(ServerConnection):
    """One POP3 session; it sees the mailbox as it was at its login."""

    protocol: ClassVar[MailProtocol] = MailProtocol.POP3
    endless_line: ClassVar[bytes] = b"1 and-so-on\r\n"

    def __init__(self, site: Site, port_name: str) -> None:
        super().__init__(site, port_name)
        self._timestamp = f"<{secrets.token_hex(8)}@{site.hostname}>" if site.features.apop else ""
        self._username = ""
        self._messages: list[StoredMessage] = []
        self._deleted: set[int] = set()
        self._commands = {
            b"CAPA": ("capa", self._capa),
            b"STLS": ("starttls", self._stls),
            b"USER": ("user", self._user),
            b"PASS": ("pass", self._pass),
            b"APOP": ("apop", self._apop),
            b"AUTH": ("auth", self._auth),
            b"STAT": ("stat", self._stat),
            b"LIST": ("list", self._list),
            b"UIDL": ("uidl", self._uidl),
            b"TOP": ("top", self._top),
            b"RETR": ("retr", self._retr),
            b"DELE": ("dele", self._dele),
            b"RSET": ("rset", self._rset),
            b"NOOP": ("noop", self._noop),
            b"QUIT": ("quit", self._quit),
        }

    def greet(self) -> None:
        self.good(f"{self.site.hostname} ready {self._timestamp}".rstrip())

    def command(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        verb = verb.upper()
        known = self._commands.get(verb)
        if known is None:
            self.bad("command not known")
            return
        moment, handler = known
        is_in_state = verb in _BOTH or (verb in _AUTHORIZATION) == (self.account is None)
        if is_in_state:
            # PASS takes the rest of the line as it is: a password may end in a blank (RFC 1939, 7).
            self.at(moment, lambda: handler(rest if verb == b"PASS" else rest.strip()))
        else:
            self.bad("not in this state")

    def good(self, text: str = "") -> None:
        self.send(f"+OK {text}".rstrip().encode() + b"\r\n")

    def bad(self, text: str) -> None:
        self.send(f"-ERR {text}\r\n".encode())

    def refuse_login(self) -> None:
        self.bad("[AUTH] authentication failed")

    def accept_login(self, account: Account) -> None:
        if account.pop3_session is not None:
            self.bad("[IN-USE] mailbox is in use by another session")
            return
        account.pop3_session = self
        self.account = account
        self.log.username = account.address
        self._messages = list(account.messages)
        self.good(f"logged in, {len(self._messages)} messages")

    def closed(self) -> None:
        super().closed()
        self._unlock()

    def _unlock(self) -> None:
        if self.account is not None and self.account.pop3_session is self:
            self.account.pop3_session = None

    # -- before the login

    def _capa(self, _: bytes) -> None:
        features = self.site.features
        if not features.capa:
            self.bad("command not known")
            return
        mechanisms = " ".join(self.mechanisms)
        offered = {
            "TOP": features.top,
            "UIDL": features.uidl,
            "USER": features.user_pass and self.may_log_in,
            "STLS": self.offers_tls,
            f"SASL {mechanisms}": bool(mechanisms),
            "RESP-CODES": True,
            "AUTH-RESP-CODE": True,
            "PIPELINING": features.pipelining,
        }
        self._multiline("capabilities follow", [name for name, is_offered in offered.items() if is_offered])

    def _stls(self, _: bytes) -> None:
        if self.offers_tls:
            self.good("begin TLS")
            self.start_tls_after_reply()
        else:
            self.bad("STLS is not offered")

    def _user(self, argument: bytes) -> None:
        if not self.site.features.user_pass or not self.may_log_in:
            self.bad("[AUTH] USER is not offered on this connection")
            return
        self._username = argument.decode(errors="replace")
        self.good()

    def _pass(self, argument: bytes) -> None:
        username, self._username = self._username, ""
        if not username:
            self.bad("say USER first")
            return
        account = self.site.store.log_in(username, argument.decode(errors="replace"))
        self.finish_login(account)

    def _apop(self, argument: bytes) -> None:
        username, _, digest = argument.rpartition(b" ")
        account = self.site.store.find(username.decode(errors="replace"))
        if not self._timestamp or account is None:
            self.refuse_login()
            return
        said = (self._timestamp + account.password).encode()
        expected = hashlib.md5(said, usedforsecurity=False).hexdigest().encode()
        self.finish_login(account if hmac.compare_digest(expected, digest) else None)

    def _auth(self, argument: bytes) -> None:
        mechanism, _, initial = argument.partition(b" ")
        name = mechanism.decode(errors="replace").upper()
        if self.knows(name):
            self.begin_login(name, initial or None)
        else:
            self.bad("mechanism not known")

    # -- after the login

    def _present(self) -> list[tuple[int, StoredMessage]]:
        return [(n, message) for n, message in enumerate(self._messages, 1) if n not in self._deleted]

    def _find(self, argument: bytes) -> tuple[int, StoredMessage] | None:
        """The message of that number; None, and answered, when there is none."""
        number = int(argument) if argument.isdigit() else 0
        if 1 <= number <= len(self._messages) and number not in self._deleted:
            return number, self._messages[number - 1]
        self.bad("no such message")
        return None

    def _multiline(self, text: str, lines: list[str]) -> None:
        self.send("\r\n".join([f"+OK {text}", *lines, ".", ""]).encode())

    def _stat(self, _: bytes) -> None:
        present = self._present()
        self.good(f"{len(present)} {sum(len(message.content) for _, message in present)}")

    def _list(self, argument: bytes) -> None:
        if argument:
            found = self._find(argument)
            if found is not None:
                self.good(f"{found[0]} {len(found[1].content)}")
            return
        self._multiline("sizes follow", [f"{number} {len(message.content)}" for number, message in self._present()])

    def _uidl(self, argument: bytes) -> None:
        if not self.site.features.uidl:
            self.bad("command not known")
        elif argument:
            found = self._find(argument)
            if found is not None:
                self.good(f"{found[0]} {self._unique_id(found[1])}")
        else:
            lines = [f"{number} {self._unique_id(message)}" for number, message in self._present()]
            self._multiline("unique ids follow", lines)

    def _unique_id(self, message: StoredMessage) -> str:
        assert self.account is not None
        return f"{self.account.inbox.uid_validity:08x}{message.uid:08x}"

    def _top(self, argument: bytes) -> None:
        number, _, lines = argument.partition(b" ")
        if not self.site.features.top:
            self.bad("command not known")
        elif not lines.strip().isdigit():
            self.bad("write TOP message lines")
        elif (found := self._find(number)) is not None:
            header, separator, body = found[1].content.partition(b"\r\n\r\n")
            kept = body.split(b"\r\n")[: int(lines)]
            self._content("top follows", header + separator + b"\r\n".join(kept))

    def _retr(self, argument: bytes) -> None:
        found = self._find(argument)
        if found is not None:
            self._content(f"{len(found[1].content)} octets", found[1].content)

    def _content(self, text: str, content: bytes) -> None:
        """A message with its dots stuffed (RFC 1939, 3)."""
        stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self.send(b"+OK " + text.encode() + stuffed + end)

    def _dele(self, argument: bytes) -> None:
        found = self._find(argument)
        if found is not None:
            self._deleted.add(found[0])
            self.good("marked for deletion")

    def _rset(self, _: bytes) -> None:
        self._deleted.clear()
        self.good()

    def _noop(self, _: bytes) -> None:
        self.good()

    def _quit(self, _: bytes) -> None:
        if self.account is not None:
            self.account.inbox.remove([self._messages[number - 1] for number in self._deleted])
            self._unlock()
        self.good("bye")
        self.close_after_reply()
