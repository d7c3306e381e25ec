"""An alert as an SNMP trap: which objects it has and what is in them. Pure; `docs/reference/MAILTRIP-MIB.txt` is the MIB."""

from collections.abc import Mapping
from typing import Final

from mailtrip.alerts.document import document_of
from mailtrip.alerts.wording import wording_of
from mailtrip.model import AlertPackage

__all__ = ["NOTIFICATIONS", "OBJECTS", "ROOT", "values_of_trap"]

ROOT: Final = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2525)
"""Below netSnmpPlaypen, which is there for whoever has no number of their own."""
NOTIFICATIONS: Final = (*ROOT, 0)
OBJECTS: Final[Mapping[str, int]] = {
    "mailtripKind": 1,
    "mailtripSubject": 2,
    "mailtripMonitorId": 3,
    "mailtripMonitorName": 4,
    "mailtripMonitorCount": 5,
    "mailtripStatus": 6,
    "mailtripStatusText": 7,
    "mailtripStep": 8,
    "mailtripServer": 9,
    "mailtripSince": 10,
    "mailtripExplanation": 11,
    "mailtripCause": 12,
    "mailtripDelivery": 13,
}
"""Names and numbers of the objects, in the order in which a trap has them; they are at `ROOT`.1."""
_LONGEST: Final = 200
"""Bytes of a text: with the longest of all, a trap stays within one packet."""


def values_of_trap(package: AlertPackage) -> dict[str, str | int]:
    """What a trap tells, by the name of the object: of the first monitor, where there are more."""
    document = document_of(package, public_url=None)
    alerts = document["alerts"]
    first = alerts[0] if isinstance(alerts, list) else None
    alert = first if isinstance(first, dict) else {}
    servers = alert["servers"]
    found = (
        str(document["kind"]),
        wording_of(package, public_url=None).subject,
        alert["monitor_id"] or 0,
        alert["monitor"] or alert["location"] or "",
        package.count,
        alert["status"],
        alert["status_text"],
        alert["step"] or "",
        " ".join(str(each) for each in servers) if isinstance(servers, list) else "",
        alert["since"],
        alert["explanation"],
        package.delivery.cause,
        package.delivery.key,
    )
    return {
        name: value if isinstance(value, int) else _cut(str(value)) for name, value in zip(OBJECTS, found, strict=True)
    }


def _cut(text: str) -> str:
    return text.encode()[:_LONGEST].decode("utf-8", "ignore")
