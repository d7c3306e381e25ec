"""Alerts by mail, through the installation's own relay."""

from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailtrip.alerts.render import subject_of, text_of
from mailtrip.model import Accepted, AlertPackage, DeliveryAnswer, Envelope, Failure, StatusCode

__all__ = ["MailChannel", "Submit"]

_FINAL = frozenset({StatusCode.RECIPIENT_REFUSED, StatusCode.MESSAGE_REFUSED})

Submit = Callable[[Envelope, bytes], Awaitable[Accepted | Failure]]
"""Hands a message, with CRLF line ends, over to the relay."""


class MailChannel:
    """Sends plain text.

    Args:
        submit: hands a message over; None where no relay is set.
        sender: the address that alerts come from.
        public_url: the service's address, for links.
    """

    def __init__(self, submit: Submit | None, *, sender: str, public_url: str | None) -> None:
        self._submit = submit
        self._sender = sender
        self._public_url = public_url

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery as one message; its Message-ID is the same in all attempts."""
        if self._submit is None:
            text = "no relay is set: an administrator has to set alert_relay"
            return DeliveryAnswer(is_sent=False, text=text, is_temporary=True)
        recipient = package.recipient.settings.address
        message = self._message(package, recipient)
        outcome = await self._submit(Envelope(sender=self._sender, recipient=recipient), message)
        if isinstance(outcome, Failure):
            # A message whose acceptance was not heard may have gone out: it goes again, under the same Message-ID. What is
            # wrong with the relay, or with our login or sender there, is no fault of the recipient's, and is mended.
            is_final = outcome.status in _FINAL and not outcome.is_temporary and not outcome.is_unanswered
            return DeliveryAnswer(is_sent=False, text=outcome.reason, is_temporary=not is_final)
        return DeliveryAnswer(is_sent=True, text=outcome.reply)

    def _message(self, package: AlertPackage, recipient: str) -> bytes:
        message = EmailMessage(policy=SMTP.clone(utf8=not (self._sender + recipient).isascii()))
        domain = self._sender.rpartition("@")[2]
        message["Date"] = format_datetime(package.delivery.created_at)
        message["From"] = Address(display_name="Mailtrip", addr_spec=self._sender)
        message["To"] = recipient
        message["Subject"] = subject_of(package)
        message["Message-ID"] = f"<{package.delivery.key}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(text_of(package, public_url=self._public_url))
        return message.as_bytes()
