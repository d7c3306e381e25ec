"""Reports about messages that were not delivered: the standard ones (RFC 3464), and plain texts that quote our token."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from mailtrip.model import Bounce, BouncedRecipient
from mailtrip.probe.fields import Field, bodies_of, printable, read_fields
from mailtrip.probe.message import read_token
from mailtrip.probe.structured import first_value, pairs_of
from mailtrip.probe.token import MessageKey, find_tokens

__all__ = ["parse_bounce"]

_LONGEST_CONTENT = 512 * 1024
_LONGEST_REPORT = 64 * 1024
_MOST_PARTS = 20
_MOST_RECIPIENTS = 50
_LONGEST_TEXT = 500
_LONGEST_EXPLANATION = 8 * 1024


def parse_bounce(content: bytes, key: MessageKey) -> Bounce | None:
    """Read a message as a report about another one; None when it is none.

    A report after RFC 3464 is one whatever it is about: its `token` tells whether it concerns a message of ours. Plain
    text is a bounce only when it quotes a token of ours and comes from a mail server by its look; the test message itself
    is none. Forged tokens and those of other installations count for nothing.

    Args:
        content: the message, any bytes; the first 512 KiB are looked at.
        key: the installation's.
    """
    content = content[:_LONGEST_CONTENT]
    if read_token(content, key) is not None:
        return None
    fields = read_fields(content)
    tokens = find_tokens(content, key)
    token = tokens[0].text if tokens else None
    body = _body_of(content)
    report = _delivery_status(fields, body)
    if report is not None:
        return _parse_report(report, token)
    return _parse_text(fields, body, token) if token and _is_from_mail_server(fields, body) else None


_HEADER_END = re.compile(rb"\r?\n\r?\n")


def _body_of(content: bytes) -> bytes:
    end = _HEADER_END.search(content)
    return content[end.end() :] if end else b""


def _delivery_status(fields: Sequence[Field], body: bytes) -> bytes | None:
    """The machine-readable part of a report (RFC 6522, 3), its encoding undone."""
    content_type = _first(fields, "content-type")
    boundary = first_value(list(pairs_of(content_type)), "boundary")
    if boundary is None or not content_type.lower().startswith("multipart/report"):
        return None
    for part in _parts_of(body, boundary):
        part_fields = read_fields(part)
        kind = _first(part_fields, "content-type").lower()
        if kind.startswith(("message/delivery-status", "message/global-delivery-status")):
            encoding = _first(part_fields, "content-transfer-encoding").lower()
            return _decoded(_body_of(part)[:_LONGEST_REPORT], encoding)
    return None


def _parts_of(body: bytes, boundary: str) -> Iterator[bytes]:
    """The parts of a multipart body (RFC 2046, 5.1), at most 20; the last may lack its end."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    pieces = (b"\n" + body).split(b"\n" + mark, _MOST_PARTS + 1)
    return (piece.partition(b"\n")[2] for piece in islice(pieces, 1, _MOST_PARTS + 1))


