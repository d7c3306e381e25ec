"""The server's end of one connection: lines in, replies out, TLS, and the carrying out of faults; no mail protocol here."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable
from typing import ClassVar, assert_never

from mailtrip.model import MailProtocol
from mailtrip.testing.faults import (
    AcceptThenDrop,
    Action,
    Deaf,
    Delay,
    Drop,
    EndlessLine,
    EndlessReply,
    Garbage,
    Hang,
    HugeLiteral,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.mailstore import Account
from mailtrip.testing.sasl_service import MECHANISMS, SaslExchange, begin_exchange, decode_response
from mailtrip.testing.site import SessionLog, Site
from mailtrip.testing.wire import Wire

__all__ = ["LineHandler", "ServerConnection"]

LineHandler = Callable[[bytes], None]
_LONGEST_LINE = 65_536
_GARBAGE = bytes(range(128, 256)) + b"\0\x01\x02 \xff\xfe\r\n"


class ServerConnection(Wire, ABC):
    """One client's connection; a protocol adds `greet`, `command` and its commands.

    Replies are collected with `send` and go out together when the client's input has been worked through, or one by
    one, each `reply_delay` seconds late, when the site says so.
    """

    protocol: ClassVar[MailProtocol]
    endless_line: ClassVar[bytes]
    """A well-formed line of a reply that goes on."""

    def __init__(self, site: Site, port_name: str) -> None:
        super().__init__(site.loop, site.buffer)
        self.site = site
        self.log = SessionLog(protocol=self.protocol, port_name=port_name)
        self.account: Account | None = None
        self.is_implicit_tls = port_name.endswith("s")
        self.on_line: LineHandler = self.command
        self._block: tuple[int, LineHandler] | None = None
        self._until: tuple[bytes, LineHandler] | None = None
        self._searched = 0
        self._out: list[bytes] = []
        self._is_held = False
        self._is_deaf = False
        self._after_flush: Callable[[], None] | None = None

    @abstractmethod
    def greet(self) -> None:
        """Send the greeting."""

    @abstractmethod
    def command(self, line: bytes) -> None:
        """A command line came in, without its CRLF."""

    @abstractmethod
    def refuse_login(self) -> None:
        """Answer a SASL exchange that failed."""

    @abstractmethod
    def accept_login(self, account: Account) -> None:
        """Answer a SASL exchange that went well, or any other login."""

    # -- what protocols use

    def send(self, reply: bytes) -> None:
        """Put a whole reply, with its CRLF, behind what goes out next."""
        self._out.append(reply)

    def read_block(self, size: int, handler: LineHandler) -> None:
        """The next `size` bytes go to `handler` instead of lines (an IMAP literal)."""
        self._block = (size, handler)

    def read_until(self, end: bytes, handler: LineHandler) -> None:
        """What comes up to and with `end` goes to `handler` instead of lines (an SMTP message)."""
        self._until = (end, handler)
        self._searched = 0

    def close_after_reply(self) -> None:
        self._after_flush = self.close

    def start_tls_after_reply(self) -> None:
        """What the client sent ahead in clear is thrown away (RFC 3207, 4.2)."""
        self._after_flush = lambda: self.at("tls", self._start_tls)

    def begin_login(self, mechanism: str, initial: bytes | None) -> None:
        """Start a SASL exchange; `initial` is the initial response as it was sent, in base64."""
        exchange = begin_exchange(mechanism, self.site.store)
        challenge = next(exchange)
        if initial is None or mechanism == "CRAM-MD5":
            self._challenge(exchange, challenge)
        else:
            self._respond(exchange, b"" if initial == b"=" else initial)

    @property
    def may_log_in(self) -> bool:
        return self.is_encrypted or not self.site.features.auth_needs_tls

    @property
    def offers_tls(self) -> bool:
        return self.site.tls is not None and self.site.features.starttls and not self.is_encrypted

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What is offered at present."""
        return self.site.features.mechanisms if self.may_log_in else ()

    def knows(self, mechanism: str) -> bool:
        return mechanism in MECHANISMS and mechanism in self.mechanisms

    def at(self, moment: str, go_on: Callable[[], None]) -> None:
        """Go on, unless a fault is planned for this moment."""
        action = self.site.faults.take(self.protocol, moment)
        if action is None:
            go_on()
        else:
            self._go_wrong(action, go_on)

    # -- what the wire calls

    def opened(self) -> None:
        self.site.connections.add(self)
        self.site.sessions.append(self.log)
        self.at("connect", self._begin)
        self._pace()

    def closed(self) -> None:
        self.site.connections.discard(self)
        if not self.site.connections:
            self.site.all_closed.set()
        self.log.is_closed = True
        self._is_held = True

    def handshake_done(self) -> None:
        self.log.is_encrypted = True
        if self.is_implicit_tls:
            self.at("greeting", self.greet)
            self._pace()

    def received(self) -> None:
        if self._is_deaf:
            self.input.clear()
            return
        while not self._is_held and self._after_flush is None and self._take():
            if self.site.reply_delay:
                self._pace()
        self.flush()

    # -- inside

    def _begin(self) -> None:
        if self.is_implicit_tls:
            self.at("tls", self._start_tls)
        else:
            self.at("greeting", self.greet)

    def _start_tls(self) -> None:
        assert self.site.tls is not None
        self.start_tls(self.site.tls)

    def _take(self) -> bool:
        """Take one line, block or message off the input; False when it isn't complete."""
        if self._block is not None:
            return self._take_block(*self._block)
        if self._until is not None:
            return self._take_until(*self._until)
        end = self.input.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self.input)
            if self._searched > _LONGEST_LINE:
                self.close()
            return False
        self._searched = 0
        line = bytes(self.input[:end]).removesuffix(b"\r")
        del self.input[: end + 1]
        self.log.add(line)
        self.on_line(line)
        return True

    def _take_block(self, size: int, handler: LineHandler) -> bool:
        if len(self.input) < size:
            return False
        block = bytes(self.input[:size])
        del self.input[:size]
        self._block = None
        handler(block)
        return True

    def _take_until(self, end: bytes, handler: LineHandler) -> bool:
        found = self.input.find(end, max(0, self._searched - len(end)))
        if found < 0:
            self._searched = len(self.input)
            if self._searched > self.site.features.size_limit + _LONGEST_LINE:
                self.close()
            return False
        block = bytes(self.input[: found + len(end)])
        del self.input[: found + len(end)]
        self._until = None
        self._searched = 0
        handler(block)
        return True

    def _pace(self) -> None:
        """Send what is to be sent, late when the site says so."""
        if self.site.reply_delay and self._out and not self._is_held:
            self._hold(self.site.reply_delay)
        self.flush()

    def _hold(self, seconds: float) -> None:
        """Neither send nor take anything for a while."""
        self._is_held = True
        self.loop.call_later(seconds, self._release)

    def _release(self) -> None:
        if not self.is_closed:
            self._is_held = False
            self.flush()
            self.received()

    def flush(self) -> None:
        """Send what has been collected, unless the replies are held back at present."""
        if self._is_held:
            return
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self.write(data)
        if self._after_flush is not None:
            then, self._after_flush = self._after_flush, None
            self.input.clear()
            then()
            self.flush()

    def _challenge(self, exchange: SaslExchange, challenge: bytes) -> None:
        mark = b"334 " if self.protocol is MailProtocol.SMTP else b"+ "
        self.send(mark + b64encode(challenge) + b"\r\n")
        self.on_line = lambda line: self._respond(exchange, line)

    def _respond(self, exchange: SaslExchange, line: bytes) -> None:
        self.on_line = self.command
        response = decode_response(line)
        if response is None:
            self.refuse_login()
            return
        try:
            challenge = exchange.send(response)
        except StopIteration as finished:
            self.finish_login(finished.value)
        else:
            self._challenge(exchange, challenge)

    def finish_login(self, account: Account | None) -> None:
        if account is None:
            self.refuse_login()
        else:
            self.accept_login(account)

    # -- faults

    def _go_wrong(self, action: Action, go_on: Callable[[], None]) -> None:
        match action:
            case Delay() | Trickle() | AcceptThenDrop():
                self._go_on_badly(action, go_on)
            case Reply():
                self._reply_instead(action)
            case Drop():
                self.close_after_reply()
            case Reset():
                self._after_flush = self.reset
            case Hang() | Deaf():
                self._fall_silent(action)
            case Garbage():
                self.send(_GARBAGE)
            case EndlessLine() | EndlessReply() | HugeLiteral():
                self._send_without_end(action)
            case _:
                assert_never(action)

    def _go_on_badly(self, action: Delay | Trickle | AcceptThenDrop, go_on: Callable[[], None]) -> None:
        """Do what was asked, and spoil the answer."""
        if isinstance(action, Trickle):
            self.trickle_at(action.bytes_per_second)
        already = len(self._out)
        go_on()
        if isinstance(action, Delay):
            self._hold(action.seconds)
        elif isinstance(action, AcceptThenDrop):
            del self._out[already:]
            self.close_after_reply()

    def _fall_silent(self, action: Hang | Deaf) -> None:
        self.flush()
        self._is_held = True
        self._is_deaf = True
        if isinstance(action, Deaf):
            self.transport.pause_reading()

    def _reply_instead(self, action: Reply) -> None:
        self.send("".join(f"{self.tagged(line)}\r\n" for line in action.text.split("\n")).encode())
        if action.then_close:
            self.close_after_reply()

    def tagged(self, line: str) -> str:
        """A line of a planned reply as this protocol has to send it."""
        return line

    def _send_without_end(self, action: EndlessLine | EndlessReply | HugeLiteral) -> None:
        if isinstance(action, HugeLiteral):
            self.send(b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n")
        chunk = self.endless_line * 512 if isinstance(action, EndlessReply) else b"x" * 32_768
        self._after_flush = lambda: self.repeat(chunk)
