"""Faults of the loopback server's mailbox: before anything is sent, while the message is waited for, at its removal."""

from dataclasses import replace

from tests.matrix.names import Names, Say
from tests.matrix.rows import Change, Each, LoopbackRow, Outcome, Part, Place, patience

from mailtrip.model import MailProtocol, StatusCode, Step, TLSMode, Verdict
from mailtrip.testing.faults import (
    Action,
    Deaf,
    Delivery,
    Drop,
    EndlessLine,
    EndlessReply,
    Fault,
    Garbage,
    Hang,
    HugeLiteral,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.mailstore import Account
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

__all__ = ["AFTER_ROWS", "BEFORE_ROWS", "REMOVAL_ROWS"]

POP3, IMAP = MailProtocol.POP3, MailProtocol.IMAP

DELIVERED = Outcome(Verdict.DELIVERED, StatusCode.OK, None)
MISSING = Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)


def unsent(status: StatusCode, step: Step) -> Outcome:
    return Outcome(Verdict.UNSENT, status, step)


def both(at: str, action: Action, *, times: int | None = None) -> tuple[Fault, ...]:
    return tuple(Fault(protocol, at, action, times=times) for protocol in (POP3, IMAP))


def each(pop3: tuple[str, Action], imap: tuple[str, Action], *, times: int | None = None) -> tuple[Fault, ...]:
    return (Fault(POP3, *pop3, times=times), Fault(IMAP, *imap, times=times))


def at_look(pop3: Action, imap: Action, *, times: int | None = None) -> tuple[Fault, ...]:
    """While the message is looked for. Over POP3 each look is a session, and the first one is that of the opening."""
    return (Fault(POP3, "uidl", pop3, times=times, skip=1), Fault(IMAP, "noop", imap, times=times))


def at_fetch(pop3: Action, imap: Action, *, times: int | None = None) -> tuple[Fault, ...]:
    """While the message is fetched whole. Over IMAP two commands have fetched heads before."""
    return (Fault(POP3, "retr", pop3, times=times), Fault(IMAP, "fetch", imap, times=times, skip=2))


def before(
    name: str,
    expected: Outcome | Each,
    faults: tuple[Fault, ...] = (),
    *,
    seconds: float | None = None,
    features: Features | None = None,
    tls: TLSMode = TLSMode.NONE,
) -> LoopbackRow:
    return LoopbackRow(
        part=Part.MAILBOX_BEFORE,
        name=name,
        expected=expected,
        faults=faults,
        features=features,
        mailbox_tls=tls,
        seconds=seconds or patience(faults),
    )


GREETING_FAILED = unsent(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_GREETING)
GREETING_HANGS = unsent(StatusCode.TIMEOUT, Step.MAILBOX_GREETING)
TLS_FAILED = unsent(StatusCode.MAILBOX_TLS, Step.MAILBOX_TLS)
TLS_HANGS = unsent(StatusCode.TIMEOUT, Step.MAILBOX_TLS)
LOGIN_REFUSED = unsent(StatusCode.MAILBOX_LOGIN, Step.MAILBOX_LOGIN)
LOGIN_BROKEN = unsent(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_LOGIN)
LOGIN_HANGS = unsent(StatusCode.TIMEOUT, Step.MAILBOX_LOGIN)
OPEN_FAILED = unsent(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_OPEN)
OPEN_HANGS = unsent(StatusCode.TIMEOUT, Step.MAILBOX_OPEN)
PASSWORD_ONLY = Features(mechanisms=(), apop=False)

NAME_NOT_RESOLVED = unsent(StatusCode.MAILBOX_NAME, Step.MAILBOX_RESOLVE)
RESOLVER_DEAD = Outcome(Verdict.UNKNOWN, StatusCode.LOCATION_LOST, Step.MAILBOX_RESOLVE)
FORBIDDEN = Outcome(Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, Step.MAILBOX_CONNECT)


