"""The test message: built from values, and told apart from everything else in a mailbox by its token."""

import re
import unicodedata
from datetime import UTC, datetime
from email.utils import format_datetime

from mailtrip.probe.token import MessageKey, Token, find_tokens, may_hold_token

__all__ = ["ascii_address", "make_message", "message_id_of", "read_token"]

_LINE_LENGTH = 78
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_TEXT = """\
Hello,

this is a test message of Mailtrip, a monitor of mail delivery. It was
sent on {date} by
{host}
to see whether mail arrives in this mailbox, and how long it takes.

Nobody needs to read or answer it. Mailtrip looks for it in the mailbox
and deletes it there as soon as it has been seen. If it is still here
after a day, the monitor was stopped or could not reach the mailbox;
then it may be deleted by hand.

Mailtrip knows its own messages by a token and touches no others. The
token of this one is
{token}

The administrator of the machine named above can say more about it.
""".replace("\n", "\r\n")


def make_message(*, sender: str, recipient: str, token: Token, now: datetime, host: str) -> bytes:
    """Build the test message (RFC 5322): header and a plain ASCII body, CRLF line ends, not dot-stuffed.

    Lines have at most 78 characters unless an address leaves no choice. The token stands in the Message-ID, in a header
    of its own and in the body, so that a gateway may strip any two of them.

    Args:
        sender: one address, also UTF-8 (RFC 6531); header and Message-ID use it.
        recipient: likewise.
        token: its own; one token is never sent twice.
        now: the time of sending, aware.
        host: the machine that Mailtrip runs on, as it should be named to people.

    Raises:
        ValueError: when an address is no address or holds a control character.
    """
    sender, recipient = ascii_address(sender), ascii_address(recipient)
    fields = (
        _field("Date", format_datetime(now)),
        _field("Message-ID", message_id_of(sender, token)),
        _field("From", "Mailtrip", f"<{sender}>"),
        _field("To", f"<{recipient}>"),
        _field("Subject", f"Mail delivery check of {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        _field("X-Mailtrip-Token", token.text),
        # RFC 3834, 5: automatic responders must not answer this. Exchange knows only the second field, and responders
        # from before that RFC only the third, in which they look for bulk, junk or list: this is no list and no junk.
        _field("Auto-Submitted", "auto-generated"),
        _field("X-Auto-Response-Suppress", "All"),
        _field("Precedence", "bulk"),
        _field("MIME-Version", "1.0"),
        _field("Content-Type", "text/plain; charset=us-ascii"),
        _field("Content-Transfer-Encoding", "7bit"),
    )
    return ("".join(fields) + "\r\n" + _body(token, now, host)).encode()


def message_id_of(sender: str, token: Token) -> str:
    """The Message-ID of the message with this token, in angle brackets: the token, on the sender's domain."""
    return f"<{token.text}@{ascii_address(sender).rpartition('@')[2]}>"


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (RFC 5891); a local part beyond ASCII stays and needs SMTPUTF8.

    Raises:
        ValueError: when it is no address or holds a control character.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or _CONTROLS.search(address):
        raise ValueError(f"{address!r} is no mail address; write one like name@example.com")
    return f"{local}@{_ascii_domain(domain)}"


def read_token(content: bytes, key: MessageKey) -> Token | None:
    """The token of a test message of ours; None for any other message, also for one that quotes ours.

    A bounce, an automatic reply or a forwarded copy holds the token of the message that it is about, but is no proof of
    delivery. So the token counts in the two header fields that are ours. In the body it counts when those are gone, as
    some gateways take them out, and the header shows no sign of a report or a reply.

    Args:
        content: the whole message or its head (header and the first lines of the body).
        key: the installation's.
    """
    if not may_hold_token(content):
        return None
    header = _header_of(content)
    for value in _OWN_FIELDS.findall(header):
        if own := find_tokens(value, key):
            return own[0]
    if _ABOUT_ANOTHER.search(header):
        return None
    return next(iter(find_tokens(content[len(header) :], key)), None)


_FIELD_BODY = rb"[ \t]*:((?:[^\r\n]|\r?\n[ \t])*+)"
_OWN_FIELDS = re.compile(rb"^(?:x-mailtrip-token|message-id)" + _FIELD_BODY, re.IGNORECASE | re.MULTILINE)
# RFC 3464 reports, RFC 3834 replies, the null return path and the sender names of bounces, and what answers or forwards.
_ABOUT_ANOTHER = re.compile(
    rb"^(?:content-type[ \t]*:\s*(?:multipart/report|message/)"
    rb"|auto-submitted[ \t]*:\s*auto-(?:replied|notified)"
    rb"|return-path[ \t]*:\s*<>"
    rb"|from[ \t]*:[^\r\n]*(?:mailer-daemon|postmaster)"
    rb"|(?:in-reply-to|references|resent-from|x-failed-recipients)[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def _header_of(content: bytes) -> bytes:
    end = _HEADER_END.search(content)
    return content[: end.start()] if end else content


def _ascii_domain(domain: str) -> str:
    """IDNA 2008 as UTS 46 maps it, without its checks: whether the domain is allowed, DNS knows."""
    if domain.isascii():
        return domain
    labels = unicodedata.normalize("NFKC", domain.lower()).split(".")
    return ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels)


def _field(name: str, *words: str) -> str:
    """One header field, folded between words (and after its name) where a line would get too long."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE_LENGTH:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _body(token: Token, now: datetime, host: str) -> str:
    name = _CONTROLS.sub("", host).encode("ascii", "replace").decode("ascii")
    return _TEXT.format(host=name or "an unnamed machine", date=format_datetime(now), token=token.text)
