"""A mail server for benchmarks: as little work as the clients' exchanges need, so that it is the client that saturates.

It knows the commands that the contenders send, believes every password, and takes no malformed input.
"""

import asyncio
import re
import ssl
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["PORT_NAMES", "Mail", "Stub"]

PORT_NAMES = ("smtp", "smtps", "pop3", "pop3s", "imap", "imaps")
_DOT = b"\r\n.\r\n"
_ADDRESS = re.compile(rb"<([^>]*)>")
_TRACE = b"Return-Path: <bench@mailtrip.test>\r\nReceived: by mail.mailtrip.test with ESMTPSA; Thu, 1 Jan 2026 00:00:00 +0000\r\n"


@dataclass(slots=True)
class _Mailbox:
    messages: dict[int, bytes] = field(default_factory=dict)
    next_uid: int = 1

    def put(self, content: bytes) -> None:
        self.messages[self.next_uid] = content
        self.next_uid += 1


@dataclass(slots=True)
class Mail:
    """What all sessions share.

    Attributes:
        reply_delay: seconds before each reply.
        holds: more seconds before the reply at a moment ("auth", "dot"), and how often it is not held at first.
    """

    reply_delay: float = 0.0
    holds: dict[str, tuple[float, int]] = field(default_factory=dict)
    mailboxes: defaultdict[bytes, _Mailbox] = field(default_factory=lambda: defaultdict(_Mailbox))
    passed: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    most_connections: int = 0

    def delay_at(self, moment: str) -> float:
        """Seconds until the reply goes out."""
        hold, skip = self.holds.get(moment, (0.0, 0))
        self.passed[moment] += 1
        return self.reply_delay + (hold if self.passed[moment] > skip else 0.0)


class _Session(asyncio.Protocol):
    """One connection; a protocol adds its greeting and its commands."""

    greeting: bytes

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.mailbox = _Mailbox()
        self._rest = b""
        self._is_slow = bool(mail.reply_delay or mail.holds)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # a stream
        self.mail.connections += 1
        self.mail.most_connections = max(self.mail.connections, self.mail.most_connections)
        self.reply(self.greeting)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.mail.connections -= 1

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if data.endswith(b"\r\n"):
            self._rest = b""
            self.take(data)
        else:
            self._rest = data

    def take(self, data: bytes) -> None:
        """One command with its line end."""
        raise NotImplementedError

    def reply(self, data: bytes, moment: str = "") -> None:
        delay = self.mail.delay_at(moment) if self._is_slow else 0.0
        if delay:
            asyncio.get_running_loop().call_later(delay, self.transport.write, data)
        else:
            self.transport.write(data)


class _SMTP(_Session):
    greeting = b"220 mail.mailtrip.test ESMTP\r\n"
    _ehlo = (
        b"250-mail.mailtrip.test\r\n250-SIZE 10240000\r\n250-AUTH PLAIN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
    )

    def __init__(self, mail: Mail) -> None:
        super().__init__(mail)
        self._content: list[bytes] | None = None
        self._commands = {
            b"EHLO": lambda _: self.reply(self._ehlo),
            b"AUTH": lambda _: self.reply(b"235 2.7.0 Authentication successful\r\n", "auth"),
            b"MAIL": lambda _: self.reply(b"250 2.1.0 Ok\r\n"),
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"QUIT": lambda _: self.reply(b"221 2.0.0 Bye\r\n"),
        }

    def data_received(self, data: bytes) -> None:
        if self._content is None:
            super().data_received(data)
            return
        self._content.append(data)
        if data.endswith(b"\r\n"):
            whole = b"".join(self._content)
            if whole.endswith(_DOT):
                self._content = None
                self.mailbox.put(_TRACE + whole[:-3])
                self.reply(b"250 2.0.0 Ok: queued as 4C0FFEE\r\n", "dot")

    def take(self, data: bytes) -> None:
        self._commands[data[:4].upper()](data)

    def _rcpt(self, data: bytes) -> None:
        match = _ADDRESS.search(data)
        assert match is not None
        self.mailbox = self.mail.mailboxes[match[1]]
        self.reply(b"250 2.1.5 Ok\r\n")

    def _data(self, _: bytes) -> None:
        self._content = []
        self.reply(b"354 End data with <CR><LF>.<CR><LF>\r\n")


class _POP3(_Session):
    greeting = b"+OK ready\r\n"
    _capa = b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nRESP-CODES\r\n.\r\n"

    def __init__(self, mail: Mail) -> None:
        super().__init__(mail)
        self._uids: list[int] = []
        self._doomed: list[int] = []
        self._commands: dict[bytes, Callable[[list[bytes]], bytes]] = {
            b"CAPA": lambda _: self._capa,
            b"USER": self._user,
            b"PASS": self._pass,
            b"UIDL": self._uidl,
            b"LIST": lambda words: b"+OK %b %d\r\n" % (words[1], len(self._content(words))),
            b"TOP": lambda words: b"+OK\r\n%b.\r\n" % self._content(words),
            b"RETR": lambda words: b"+OK\r\n%b.\r\n" % self._content(words),
            b"DELE": self._dele,
            b"QUIT": self._quit,
        }

    def take(self, data: bytes) -> None:
        words = data.split()
        self.reply(self._commands[words[0].upper()](words))

    def _user(self, words: list[bytes]) -> bytes:
        self.mailbox = self.mail.mailboxes[words[1]]
        return b"+OK\r\n"

    def _pass(self, _: list[bytes]) -> bytes:
        self._uids = list(self.mailbox.messages)
        return b"+OK logged in\r\n"

    def _uidl(self, _: list[bytes]) -> bytes:
        listing = b"".join(b"%d %08x00000001\r\n" % (number, uid) for number, uid in enumerate(self._uids, 1))
        return b"+OK\r\n%b.\r\n" % listing

    def _content(self, words: list[bytes]) -> bytes:
        return self.mailbox.messages[self._uids[int(words[1]) - 1]]

    def _dele(self, words: list[bytes]) -> bytes:
        self._doomed.append(self._uids[int(words[1]) - 1])
        return b"+OK\r\n"

    def _quit(self, _: list[bytes]) -> bytes:
        for uid in self._doomed:
            self.mailbox.messages.pop(uid, None)
        return b"+OK bye\r\n"


