"""Faults of a real Postfix, up to its answer to the final dot, and what it does with the message then."""

from dataclasses import replace

from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.matrix.rows import Deed, Each, Outcome, Part, RealRow

from mailtrip.model import StatusCode, Step, TLSMode, Verdict

__all__ = ["CLOCK_AHEAD", "REAL_SMTP_ROWS", "REAL_SUBMIT_ROWS", "REAL_WAY_ROWS"]

DELIVERED = Outcome(Verdict.DELIVERED, StatusCode.OK, None)
GREETING_FAILED = Outcome(Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING)
TLS_FAILED = Outcome(Verdict.UNSENT, StatusCode.SMTP_TLS, Step.TLS)
LOGIN_REFUSED = Outcome(Verdict.UNSENT, StatusCode.SMTP_LOGIN, Step.LOGIN)
SENDER_REFUSED = Outcome(Verdict.REFUSED, StatusCode.SENDER_REFUSED, Step.SUBMIT)
RECIPIENT_REFUSED = Outcome(Verdict.REFUSED, StatusCode.RECIPIENT_REFUSED, Step.SUBMIT)
MESSAGE_REFUSED = Outcome(Verdict.REFUSED, StatusCode.MESSAGE_REFUSED, Step.SUBMIT)
FULL = Outcome(Verdict.REFUSED, StatusCode.MAILBOX_QUOTA, Step.SUBMIT)
DEFERRED = Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.SUBMIT)
MISSING = Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)
ALTERED = Outcome(Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH)
BOUNCED = Outcome(Verdict.BOUNCED, StatusCode.BOUNCED, Step.WAIT)


def stop_postfix(server: FaultyMailServer, account: MailAccount) -> None:
    server.stop_postfix()


def smtp(
    name: str,
    expected: Outcome,
    made_by: str,
    *,
    port: str = "smtp",
    tls: TLSMode = TLSMode.NONE,
    password: str | None = None,
    before: Deed | None = None,
    trusts_server: bool = True,
    seconds: float = 10.0,
) -> RealRow:
    return RealRow(
        part=Part.SMTP,
        name=name,
        expected=expected,
        made_by=made_by,
        smtp_port=port,
        smtp_tls=tls,
        smtp_password=password,
        before=before,
        trusts_server=trusts_server,
        seconds=seconds,
    )


REAL_SMTP_ROWS = (
    smtp(
        "Postfix is stopped",
        Outcome(Verdict.UNSENT, StatusCode.CONNECTION_FAILED, Step.CONNECT),
        "Postfix, stopped",
        before=stop_postfix,
    ),
    smtp("Postfix refuses the client with 554", GREETING_FAILED, "Postfix, client restriction", port="smtp-greets-554"),
    smtp(
        "Postfix turns the client away with 421",
        Outcome(Verdict.DEFERRED, StatusCode.DEFERRED, Step.GREETING),
        "Postfix, client restriction",
        port="smtp-greets-421",
    ),
    smtp("Postfix refuses EHLO and HELO", GREETING_FAILED, "Postfix, HELO restriction", port="smtp-refuses-helo"),
    smtp(
        "Postfix offers no TLS, and the monitor demands it",
        TLS_FAILED,
        "Postfix, TLS off",
        port="smtp-without-tls",
        tls=TLSMode.STARTTLS,
    ),
    smtp(
        "Postfix shows a certificate that has expired",
        TLS_FAILED,
        "Postfix, certificate",
        port="submissions-expired",
        tls=TLSMode.IMPLICIT,
    ),
    smtp(
        "Postfix shows a certificate that has expired, after STARTTLS",
        TLS_FAILED,
        "Postfix, certificate",
        port="submission-expired",
        tls=TLSMode.STARTTLS,
    ),
    smtp(
        "Postfix shows a certificate for another name",
        TLS_FAILED,
        "Postfix, certificate",
        port="submissions-misnamed",
        tls=TLSMode.IMPLICIT,
    ),
    smtp(
        "Postfix shows a certificate of an unknown authority",
        TLS_FAILED,
        "Postfix, certificate",
        port="submissions",
        tls=TLSMode.IMPLICIT,
        trusts_server=False,
    ),
    smtp(
        "Postfix is spoken to without TLS on a port that begins with it",
        Outcome(Verdict.UNSENT, StatusCode.TIMEOUT, Step.GREETING),
        "Postfix, implicit TLS",
        port="submissions",
        seconds=1.0,
    ),
    smtp(
        "Postfix is spoken to with TLS on a port that begins without it",
        TLS_FAILED,
        "Postfix, no implicit TLS",
        tls=TLSMode.IMPLICIT,
    ),
    smtp("Postfix refuses the password", LOGIN_REFUSED, "Postfix, SASL by Dovecot", password="a wrong one"),
    smtp("Postfix offers no login", LOGIN_REFUSED, "Postfix, SASL off", port="smtp-no-login"),
)


