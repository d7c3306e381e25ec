"""A published status page of the monitors that `service.seed` makes, with incidents and a logo."""

import struct
import zlib
from datetime import timedelta
from functools import partial

from tests.web.service import WebService

from mailtrip.model import Actor, Role
from mailtrip.model.status_page import IncidentState, StatusEntry, StatusPage
from mailtrip.service import incidents, status_pages

__all__ = ["PUBLISHER", "make_png", "page_of", "publish", "seed_status"]

PUBLISHER = Actor(account_id=1, role=Role.ADMIN, user_id=100001, email="admin@example.com")


def publish(service: WebService, *entries: StatusEntry, **changes: object) -> str:
    """Publish a page with these entries, and give its path."""
    wanted = {"is_published": True, "entries": entries, **changes}
    service.database.write(partial(status_pages.edit, actor=PUBLISHER, changes=wanted, now=service.clock.now()))
    return f"/status/{page_of(service).slug}"


def page_of(service: WebService) -> StatusPage:
    """The page that there is."""
    page = service.database.read(lambda connection: status_pages.get(connection, PUBLISHER))
    assert page is not None
    return page


def seed_status(service: WebService) -> str:
    """A page as people have it: two groups, an open incident and one that is over; its path."""
    ids, now = service.monitor_ids, service.clock.now()
    names = {
        "Head office": ("Incoming mail", "Head office"),
        "Accounting": ("Outgoing mail", "Head office"),
        "Branch with a long name, in Villar Perosa near Pinerolo": (
            "Incoming mail of the branch in Villar",
            "Branches",
        ),
        "Shop": ("Mail of the shop", "Branches"),
        "Newsletter": ("Newsletter", "Others"),
        "Not run yet": ("New site", "Others"),
        "Paused for a move": ("Old site", "Others"),
    }
    entries = [StatusEntry(monitor_id=ids[own], name=name, group=group) for own, (name, group) in names.items()]
    path = publish(
        service, *entries, title="Mail of Example Ltd.", text="How our mail is doing.", logo=make_png(96, 48)
    )

    def tell(title: str, *told: tuple[timedelta, IncidentState, str], affected: str) -> None:
        (age, state, text), *more = told
        create = partial(incidents.create, actor=PUBLISHER, title=title, text=text, state=state, began_at=now - age)
        incident_id = service.database.write(partial(create, monitor_ids=[ids[affected]], now=now - age))
        for age, state, text in more:
            add = partial(incidents.add_update, actor=PUBLISHER, incident_id=incident_id, text=text, state=state)
            service.database.write(partial(add, now=now - age))

    tell(
        "Newsletter arrived late",
        (timedelta(days=2), IncidentState.INVESTIGATING, "Some newsletters arrive an hour late."),
        (timedelta(days=2, hours=-3), IncidentState.RESOLVED, "The queue is empty again."),
        affected="Newsletter",
    )
    tell(
        "Mail can't be fetched",
        (timedelta(minutes=20), IncidentState.INVESTIGATING, "Logging in fails. We look into it."),
        (timedelta(minutes=5), IncidentState.IDENTIFIED, "The directory was down, and comes back.\nMail is not lost."),
        affected="Head office",
    )
    return path


def make_png(width: int = 8, height: int = 8, *, extra: bytes = b"", rgb: bytes = b"\x25\x52\xa3") -> bytes:
    """A picture of one colour; `extra` chunks stand before its data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + rgb * width) * height)
    parts = chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
