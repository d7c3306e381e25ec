"""What to do when the trial of a monitor fails, in the words of the form. Pure."""

from typing import Final

from mailtrip.model import Result, Severity, StatusCode, Step

__all__ = ["remedy_of"]

_LOGIN: Final = (
    "Compare user name and password with those of a mail program. Providers that ask for a second factor want an app "
    "password here, and some want IMAP, POP3 or SMTP allowed in the mailbox's settings first."
)
_NAME: Final = "Is the server's name written right? The provider's help has it."
_PROTOCOL: Final = "Does this server speak this protocol at this port? Compare both with the provider's help."
_TLS: Final = (
    "Does the port speak TLS from its first byte (imaps, pop3s, smtps), or after STARTTLS? Where the certificate is not "
    "to be verified, say so under More settings."
)
_OURS: Final = "That says nothing about the mail servers. Try again in a moment."
_REMEDIES: Final = {
    StatusCode.TIMEOUT: "Does mail to this address come into this mailbox, and not into another one or a filter's folder? "
    "Delivery may also take longer than the timeout: see More settings.",
    StatusCode.INTERNAL_ERROR: _OURS,
    StatusCode.LOCATION_LOST: _OURS,
    StatusCode.HELD_BACK: _OURS,
    StatusCode.CONNECTION_FORBIDDEN: "Mailtrip may not connect there: its administrator allows it with allow_networks and "
    "allow_ports.",
    StatusCode.SMTP_NAME: _NAME,
    StatusCode.MAILBOX_NAME: _NAME,
    StatusCode.SMTP_TLS: _TLS,
    StatusCode.MAILBOX_TLS: _TLS,
    StatusCode.SMTP_PROTOCOL: _PROTOCOL,
    StatusCode.MAILBOX_PROTOCOL: _PROTOCOL,
    StatusCode.SMTP_LOGIN: _LOGIN,
    StatusCode.MAILBOX_LOGIN: _LOGIN,
    StatusCode.SENDER_REFUSED: "The server does not let this login send in the name of this sender. Leave the sender empty, or "
    "give one that the login may use.",
    StatusCode.RECIPIENT_REFUSED: "Is the address written right? Many servers take mail for other domains after a login only: "
    "see Its login.",
    StatusCode.MESSAGE_REFUSED: "What the server said is its reason. A filter that dislikes the message may be told to let "
    "it through, by sender and recipient.",
    StatusCode.DEFERRED: "The server asks to come back later, as greylisting does for a first message: try again in some "
    "minutes.",
    StatusCode.MAILBOX_LOCKED: "Another program has the mailbox open. Close it, or use a mailbox of its own, or IMAP.",
    StatusCode.MAILBOX_QUOTA: "The mailbox is full: make room in it.",
    StatusCode.MAILBOX_FILLING: "Make room in the mailbox, best before it is full.",
    StatusCode.DELETE_FAILED: "May this login delete messages? What is left behind stays in the mailbox.",
    StatusCode.SPAM_FOLDER: "The monitor will tell of this each time. A filter can be taught that mail from this sender is good.",
    StatusCode.BOUNCED: "Does the address exist? The report says why the message came back.",
    StatusCode.AUTHENTICATION: "The domain's DNS records for SPF, DKIM and DMARC, or what the monitor expects of them, need another look.",
    StatusCode.CERTIFICATE: "The server's owner has to renew its certificate.",
    StatusCode.NOT_OFFERED: "Take out of the expected capabilities what the server is not to offer.",
    StatusCode.SLOW: "Give more seconds as Slow from, if this is usual.",
    StatusCode.SLOW_ANSWER: "Give more seconds as Slow from, if this is usual.",
    StatusCode.ALTERED: "The monitor will tell of this each time: something on the way changes messages.",
    StatusCode.DOUBLED: "Is the address on a list, or forwarded to itself? Each message comes more than once.",
}
_CONNECT: Final = (
    "Nobody answers there. Are name and port right, and is the port open for Mailtrip's address? The usual ones: IMAP 993, "
    "POP3 995, SMTP 465 or 587."
)
_MAILBOX_STEPS: Final = frozenset({Step.MAILBOX_CONNECT, Step.MAILBOX_TLS, Step.MAILBOX_GREETING, Step.MAILBOX_LOGIN})
_SLOW_SERVER: Final = "The server was reached, and did not answer in time. Are port and kind of TLS right?"


def remedy_of(result: Result) -> str | None:
    """What to do about a result; None where there is nothing to do."""
    if result.status.severity is Severity.OK:
        return None
    if result.status is StatusCode.CONNECTION_FAILED:
        return _CONNECT
    if result.status is StatusCode.TIMEOUT and result.step in _MAILBOX_STEPS | {Step.TLS, Step.GREETING, Step.LOGIN}:
        return _SLOW_SERVER
    if result.status is StatusCode.TIMEOUT and result.step is Step.CONNECT:
        return _CONNECT
    return _REMEDIES.get(result.status)