def name(what: str, expected: Outcome, names: Names, says: str, *, seconds: float = 10.0) -> LoopbackRow:
    return LoopbackRow(
        part=Part.MAILBOX_BEFORE, name=what, expected=expected, names=names, says=(says,), seconds=seconds
    )


LATER_AT_GREETING = (
    Fault(POP3, "greeting", Reply("-ERR [SYS/TEMP] later", then_close=True)),
    Fault(IMAP, "greeting", Reply("* BYE [UNAVAILABLE] later", then_close=True)),
)
LATER_AT_LOGIN = (
    Fault(POP3, "auth", Reply("-ERR [SYS/TEMP] later")),
    Fault(IMAP, "auth", Reply("NO [UNAVAILABLE] later")),
)
LATER_AT_OPENING = (
    Fault(POP3, "uidl", Reply("-ERR [SYS/TEMP] later")),
    Fault(IMAP, "select", Reply("NO [UNAVAILABLE] later")),
)

BEFORE_ROWS = (
    name(
        "mailbox: the server's name does not exist (NXDOMAIN)",
        NAME_NOT_RESOLVED,
        Names(mailbox=Say.NO_SUCH_NAME),
        "box.mail.test can't be resolved: Name or service not known",
    ),
    name(
        "mailbox: the server's name has no address",
        NAME_NOT_RESOLVED,
        Names(mailbox=Say.NO_ADDRESS),
        "box.mail.test can't be resolved: No address",
    ),
    name(
        "mailbox: the name servers of the server's domain fail (SERVFAIL)",
        NAME_NOT_RESOLVED,
        Names(mailbox=Say.FAILURE),
        "; the resolver answers about other names",
    ),
    name(
        "mailbox: the name servers of the server's domain are silent",
        NAME_NOT_RESOLVED,
        Names(mailbox=Say.SILENCE),
        "box.mail.test was not resolved before the time was up; the resolver answers about other names",
        seconds=1.0,
    ),
    name(
        "mailbox: our own resolver fails",
        RESOLVER_DEAD,
        Names(mailbox=Say.FAILURE, others=Say.FAILURE),
        "; the resolver doesn't answer about other names either",
    ),
    name(
        "mailbox: our own resolver is silent",
        RESOLVER_DEAD,
        Names(mailbox=Say.SILENCE, others=Say.SILENCE),
        "; the resolver doesn't answer about other names either",
        seconds=1.0,
    ),
    name(
        "mailbox: the server's name leads where the network policy forbids to connect",
        FORBIDDEN,
        Names(mailbox=Say.FORBIDDEN),
        "127.0.0.66 is in 127.0.0.66/32, which deny_networks refuses",
    ),
    LoopbackRow(
        part=Part.MAILBOX_BEFORE,
        name="mailbox: nobody listens",
        expected=unsent(StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT),
        mailbox=Place.NOBODY,
    ),
    LoopbackRow(
        part=Part.MAILBOX_BEFORE,
        name="mailbox: the connection is neither accepted nor refused",
        expected=unsent(StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT),
        mailbox=Place.NOWHERE,
        seconds=0.5,
    ),
    before("mailbox: the connection is reset once it is there", GREETING_FAILED, both("connect", Reset())),
    before(
        "mailbox: the greeting refuses service",
        GREETING_FAILED,
        (
            Fault(POP3, "greeting", Reply("-ERR [SYS/PERM] no service", then_close=True)),
            Fault(IMAP, "greeting", Reply("* BYE no service", then_close=True)),
        ),
    ),
    before("mailbox: no greeting comes", GREETING_HANGS, both("greeting", Hang())),
    before("mailbox: the greeting is garbage", GREETING_FAILED, both("greeting", Garbage())),
    before("mailbox: the greeting is one endless line", GREETING_FAILED, both("greeting", EndlessLine())),
    before("mailbox: the greeting comes a byte a second", GREETING_HANGS, both("greeting", Trickle(1.0))),
    before(
        "mailbox: TLS is demanded and not offered", TLS_FAILED, features=Features(starttls=False), tls=TLSMode.STARTTLS
    ),
    before(
        "mailbox: STARTTLS is refused",
        TLS_FAILED,
        (Fault(POP3, "starttls", Reply("-ERR no TLS now")), Fault(IMAP, "starttls", Reply("NO no TLS now"))),
        tls=TLSMode.STARTTLS,
    ),
    before("mailbox: TLS leads to a dead end", TLS_HANGS, both("tls", Hang()), tls=TLSMode.STARTTLS),
    before("mailbox: implicit TLS leads to a dead end", TLS_HANGS, both("tls", Hang()), tls=TLSMode.IMPLICIT),
    before(
        "mailbox: garbage where the TLS handshake should be", TLS_FAILED, both("tls", Garbage()), tls=TLSMode.IMPLICIT
    ),
    before(
        "mailbox: the login is refused",
        LOGIN_REFUSED,
        (Fault(POP3, "auth", Reply("-ERR [AUTH] no")), Fault(IMAP, "auth", Reply("NO [AUTHENTICATIONFAILED] no"))),
    ),
    before("mailbox: the greeting asks to come back later", GREETING_FAILED, LATER_AT_GREETING, seconds=1.0),
    before("mailbox: the login fails for the moment", LOGIN_BROKEN, LATER_AT_LOGIN, seconds=1.0),
    before(
        "mailbox: the login fails for the moment, and works a little later",
        DELIVERED,
        tuple(replace(fault, times=2) for fault in LATER_AT_LOGIN),
    ),
    before("mailbox: the login gets no answer", LOGIN_HANGS, both("auth", Hang())),
    before(
        "mailbox: the refusal of the login repeats the password",
        LOGIN_REFUSED,
        (
            Fault(POP3, "pass", Reply("-ERR [AUTH] no such password: correct horse battery")),
            Fault(IMAP, "login", Reply("NO [AUTHENTICATIONFAILED] no such password: correct horse battery")),
        ),
        features=PASSWORD_ONLY,
    ),
    before("mailbox: the server stops reading at the login", LOGIN_HANGS, both("auth", Deaf())),
    before(
        "mailbox: locked by another session all the time",
        Each(
            pop3=unsent(StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN),
            imap=unsent(StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN),
        ),
        (Fault(POP3, "auth", Reply("-ERR [IN-USE] locked")), Fault(IMAP, "auth", Reply("NO [INUSE] locked"))),
        seconds=1.0,
    ),
    before(
        "mailbox: locked by another session, free a little later",
        DELIVERED,
        (
            Fault(POP3, "auth", Reply("-ERR [IN-USE] locked"), times=2),
            Fault(IMAP, "auth", Reply("NO [INUSE] locked"), times=2),
        ),
        seconds=10.0,
    ),
    before(
        "mailbox: it can't be opened",
        OPEN_FAILED,
        (Fault(POP3, "uidl", Reply("-ERR no")), Fault(IMAP, "select", Reply("NO no such mailbox"))),
    ),
    before("mailbox: it can't be opened for the moment", OPEN_FAILED, LATER_AT_OPENING, seconds=1.0),
    before(
        "mailbox: it can't be opened for the moment, and can a little later",
        DELIVERED,
        tuple(replace(fault, times=2) for fault in LATER_AT_OPENING),
    ),
    before("mailbox: opening it gets no answer", OPEN_HANGS, each(("uidl", Hang()), ("select", Hang()))),
    before(
        "mailbox: opening it gets an answer without an end",
        OPEN_FAILED,
        each(("uidl", EndlessReply()), ("select", EndlessReply())),
        seconds=10.0,
    ),
    before(
        "mailbox: opening it gets a literal of 4 GiB",
        Each(imap=OPEN_FAILED),
        (Fault(IMAP, "select", HugeLiteral()),),
    ),
    before("mailbox: opening it gets garbage", OPEN_FAILED, each(("uidl", Garbage()), ("select", Garbage()))),
)