def submit(
    name: str,
    expected: Outcome,
    made_by: str,
    *,
    domain: str | None = None,
    port: str = "smtp",
    seconds: float = 10.0,
    warning_seconds: float = 8.0,
) -> RealRow:
    return RealRow(
        part=Part.SUBMIT,
        name=name,
        expected=expected,
        made_by=made_by,
        domain=domain,
        smtp_port=port,
        seconds=seconds,
        warning_seconds=warning_seconds,
    )


REAL_SUBMIT_ROWS = (
    submit(
        "Postfix refuses the sender at once", SENDER_REFUSED, "Postfix, sender restriction", port="smtp-refuses-sender"
    ),
    submit(
        "Postfix refuses the sender when it knows the recipient",
        RECIPIENT_REFUSED,
        "Postfix, access map",
        domain="sender-refused",
    ),
    submit("Postfix puts the sender off", DEFERRED, "Postfix, sender restriction", port="smtp-defers-sender"),
    submit("Postfix knows no such recipient", RECIPIENT_REFUSED, "Postfix, access map", domain="unknown"),
    submit("Postfix says that the mailbox is full", FULL, "Postfix, access map", domain="full"),
    submit(
        "Postfix says that the mailbox is full for the moment",
        Outcome(Verdict.DEFERRED, StatusCode.MAILBOX_QUOTA, Step.SUBMIT),
        "Postfix, access map",
        domain="full-today",
    ),
    submit("Postfix puts the recipient off", DEFERRED, "Postfix, access map", domain="busy"),
    submit("Postfix ends the session at the recipient with 421", DEFERRED, "Postfix, access map", domain="disconnects"),
    submit(
        "Postfix greylists, longer than the run", DEFERRED, "Postfix, policy service", domain="greylisted", seconds=2.5
    ),
    submit(
        "Postfix greylists for five seconds",
        Outcome(Verdict.SLOW, StatusCode.SLOW, Step.WAIT),
        "Postfix, policy service",
        domain="greylisted",
        seconds=20.0,
    ),
    submit("Postfix refuses DATA", MESSAGE_REFUSED, "Postfix, data restriction", port="smtp-refuses-data"),
    submit("Postfix has no room on its disk", DEFERRED, "Postfix, queue_minfree", port="smtp-disk-full"),
    submit("Postfix takes smaller messages only", MESSAGE_REFUSED, "Postfix, message_size_limit", port="smtp-small"),
    submit(
        "Postfix offers neither pipelining nor extensions", DELIVERED, "Postfix, EHLO keywords", port="smtp-one-line"
    ),
    submit("Postfix refuses the message for its header", MESSAGE_REFUSED, "Postfix, header_checks", domain="rejected"),
    submit("a filter refuses the message", MESSAGE_REFUSED, "Postfix, milter", domain="milter-refuses"),
    submit("a filter puts the message off", DEFERRED, "Postfix, milter", domain="milter-defers"),
    submit("a filter ends the session with 421", DEFERRED, "Postfix, milter", domain="milter-421"),
    submit("a filter dies over the message", DEFERRED, "Postfix, milter", domain="milter-dies"),
    submit("a filter takes a second", DELIVERED, "Postfix, milter", domain="answered-late"),
    submit(
        "a filter takes longer than the run; the message is delivered later",
        Outcome(Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT, may_stay=True),
        "Postfix, milter",
        domain="answered-too-late",
        seconds=1.5,
    ),
)


def way(
    name: str,
    expected: Outcome | Each,
    made_by: str,
    domain: str,
    *,
    seconds: float = 10.0,
    before: Deed | None = None,
    then: Deed | None = None,
    later: tuple[float, Deed] | None = None,
    warning_seconds: float = 8.0,
) -> RealRow:
    return RealRow(
        part=Part.WAY,
        name=name,
        expected=expected,
        made_by=made_by,
        domain=domain,
        seconds=seconds,
        before=before,
        then=then,
        later=later,
        warning_seconds=warning_seconds,
    )


def gone(name: str, made_by: str, domain: str) -> RealRow:
    return way(name, MISSING, made_by, domain, seconds=1.0)


def altered(name: str, domain: str, *says: str) -> RealRow:
    return replace(way(name, ALTERED, "Postfix, milter", domain), says=says)


def release(server: FaultyMailServer, account: MailAccount) -> None:
    """What an administrator does with mail that is held."""
    server.postsuper("-H", "ALL")


def await_copies(count: int) -> Deed:
    """Let all copies arrive before the first look: over POP3 there is no second one."""
    return lambda server, account: server.await_count(account.address, 23 + count)


