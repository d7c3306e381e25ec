"""The feed of a status page: Atom (RFC 4287). Pure.

Links are relative, as pages are kept for everybody, whatever name the service was asked by.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from mailtrip.service.public_status import PublicStatus
from mailtrip.web.status_view import INCIDENT_STATES, told
from mailtrip.web.words import without_controls

__all__ = ["MEDIA_TYPE", "write_feed"]

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_MOST: Final = 100
_NO_CHARACTERS: Final = re.compile("[\ufffe\uffff]")
"""What XML can't hold (XML 1.0, 2.2), beside control characters."""
_EMPTY: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    key: str
    at: datetime
    updated: datetime
    title: str
    text: str


def write_feed(status: PublicStatus) -> bytes:
    """Notes of incidents, and outages, the newest first. The same bytes as long as nothing has happened."""
    items = sorted(_items(status), key=lambda item: (item.updated, item.key), reverse=True)[:_MOST]
    path = f"/status/{status.slug}"
    feed = ET.Element("feed", xmlns=_ATOM)
    _add(feed, "id", f"urn:uuid:{status.key}")
    _add(feed, "title", status.title)
    _add(feed, "updated", _time(items[0].updated if items else _EMPTY))
    author = ET.SubElement(feed, "author")
    _add(author, "name", status.title)
    ET.SubElement(feed, "link", rel="self", href=f"{path}/feed", type="application/atom+xml")
    ET.SubElement(feed, "link", rel="alternate", href=path, type="text/html")
    for item in items:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", f"urn:uuid:{item.key}")
        _add(entry, "title", item.title)
        _add(entry, "published", _time(item.at))
        _add(entry, "updated", _time(item.updated))
        ET.SubElement(entry, "link", rel="alternate", href=path, type="text/html")
        _add(entry, "content", item.text).set("type", "text")
    found: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return found


def _items(status: PublicStatus) -> Iterator[_Item]:
    for incident in status.incidents:
        affected = f"\n\nAffected: {', '.join(incident.names)}" if incident.names else ""
        for note in incident.updates:
            yield _Item(
                key=note.key,
                at=note.at,
                updated=note.at,
                title=f"{INCIDENT_STATES[note.state]}: {incident.title}",
                text=note.text + affected,
            )
    for outage in status.outages or ():
        updated = outage.end or outage.begin
        yield _Item(key=outage.key, at=outage.begin, updated=updated, title=told(outage), text=f"{told(outage)}.")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", str(without_controls(text)))
    return element


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
