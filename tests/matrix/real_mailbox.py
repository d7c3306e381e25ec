"""Faults of a real Dovecot: before anything is sent, while the message is waited for, at its removal."""

from dataclasses import replace

import pytest
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.matrix.rows import Deed, Each, Outcome, Part, RealRow

from mailtrip.model import StatusCode, Step, TLSMode, Verdict

__all__ = ["REAL_AFTER_ROWS", "REAL_BEFORE_ROWS", "REAL_REMOVAL_ROWS"]

DELIVERED = Outcome(Verdict.DELIVERED, StatusCode.OK, None)
MISSING = Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)


def unsent(status: StatusCode, step: Step) -> Outcome:
    return Outcome(Verdict.UNSENT, status, step)


TLS_FAILED = unsent(StatusCode.MAILBOX_TLS, Step.MAILBOX_TLS)
LOGIN_REFUSED = unsent(StatusCode.MAILBOX_LOGIN, Step.MAILBOX_LOGIN)


def before(
    name: str,
    expected: Outcome | Each,
    made_by: str,
    *,
    deed: Deed | None = None,
    tls: TLSMode = TLSMode.NONE,
    host: str = "127.0.0.1",
    trusts_server: bool = True,
    username: str | None = None,
    password: str | None = None,
    seconds: float = 10.0,
) -> RealRow:
    return RealRow(
        part=Part.MAILBOX_BEFORE,
        name=name,
        expected=expected,
        made_by=made_by,
        before=deed,
        mailbox_tls=tls,
        mailbox_host=host,
        trusts_server=trusts_server,
        mailbox_username=username,
        mailbox_password=password,
        seconds=seconds,
    )


def stop_dovecot(server: FaultyMailServer, account: MailAccount) -> None:
    server.stop_dovecot()


def give(fields: str) -> Deed:
    """Extra fields of Dovecot's user: they set its plug-ins and limits."""
    return lambda server, account: server.set_fields(account.address, fields)


def hold(seconds: float | None = None) -> Deed:
    """Another POP3 client has the mailbox. Dovecot locks it for one POP3 session at a time where it is told to."""

    def deed(server: FaultyMailServer, account: MailAccount) -> None:
        server.set_fields(account.address, "userdb_pop3_lock_session=yes")
        server.hold(account.address, seconds=seconds)

    return deed


# Dovecot lets a second session wait for ten seconds before it refuses it.
LOCK_SECONDS = 13.0

REAL_BEFORE_ROWS = (
    before(
        "another POP3 session has the mailbox all the time",
        Each(pop3=unsent(StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN), imap=DELIVERED),
        "Dovecot, pop3_lock_session",
        deed=hold(),
        seconds=LOCK_SECONDS,
    ),
    before(
        "another POP3 session has the mailbox, and lets it go after a second",
        DELIVERED,
        "Dovecot, pop3_lock_session",
        deed=hold(1.0),
    ),
    before(
        "Dovecot is stopped before the run",
        unsent(StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT),
        "Dovecot, stopped",
        deed=stop_dovecot,
    ),
    before("Dovecot refuses the password", LOGIN_REFUSED, "Dovecot, passdb", password="a wrong one"),
    before("Dovecot knows no such user", LOGIN_REFUSED, "Dovecot, passdb", username="nobody@probe.test"),
    before("Dovecot lets the user in no more", LOGIN_REFUSED, "Dovecot, nologin", deed=give("nologin")),
    before(
        "Dovecot fails behind the login, by a mistake in its configuration",
        unsent(StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_LOGIN),
        "Dovecot, missing plug-in",
        deed=give("userdb_mail_plugins=not_there"),
        seconds=2.0,  # over POP3 it says [SYS/TEMP], and is asked again
    ),
    before(
        "Dovecot shows a certificate that has expired",
        TLS_FAILED,
        "Dovecot, certificate",
        tls=TLSMode.IMPLICIT,
        host="127.0.0.3",
    ),
    before(
        "Dovecot shows a certificate that has expired, after STARTTLS",
        TLS_FAILED,
        "Dovecot, certificate",
        tls=TLSMode.STARTTLS,
        host="127.0.0.3",
    ),
    before(
        "Dovecot shows a certificate for another name",
        TLS_FAILED,
        "Dovecot, certificate",
        tls=TLSMode.IMPLICIT,
        host="127.0.0.2",
    ),
    before(
        "Dovecot shows a certificate of an unknown authority",
        TLS_FAILED,
        "Dovecot, certificate",
        tls=TLSMode.IMPLICIT,
        trusts_server=False,
    ),
)


def after(
    name: str,
    expected: Outcome | Each,
    made_by: str,
    *,
    before: Deed | None = None,
    then: Deed | None = None,
    seconds: float = 10.0,
    takes_more: bool = True,
) -> RealRow:
    return RealRow(
        part=Part.MAILBOX_AFTER,
        name=name,
        expected=expected,
        made_by=made_by,
        before=before,
        then=then,
        seconds=seconds,
        takes_more=takes_more,
    )


def await_own(server: FaultyMailServer, account: MailAccount) -> None:
    """Wait until the run's message is there too, besides the foreign ones."""
    server.await_count(account.address, 24)


def _own(account: MailAccount) -> list[str]:
    """The run's message, in doveadm's words; no foreign one goes to the account's address."""
    return ["HEADER", "To", account.address]


def restart_dovecot(server: FaultyMailServer, account: MailAccount) -> None:
    await_own(server, account)
    server.stop_dovecot()
    server.restore()


