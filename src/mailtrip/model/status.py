"""Status codes and verdicts: what became of a message, in the words of the API and in ours."""

from enum import IntEnum, StrEnum

__all__ = ["Severity", "StatusCode", "Verdict"]


class Severity(StrEnum):
    """How bad a status is. `UNKNOWN` is trouble of ours and says nothing about the mail path."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


class StatusCode(IntEnum):
    """Status of a run; 0, 1 and 2 are AlertSite's, the rest is ours (alertsite-v3.md, section 9)."""

    OK = 0
    CONNECTION_FAILED = 1
    TIMEOUT = 2
    INTERNAL_ERROR = 90
    LOCATION_LOST = 95
    HELD_BACK = 96
    CONNECTION_FORBIDDEN = 97
    SMTP_NAME = 101
    SMTP_TLS = 102
    SMTP_PROTOCOL = 103
    SMTP_LOGIN = 104
    SENDER_REFUSED = 105
    RECIPIENT_REFUSED = 106
    MESSAGE_REFUSED = 107
    DEFERRED = 108
    MAILBOX_NAME = 201
    MAILBOX_TLS = 202
    MAILBOX_PROTOCOL = 203
    MAILBOX_LOGIN = 204
    MAILBOX_LOCKED = 205
    MAILBOX_QUOTA = 206
    DELETE_FAILED = 207
    MAILBOX_FILLING = 208
    SPAM_FOLDER = 301
    ALTERED = 302
    DOUBLED = 303
    SLOW = 304
    BOUNCED = 305
    AUTHENTICATION = 306
    CERTIFICATE = 307
    SLOW_ANSWER = 401
    NOT_OFFERED = 402
    LOCATION_SILENT = 4050

    @property
    def text(self) -> str:
        """One line for people, without the server or step it happened at."""
        return _TEXTS[self]

    @property
    def severity(self) -> Severity:
        return _SEVERITIES.get(self, Severity.ERROR)


_SEVERITIES = {StatusCode.OK: Severity.OK}
_SEVERITIES |= dict.fromkeys(
    (
        StatusCode.DELETE_FAILED,
        StatusCode.MAILBOX_FILLING,
        StatusCode.ALTERED,
        StatusCode.DOUBLED,
        StatusCode.SLOW,
        StatusCode.AUTHENTICATION,
        StatusCode.CERTIFICATE,
        StatusCode.SLOW_ANSWER,
        StatusCode.NOT_OFFERED,
    ),
    Severity.WARNING,
)
_SEVERITIES |= dict.fromkeys(
    (
        StatusCode.INTERNAL_ERROR,
        StatusCode.LOCATION_LOST,
        StatusCode.HELD_BACK,
        StatusCode.CONNECTION_FORBIDDEN,
    ),
    Severity.UNKNOWN,
)
_TEXTS = {
    StatusCode.OK: "OK",
    StatusCode.CONNECTION_FAILED: "TCP connection failed",
    StatusCode.TIMEOUT: "Round trip not finished within the timeout",
    StatusCode.INTERNAL_ERROR: "Internal error of the monitor",
    StatusCode.LOCATION_LOST: "Location lost while running",
    StatusCode.HELD_BACK: "Held back by a limit of the mail provider",
    StatusCode.CONNECTION_FORBIDDEN: "Connection forbidden by the network policy",
    StatusCode.SMTP_NAME: "SMTP: name not resolved",
    StatusCode.SMTP_TLS: "SMTP: TLS failed",
    StatusCode.SMTP_PROTOCOL: "SMTP: protocol error or connection lost",
    StatusCode.SMTP_LOGIN: "SMTP: login refused",
    StatusCode.SENDER_REFUSED: "SMTP: sender refused",
    StatusCode.RECIPIENT_REFUSED: "SMTP: recipient refused",
    StatusCode.MESSAGE_REFUSED: "SMTP: message refused",
    StatusCode.DEFERRED: "SMTP: deferred",
    StatusCode.MAILBOX_NAME: "Mailbox: name not resolved",
    StatusCode.MAILBOX_TLS: "Mailbox: TLS failed",
    StatusCode.MAILBOX_PROTOCOL: "Mailbox: protocol error or connection lost",
    StatusCode.MAILBOX_LOGIN: "Mailbox: login refused",
    StatusCode.MAILBOX_LOCKED: "Mailbox: locked by another session",
    StatusCode.MAILBOX_QUOTA: "Mailbox: over quota",
    StatusCode.DELETE_FAILED: "Mailbox: test message could not be deleted",
    StatusCode.MAILBOX_FILLING: "Mailbox: nearly full",
    StatusCode.SPAM_FOLDER: "Found in the spam folder",
    StatusCode.ALTERED: "Message altered on the way",
    StatusCode.DOUBLED: "Message delivered more than once",
    StatusCode.SLOW: "Delivered, but slower than the warning time",
    StatusCode.BOUNCED: "Bounced",
    StatusCode.AUTHENTICATION: "Sender authentication (SPF, DKIM, DMARC) not as expected",
    StatusCode.CERTIFICATE: "A server's certificate expires soon",
    StatusCode.SLOW_ANSWER: "Answered, but slower than the warning time",
    StatusCode.NOT_OFFERED: "An expected capability is not offered",
    StatusCode.LOCATION_SILENT: "Location lost contact",
}


class Verdict(StrEnum):
    """What became of the test message of a run, or what came of the check of a server."""

    DELIVERED = "delivered"
    SLOW = "slow"
    """Delivered in time, but slower than the monitor's warning time."""
    MISSING = "missing"
    """Accepted by the SMTP server, not seen before the run's deadline."""
    LATE = "late"
    """Arrived after the run's deadline."""
    LOST = "lost"
    """Handed to the SMTP server, and not seen for so long that it is not expected any more."""
    BOUNCED = "bounced"
    """A report came back that it could not be delivered (RFC 3464)."""
    REFUSED = "refused"
    """The SMTP server refused sender, recipient or message for good (5yz): nothing is under way."""
    DEFERRED = "deferred"
    """The SMTP server asked to come back later (4yz): nothing is under way."""
    UNSENT = "unsent"
    """Nothing was handed over: a server could not be reached, failed at TLS or in its protocol, or refused the login."""
    MAILBOX_UNREACHABLE = "mailbox-unreachable"
    """The message was accepted, but the mailbox could not be read: delivery unknown."""
    UNDECIDED = "undecided"
    """The connection broke after the message was sent and before the SMTP server answered; it has not been seen."""
    SPAM = "spam"
    """Found in a spam folder."""
    ALTERED = "altered"
    """Delivered, but its content is not what was sent."""
    DOUBLED = "doubled"
    """Delivered more than once."""
    ANSWERS = "answers"
    """A check: the server was reached and answered all that was asked. Nothing was sent: no word about delivery."""
    FAILS = "fails"
    """A check: the server could not be reached, failed at TLS or in its protocol, or refused the login."""
    UNKNOWN = "unknown"
    """Trouble of ours: nothing can be said about the mail path."""
