"""An alert as a document in our own words, for programs: the body of signed webhooks. Pure."""

from datetime import datetime
from typing import TypeAlias, Union

from mailtrip.alerts.render import (
    explanation,
    headline,
    is_flapping,
    name_of,
    notes_of,
    proof_of,
    run_url,
    servers_of,
    subject_of,
    text_of,
)
from mailtrip.model import AlertItem, AlertPackage

__all__ = ["Document", "document_of"]

Value: TypeAlias = Union[str, int, float, "list[Value]", "Document", None]
Document: TypeAlias = "dict[str, Value]"


def document_of(package: AlertPackage, *, public_url: str | None) -> Document:
    """All that is told, as JSON has it; times in ISO 8601, UTC.

    Args:
        package: what is told.
        public_url: the service's address, for links; None for none.
    """
    first = package.items[0].alert
    return {
        "id": package.delivery.key,
        "kind": str(first.kind),
        "subject": subject_of(package),
        "text": text_of(package, public_url=public_url),
        "cause": package.delivery.cause,
        "account_id": package.delivery.account_id,
        "account": package.account_name,
        "recipient_id": package.recipient.id,
        "created_at": _shown_time(package.delivery.created_at),
        "monitor_count": package.count,
        "change_count": package.alerts,
        "is_flapping": is_flapping(package),
        "notes": list(notes_of(package)),
        "acknowledge_url": None if package.links is None else package.links.acknowledge,
        "snooze_url": None if package.links is None else package.links.snooze,
        "alerts": [_alert_of(item, public_url=public_url) for item in package.items],
    }


def _alert_of(item: AlertItem, *, public_url: str | None) -> Document:
    alert, run = item.alert, item.run
    result = None if run is None else run.result
    return {
        "id": alert.id,
        "kind": str(alert.kind),
        "headline": headline(item),
        "monitor_id": alert.monitor_id,
        "monitor": name_of(item) if alert.location_id is None else None,
        "run_id": alert.run_id,
        "location_id": alert.location_id if run is None else run.location_id,
        "location": item.location_name,
        "status": int(alert.status),
        "status_text": alert.status.text,
        "error_count": alert.errors,
        "since": _shown_time(alert.since),
        "created_at": _shown_time(alert.created_at),
        "step": None if result is None or result.step is None else str(result.step),
        "servers": list(servers_of(run)),
        "explanation": explanation(item),
        "proof": list(proof_of(run)),
        "delay_seconds": None if result is None or result.delay is None else result.delay.total_seconds(),
        "url": None if run is None or public_url is None else run_url(run, public_url),
    }


def _shown_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
