"""A trip: one test message with its way, made before anything is sent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailtrip.model import Envelope, MailProtocol
from mailtrip.probe.expectations import Expectations
from mailtrip.probe.looks import LookPlan, look_plan
from mailtrip.probe.message import ascii_address, make_message, message_id_of
from mailtrip.probe.token import MessageKey, Token

__all__ = ["Trip", "make_trip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What is to be sent, how it is recognised, and how the trip is judged.

    Attributes:
        warning_time: a delivery slower than this is a warning; None for never.
        expectations: what else is looked at; what is not met is a warning.
    """

    token: Token
    message_id: str
    envelope: Envelope
    message: bytes = field(repr=False)
    key: MessageKey
    looks: LookPlan
    warning_time: timedelta | None
    expectations: Expectations


def make_trip(
    *,
    sender: str,
    recipient: str,
    mailbox_protocol: MailProtocol,
    warning_time: timedelta | None = None,
    key: MessageKey,
    token: Token,
    now: datetime,
    host: str,
    login_gap: float = 0.0,
    expectations: Expectations | None = None,
) -> Trip:
    """Make a trip with a message of its own.

    Args:
        sender: envelope and header sender.
        recipient: where the message goes.
        mailbox_protocol: POP3 or IMAP; decides when is looked.
        warning_time: see `Trip`.
        key: has signed the token.
        token: its own; one token is never sent twice.
        now: the message's date, aware.
        host: the machine that Mailtrip runs on, as the message names it to people.
        login_gap: seconds that the mailbox's provider wants between two logins.
        expectations: see `Trip`; None means the usual ones.

    Raises:
        ValueError: when an address is no address.
    """
    return Trip(
        token=token,
        message_id=message_id_of(sender, token),
        envelope=Envelope(sender=ascii_address(sender), recipient=ascii_address(recipient)),
        message=make_message(sender=sender, recipient=recipient, token=token, now=now, host=host),
        key=key,
        looks=look_plan(mailbox_protocol, login_gap=login_gap),
        warning_time=warning_time,
        expectations=expectations or Expectations(),
    )
