"""Links in alerts, with which a recipient answers without signing in: signed, and good for one alert and one answer."""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip import store
from mailtrip.errors import NotFound
from mailtrip.model import Actor, AlertItem, AlertKind, AlertLinks, AlertPackage, ContactKind, Origin, Recipient, Role
from mailtrip.service import alert_log, alert_responses
from mailtrip.service.ports import Secrets
from mailtrip.store import Connection

__all__ = ["PATH", "Answer", "Question", "answer", "ask", "links_in"]

PATH: Final = "/alert"
"""Of the page that links lead to."""
_GOOD_FOR: Final = timedelta(days=7)
_TOKEN: Final = re.compile(
    r"(?P<content>(?P<answer>acknowledge|snooze)\.(?P<account>[0-9]{1,15})\.(?P<recipient>[0-9]{1,15})"
    r"\.(?P<alert>[0-9]{1,15})\.(?P<expires>[0-9]{1,11}))\.(?P<signature>[\w-]{43})\Z",
    re.ASCII,
)
_GONE: Final = "there is no such alert, or the link has expired"


class Answer(StrEnum):
    """What a link is for."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page asks the one who has followed a link."""

    answer: Answer
    item: AlertItem


def links_in(package: AlertPackage, secrets: Secrets, *, public_url: str | None) -> AlertLinks | None:
    """The links of a message, the same in each attempt; None where it tells of no error, or the address is not known."""
    first = next((item.alert for item in package.items if _asks(item)), None)
    if public_url is None or first is None:
        return None
    expires_at = package.delivery.created_at + _GOOD_FOR

    def link(answer: Answer) -> str:
        content = f"{answer}.{first.account_id}.{first.recipient_id}.{first.id}.{int(expires_at.timestamp())}"
        return f"{public_url}{PATH}?token={content}.{_signature(secrets, content)}"

    return AlertLinks(acknowledge=link(Answer.ACKNOWLEDGE), snooze=link(Answer.SNOOZE))


def ask(connection: Connection, secrets: Secrets, token: str, *, now: datetime) -> Question:
    """What the link is for. Changes nothing, as scanners of mail follow links too.

    Raises:
        NotFound: the link is none of ours or has expired, or the alert or its recipient are gone.
    """
    wanted, actor, alert_id = _read(connection, secrets, token, now=now)
    alert = alert_log.get(connection, actor, alert_id, now=now).alert
    monitor_id = alert.monitor_id or 0
    name = store.monitors.names(connection, actor.account_id, [monitor_id]).get(monitor_id)
    return Question(answer=wanted, item=AlertItem(alert=alert, monitor_name=name))


def answer(
    connection: Connection,
    secrets: Secrets,
    token: str,
    *,
    snooze_for: timedelta,
    now: datetime,
    origin: Origin | None = None,
) -> None:
    """Do what the link is for.

    Args:
        connection: of a writing transaction.
        secrets: knows the signature.
        token: of the link.
        snooze_for: for how long, where that is what it is for.
        now: from when on.
        origin: who has followed it.

    Raises:
        NotFound: as for `ask`.
        InvalidInput: the trouble is over, or `snooze_for` is too long.
    """
    wanted, actor, alert_id = _read(connection, secrets, token, now=now, origin=origin)
    if wanted is Answer.ACKNOWLEDGE:
        alert_responses.acknowledge(connection, actor, alert_id, now=now)
    else:
        alert_responses.snooze(connection, actor, alert_id, until=now + snooze_for, now=now)


def _asks(item: AlertItem) -> bool:
    return (
        item.alert.kind in {AlertKind.ERROR, AlertKind.REMINDER, AlertKind.ESCALATION}
        and item.alert.monitor_id is not None
    )


def _signature(secrets: Secrets, content: str) -> str:
    return base64.urlsafe_b64encode(secrets.sign_link(content.encode())).decode().rstrip("=")


def _read(
    connection: Connection, secrets: Secrets, token: str, *, now: datetime, origin: Origin | None = None
) -> tuple[Answer, Actor, int]:
    match = _TOKEN.match(token)
    if match is None or not hmac.compare_digest(match["signature"], _signature(secrets, match["content"])):
        raise NotFound(_GONE)
    recipient = store.recipients.get(connection, int(match["account"]), int(match["recipient"]))
    if recipient is None or datetime.fromtimestamp(int(match["expires"]), UTC) <= now:
        raise NotFound(_GONE)
    actor = Actor(
        account_id=recipient.account_id,
        role=Role.USER,
        recipient_id=recipient.id,
        recipient_name=_shown_name(recipient),
        origin=origin,
    )
    return Answer(match["answer"]), actor, int(match["alert"])


def _shown_name(recipient: Recipient) -> str | None:
    """Without an address that may hold a key."""
    settings = recipient.settings
    return settings.name or (settings.address if settings.method.contact is ContactKind.MAIL else None)
