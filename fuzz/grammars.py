"""Targets: the framers, and the scripts of SMTP, POP3 and IMAP, against servers that say anything."""

from collections.abc import Callable, Sequence

from fuzz.conversations import Make, check_script, frame_all
from fuzz.inputs import unpack
from fuzz.promises import LOGIN, check_texts

from mailtrip.mail import pop3, smtp
from mailtrip.mail.framing import (
    IMAPFramer,
    IMAPUntaggedFramer,
    Limits,
    LineFramer,
    POP3MultilineFramer,
    SMTPReplyFramer,
)
from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.imap_places import Places
from mailtrip.mail.script import Framer, Refusal, Script
from mailtrip.mail.visits import Visit
from mailtrip.model import Credentials, Mechanism

__all__ = [
    "FRAMERS",
    "IMAP_SCRIPTS",
    "POP3_SCRIPTS",
    "SMTP_SCRIPTS",
    "check_framers",
    "check_imap",
    "check_pop3",
    "check_smtp",
]

_MECHANISMS = frozenset({"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"})
_NARROW = Limits(line=40, reply=120, lines=4)
_WIDE = Limits(line=4096, reply=32 * 1024, lines=2000)

FRAMERS: tuple[Callable[[Limits], Framer], ...] = (
    LineFramer,
    lambda limits: LineFramer(limits, first=b"+-"),
    lambda limits: SMTPReplyFramer(limits=limits),
    lambda limits: SMTPReplyFramer(3, limits=limits),
    POP3MultilineFramer,
    lambda limits: IMAPFramer(b"A1", limits=limits),
    lambda limits: IMAPFramer(b"A1", limits=limits, continuation_ok=True, ends_at_bye=False),
    lambda limits: IMAPUntaggedFramer(limits=limits),
)


def check_framers(data: bytes) -> None:
    """However the bytes arrive, the same replies are found, with work that grows as the bytes do."""
    given = unpack(data)
    make = FRAMERS[given.choice % len(FRAMERS)]
    limits = _WIDE if given.choice >= 128 else _NARROW
    whole = frame_all(lambda: make(limits), [given.content])
    cut = frame_all(lambda: make(limits), given.pieces())
    assert whole == cut, f"cut elsewhere, the same bytes give other replies:\n{whole}\n{cut}"
    assert all(len(reply) <= limits.reply for reply in whole[0]), "a reply exceeds its bound"


def _login(mechanism: Mechanism) -> Credentials:
    return Credentials(username=LOGIN.username, password=LOGIN.password, mechanism=mechanism)


_SMTP = smtp.Capabilities(names=frozenset({"PIPELINING", "SIZE"}), mechanisms=_MECHANISMS)


def _smtp_session() -> Script[object]:
    welcome = yield from smtp.greeting()
    if isinstance(welcome, Refusal):
        return welcome
    offered = yield from smtp.hello("client.example")
    if isinstance(offered, Refusal):
        return offered
    logged_in = yield from smtp.log_in(offered, LOGIN, is_secure=True)
    accepted = yield from smtp.submit(offered, "a@example.com", "b@example.com", b"A: b\r\n\r\n.\r\n")
    yield from smtp.quit_()
    return welcome, offered, logged_in, accepted


SMTP_SCRIPTS: tuple[Make, ...] = (
    _smtp_session,
    smtp.greeting,
    lambda: smtp.hello("client.example"),
    smtp.start_tls,
    lambda: smtp.submit(_SMTP, "a@example.com", "b@example.com", b"A: b\r\n"),
    lambda: smtp.submit(smtp.Capabilities(), "a@example.com", "b@example.com", b"A: b\r\n"),
    smtp.quit_,
    *(lambda mechanism=mechanism: smtp.log_in(_SMTP, _login(mechanism), is_secure=True) for mechanism in Mechanism),
)


def check_smtp(data: bytes) -> None:
    """Whatever an SMTP server says, a script gives a value or a refusal."""
    _check(SMTP_SCRIPTS, data)


_POP3 = pop3.Capabilities(names=frozenset({"USER"}), mechanisms=_MECHANISMS)


def _pop3_session() -> Script[object]:
    welcome = yield from pop3.greeting()
    if isinstance(welcome, Refusal):
        return welcome
    offered = yield from pop3.capabilities()
    if isinstance(offered, Refusal):
        return offered
    logged_in = yield from pop3.log_in(offered, welcome, LOGIN, is_secure=True)
    listed = yield from pop3.list_uids()
    content = yield from pop3.top(1, 60)
    deleted = yield from pop3.delete(1)
    ended = yield from pop3.quit_()
    if isinstance(content, bytes):
        assert content.count(b"\n") == content.count(b"\r\n"), "a message with bare line feeds"
        content = b""
    if not isinstance(listed, Refusal):
        assert all(len(uid.split()[0]) <= 255 for uid in listed.numbers)
    return welcome, offered, logged_in, listed, content, deleted, ended


