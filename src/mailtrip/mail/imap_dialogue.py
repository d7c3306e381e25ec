"""Commands and their answers in one IMAP session, and what the server lets drop meanwhile (RFC 3501, 5.2 and 7)."""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from mailtrip.mail.framing import IMAPFramer
from mailtrip.mail.imap_parser import Response, Status, parse_reply, parse_status
from mailtrip.mail.quoting import clean
from mailtrip.mail.script import BrokenProtocol, Exchange, Refusal, Script
from mailtrip.model import StatusCode

__all__ = ["Answer", "Dialogue", "breaks_as_refusal", "quote", "refuse"]

P = ParamSpec("P")
T = TypeVar("T")

_MOST_ALERTS = 10
_LONGEST_CAPABILITIES = 8192
_LARGEST_UID = 2**32 - 1

# RFC 5530, 3 and RFC 3501, 7.1.
_STATUSES = {
    "AUTHENTICATIONFAILED": StatusCode.MAILBOX_LOGIN,
    "AUTHORIZATIONFAILED": StatusCode.MAILBOX_LOGIN,
    "EXPIRED": StatusCode.MAILBOX_LOGIN,
    "PRIVACYREQUIRED": StatusCode.MAILBOX_LOGIN,
    "UNAVAILABLE": StatusCode.MAILBOX_PROTOCOL,
    "LIMIT": StatusCode.MAILBOX_PROTOCOL,
    "INUSE": StatusCode.MAILBOX_LOCKED,
    "OVERQUOTA": StatusCode.MAILBOX_QUOTA,
}
_TEMPORARY = frozenset({"UNAVAILABLE", "INUSE", "LIMIT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An OK, and the untagged responses that came before it; for a continuation, `challenge` is what it asks."""

    status: Status
    untagged: tuple[Response, ...]
    challenge: bytes | None = None


def breaks_as_refusal(script: Callable[P, Script[T]]) -> Callable[P, Script[T]]:
    """Make a script return a refusal where it finds that the server has broken the protocol."""

    @functools.wraps(script)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Script[T]:
        try:
            return (yield from script(*args, **kwargs))
        except BrokenProtocol as broken:
            return Refusal(status=StatusCode.MAILBOX_PROTOCOL, reason=str(broken))

    return guarded


def quote(words: Sequence[str]) -> bytes | None:
    """Words as quoted strings; None where one needs a literal (RFC 3501, 4.3)."""
    if not all(re.fullmatch(r"[\x20-\x7e]*", word) for word in words):
        return None
    return " ".join('"{}"'.format(re.sub(r'(["\\])', r"\\\1", word)) for word in words).encode()


def refuse(what: str, status: Status, fallback: StatusCode, *, secrets: Sequence[str] = ()) -> Refusal:
    """A refusal with the server's words, whose response code decides on the status.

    A failed deletion stays one, and TLS too: how bad they are does not depend on the reason.
    """
    code = fallback
    if fallback not in {StatusCode.DELETE_FAILED, StatusCode.MAILBOX_TLS}:
        code = _STATUSES.get(status.code, StatusCode.MAILBOX_PROTOCOL if status.kind == "BAD" else fallback)
    reason = f"{what}: {clean(status.text, secrets=secrets)}"
    return Refusal(status=code, reason=reason, is_temporary=status.code in _TEMPORARY)


class Dialogue:
    """What is known of a session, kept up to date by everything the server says."""

    def __init__(self) -> None:
        self.capabilities: frozenset[str] = frozenset()
        self.exists = 0
        self.arrivals = 0
        self.uidnext: int | None = None
        self.uidvalidity: int | None = None
        self.alerts: list[str] = []
        self.is_gone = False
        self.is_logged_in = False
        self._tags = 0

    def next_tag(self) -> bytes:
        self._tags += 1
        return b"A%d" % self._tags

    def forget_capabilities(self) -> None:
        self.capabilities = frozenset()

    def forget_folder(self) -> None:
        self.exists, self.uidnext, self.uidvalidity = 0, None, None

    def read_greeting(self, reply: bytes) -> str | Refusal:
        """The greeting's text (RFC 3501, 7.1)."""
        gone = self.read_untagged(reply)
        if gone is not None:
            return gone
        response = parse_reply(reply)[0]
        if response.name not in {"OK", "PREAUTH"}:
            raise BrokenProtocol("the server greets with neither OK nor PREAUTH")
        self.is_logged_in = response.name == "PREAUTH"
        return parse_status(response).text

    def ask(
        self,
        command: bytes,
        *,
        refused: str,
        status: StatusCode = StatusCode.MAILBOX_PROTOCOL,
        abridges_reply: bool = False,
    ) -> Script[Answer]:
        """Send a command of one line and read its answer.

        Args:
            command: without tag and line end.
            refused: begins the reason of a refusal.
            status: of a refusal whose response code says no better.
            abridges_reply: the reply holds messages.
        """
        tag = self.next_tag()
        reply = yield Exchange(
            send=tag + b" " + command + b"\r\n", framer=IMAPFramer(tag), abridges_reply=abridges_reply
        )
        return self.read(reply, refused=refused, status=status)

    def read(
        self,
        reply: bytes,
        *,
        refused: str,
        status: StatusCode = StatusCode.MAILBOX_PROTOCOL,
        secrets: Sequence[str] = (),
    ) -> Answer | Refusal:
        """Take in what a tagged response, a continuation or a BYE ends."""
        *untagged, last = parse_reply(reply)
        gone = self._take_in(untagged)
        if last.tag == b"*" or gone is not None:
            gone = gone or self._take_in([last])
            if gone is None:
                raise BrokenProtocol("the server's answer has no end")
            return gone
        if last.tag == b"+":
            nothing = Status(kind="", code="", arguments="", said="")
            return Answer(status=nothing, untagged=tuple(untagged), challenge=last.rest)
        said = parse_status(last)
        if said.kind not in {"OK", "NO", "BAD"}:
            # Not quoted: a name is in upper case, in which nobody would know an echoed password again to hide it.
            raise BrokenProtocol("the server ends a command with neither OK, NO nor BAD")
        self._note_code(said)
        if said.kind == "OK":
            return Answer(status=said, untagged=tuple(untagged))
        return refuse(refused, said, status, secrets=secrets)

    def read_untagged(self, reply: bytes) -> Refusal | None:
        """Take in responses that belong to no command; a refusal when the server takes its leave."""
        return self._take_in(parse_reply(reply)) if reply else None

    def _take_in(self, responses: Sequence[Response]) -> Refusal | None:
        gone = None
        for response in responses:
            match response.name:
                case "EXISTS" if response.number is not None:
                    self.exists = response.number
                    self.arrivals += 1
                case "EXPUNGE" if response.number is not None:
                    self.exists = max(0, self.exists - 1)
                case "CAPABILITY":
                    self._note_capabilities(response.rest.decode("ascii", "replace"))
                case "OK" | "NO" | "BAD" | "PREAUTH":
                    self._note_code(parse_status(response))
                case "BYE":
                    self.is_gone = True
                    status = parse_status(response)
                    gone = refuse("the server ended the session", status, StatusCode.MAILBOX_PROTOCOL)
                case _:
                    pass
        return gone

    def _note_code(self, status: Status) -> None:
        match status.code:
            case "CAPABILITY":
                self._note_capabilities(status.arguments)
            case "UIDNEXT":
                self.uidnext = _to_uid(status.arguments) or self.uidnext
            case "UIDVALIDITY":
                self.uidvalidity = _to_uid(status.arguments) or self.uidvalidity
            case "ALERT" if len(self.alerts) < _MOST_ALERTS:
                self.alerts.append(status.text)
            case _:
                pass

    def _note_capabilities(self, text: str) -> None:
        self.capabilities = frozenset(clean(text, longest=_LONGEST_CAPABILITIES).upper().split())


def _to_uid(text: str) -> int | None:
    number = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0
    return number if 0 < number <= _LARGEST_UID else None
