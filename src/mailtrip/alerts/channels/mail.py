"""Alerts by mail, through the installation's own relay."""

import asyncio
from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailtrip.alerts.chart import bars_of, draw
from mailtrip.alerts.page import Page
from mailtrip.alerts.wording import Wording, wording_of
from mailtrip.model import Accepted, AlertMethod, AlertPackage, DeliveryAnswer, Envelope, Failure, StatusCode

__all__ = ["MailChannel", "Submit", "answer_of"]

_FINAL = frozenset({StatusCode.RECIPIENT_REFUSED, StatusCode.MESSAGE_REFUSED})

Submit = Callable[[Envelope, bytes], Awaitable[Accepted | Failure]]
"""Hands a message, with CRLF line ends, over to the relay."""


def answer_of(outcome: Accepted | Failure) -> DeliveryAnswer:
    """What the relay's answer means for the delivery."""
    if isinstance(outcome, Failure):
        # A message whose acceptance was not heard may have gone out: it goes again, under the same Message-ID. What is
        # wrong with the relay, or with our login or sender there, is no fault of the recipient's, and is mended.
        is_final = outcome.status in _FINAL and not outcome.is_temporary and not outcome.is_unanswered
        return DeliveryAnswer(is_sent=False, text=outcome.reason, is_temporary=not is_final)
    return DeliveryAnswer(is_sent=True, text=outcome.reply)


class MailChannel:
    """Sends plain text; with method 12 also HTML, with the step chart as a picture in it.

    Args:
        submit: hands a message over; None where no relay is set.
        sender: the address that alerts come from.
        public_url: the service's address, for links.
    """

    def __init__(self, submit: Submit | None, *, sender: str, public_url: str | None) -> None:
        self._submit = submit
        self._sender = sender
        self._public_url = public_url
        self._page = Page(public_url=public_url)

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery as one message; its Message-ID is the same in all attempts."""
        if self._submit is None:
            text = "no relay is set: an administrator has to set alert_relay"
            return DeliveryAnswer(is_sent=False, text=text, is_temporary=True)
        recipient = package.recipient.settings.address
        message = await asyncio.to_thread(self._message, package, recipient)
        return answer_of(await self._submit(Envelope(sender=self._sender, recipient=recipient), message))

    def _message(self, package: AlertPackage, recipient: str) -> bytes:
        message = EmailMessage(policy=SMTP.clone(utf8=not (self._sender + recipient).isascii()))
        domain = self._sender.rpartition("@")[2]
        message["Date"] = format_datetime(package.delivery.created_at)
        message["From"] = Address(display_name="Mailtrip", addr_spec=self._sender)
        message["To"] = recipient
        wording = wording_of(package, public_url=self._public_url)
        message["Subject"] = wording.subject
        message["Message-ID"] = f"<{package.delivery.key}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(wording.text)
        if package.recipient.settings.method is AlertMethod.EMAIL_HTML:
            self._add_page(message, package, wording, domain)
        return message.as_bytes()

    def _add_page(self, message: EmailMessage, package: AlertPackage, wording: Wording, domain: str) -> None:
        run = package.items[0].run
        bars = () if run is None or run.result is None else bars_of(run.result)
        key = package.delivery.key
        picture = f"steps.{key}@{domain}"
        message.add_alternative(self._page.show(package, wording, bars, picture=picture), subtype="html")
        if bars:
            page = message.get_payload(1)
            page.add_related(  # type: ignore[union-attr]  # a message in parts has parts
                draw(bars), "image", "png", cid=f"<{picture}>", disposition="inline", filename="steps.png"
            )
        for number, part in enumerate(each for each in message.walk() if each.is_multipart()):
            part.set_boundary(f"={number}={key}")  # the same in all attempts