def after(
    name: str,
    expected: Outcome | Each,
    faults: tuple[Fault, ...] = (),
    *,
    seconds: float = 10.0,
    then: Change | None = None,
    delivery: Delivery | None = None,
    features: Features | None = None,
) -> LoopbackRow:
    return LoopbackRow(
        part=Part.MAILBOX_AFTER,
        name=name,
        expected=expected,
        faults=faults,
        then=then,
        delivery=delivery,
        features=features,
        seconds=seconds,
    )


def unreachable(status: StatusCode, step: Step) -> Outcome:
    return Outcome(Verdict.MAILBOX_UNREACHABLE, status, step, may_stay=True)


def renumber(server: LoopbackServer, account: Account) -> None:
    """The mailbox is made anew, as after a restore: a new UIDVALIDITY, and the connection breaks."""
    account.inbox.uid_validity += 1
    server.faults.add(Fault(IMAP, "noop", Drop(), times=1))


def change_password(server: LoopbackServer, account: Account) -> None:
    account.password = "another one"


def end_service(server: LoopbackServer, account: Account) -> None:
    """From here on nobody gets into the mailbox."""
    for protocol, answer in ((POP3, "-ERR [SYS/PERM] no service"), (IMAP, "* BYE no service")):
        server.faults.add(Fault(protocol, "greeting", Reply(answer, then_close=True)))
    server.faults.add(Fault(IMAP, "noop", Reply("* BYE no service", then_close=True)))