POP3_SCRIPTS: tuple[Make, ...] = (
    _pop3_session,
    pop3.greeting,
    pop3.capabilities,
    pop3.start_tls,
    pop3.list_uids,
    lambda: pop3.size(1),
    lambda: pop3.top(1, 2),
    lambda: pop3.retrieve(1),
    lambda: pop3.delete(1),
    pop3.quit_,
    *(
        lambda mechanism=mechanism: pop3.log_in(
            _POP3, pop3.Greeting(text="+OK", timestamp="<1@example.com>"), _login(mechanism), is_secure=True
        )
        for mechanism in Mechanism
    ),
)


def check_pop3(data: bytes) -> None:
    """Whatever a POP3 server says, a script gives a value or a refusal."""
    _check(POP3_SCRIPTS, data)


def _imap(*, opens: bool) -> Callable[[Callable[[IMAPGrammar], Script[object]]], Make]:
    """Make a script of a step in a session of its own, greeted if `opens`."""

    def of(step: Callable[[IMAPGrammar], Script[object]]) -> Make:
        def played() -> Script[object]:
            grammar = IMAPGrammar(nonce=lambda: "nonce")
            if opens:
                yield from grammar.greeting()
            value = yield from step(grammar)
            check_texts(grammar.alerts)
            check_texts(grammar.capabilities)
            assert grammar.exists >= 0
            return value, grammar.exists, grammar.uidnext, grammar.uidvalidity, grammar.is_gone

        return played

    return of


def _log_in(mechanism: Mechanism) -> Callable[[IMAPGrammar], Script[object]]:
    return lambda grammar: grammar.log_in(_login(mechanism), is_secure=True)


def _read_mailbox(grammar: IMAPGrammar) -> Script[object]:
    """What a run does with a mailbox, from login to the end."""
    places = Places(["Alarms"])
    values: list[object] = []
    steps: Sequence[Callable[[], Script[object]]] = (
        lambda: grammar.log_in(LOGIN, is_secure=True),
        lambda: places.open(grammar),
        lambda: places.sweep(grammar, Visit(), 20, frozenset()),
        lambda: grammar.idle(1),
        lambda: places.look(grammar, everywhere=True),
        lambda: places.look_back(grammar, 5),
        lambda: grammar.fetch(7),
        lambda: grammar.delete([7]),
    )
    for step in steps:
        value = yield from step()
        values.append(value)
        if isinstance(value, Refusal):
            break
    yield from grammar.log_out()
    return tuple(values)


_IN_SESSION = _imap(opens=True)
IMAP_SCRIPTS: tuple[Make, ...] = (
    _IN_SESSION(_read_mailbox),
    _imap(opens=False)(lambda grammar: grammar.greeting()),
    _IN_SESSION(lambda grammar: grammar.capability()),
    _IN_SESSION(lambda grammar: grammar.start_tls()),
    _IN_SESSION(lambda grammar: grammar.identify("mailtrip", "1")),
    _IN_SESSION(lambda grammar: grammar.select("INBOX")),
    _IN_SESSION(lambda grammar: grammar.noop()),
    _IN_SESSION(lambda grammar: grammar.idle(1)),
    _IN_SESSION(lambda grammar: grammar.status("Junk")),
    _IN_SESSION(lambda grammar: grammar.fetch_heads(1)),
    _IN_SESSION(lambda grammar: grammar.fetch(7)),
    _IN_SESSION(lambda grammar: grammar.delete([7])),
    _IN_SESSION(lambda grammar: grammar.list_folders()),
    _IN_SESSION(lambda grammar: Places(["Alarms"]).look(grammar, everywhere=True)),
    _IN_SESSION(lambda grammar: grammar.log_out()),
    *(_IN_SESSION(_log_in(mechanism)) for mechanism in Mechanism),
)


def check_imap(data: bytes) -> None:
    """Whatever an IMAP server says, a script gives a value or a refusal."""
    _check(IMAP_SCRIPTS, data)


def _check(scripts: Sequence[Make], data: bytes) -> None:
    given = unpack(data)
    check_script(scripts[given.choice % len(scripts)], given)
