"""The SMTP grammar: scripts for one submission, without I/O (RFC 5321 and its extensions)."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from mailtrip.mail import sasl
from mailtrip.mail.framing import SMTPReplyFramer
from mailtrip.mail.quoting import HIDDEN, clean
from mailtrip.mail.script import Exchange, Refusal, Script
from mailtrip.model import Credentials, MailProtocol, Mechanism, StatusCode

__all__ = ["Capabilities", "greeting", "hello", "log_in", "quit_", "start_tls", "submit"]

_LONGEST_COMMAND = 512
"""Of a command with its CRLF (RFC 5321, 4.5.3.1.4)."""
_DRAIN_SECONDS = 5.0
"""For replies that no longer decide anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server offered in its answer to EHLO; nothing after HELO.

    Attributes:
        names: keywords in upper case.
        mechanisms: of AUTH, in upper case.
        size_limit: bytes of a message; None when not said or unlimited.
        lines: as they were sent, the first one (the server's name) left out.
    """

    names: frozenset[str] = frozenset()
    mechanisms: frozenset[str] = frozenset()
    size_limit: int | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reply:
    code: int
    lines: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_temporary(self) -> bool:
        return 400 <= self.code < 500

    @property
    def text(self) -> str:
        """The reply as people quote it: `550 5.1.1 no such user`, the enhanced code of further lines left out."""
        first, *rest = self.lines
        return clean(" ".join([str(self.code), first, *(_ENHANCED.sub("", line) for line in rest)]))


_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?: |\Z)")
T = TypeVar("T")
_Steps: TypeAlias = Generator[Exchange, bytes, T]


def _parse(reply: bytes) -> list[_Reply]:
    """The replies that a framer has found complete; a reply has the code of its last line."""
    replies = []
    lines: list[str] = []
    for line in reply.split(b"\n")[:-1]:
        lines.append(line[4:].rstrip(b"\r").decode("utf-8", "replace"))
        if line[3:4] != b"-":
            replies.append(_Reply(int(line[:3]), tuple(lines)))
            lines = []
    return replies


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _say(command: str, *, shown: str | None = None, hides_reply: bool = False) -> _Steps[_Reply]:
    if _CONTROL.search(command):
        raise ValueError("a command has no control characters in it")
    reply = yield Exchange(
        send=f"{command}\r\n".encode(),
        framer=SMTPReplyFramer(),
        shown=None if shown is None else (shown,),
        hides_reply=hides_reply,
    )
    return _parse(reply)[-1]


def _refuse(what: str, reply: _Reply, status: StatusCode, *, secrets: Sequence[str] = ()) -> Refusal:
    """A refusal with the server's words; an answer that is no refusal makes no sense where this is called."""
    if reply.code < 400:
        status, what = StatusCode.SMTP_PROTOCOL, f"{what} with an answer that makes no sense there"
    reason = f"{what}: {clean(reply.text, secrets=secrets)}"
    return Refusal(status=status, reason=reason, is_temporary=reply.is_temporary)


def _judge_refusal(what: str, reply: _Reply, status: StatusCode, *, secrets: Sequence[str] = ()) -> Refusal:
    """A refusal, or a deferral where the server wants to be asked later (4yz; RFC 5321, 4.2.1)."""
    if reply.is_temporary:
        return _refuse(what.replace("refused", "deferred"), reply, StatusCode.DEFERRED, secrets=secrets)
    return _refuse(what, reply, status, secrets=secrets)


def greeting() -> Script[str]:
    """Wait for the server's 220; its text."""
    reply = _parse((yield Exchange(send=b"", framer=SMTPReplyFramer())))[-1]
    if reply.code != 220:
        return _judge_refusal("the greeting refuses service", reply, StatusCode.SMTP_PROTOCOL)
    return reply.text


def hello(client_name: str) -> Script[Capabilities]:
    """EHLO, and HELO where that is refused for good (RFC 5321, 4.1.4).

    Args:
        client_name: a host name, or an address literal in brackets.
    """
    reply = yield from _say(f"EHLO {client_name}")
    if reply.is_good:
        return _read_capabilities(reply.lines[1:])
    if reply.code >= 500:
        fallback = yield from _say(f"HELO {client_name}")
        if fallback.is_good:
            return Capabilities()
        return _judge_refusal("HELO refused", fallback, StatusCode.SMTP_PROTOCOL)
    return _judge_refusal("EHLO refused", reply, StatusCode.SMTP_PROTOCOL)


def _read_capabilities(lines: Sequence[str]) -> Capabilities:
    names, mechanisms, size_limit = set(), set(), None
    shown = tuple(clean(line) for line in lines)
    for line in shown:
        # Servers of the last century write "AUTH=LOGIN PLAIN" as well.
        name, *values = re.sub(r"\A(?i:AUTH)=", "AUTH ", line).upper().split() or [""]
        names.add(name)
        if name == "AUTH":
            mechanisms.update(values)
        elif name == "SIZE" and values and re.fullmatch(r"[0-9]{1,20}", values[0]):
            size_limit = int(values[0]) or None  # RFC 1870, 3: 0 means no fixed limit
    return Capabilities(
        names=frozenset(names - {""}),
        mechanisms=frozenset(mechanisms),
        size_limit=size_limit,
        lines=shown,
    )


def start_tls() -> Script[None]:
    """STARTTLS (RFC 3207); on None the TLS handshake is next, and a new `hello` behind it."""
    reply = yield from _say("STARTTLS")
    return None if reply.code == 220 else _judge_refusal("STARTTLS refused", reply, StatusCode.SMTP_TLS)


def log_in(capabilities: Capabilities, credentials: Credentials, *, is_secure: bool) -> Script[None]:
    """AUTH with the mechanism named in the credentials, or the strongest that both sides know (RFC 4954).

    Args:
        capabilities: as `hello` had them last.
        credentials: the login.
        is_secure: the connection has TLS, or is meant to have none; otherwise the password is not sent.
    """
    mechanism = sasl.choose(
        capabilities.mechanisms, credentials.mechanism, is_secure=is_secure, protocol=MailProtocol.SMTP
    )
    if not isinstance(mechanism, Mechanism):
        return Refusal(status=StatusCode.SMTP_LOGIN, reason=sasl.explain_no_login(mechanism, credentials))
    try:
        conversation = sasl.start(mechanism, credentials)
    except sasl.SASLError as error:
        return Refusal(status=StatusCode.SMTP_LOGIN, reason=f"login not possible: {error}")
    return (yield from _authenticate(conversation, secrets=[credentials.password]))


def _authenticate(conversation: sasl.Conversation, *, secrets: list[str]) -> Script[None]:
    what = f"AUTH {conversation.name}"
    command = what
    first = conversation.first
    if first is not None and len(sasl.encode(first)) + len(what) + 3 <= _LONGEST_COMMAND:
        command, first = f"{what} {sasl.encode(first).decode() or '='}", None
    secrets.append(command.removeprefix(what).strip())
    shown = what if command == what else f"{what} {HIDDEN}"
    reply = yield from _say(command, shown=shown, hides_reply=_hides(conversation))
    while reply.code == 334:
        try:
            challenge = sasl.decode(reply.lines[-1].encode())
            answer = conversation.answer(challenge) if first is None else first
        except sasl.SASLError as error:
            yield from _say("*")  # RFC 4954, 4: cancels the exchange
            return Refusal(status=StatusCode.SMTP_LOGIN, reason=f"{what} failed: {error}")
        first = None
        secrets.append(sasl.encode(answer).decode())
        reply = yield from _say(secrets[-1], shown=HIDDEN, hides_reply=_hides(conversation))
    if reply.code != 235:
        return _judge_login(what, reply, secrets)
    try:
        conversation.finish()
    except sasl.SASLError as error:
        return Refusal(status=StatusCode.SMTP_LOGIN, reason=f"{what} failed: {error}")
    return None


_PASSWORD_TRANSITION = 432


def _judge_login(what: str, reply: _Reply, secrets: Sequence[str]) -> Refusal:
    """A refused login; 454 and its like are no refusal, as the server could not check it (RFC 4954, 6)."""
    if reply.code == _PASSWORD_TRANSITION:
        # RFC 4954, 6: the user has to log in once by another mechanism; the same never works later.
        return replace(_refuse(f"{what} refused", reply, StatusCode.SMTP_LOGIN, secrets=secrets), is_temporary=False)
    return _judge_refusal(f"{what} refused", reply, StatusCode.SMTP_LOGIN, secrets=secrets)


def _hides(conversation: sasl.Conversation) -> bool:
    return conversation.hides_challenges and conversation.expects_challenge


def submit(capabilities: Capabilities, sender: str, recipient: str, message: bytes) -> Script[str]:
    """Hand one message over: MAIL, RCPT, DATA and the message.

    Args:
        capabilities: as `hello` had them last.
        sender: envelope address; empty for the null sender.
        recipient: envelope address.
        message: with CRLF line ends, not dot-stuffed.

    Returns:
        The text of the reply that accepts the message.

    Raises:
        ValueError: for addresses with control characters and messages with other line ends.
    """
    _check_input(sender, recipient, message)
    missing = _find_missing(capabilities, sender, recipient, message)
    if missing is not None:
        return missing
    commands = [
        f"MAIL FROM:<{sender}>{_mail_parameters(capabilities, sender, recipient, message)}",
        f"RCPT TO:<{recipient}>",
        "DATA",
    ]
    if "PIPELINING" in capabilities.names:
        refusal = yield from _open_pipelined(commands)
    else:
        refusal = yield from _open_stepwise(commands)
    if refusal is not None:
        return refusal
    return (yield from _send_message(message))


_ADDRESS_BREAKERS = re.compile(r"[\x00-\x20<>\x7f-\x9f\u2028\u2029]")


def _check_input(sender: str, recipient: str, message: bytes) -> None:
    for address in (sender, recipient):
        # A quoted local part may have blanks and angle brackets (RFC 5321, 4.1.2); control characters never.
        unquoted = re.sub(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"', "", address)
        if _ADDRESS_BREAKERS.search(unquoted):
            raise ValueError("an address has blanks, angle brackets or control characters in it")
    if not recipient:
        raise ValueError("a recipient is missing")
    if not message.count(b"\r\n") == message.count(b"\r") == message.count(b"\n"):
        raise ValueError("a message has CRLF at the end of each line and no CR or LF elsewhere")


def _find_missing(capabilities: Capabilities, sender: str, recipient: str, message: bytes) -> Refusal | None:
    """What the message needs and the server does not offer."""
    if capabilities.size_limit is not None and len(message) > capabilities.size_limit:
        reason = f"the message has {len(message)} bytes, the server accepts {capabilities.size_limit}"
        return Refusal(status=StatusCode.MESSAGE_REFUSED, reason=reason)
    if "SMTPUTF8" in capabilities.names:
        return None
    needs = [
        ("the sender's address", StatusCode.SENDER_REFUSED, sender.isascii()),
        ("the recipient's address", StatusCode.RECIPIENT_REFUSED, recipient.isascii()),
        ("the message's header", StatusCode.MESSAGE_REFUSED, _header_of(message).isascii()),
    ]
    return next(
        (
            Refusal(status=status, reason=f"{what} needs SMTPUTF8, which the server does not offer")
            for what, status, is_ascii in needs
            if not is_ascii
        ),
        None,
    )


def _header_of(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[0]


def _mail_parameters(capabilities: Capabilities, sender: str, recipient: str, message: bytes) -> str:
    offered = capabilities.names
    needs_utf8 = not (sender.isascii() and recipient.isascii() and _header_of(message).isascii())
    parameters = [
        (f" SIZE={len(message)}", "SIZE" in offered),  # RFC 1870, 6
        (" BODY=8BITMIME", "8BITMIME" in offered and not message.isascii()),  # RFC 6152, 3
        (" SMTPUTF8", "SMTPUTF8" in offered and needs_utf8),  # RFC 6531, 3.4
    ]
    return "".join(text for text, is_used in parameters if is_used)


_REFUSED_AS = {
    "MAIL": ("MAIL FROM refused", StatusCode.SENDER_REFUSED),
    "RCPT": ("RCPT TO refused", StatusCode.RECIPIENT_REFUSED),
    "DATA": ("DATA refused", StatusCode.MESSAGE_REFUSED),
}


def _judge(command: str, reply: _Reply) -> Refusal | None:
    """What a reply to MAIL, RCPT or DATA means; None when the command was accepted."""
    verb = command[:4]
    if reply.code == 354 if verb == "DATA" else reply.is_good:
        return None
    what, status = _REFUSED_AS[verb]
    refusal = _judge_refusal(what, reply, status)
    # A quota named in the answer to MAIL is the sender's.
    return refusal if verb == "MAIL" else _blame_quota(refusal, reply)


_MAILBOX_FULL = re.compile(r"[45]\.2\.2(?= |\Z)")


def _blame_quota(refusal: Refusal, reply: _Reply) -> Refusal:
    """A recipient's mailbox that is full is the status, where the server says so (RFC 3463, 3.3: X.2.2)."""
    is_full = reply.code >= 400 and _MAILBOX_FULL.match(reply.lines[0])
    return replace(refusal, status=StatusCode.MAILBOX_QUOTA) if is_full else refusal


def _open_stepwise(commands: Sequence[str]) -> _Steps[Refusal | None]:
    for command in commands:
        refusal = _judge(command, (yield from _say(command)))
        if refusal is not None:
            return refusal
    return None


def _open_pipelined(commands: Sequence[str]) -> _Steps[Refusal | None]:
    """All commands at once; the first one that was refused decides (RFC 2920, 3.1)."""
    send = "".join(f"{command}\r\n" for command in commands).encode()
    replies = _parse((yield Exchange(send=send, framer=SMTPReplyFramer(len(commands)))))
    # The framer ends at the first refusal, so there may be fewer replies than commands.
    judged = (_judge(command, reply) for command, reply in zip(commands, replies, strict=False))
    refusal = next((refusal for refusal in judged if refusal is not None), None)
    if refusal is not None:
        yield from _back_out(replies, len(commands) - len(replies))
    return refusal


def _back_out(replies: Sequence[_Reply], missing: int) -> _Steps[None]:
    """Hear out the replies that are due, and end a DATA that was accepted all the same with a lone dot."""
    last = replies[-1]
    while missing > 0 and last.code != 421:
        rest = yield Exchange(send=b"", framer=SMTPReplyFramer(missing), patience=_DRAIN_SECONDS, tolerates_loss=True)
        if not rest:
            return
        more = _parse(rest)
        last, missing = more[-1], missing - len(more)
    if last.code == 354:
        yield Exchange(send=b".\r\n", framer=SMTPReplyFramer(), patience=_DRAIN_SECONDS, tolerates_loss=True)


def _send_message(message: bytes) -> Script[str]:
    reply = _parse(
        (
            yield Exchange(
                send=_stuff(message) + b".\r\n",
                framer=SMTPReplyFramer(),
                shown=(f"(message, {len(message)} bytes)",),
                commits=True,
            )
        )
    )[-1]
    if reply.is_good:
        return reply.text
    if reply.code < 400:
        reason = f"the message was answered with nonsense: {reply.text}"
        return Refusal(status=StatusCode.SMTP_PROTOCOL, reason=reason, is_unanswered=True)
    return _blame_quota(_judge_refusal("message refused", reply, StatusCode.MESSAGE_REFUSED), reply)


def _stuff(message: bytes) -> bytes:
    """Double each dot at the start of a line (RFC 5321, 4.5.2), and end the last line where it has no end."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def quit_() -> Script[None]:
    """End the session; whatever the answer, nothing depends on it."""
    yield Exchange(send=b"QUIT\r\n", framer=SMTPReplyFramer(), tolerates_loss=True)
    return None
