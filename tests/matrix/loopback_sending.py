"""Faults of the loopback server up to the answer to the final dot, and what becomes of the message behind it."""

from tests.matrix.names import Names, Say
from tests.matrix.rows import Each, LoopbackRow, Outcome, Part, Place, patience

from mailtrip.model import MailProtocol, StatusCode, Step, TLSMode, Verdict
from mailtrip.testing.faults import (
    AcceptThenDrop,
    Action,
    Deaf,
    Delay,
    Delivery,
    Drop,
    EndlessLine,
    EndlessReply,
    Fault,
    Garbage,
    Hang,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.site import Features

__all__ = ["SMTP_ROWS", "SUBMIT_ROWS", "WAY_ROWS"]

DELIVERED = Outcome(Verdict.DELIVERED, StatusCode.OK, None)
GREETING_FAILED = Outcome(Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING)
GREETING_HANGS = Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.GREETING)
TLS_FAILED = Outcome(Verdict.UNSENT, StatusCode.SMTP_TLS, Step.TLS)
LOGIN_REFUSED = Outcome(Verdict.UNSENT, StatusCode.SMTP_LOGIN, Step.LOGIN)
SENDER_REFUSED = Outcome(Verdict.REFUSED, StatusCode.SENDER_REFUSED, Step.SUBMIT)
RECIPIENT_REFUSED = Outcome(Verdict.REFUSED, StatusCode.RECIPIENT_REFUSED, Step.SUBMIT)
MESSAGE_REFUSED = Outcome(Verdict.REFUSED, StatusCode.MESSAGE_REFUSED, Step.SUBMIT)
DEFERRED = Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.SUBMIT)
PUT_OFF = Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.GREETING)
BROKEN_OFF = Outcome(Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.SUBMIT)
UNDECIDED = Outcome(Verdict.UNDECIDED, StatusCode.SMTP_PROTOCOL, Step.SUBMIT)
MISSING = Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)
ALTERED = Outcome(Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH)


def smtp(at: str, action: Action, *, times: int | None = None) -> tuple[Fault, ...]:
    return (Fault(MailProtocol.SMTP, at, action, times=times),)


def row(name: str, expected: Outcome, faults: tuple[Fault, ...] = ()) -> LoopbackRow:
    return LoopbackRow(part=Part.SMTP, name=name, expected=expected, faults=faults, seconds=patience(faults))


def secured(name: str, expected: Outcome, *faults: Fault, mode: TLSMode = TLSMode.STARTTLS) -> LoopbackRow:
    return LoopbackRow(
        part=Part.SMTP, name=name, expected=expected, faults=faults, smtp_tls=mode, seconds=patience(faults)
    )


def login(
    name: str, expected: Outcome, faults: tuple[Fault, ...] = (), *, features: Features | None = None
) -> LoopbackRow:
    return LoopbackRow(
        part=Part.SMTP,
        name=name,
        expected=expected,
        faults=faults,
        features=features,
        logs_in=True,
        seconds=patience(faults),
    )


NAME_NOT_RESOLVED = Outcome(Verdict.UNSENT, StatusCode.SMTP_NAME, Step.RESOLVE)
RESOLVER_DEAD = Outcome(Verdict.UNKNOWN, StatusCode.LOCATION_LOST, Step.RESOLVE)


def name(what: str, expected: Outcome, names: Names, says: str, *, seconds: float = 10.0) -> LoopbackRow:
    return LoopbackRow(part=Part.SMTP, name=what, expected=expected, names=names, says=(says,), seconds=seconds)


FORBIDDEN = Outcome(Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, Step.CONNECT)