LOOK_FAILED = Each(
    # Over POP3 the mailbox is opened anew after a failure, and fails there again.
    pop3=unreachable(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_OPEN),
    imap=unreachable(StatusCode.MAILBOX_PROTOCOL, Step.LOOK),
)
IDLE_SECONDS = 10.3
"""IDLE begins after some ten seconds: until then looks are dense."""


def idle(name: str, faults: tuple[Fault, ...] = (), *, features: Features | None = None) -> LoopbackRow:
    return LoopbackRow(
        part=Part.MAILBOX_AFTER,
        name=name,
        expected=Each(imap=DELIVERED),
        faults=faults,
        features=features,
        delivery=Delivery(delay=IDLE_SECONDS),
        seconds=25.0,
        warning_seconds=20.0,
    )


def name_then(what: str, pop3: Outcome, names: Names) -> LoopbackRow:
    """Over IMAP the connection is there already."""
    return LoopbackRow(
        part=Part.MAILBOX_AFTER,
        name=what,
        expected=Each(pop3=pop3, imap=DELIVERED),
        names=Names(),
        names_then=names,
        seconds=1.0,
    )


AFTER_ROWS = (
    name_then(
        "the mailbox server's name is gone once the message is accepted (NXDOMAIN)",
        unreachable(StatusCode.MAILBOX_NAME, Step.MAILBOX_RESOLVE),
        Names(mailbox=Say.NO_SUCH_NAME),
    ),
    name_then(
        "our own resolver fails once the message is accepted",
        replace(RESOLVER_DEAD, may_stay=True),
        Names(mailbox=Say.FAILURE, others=Say.FAILURE),
    ),
    name_then(
        "the mailbox server's name leads where the network policy forbids to connect, once the message is accepted",
        replace(FORBIDDEN, may_stay=True),
        Names(mailbox=Say.FORBIDDEN),
    ),
    after("each look breaks off", LOOK_FAILED, at_look(Drop(), Drop()), seconds=1.0),
    after("each look gets garbage", LOOK_FAILED, at_look(Garbage(), Garbage()), seconds=1.0),
    after("each look is refused", LOOK_FAILED, at_look(Reply("-ERR no"), Reply("NO no")), seconds=1.0),
    after("one look breaks off", DELIVERED, at_look(Reset(), Reset(), times=1)),
    after("one look gets garbage", DELIVERED, at_look(Garbage(), Garbage(), times=1)),
    after("one look gets an endless line", DELIVERED, at_look(EndlessLine(), EndlessLine(), times=1)),
    after("one look gets an answer without an end", DELIVERED, at_look(EndlessReply(), EndlessReply(), times=1)),
    after("one look gets a literal of 4 GiB", Each(imap=DELIVERED), at_look(Drop(), HugeLiteral(), times=1)),
    after(
        "a look gets no answer until the time is up",
        unreachable(StatusCode.TIMEOUT, Step.LOOK),
        at_look(Hang(), Hang()),
        seconds=6.0,
    ),
    after(
        "the mailbox server ends its service once the message is accepted",
        unreachable(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_GREETING),
        then=end_service,
        seconds=1.0,
    ),
    after(
        "the password is changed while the message is under way",
        Each(pop3=unreachable(StatusCode.MAILBOX_LOGIN, Step.MAILBOX_LOGIN), imap=DELIVERED),
        then=change_password,
    ),
    after("UIDVALIDITY changes while the message is under way", Each(imap=DELIVERED), then=renumber),
    idle("IDLE tells nothing", features=Features(idle_pushes=False)),
    idle("IDLE breaks off", (Fault(IMAP, "idle", Drop()),)),
)