def _decoded(content: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding != "base64":
        return content
    try:
        return base64.b64decode(content)
    except binascii.Error:
        return content


def _first(fields: Sequence[Field], name: str) -> str:
    return next(bodies_of(fields, name), "")


_BLANK_LINES = re.compile(rb"(?:\r?\n[ \t]*+){2,}+")
_STATUS = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")


def _parse_report(report: bytes, token: str | None) -> Bounce:
    """RFC 3464, 2.1: a group of fields about the message, and one for each recipient."""
    groups = [read_fields(group) for group in _BLANK_LINES.split(report.strip(), _MOST_RECIPIENTS)]
    about = groups[0] if groups else ()
    recipients = [_parse_recipient(group) for group in groups if _is_about_recipient(group)]
    return Bounce(
        reporting_mta=_typed(_first(about, "reporting-mta")),
        recipients=tuple(recipients[:_MOST_RECIPIENTS]),
        token=token,
    )


def _is_about_recipient(fields: Sequence[Field]) -> bool:
    return any(field.name in {"final-recipient", "original-recipient", "action", "status"} for field in fields)


_ACTION = re.compile(r"[a-z]{1,20}")


def _parse_recipient(fields: Sequence[Field]) -> BouncedRecipient:
    diagnostic = _typed(_first(fields, "diagnostic-code"))
    action = _ACTION.match(_first(fields, "action").lower())
    status = _STATUS.search(_first(fields, "status"))
    return BouncedRecipient(
        address=_typed(_first(fields, "final-recipient")) or _typed(_first(fields, "original-recipient")),
        action=action[0] if action else "failed",
        status=status[1] if status else _status_in(diagnostic or ""),
        diagnostic=diagnostic,
        remote_mta=_typed(_first(fields, "remote-mta")),
    )


def _typed(value: str) -> str | None:
    """What stands behind the type of an address, a name or an answer: `dns; mx.example.com` (RFC 3464, 2.1.2)."""
    kind, separator, rest = value.partition(";")
    text = rest if separator and " " not in kind.strip() else value
    return text.strip().strip("<>")[:_LONGEST_TEXT] or None


def _status_in(text: str) -> str | None:
    match = _STATUS.search(text)
    return match[1] if match else None


_SENDERS = re.compile(r"(?:mailer-daemon|postmaster|mail delivery (?:sub)?system)\b", re.IGNORECASE)
_QMAIL = b"Hi. This is the "


def _is_from_mail_server(fields: Sequence[Field], body: bytes) -> bool:
    """Whether the look of a message says that a mail server wrote it to say what it could not deliver.

    A report has no return path (RFC 5321, 4.5.5) and says that nobody wrote it (RFC 3834, 5), but so does an automatic
    reply of a person's mailbox: with a person's address in front it must show a status code too. qmail opens with a
    sentence of its own instead, and Exim names whom it failed for.
    """
    is_named_so = _SENDERS.search(_first(fields, "from")[:_LONGEST_TEXT]) is not None
    if _first(fields, "return-path") != "<>" and not is_named_so:
        return False
    if _first(fields, "x-failed-recipients") or body.lstrip().startswith(_QMAIL):
        return True
    tells_status = _status_in(body[:_LONGEST_EXPLANATION].decode("utf-8", "replace")) is not None
    return _first(fields, "auto-submitted").lower().startswith("auto-") and (is_named_so or tells_status)


# Where the text ends and the returned message begins: qmail, Exim, Sendmail, Courier and others.
_COPY_BEGINS = re.compile(
    rb"^(?:--- (?:Below this line|Enclosed)|------ This is a copy|----- ?Original message|--- The header|Return-Path:)",
    re.IGNORECASE | re.MULTILINE,
)
# QSBMF: "<user@example.com>:" on a line of its own; Exim: the address indented on a line of its own.
_RECIPIENT_LINE = re.compile(r"^(?: {2,4}|<)([^\s<>@:]{1,64}@[^\s<>@:]{1,255})>?:?$", re.MULTILINE)
# A server's answer, further lines of it indented; the figure alone could be any number.
_ANSWER = re.compile(r"(?<![0-9.])([45][0-5][0-9][ -](?:[^\n]|\n {2,}+(?=[45][0-9]{2})){1,400}+)")
_MERE_DELAY = re.compile(r"not yet been delivered|delivery attempts will continue|no action is required", re.IGNORECASE)
_REMOTE = re.compile(
    r"\b(?:host |Connected to |Giving up on )([A-Za-z0-9-]{1,63}(?:[.:]{1,2}[A-Za-z0-9-]{1,63}){1,20})"
)


def _parse_text(fields: Sequence[Field], body: bytes, token: str) -> Bounce:
    copy = _COPY_BEGINS.search(body)
    explanation = body[: copy.start() if copy else len(body)][:_LONGEST_EXPLANATION]
    text = "\n".join(explanation.decode("utf-8", "replace").splitlines())
    named = list(_RECIPIENT_LINE.finditer(text))[:_MOST_RECIPIENTS]
    ends = [match.start() for match in named[1:]] + [len(text)]
    sections = [(match[1], text[match.end() : end]) for match, end in zip(named, ends, strict=False)]
    if not sections:
        sections = [(_first(fields, "x-failed-recipients").partition(",")[0].strip(), text)]
    action = "delayed" if _MERE_DELAY.search(text) else "failed"
    recipients = [_read_answer(address, section, action) for address, section in sections]
    return Bounce(reporting_mta=_qmail_host(text), recipients=tuple(recipients), token=token, is_standard=False)


def _read_answer(address: str, text: str, action: str) -> BouncedRecipient:
    answer, remote = _ANSWER.search(text), _REMOTE.search(text)
    diagnostic = printable(answer[1] if answer else text.strip().partition("\n\n")[0])[:_LONGEST_TEXT]
    return BouncedRecipient(
        address=printable(address)[:_LONGEST_TEXT] or None,
        action=action,
        status=_status_in(diagnostic),
        diagnostic=diagnostic or None,
        remote_mta=remote[1] if remote else None,
    )


_QMAIL_HOST = re.compile(r"\A\s{0,10}Hi\. This is the \S{1,40} program at ([^\s:]{1,255}?)\.?(?:\s|\Z)")


def _qmail_host(text: str) -> str | None:
    match = _QMAIL_HOST.match(text)
    return printable(match[1]) if match else None