def stop_after_arrival(server: FaultyMailServer, account: MailAccount) -> None:
    await_own(server, account)
    server.stop_dovecot()


def renumber(server: FaultyMailServer, account: MailAccount) -> None:
    await_own(server, account)
    server.doveadm("mailbox", "update", "--uid-validity", "1234567890", "-u", account.address, "INBOX")


def expunge_own(server: FaultyMailServer, account: MailAccount) -> None:
    """Somebody else takes the message away, before it was seen."""
    await_own(server, account)
    server.doveadm("expunge", "-u", account.address, "mailbox", "INBOX", *_own(account))


def move_own(server: FaultyMailServer, account: MailAccount) -> None:
    """A filter of the user's, at another machine, sorts the message away before it was seen."""
    await_own(server, account)
    server.doveadm("mailbox", "create", "-u", account.address, "Sorted")
    server.doveadm("move", "-u", account.address, "Sorted", "mailbox", "INBOX", *_own(account))


def change_password(server: FaultyMailServer, account: MailAccount) -> None:
    server.set_fields(account.address, "nologin")


UNREACHABLE = Outcome(Verdict.MAILBOX_UNREACHABLE, StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT, may_stay=True)
FULL = "userdb_quota_rule=*:messages=20"


def lock(server: FaultyMailServer, account: MailAccount) -> None:
    server.set_fields(account.address, "userdb_pop3_lock_session=yes")


def take(server: FaultyMailServer, account: MailAccount) -> None:
    """Another POP3 client takes the mailbox."""
    await_own(server, account)
    server.hold(account.address)


def give_small_disk(server: FaultyMailServer, account: MailAccount) -> None:
    try:
        server.give_small_disk(account.address)
    except PermissionError as exc:
        pytest.skip(f"no disk can be filled here: {exc}")


def fill_disk(server: FaultyMailServer, account: MailAccount) -> None:
    give_small_disk(server, account)
    server.fill_disk(account.address)


def fill_disk_after_arrival(server: FaultyMailServer, account: MailAccount) -> None:
    await_own(server, account)
    server.fill_disk(account.address)


REAL_AFTER_ROWS = (
    after(
        "another POP3 session takes the mailbox once the message has arrived",
        Each(
            pop3=Outcome(Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN, may_stay=True),
            imap=DELIVERED,
        ),
        "Dovecot, pop3_lock_session",
        before=lock,
        then=take,
        seconds=LOCK_SECONDS,
    ),
    after(
        "Dovecot's disk is full",
        # Postfix keeps the message, and tries again.
        replace(MISSING, may_stay=True),
        "Dovecot, tmpfs",
        before=fill_disk,
        seconds=1.5,
        takes_more=False,
    ),
    after(
        "Dovecot's disk is full once the message has arrived",
        DELIVERED,
        "Dovecot, tmpfs",
        before=give_small_disk,
        then=fill_disk_after_arrival,
    ),
    after(
        "Dovecot is stopped once the message has arrived",
        UNREACHABLE,
        "Dovecot, stopped",
        then=stop_after_arrival,
        seconds=3.0,
    ),
    after("Dovecot is restarted once the message has arrived", DELIVERED, "Dovecot, restarted", then=restart_dovecot),
    after("Dovecot changes UIDVALIDITY under way", DELIVERED, "Dovecot, doveadm", then=renumber),
    after(
        "somebody else deletes the message before it is seen",
        MISSING,
        "Dovecot, doveadm",
        then=expunge_own,
        seconds=1.5,
    ),
    after(
        "somebody else moves the message away before it is seen",
        Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT, may_stay=True),
        "Dovecot, doveadm",
        then=move_own,
        seconds=1.5,
    ),
    after(
        "the login is closed while the message is under way",
        Each(
            pop3=Outcome(Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_LOGIN, Step.MAILBOX_LOGIN, may_stay=True),
            imap=DELIVERED,
        ),
        "Dovecot, nologin",
        then=change_password,
    ),
    after(
        "the mailbox is over its quota",
        Each(pop3=MISSING, imap=Outcome(Verdict.MISSING, StatusCode.MAILBOX_QUOTA, Step.WAIT)),
        "Dovecot, quota",
        before=give(FULL),
        seconds=1.5,
        takes_more=False,
    ),
)


def removal(name: str, expected: Outcome | Each, made_by: str, *, before: Deed, seconds: float = 10.0) -> RealRow:
    return RealRow(part=Part.REMOVAL, name=name, expected=expected, made_by=made_by, before=before, seconds=seconds)


def allow(rights: str) -> Deed:
    """The user has these rights to its folders and no others (RFC 4314)."""

    def limit(server: FaultyMailServer, account: MailAccount) -> None:
        path = server.folder / "dovecot" / f"acl-{rights}"
        path.write_text(f"* owner {rights}\n")
        server.set_fields(account.address, f"userdb_mail_plugins=acl userdb_acl=vfile:{path}")

    return limit


NOT_DELETED = Outcome(Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE, may_stay=True)

REAL_REMOVAL_ROWS = (
    removal(
        # RFC 4314, 4: the right "t" is that to mark messages as deleted, which POP3 doesn't need.
        "the user may not mark messages as deleted",
        Each(pop3=DELIVERED, imap=NOT_DELETED),
        "Dovecot, ACL",
        before=allow("lrwsipe"),
    ),
    removal("the user may not expunge messages", NOT_DELETED, "Dovecot, ACL", before=allow("lrwsipt")),
    removal("the user may only read", NOT_DELETED, "Dovecot, ACL", before=allow("lrip")),
)