def removal(name: str, expected: Outcome | Each, faults: tuple[Fault, ...], *, seconds: float = 10.0) -> LoopbackRow:
    return LoopbackRow(part=Part.REMOVAL, name=name, expected=expected, faults=faults, seconds=seconds)


def found(status: StatusCode, step: Step) -> Outcome:
    """The message is there, and nobody can get it out."""
    return Outcome(Verdict.DELIVERED, status, step, may_stay=True)


NOT_FETCHED = found(StatusCode.MAILBOX_PROTOCOL, Step.FETCH)
NOT_DELETED = found(StatusCode.DELETE_FAILED, Step.DELETE)

REMOVAL_ROWS = (
    removal("fetching the message breaks off each time", NOT_FETCHED, at_fetch(Drop(), Drop())),
    removal("fetching the message gets garbage each time", NOT_FETCHED, at_fetch(Garbage(), Garbage())),
    removal("fetching the message is refused each time", NOT_FETCHED, at_fetch(Reply("-ERR no"), Reply("NO no"))),
    removal(
        "fetching the message gets an answer without an end", NOT_FETCHED, at_fetch(EndlessReply(), EndlessReply())
    ),
    removal("fetching the message gets a literal of 4 GiB", Each(imap=NOT_FETCHED), at_fetch(Drop(), HugeLiteral())),
    removal(
        "fetching the message gets no answer",
        found(StatusCode.TIMEOUT, Step.FETCH),
        at_fetch(Hang(), Hang()),
        seconds=1.0,
    ),
    removal("fetching the message breaks off once", DELIVERED, at_fetch(Reset(), Reset(), times=1)),
    removal(
        "the message comes a byte a second",
        found(StatusCode.TIMEOUT, Step.FETCH),
        at_fetch(Trickle(1), Trickle(1)),
        seconds=1.0,
    ),
    removal(
        "deleting the message is refused",
        NOT_DELETED,
        each(("dele", Reply("-ERR no")), ("store", Reply("NO [NOPERM] no"))),
    ),
    removal(
        "expunging the message is refused", Each(imap=NOT_DELETED), (Fault(IMAP, "expunge", Reply("NO [NOPERM] no")),)
    ),
    removal(
        "the deletion breaks off",
        Outcome(Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE, may_stay=True),
        each(("dele", Drop()), ("store", Drop())),
    ),
    removal(
        "the deletion breaks off at its end, not done",
        NOT_DELETED,
        each(("quit", Drop()), ("expunge", Drop())),
    ),
    removal(
        "the deletion gets no answer",
        found(StatusCode.TIMEOUT, Step.DELETE),
        each(("dele", Hang()), ("store", Hang())),
        seconds=1.0,
    ),
    removal(
        "the server says that the message is deleted, and keeps it",
        # Over POP3 only a further session would tell.
        Each(pop3=Outcome(Verdict.DELIVERED, StatusCode.OK, None, may_stay=True), imap=NOT_DELETED),
        each(("dele", Reply("+OK deleted")), ("expunge", Reply("OK expunged"))),
    ),
)
