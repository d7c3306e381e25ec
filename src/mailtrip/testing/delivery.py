"""From an accepted message to the mailbox: at once or later, whole or altered, once, twice or never."""

import asyncio
from collections.abc import Callable
from email.utils import format_datetime

from mailtrip.testing.faults import Delivery
from mailtrip.testing.mailstore import Account
from mailtrip.testing.site import Site

__all__ = ["alter", "deliver"]


def deliver(site: Site, sender: str, account: Account, message: bytes) -> None:
    """Deliver as `site.delivery` says at this moment."""
    plan = site.delivery
    for number in range(1 if plan.bounce else plan.copies):
        _wait(site, plan.delay + number * plan.apart, lambda: _store(site, plan, sender, account, message))


def _wait(site: Site, seconds: float, act: Callable[[], None]) -> None:
    if seconds <= 0:
        act()
        return

    def later() -> None:
        site.deliveries.discard(handle)
        act()

    handle: asyncio.TimerHandle = site.loop.call_later(seconds, later)
    site.deliveries.add(handle)


def _store(site: Site, plan: Delivery, sender: str, account: Account, message: bytes) -> None:
    now = site.clock.now()
    if not plan.bounce:
        account.folders[plan.folder].append(alter(message, plan), now)
        return
    returned_to = site.store.find(sender)
    if returned_to is not None:
        notice = _bounce(site.hostname, sender, account.address, message, format_datetime(now))
        returned_to.inbox.append(notice, now)


def alter(message: bytes, plan: Delivery) -> bytes:
    """The message as the plan's gateway would leave it."""
    if not plan.footer and not plan.without_headers:
        return message
    header, separator, body = message.partition(b"\r\n\r\n")
    unwanted = {name.lower().encode() for name in plan.without_headers}
    kept: list[bytes] = []
    is_kept = True
    for line in header.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            is_kept = line.partition(b":")[0].strip().lower() not in unwanted
        if is_kept:
            kept.append(line)
    return b"\r\n".join(kept) + separator + body + plan.footer


def _bounce(hostname: str, sender: str, recipient: str, message: bytes, date: str) -> bytes:
    """A delivery status notification (RFC 3464) with the message's header in it."""
    header = message.partition(b"\r\n\r\n")[0]
    head = (
        "Return-Path: <>\r\n"
        f"Date: {date}\r\nFrom: Mail Delivery System <MAILER-DAEMON@{hostname}>\r\nTo: <{sender}>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_bounce"\r\n\r\n'
        "--=_bounce\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
        f"Your message could not be delivered to <{recipient}>.\r\n\r\n"
        "--=_bounce\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; {hostname}\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "--=_bounce\r\nContent-Type: text/rfc822-headers\r\n\r\n"
    )
    return head.encode() + header + b"\r\n\r\n--=_bounce--\r\n"