SMTP_ROWS = (
    name(
        "SMTP: the server's name does not exist (NXDOMAIN)",
        NAME_NOT_RESOLVED,
        Names(smtp=Say.NO_SUCH_NAME),
        "smtp.mail.test can't be resolved: Name or service not known",
    ),
    name(
        "SMTP: the server's name has no address",
        NAME_NOT_RESOLVED,
        Names(smtp=Say.NO_ADDRESS),
        "smtp.mail.test can't be resolved: No address",
    ),
    name(
        "SMTP: the name servers of the server's domain fail (SERVFAIL)",
        NAME_NOT_RESOLVED,
        Names(smtp=Say.FAILURE),
        "; the resolver answers about other names",
    ),
    name(
        "SMTP: the name servers of the server's domain are silent",
        NAME_NOT_RESOLVED,
        Names(smtp=Say.SILENCE),
        "smtp.mail.test was not resolved before the time was up; the resolver answers about other names",
        seconds=1.0,
    ),
    name(
        "SMTP: our own resolver fails",
        RESOLVER_DEAD,
        Names(smtp=Say.FAILURE, others=Say.FAILURE),
        "; the resolver doesn't answer about other names either",
    ),
    name(
        "SMTP: our own resolver is silent",
        RESOLVER_DEAD,
        Names(smtp=Say.SILENCE, others=Say.SILENCE),
        "; the resolver doesn't answer about other names either",
        seconds=1.0,
    ),
    name(
        "SMTP: the server's name leads where the network policy forbids to connect",
        FORBIDDEN,
        Names(smtp=Say.FORBIDDEN),
        "127.0.0.66 is in 127.0.0.66/32, which deny_networks refuses",
    ),
    LoopbackRow(
        part=Part.SMTP,
        name="SMTP: the network policy forbids one of the server's addresses, and not the other",
        expected=DELIVERED,
        names=Names(smtp=Say.BOTH),
    ),
    LoopbackRow(
        part=Part.SMTP,
        name="SMTP: nobody listens",
        expected=Outcome(Verdict.UNSENT, StatusCode.CONNECTION_FAILED, Step.CONNECT),
        smtp=Place.NOBODY,
    ),
    LoopbackRow(
        part=Part.SMTP,
        name="SMTP: the connection is neither accepted nor refused",
        expected=Outcome(Verdict.UNSENT, StatusCode.CONNECTION_FAILED, Step.CONNECT),
        smtp=Place.NOWHERE,
        seconds=0.5,
    ),
    row("SMTP: the connection is reset once it is there", GREETING_FAILED, smtp("connect", Reset())),
    row("SMTP: the connection is closed without a greeting", GREETING_FAILED, smtp("greeting", Drop())),
    row("SMTP: the greeting is 554", GREETING_FAILED, smtp("greeting", Reply("554 5.3.2 no service"))),
    row("SMTP: the greeting is 421", PUT_OFF, smtp("greeting", Reply("421 4.3.2 busy", then_close=True))),
    LoopbackRow(
        part=Part.SMTP,
        name="SMTP: the greeting is 421 once",
        expected=DELIVERED,
        faults=smtp("greeting", Reply("421 4.3.2 busy", then_close=True), times=1),
        seconds=25.0,
        warning_seconds=20.0,
    ),
    row("SMTP: no greeting comes", GREETING_HANGS, smtp("greeting", Hang())),
    row("SMTP: the greeting is garbage", GREETING_FAILED, smtp("greeting", Garbage())),
    row("SMTP: the greeting is one endless line", GREETING_FAILED, smtp("greeting", EndlessLine())),
    row("SMTP: the greeting comes a byte a second", GREETING_HANGS, smtp("greeting", Trickle(1.0))),
    row(
        "SMTP: EHLO and HELO are refused",
        GREETING_FAILED,
        smtp("ehlo", Reply("502 5.5.1 no")) + smtp("helo", Reply("502 5.5.1 no")),
    ),
    row("SMTP: EHLO is answered with 421", PUT_OFF, smtp("ehlo", Reply("421 4.3.2 busy", then_close=True))),
    row("SMTP: the answer to EHLO never ends", GREETING_FAILED, smtp("ehlo", EndlessReply())),
    row("SMTP: EHLO gets no answer", GREETING_HANGS, smtp("ehlo", Hang())),
    row("SMTP: EHLO is not known, HELO is", DELIVERED, smtp("ehlo", Reply("502 5.5.1 no"))),
    secured("SMTP: STARTTLS is refused", TLS_FAILED, *smtp("starttls", Reply("502 5.5.1 no TLS"))),
    secured(
        "SMTP: TLS is not available for the moment",
        Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.TLS),
        *smtp("starttls", Reply("454 4.7.0 TLS not available")),
    ),
    secured(
        "SMTP: TLS leads to a dead end", Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.TLS), *smtp("tls", Hang())
    ),
    secured("SMTP: the connection is closed in the TLS handshake", TLS_FAILED, *smtp("tls", Drop())),
    secured("SMTP: garbage where the TLS handshake should be", TLS_FAILED, *smtp("tls", Garbage())),
    secured(
        "SMTP: implicit TLS leads to a dead end",
        Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.TLS),
        *smtp("tls", Hang()),
        mode=TLSMode.IMPLICIT,
    ),
    login("SMTP: the login is refused", LOGIN_REFUSED, smtp("auth", Reply("535 5.7.8 no"))),
    login(
        "SMTP: the login fails for the moment",
        Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.LOGIN),
        smtp("auth", Reply("454 4.7.0 try later")),
    ),
    login("SMTP: no login is offered", LOGIN_REFUSED, features=Features(mechanisms=())),
    login(
        "SMTP: the login gets no answer",
        Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.LOGIN),
        smtp("auth", Hang()),
    ),
    login(
        "SMTP: the connection is closed at the login",
        Outcome(Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.LOGIN),
        smtp("auth", Drop()),
    ),
)


def submit(
    name: str,
    expected: Outcome,
    faults: tuple[Fault, ...] = (),
    *,
    seconds: float | None = None,
    features: Features | None = None,
    delivery: Delivery | None = None,
) -> LoopbackRow:
    return LoopbackRow(
        part=Part.SUBMIT,
        name=name,
        expected=expected,
        faults=faults,
        features=features,
        delivery=delivery,
        seconds=seconds or patience(faults),
    )


TIMES_OUT = Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.SUBMIT)
SILENT_DOT = Outcome(Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT)

