"""Logging in over IMAP: AUTHENTICATE with SASL, and the LOGIN command (RFC 3501, 6.2)."""

from collections.abc import Callable, Sequence

from mailtrip.mail import sasl
from mailtrip.mail.framing import IMAPFramer
from mailtrip.mail.imap_dialogue import Answer, Dialogue, quote
from mailtrip.mail.quoting import HIDDEN
from mailtrip.mail.script import Exchange, Refusal, Script
from mailtrip.model import Credentials, MailProtocol, Mechanism, StatusCode

__all__ = ["log_in"]


_LONGEST_SHORT_LITERAL = 4096
"""That may go out unasked with LITERAL- (RFC 7888, 5)."""


def log_in(dialogue: Dialogue, credentials: Credentials, *, is_secure: bool, nonce: Callable[[], str]) -> Script[None]:
    """Log in, and know the capabilities of a logged-in session afterwards."""
    if dialogue.is_logged_in:
        return None
    if not dialogue.capabilities:
        known = yield from _ask_capabilities(dialogue)
        if known is not None:
            return known
    offered = _offered(dialogue.capabilities)
    mechanism = sasl.choose(offered, credentials.mechanism, is_secure=is_secure, protocol=MailProtocol.IMAP)
    if not isinstance(mechanism, Mechanism):
        return _fail(sasl.explain_no_login(mechanism, credentials))
    before, dialogue.capabilities = dialogue.capabilities, frozenset()
    if mechanism is Mechanism.LOGIN:
        refusal = yield from _log_in_by_command(dialogue, credentials, before)
    else:
        refusal = yield from _log_in_by_sasl(dialogue, mechanism, credentials, before, nonce)
    if refusal is not None:
        dialogue.capabilities = dialogue.capabilities or before
        return refusal
    dialogue.is_logged_in = True
    return None if dialogue.capabilities else (yield from _ask_capabilities(dialogue))


def _ask_capabilities(dialogue: Dialogue) -> Script[None]:
    answer = yield from dialogue.ask(b"CAPABILITY", refused="CAPABILITY refused")
    return answer if isinstance(answer, Refusal) else None


def _offered(capabilities: frozenset[str]) -> frozenset[str]:
    mechanisms = {name.removeprefix("AUTH=") for name in capabilities if name.startswith("AUTH=")} - {"LOGIN"}
    return frozenset(mechanisms if "LOGINDISABLED" in capabilities else {*mechanisms, "LOGIN"})


def _fail(reason: str) -> Refusal:
    return Refusal(status=StatusCode.MAILBOX_LOGIN, reason=reason)


def _log_in_by_command(dialogue: Dialogue, credentials: Credentials, capabilities: frozenset[str]) -> Script[None]:
    """LOGIN with quoted strings, or literals where they don't fit."""
    tag = dialogue.next_tag()
    shown = f"{tag.decode()} LOGIN {credentials.username} {HIDDEN}"
    words = quote([credentials.username, credentials.password])
    pieces = [b"LOGIN " + words] if words is not None else _as_literals(credentials, capabilities)
    answer: Answer | Refusal | None = None
    for position, piece in enumerate(pieces):
        is_last = position == len(pieces) - 1
        reply = yield Exchange(
            send=(tag + b" " if position == 0 else b"") + piece + b"\r\n",
            framer=IMAPFramer(tag, continuation_ok=not is_last),
            shown=(shown if position == 0 else HIDDEN,),
        )
        answer = dialogue.read(
            reply, refused="LOGIN refused", status=StatusCode.MAILBOX_LOGIN, secrets=[credentials.password]
        )
        if isinstance(answer, Refusal):
            return answer
        if answer.challenge is None:
            break
    return None


def _as_literals(credentials: Credentials, capabilities: frozenset[str]) -> list[bytes]:
    """LOGIN in pieces, between which the server has to ask for more; in one where it needn't (RFC 7888)."""
    words = [credentials.username.encode(), credentials.password.encode()]
    is_short = all(len(word) <= _LONGEST_SHORT_LITERAL for word in words)
    if "LITERAL+" in capabilities or (is_short and {"LITERAL-", "IMAP4REV2"} & capabilities):
        return [b"LOGIN " + b" ".join(b"{%d+}\r\n%s" % (len(word), word) for word in words)]
    return [b"LOGIN {%d}" % len(words[0]), b"%s {%d}" % (words[0], len(words[1])), words[1]]


def _log_in_by_sasl(
    dialogue: Dialogue,
    mechanism: Mechanism,
    credentials: Credentials,
    capabilities: frozenset[str],
    nonce: Callable[[], str],
) -> Script[None]:
    try:
        conversation = sasl.start(mechanism, credentials, nonce=nonce)
    except sasl.SASLError as error:
        return _fail(f"login not possible: {error}")
    exchange = _Authentication(dialogue, conversation, secrets=[credentials.password])
    return (yield from exchange.run(sends_first="SASL-IR" in capabilities))


class _Authentication:
    """AUTHENTICATE (RFC 3501, 6.2.2; RFC 4959)."""

    def __init__(self, dialogue: Dialogue, conversation: sasl.Conversation, *, secrets: Sequence[str]) -> None:
        self._dialogue = dialogue
        self._conversation = conversation
        self._secrets = list(secrets)
        self._tag = dialogue.next_tag()
        self._what = f"AUTHENTICATE {conversation.name}"

    def run(self, *, sends_first: bool) -> Script[None]:
        command, shown = f"{self._tag.decode()} {self._what}", f"{self._tag.decode()} {self._what}"
        first = self._conversation.first
        if first is not None and sends_first:
            self._secrets.append(sasl.encode(first).decode())
            command, shown, first = f"{command} {self._secrets[-1] or '='}", f"{shown} {HIDDEN}", None
        answer = yield from self._say(command, shown)
        while isinstance(answer, Answer) and answer.challenge is not None:
            try:
                challenge = sasl.decode(answer.challenge)
                response = self._conversation.answer(challenge) if first is None else first
            except sasl.SASLError as error:
                yield from self._say("*", "*")  # RFC 3501, 6.2.2: cancels the exchange
                return _fail(f"{self._what} failed: {error}")
            first = None
            self._secrets.append(sasl.encode(response).decode())
            answer = yield from self._say(self._secrets[-1], HIDDEN)
        if isinstance(answer, Refusal):
            return answer
        try:
            self._conversation.finish()
        except sasl.SASLError as error:
            return _fail(f"{self._what} failed: {error}")
        return None

    def _say(self, line: str, shown: str) -> Script[Answer]:
        reply = yield Exchange(
            send=f"{line}\r\n".encode(),
            framer=IMAPFramer(self._tag, continuation_ok=True),
            shown=(shown,),
            hides_reply=self._conversation.hides_challenges and self._conversation.expects_challenge,
        )
        return self._dialogue.read(
            reply, refused=f"{self._what} refused", status=StatusCode.MAILBOX_LOGIN, secrets=self._secrets
        )