class _IMAP(_Session):
    greeting = b"* OK [CAPABILITY IMAP4rev1 UIDPLUS IDLE] mail.mailtrip.test ready\r\n"

    def __init__(self, mail: Mail) -> None:
        super().__init__(mail)
        self._told = 0
        self._doomed: list[int] = []
        self._commands: dict[bytes, Callable[[list[bytes]], bytes]] = {
            b"CAPABILITY": lambda _: b"* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n",
            b"LOGIN": self._login,
            b"SELECT": self._select,
            b"NOOP": lambda _: b"",
            b"FETCH": self._fetch,
            b"SEARCH": lambda _: b"* SEARCH %b\r\n" % b" ".join(b"%d" % uid for uid in self.mailbox.messages),
            b"STORE": self._store,
            b"EXPUNGE": self._expunge,
            b"LIST": lambda _: b'* LIST (\\HasNoChildren) "/" INBOX\r\n',
            b"LOGOUT": lambda _: b"* BYE\r\n",
        }

    def take(self, data: bytes) -> None:
        tag, *words = data.split()
        verb = words[0].upper()
        if verb == b"UID":
            words = words[1:]
            verb = words[0].upper()
        untagged = self._commands[verb](words)
        code = b"[CAPABILITY IMAP4rev1 UIDPLUS IDLE] " if verb == b"LOGIN" else b""
        self.reply(b"%b%b%b OK %bdone\r\n" % (untagged, self._news(), tag, code))

    def _news(self) -> bytes:
        """What has come since the client was told the last time."""
        if self._told == self.mailbox.next_uid:
            return b""
        self._told = self.mailbox.next_uid
        return b"* %d EXISTS\r\n" % len(self.mailbox.messages)

    def _login(self, words: list[bytes]) -> bytes:
        name = words[1].strip(b'"')
        self.mailbox = self.mail.mailboxes[name]
        self._told = self.mailbox.next_uid
        return b""

    def _select(self, _: list[bytes]) -> bytes:
        self._told = self.mailbox.next_uid
        return (
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
            b"* OK [UIDVALIDITY 1767225600] UIDs valid\r\n* OK [UIDNEXT %d] Predicted next UID\r\n"
        ) % (len(self.mailbox.messages), self.mailbox.next_uid)

    def _fetch(self, words: list[bytes]) -> bytes:
        first, colon, _ = words[1].partition(b":")
        chosen = [uid for uid in self.mailbox.messages if uid >= int(first)] if colon else [int(first)]
        wants_content = any(b"BODY" in word for word in words[2:])
        section = b"BODY[]<0>" if b"<0." in words[-1] else b"BODY[]"
        render = self._render_content if wants_content else self._render_size
        return b"".join(render(uid, section) for uid in chosen)

    def _render_content(self, uid: int, section: bytes) -> bytes:
        content = self.mailbox.messages[uid]
        return b"* %d FETCH (UID %d %b {%d}\r\n%b)\r\n" % (self._number(uid), uid, section, len(content), content)

    def _render_size(self, uid: int, _: bytes) -> bytes:
        return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (self._number(uid), uid, len(self.mailbox.messages[uid]))

    def _number(self, uid: int) -> int:
        return list(self.mailbox.messages).index(uid) + 1

    def _store(self, words: list[bytes]) -> bytes:
        self._doomed.append(int(words[1]))
        return b""

    def _expunge(self, _: list[bytes]) -> bytes:
        gone = [self._number(uid) for uid in self._doomed]
        for uid in self._doomed:
            del self.mailbox.messages[uid]
        self._doomed = []
        return b"".join(b"* %d EXPUNGE\r\n" % number for number in gone)


_PROTOCOLS: dict[str, type[_Session]] = {"smtp": _SMTP, "pop3": _POP3, "imap": _IMAP}


class Stub:
    """The server, on free ports of 127.0.0.1; those in `s` speak TLS from the start."""

    def __init__(self, mail: Mail, tls: ssl.SSLContext) -> None:
        self._mail = mail
        self._tls = tls
        self._listeners: list[asyncio.Server] = []

    async def start(self) -> dict[str, int]:
        """Open the ports; their numbers by name."""
        return {name: await self._listen(name) for name in PORT_NAMES}

    def stop(self) -> None:
        for listener in self._listeners:
            listener.close()

    async def _listen(self, name: str) -> int:
        protocol = _PROTOCOLS[name.removesuffix("s")]
        listener = await asyncio.get_running_loop().create_server(
            lambda: protocol(self._mail), "127.0.0.1", 0, ssl=self._tls if name.endswith("s") else None, backlog=4096
        )
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port