SUBMIT_ROWS = (
    submit("MAIL FROM is refused", SENDER_REFUSED, smtp("mail", Reply("550 5.7.1 not you"))),
    submit("MAIL FROM is put off", DEFERRED, smtp("mail", Reply("451 4.3.0 later"))),
    submit("MAIL FROM is answered with 421", DEFERRED, smtp("mail", Reply("421 4.3.2 shutting down", then_close=True))),
    submit("MAIL FROM gets no answer", TIMES_OUT, smtp("mail", Hang())),
    submit("the connection is closed at MAIL FROM", BROKEN_OFF, smtp("mail", Drop())),
    submit("RCPT TO is refused", RECIPIENT_REFUSED, smtp("rcpt", Reply("550 5.1.1 no such user"))),
    submit("RCPT TO is put off", DEFERRED, smtp("rcpt", Reply("450 4.2.1 mailbox busy"))),
    submit("RCPT TO gets no answer", TIMES_OUT, smtp("rcpt", Hang())),
    submit("DATA is refused", MESSAGE_REFUSED, smtp("data", Reply("554 5.7.1 no"))),
    submit("DATA is put off", DEFERRED, smtp("data", Reply("451 4.3.0 later"))),
    submit("DATA is answered with garbage", BROKEN_OFF, smtp("data", Garbage())),
    submit("the connection is reset where the message should go", BROKEN_OFF, smtp("data", Reset())),
    submit("the server stops reading while the message goes out", SILENT_DOT, smtp("content", Deaf())),
    submit("the server announces a size limit below the message's", MESSAGE_REFUSED, features=Features(size_limit=500)),
    submit("the message is refused at the final dot", MESSAGE_REFUSED, smtp("dot", Reply("554 5.6.0 spam"))),
    submit("the message is put off at the final dot", DEFERRED, smtp("dot", Reply("452 4.3.1 disk full"))),
    submit("421 at the final dot", DEFERRED, smtp("dot", Reply("421 4.3.2 shutting down", then_close=True))),
    submit("the connection drops after the final dot, not accepted", UNDECIDED, smtp("dot", Drop()), seconds=1.0),
    submit("the connection drops after the final dot, accepted", DELIVERED, smtp("dot", AcceptThenDrop())),
    submit(
        "the connection drops after the final dot, accepted and slow",
        DELIVERED,
        smtp("dot", AcceptThenDrop()),
        delivery=Delivery(delay=0.8),
    ),
    submit("the final dot gets no answer", SILENT_DOT, smtp("dot", Hang())),
    submit("the final dot is answered with garbage", UNDECIDED, smtp("dot", Garbage()), seconds=1.0),
    submit("the final dot is answered a second late", DELIVERED, smtp("dot", Delay(1.0))),
    submit("QUIT gets no answer", DELIVERED, smtp("quit", Hang()), seconds=10),
    submit("the connection is reset at QUIT", DELIVERED, smtp("quit", Reset())),
)


def way(
    name: str,
    expected: Outcome | Each,
    delivery: Delivery,
    *,
    seconds: float = 10.0,
    features: Features | None = None,
) -> LoopbackRow:
    return LoopbackRow(
        part=Part.WAY,
        name=name,
        expected=expected,
        delivery=delivery,
        features=features,
        seconds=seconds,
        warning_seconds=1.0,
    )


IN_SPAM = Each(
    pop3=Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT, may_stay=True),
    imap=Outcome(Verdict.SPAM, StatusCode.SPAM_FOLDER, Step.LOOK),
)


WAY_ROWS = (
    way("accepted, then lost", MISSING, Delivery(copies=0), seconds=1.5),
    way(
        "delivered after the run's deadline",
        Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT, may_stay=True),
        Delivery(delay=1.8),
        seconds=1.5,
    ),
    way("delivered after half a second", DELIVERED, Delivery(delay=0.5)),
    way(
        "delivered slower than the warning time",
        Outcome(Verdict.SLOW, StatusCode.SLOW, Step.WAIT),
        Delivery(delay=1.3),
    ),
    way("delivered twice", Outcome(Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK), Delivery(copies=2)),
    way("a footer is added", ALTERED, Delivery(footer=b"-- \r\nScanned by a gateway.\r\n")),
    way("the token's header is taken out", DELIVERED, Delivery(without_headers=("x-mailtrip-token",))),
    way(
        "Message-ID, token and Date are taken out of the header",
        DELIVERED,
        Delivery(without_headers=("x-mailtrip-token", "message-id", "date")),
    ),
    way(
        "a bounce comes in place of the message",
        Outcome(Verdict.BOUNCED, StatusCode.BOUNCED, Step.WAIT),
        Delivery(bounce=True),
    ),
    way("delivered to the spam folder", IN_SPAM, Delivery(folder="Junk"), seconds=2.5),
    way(
        "delivered to a folder that is for spam by its name only",
        IN_SPAM,
        Delivery(folder="Junk"),
        seconds=2.5,
        features=Features(special_use=False),
    ),
)