IN_SPAM = Each(
    pop3=Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT, may_stay=True),
    imap=Outcome(Verdict.SPAM, StatusCode.SPAM_FOLDER, Step.LOOK),
)
DOUBLED = Outcome(Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK)

CLOCK_AHEAD = way("a relay's clock is 30 s ahead", DELIVERED, "Postfix, milter", "clock-ahead")

REAL_WAY_ROWS = (
    gone("accepted, then discarded", "Postfix, discard transport", "discarded"),
    gone("accepted, then discarded for its header", "Postfix, header_checks", "dropped"),
    gone("accepted, then discarded for its recipient", "Postfix, access map", "dropped-at-once"),
    gone("accepted, then discarded by a filter", "Postfix, milter", "milter-discards"),
    gone("accepted, then held", "Postfix, header_checks", "held"),
    gone("accepted, then put into quarantine", "Postfix, milter", "quarantined"),
    gone("accepted, then stuck in the queue", "Postfix, retry transport", "stuck"),
    gone("accepted, and the next hop is down", "Postfix, smtp transport", "unreachable"),
    gone("accepted, then redirected to somebody else", "Postfix, header_checks", "redirected"),
    gone("accepted, then forwarded to somebody else", "Postfix, virtual alias", "forwarded-away"),
    way(
        "held for a second and a half, then released",
        Outcome(Verdict.SLOW, StatusCode.SLOW, Step.WAIT),
        "Postfix, header_checks and postsuper",
        "held",
        later=(1.5, release),
        warning_seconds=1.0,
    ),
    way("bounced by Postfix", BOUNCED, "Postfix, error transport", "returned"),
    way(
        "bounced since the mailbox is full",
        Outcome(Verdict.BOUNCED, StatusCode.MAILBOX_QUOTA, Step.WAIT),
        "Postfix, error transport",
        "returned-full",
    ),
    way("bounced since Dovecot knows no such user", BOUNCED, "Postfix and Dovecot, LMTP", "nobody"),
    way("delivered to two addresses of one mailbox", DOUBLED, "Postfix, virtual alias", "twice", then=await_copies(2)),
    way(
        "delivered to three addresses of one mailbox", DOUBLED, "Postfix, virtual alias", "thrice", then=await_copies(3)
    ),
    way("sorted into the spam folder", IN_SPAM, "Dovecot, plus-addressing", "junk", seconds=2.5),
    altered("a filter adds a footer", "footer", 'a footer was put behind its text: "-- Scanned by a gateway."'),
    altered(
        "a filter adds a footer as a part of its own",
        "footer-part",
        'a footer was put behind its text: "Scanned by a gateway."',
    ),
    altered(
        "a gateway adds a disclaimer, and the text once more as HTML",
        "disclaimer",
        "its plain text was added once more as HTML",
        'a footer was put behind its text: "Scanned by a gateway."',
    ),
    altered(
        "a filter puts a banner in front",
        "banner",
        'a banner was put in front of its text: "CAUTION: this came from outside."',
    ),
    altered(
        "a filter puts a part with a warning in front",
        "multipart",
        'a banner was put in front of its text: "CAUTION: this came from outside."',
    ),
    altered("a filter makes the text HTML", "html", "its plain text was made HTML."),
    altered(
        "a filter makes the text HTML, with a warning in it",
        "html-banner",
        "its plain text was made HTML",
        'a banner was put in front of its text: "CAUTION: this came from outside."',
    ),
    altered("a filter puts a link in place of a name", "links", 'a link was put in place of a name: "<https://clicks.'),
    altered("a filter cuts the body off after a third", "truncated", "its text was cut off after"),
    altered("a filter empties the body", "emptied", "nothing of its text is left"),
    altered("a filter takes a word out of the text", "damaged", 'its text was damaged: "no" is missing'),
    altered("a filter tags the subject", "tagged", 'its subject was tagged: "[EXTERNAL]"'),
    altered("a filter replaces the subject", "subject", 'its subject was replaced: "a new subject"'),
    altered("a filter marks the message as spam, and delivers it", "spam-mark", 'its subject was tagged: "***SPAM***"'),
    way("a filter encodes the body in base64", DELIVERED, "Postfix, milter", "base64"),
    way("a filter wraps the lines anew, in quoted-printable", DELIVERED, "Postfix, milter", "rewrapped"),
    way("a filter takes token, Message-ID and Date out of the header", DELIVERED, "Postfix, milter", "stripped"),
    way("a relay's clock is years off", DELIVERED, "Postfix, milter", "clock-off"),
    CLOCK_AHEAD,
    way(
        "nothing is left by which the message could be recognised",
        Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT, may_stay=True),
        "Postfix, milter",
        "unrecognisable",
        seconds=1.5,
    ),
)
