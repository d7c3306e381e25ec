"""The POP3 grammar: scripts for one session, without I/O (RFC 1939 and its extensions)."""

import hashlib
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from mailtrip.mail import sasl
from mailtrip.mail.framing import POP3_LIMITS, POP3_LISTING_LIMITS, Limits, LineFramer, POP3MultilineFramer
from mailtrip.mail.quoting import HIDDEN, clean
from mailtrip.mail.script import Exchange, Refusal, Script
from mailtrip.model import Credentials, MailProtocol, Mechanism, StatusCode

__all__ = [
    "Capabilities",
    "Greeting",
    "UIDListing",
    "capabilities",
    "delete",
    "greeting",
    "list_uids",
    "log_in",
    "quit_",
    "retrieve",
    "size",
    "start_tls",
    "status",
    "top",
]

_LONGEST_COMMAND = 255
"""Of a command with its CRLF (RFC 2449, 4)."""
T = TypeVar("T")
_Steps: TypeAlias = Generator[Exchange, bytes, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """The server's first line; `timestamp` is what APOP needs (RFC 1939, 7), None where it has none."""

    text: str
    timestamp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server offers in its answer to CAPA; nothing where it knows no CAPA (RFC 2449).

    Attributes:
        names: in upper case.
        mechanisms: of SASL, in upper case.
        login_delay_seconds: what the server wants between two logins; None when it doesn't say.
        lines: as they were sent.
    """

    names: frozenset[str] = frozenset()
    mechanisms: frozenset[str] = frozenset()
    login_delay_seconds: int | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply's first line, and what follows it in a multi-line one."""

    indicator: str
    rest: str
    body: bytes

    @property
    def is_good(self) -> bool:
        return self.indicator == "+OK"

    @property
    def code(self) -> str:
        """The response code in upper case, such as `IN-USE`; empty where there is none (RFC 2449, 8)."""
        match = re.match(r"\[([^\]\r\n]{1,80})\]", self.rest)
        return match[1].upper() if match else ""

    @property
    def text(self) -> str:
        return clean(f"{self.indicator} {self.rest}")


def _parse(reply: bytes) -> _Reply:
    line, _, body = reply.partition(b"\n")
    indicator, _, rest = line[:8192].decode("utf-8", "replace").rstrip("\r").partition(" ")
    return _Reply(indicator, rest, body)


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _say(
    command: str, *, shown: str | None = None, hides_reply: bool = False, multiline: Limits | None = None
) -> _Steps[_Reply]:
    """Send one line; the reply, of several lines where `multiline` bounds it."""
    if _CONTROL.search(command):
        raise ValueError("a command has no control characters in it")
    reply = yield Exchange(
        send=f"{command}\r\n".encode(),
        framer=LineFramer(first=b"+-") if multiline is None else POP3MultilineFramer(multiline),
        shown=None if shown is None else (shown,),
        hides_reply=hides_reply,
        abridges_reply=command.startswith(("TOP ", "RETR ")),
    )
    return _parse(reply)


_STATUSES = {
    "IN-USE": StatusCode.MAILBOX_LOCKED,
    "LOGIN-DELAY": StatusCode.MAILBOX_LOCKED,
    "AUTH": StatusCode.MAILBOX_LOGIN,
    "SYS/TEMP": StatusCode.MAILBOX_PROTOCOL,
    "SYS/PERM": StatusCode.MAILBOX_PROTOCOL,
}
_TEMPORARY = frozenset({"IN-USE", "LOGIN-DELAY", "SYS/TEMP"})


def _refuse(
    what: str,
    reply: _Reply,
    status: StatusCode = StatusCode.MAILBOX_PROTOCOL,
    *,
    secrets: Sequence[str] = (),
) -> Refusal:
    """A refusal whose response code, where it has one, decides on the status (RFC 2449, 8.1; RFC 3206)."""
    if not reply.text.startswith("-ERR"):
        status = StatusCode.MAILBOX_PROTOCOL
    elif status is not StatusCode.DELETE_FAILED:
        status = _STATUSES.get(reply.code, status)
    return Refusal(
        status=status,
        reason=f"{what}: {clean(reply.text, secrets=secrets)}",
        is_temporary=reply.code in _TEMPORARY,
    )


def _break(what: str) -> Refusal:
    return Refusal(status=StatusCode.MAILBOX_PROTOCOL, reason=what)


# RFC 1939, 7 makes the timestamp an RFC 822 msg-id; anything else would let a server in the middle choose what is
# hashed together with the password (CVE-2007-1558).
_TIMESTAMP = re.compile(r"<[\x21-\x3B\x3D\x3F\x41-\x7E]{1,200}@[\x21-\x3B\x3D\x3F\x41-\x7E]{1,200}>")


def greeting() -> Script[Greeting]:
    """Wait for the server's first line."""
    reply = _parse((yield Exchange(send=b"", framer=LineFramer(first=b"+-"))))
    if not reply.is_good:
        return _refuse("the greeting refuses service", reply)
    match = _TIMESTAMP.search(reply.rest)
    return Greeting(text=reply.text, timestamp=match[0] if match else None)


def capabilities() -> Script[Capabilities]:
    """CAPA (RFC 2449, 5); nothing where the server does not know it."""
    reply = yield from _say("CAPA", multiline=POP3_LIMITS)
    if not reply.is_good:
        return Capabilities()
    lines = tuple(clean(line) for line in _lines_of(reply)[:1000])
    words = [line.upper().split() for line in lines if line]
    arguments = {name: values for name, *values in words}
    delay = arguments.get("LOGIN-DELAY", [])
    return Capabilities(
        names=frozenset(arguments),
        mechanisms=frozenset(arguments.get("SASL", [])),
        login_delay_seconds=int(delay[0]) if delay and re.fullmatch(r"[0-9]{1,6}", delay[0]) else None,
        lines=lines,
    )


def start_tls() -> Script[None]:
    """STLS (RFC 2595, 4); on None the TLS handshake is next, and `capabilities` anew behind it."""
    reply = yield from _say("STLS")
    return None if reply.is_good else _refuse("STLS refused", reply, StatusCode.MAILBOX_TLS)


def log_in(
    capabilities: Capabilities, greeting: Greeting, credentials: Credentials, *, is_secure: bool
) -> Script[None]:
    """Log in with the mechanism named in the credentials, or the strongest that both sides know.

    `Mechanism.LOGIN` stands for USER and PASS.

    Args:
        capabilities: as the server had them last.
        greeting: of this session; its timestamp allows APOP.
        credentials: the login.
        is_secure: the connection has TLS, or is meant to have none; otherwise the password is not sent.
    """
    offered = set(capabilities.mechanisms - {"LOGIN"})
    # A server without USER among its capabilities may know nothing else all the same: it is asked, and can refuse.
    if "USER" in capabilities.names or not offered or credentials.mechanism is Mechanism.LOGIN:
        offered.add("LOGIN")
    if greeting.timestamp is not None:
        offered.add("APOP")
    mechanism = sasl.choose(offered, credentials.mechanism, is_secure=is_secure, protocol=MailProtocol.POP3)
    match mechanism:
        case str() if not isinstance(mechanism, Mechanism):
            return Refusal(status=StatusCode.MAILBOX_LOGIN, reason=sasl.explain_no_login(mechanism, credentials))
        case Mechanism.LOGIN:
            return (yield from _log_in_by_password(credentials))
        case Mechanism.APOP:
            return (yield from _log_in_by_digest(credentials, greeting.timestamp or ""))
        case _:
            return (yield from _log_in_by_sasl(mechanism, credentials))


def _log_in_by_password(credentials: Credentials) -> Script[None]:
    """USER and PASS (RFC 1939, 7)."""
    reply = yield from _say(f"USER {credentials.username}")
    if not reply.is_good:
        return _refuse("USER refused", reply, StatusCode.MAILBOX_LOGIN)
    reply = yield from _say(f"PASS {credentials.password}", shown=f"PASS {HIDDEN}")
    if not reply.is_good:
        return _refuse("PASS refused", reply, StatusCode.MAILBOX_LOGIN, secrets=[credentials.password])
    return None


def _log_in_by_digest(credentials: Credentials, timestamp: str) -> Script[None]:
    """APOP (RFC 1939, 7)."""
    digest = hashlib.md5(f"{timestamp}{credentials.password}".encode(), usedforsecurity=False).hexdigest()
    reply = yield from _say(f"APOP {credentials.username} {digest}", shown=f"APOP {credentials.username} {HIDDEN}")
    if not reply.is_good:
        return _refuse("APOP refused", reply, StatusCode.MAILBOX_LOGIN, secrets=[credentials.password, digest])
    return None


def _log_in_by_sasl(mechanism: Mechanism, credentials: Credentials) -> Script[None]:
    try:
        conversation = sasl.start(mechanism, credentials)
    except sasl.SASLError as error:
        return Refusal(status=StatusCode.MAILBOX_LOGIN, reason=f"login not possible: {error}")
    return (yield from _authenticate(conversation, secrets=[credentials.password]))


def _authenticate(conversation: sasl.Conversation, *, secrets: list[str]) -> Script[None]:
    """AUTH (RFC 5034)."""
    what = f"AUTH {conversation.name}"
    command, first = what, conversation.first
    if first is not None and len(sasl.encode(first)) + len(what) + 3 <= _LONGEST_COMMAND:
        command, first = f"{what} {sasl.encode(first).decode() or '='}", None
    secrets.append(command.removeprefix(what).strip())
    shown = what if command == what else f"{what} {HIDDEN}"
    reply = yield from _say(command, shown=shown, hides_reply=_hides(conversation))
    while reply.indicator == "+":
        try:
            challenge = sasl.decode(reply.rest.encode())
            answer = conversation.answer(challenge) if first is None else first
        except sasl.SASLError as error:
            yield from _say("*")  # RFC 5034, 4: cancels the exchange
            return Refusal(status=StatusCode.MAILBOX_LOGIN, reason=f"{what} failed: {error}")
        first = None
        secrets.append(sasl.encode(answer).decode())
        reply = yield from _say(secrets[-1], shown=HIDDEN, hides_reply=_hides(conversation))
    if not reply.is_good:
        return _refuse(f"{what} refused", reply, StatusCode.MAILBOX_LOGIN, secrets=secrets)
    try:
        conversation.finish()
    except sasl.SASLError as error:
        return Refusal(status=StatusCode.MAILBOX_LOGIN, reason=f"{what} failed: {error}")
    return None


def _hides(conversation: sasl.Conversation) -> bool:
    return conversation.hides_challenges and conversation.expects_challenge


# RFC 1939, 7: 1 to 70 characters from 0x21 to 0x7E; servers with longer ones are in use.
_LISTED_UIDS = re.compile(rb"(?:[0-9]{1,9}+[ \t]++[\x21-\x7E]{1,255}+[ \t]*+\r?\n|\r?\n)*+")
_STATUS = re.compile(rb"[0-9]{1,9}[ \t]+[0-9]{1,18}(?:[ \t].*)?")
_LISTED_SIZE = re.compile(rb"([0-9]{1,9})[ \t]+([0-9]{1,18})(?:[ \t].*)?")
_PIECE = 64 * 1024
"""Bytes of a listing that are read without a pause: some 2,500 messages, and as many microseconds."""


@dataclass(frozen=True, slots=True)
class UIDListing:
    """What UIDL has listed.

    Attributes:
        text: as the server sent it.
        numbers: message numbers by unique id, in the server's order. Copies of one message may share an id (RFC 1939,
            7): the second has a blank and its count behind it.
    """

    text: bytes = field(default=b"", repr=False)
    numbers: dict[str, int] = field(default_factory=dict, repr=False)


def status() -> Script[None]:
    """STAT: that the mailbox can be told of (RFC 1939, 5)."""
    reply = yield from _say("STAT")
    if not reply.is_good:
        return _refuse("STAT refused", reply)
    if _STATUS.fullmatch(reply.rest.encode()) is None:
        return _break("the server's answer to STAT has no numbers in it")
    return None


def list_uids(known: UIDListing | None = None) -> Script[UIDListing]:
    """UIDL; at most 100,000 messages. Other tasks get their turn while a long listing is read.

    Args:
        known: an earlier listing: where the new one begins in the same way, only the rest is read.
    """
    reply = yield from _say("UIDL", multiline=POP3_LISTING_LIMITS)
    if not reply.is_good:
        return _refuse("UIDL refused", reply)
    text = reply.body[: reply.body.rfind(b".")]
    if known is not None and text == known.text:
        return known
    before = known if known is not None and text.startswith(known.text) else UIDListing()
    listing, start = UIDListing(text, dict(before.numbers)), len(before.text)
    copies: dict[str, int] = {}
    while start < len(text):
        end = text.find(b"\n", start + _PIECE) + 1 or len(text)
        if _LISTED_UIDS.fullmatch(text, start, end) is None:
            return _break("the server's answer to UIDL has lines that name no message")
        _read_uids(text[start:end], listing.numbers, copies)
        start = end
        if start < len(text):
            yield Exchange(send=b"", framer=None, tolerates_loss=True)
    return listing


def _read_uids(piece: bytes, numbers: dict[str, int], copies: dict[str, int]) -> None:
    """Add the messages of these lines; `copies` counts those that share an id."""
    words = piece.decode("ascii").split()
    uids = words[1::2]
    added = dict(zip(uids, map(int, words[::2]), strict=True))
    if len(added) == len(uids) and numbers.keys().isdisjoint(added):
        numbers |= added
        return
    for uid, number in zip(uids, words[::2], strict=True):
        name, count = uid, copies.get(uid, 1)
        while name in numbers:
            count += 1
            name = f"{uid} {count}"  # an id has no blank in it
        copies[uid] = count
        numbers[name] = int(number)


def size(number: int) -> Script[int]:
    """LIST of one message: its size in bytes."""
    reply = yield from _say(f"LIST {number}")
    if not reply.is_good:
        return _refuse("LIST refused", reply)
    match = _LISTED_SIZE.fullmatch(reply.rest.encode())
    if match is None or int(match[1]) != number:
        return _break(f"the server's answer to LIST {number} does not name that message")
    return int(match[2])


def top(number: int, lines: int) -> Script[bytes]:
    """TOP: a message's header and the first `lines` of its body, with CRLF line ends."""
    reply = yield from _say(f"TOP {number} {lines}", multiline=POP3_LIMITS)
    return _content_of(reply) if reply.is_good else _refuse("TOP refused", reply)


def retrieve(number: int) -> Script[bytes]:
    """RETR: a whole message, with CRLF line ends."""
    reply = yield from _say(f"RETR {number}", multiline=POP3_LIMITS)
    return _content_of(reply) if reply.is_good else _refuse("RETR refused", reply)


def delete(number: int) -> Script[None]:
    """DELE: marks a message; it goes when `quit_` is accepted."""
    reply = yield from _say(f"DELE {number}")
    return None if reply.is_good else _refuse("DELE refused", reply, StatusCode.DELETE_FAILED)


def quit_() -> Script[None]:
    """QUIT: ends the session and removes the messages that are marked (RFC 1939, 6)."""
    reply = yield from _say("QUIT")
    return None if reply.is_good else _refuse("QUIT refused", reply, StatusCode.DELETE_FAILED)


def _lines_of(reply: _Reply) -> list[bytes]:
    """The lines of a multi-line reply, without their ends and without the lone dot."""
    lines = [line.removesuffix(b"\r") for line in reply.body.split(b"\n")[:-2]]
    return [line.removeprefix(b".") for line in lines]


def _content_of(reply: _Reply) -> bytes:
    """The message in a multi-line reply: without the lone dot and without dot-stuffing (RFC 1939, 3)."""
    content = reply.body[: reply.body.rfind(b".")]
    if content.startswith(b".") or b"\n." in content:
        content = re.sub(rb"(?m)^\.", b"", content)
    if content.count(b"\n") != content.count(b"\r\n"):
        content = re.sub(rb"(?<!\r)\n", b"\r\n", content)
    return content
