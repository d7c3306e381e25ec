"""Reads of monitors, one or a page of them, from a transaction to the bytes of the answer."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from mailtrip.api.alertsite.check_fields import ALL_FIELDS
from mailtrip.api.alertsite.envelope import Page, metadata
from mailtrip.api.alertsite.fields import MonitorView
from mailtrip.api.alertsite.monitor_texts import Key, Mark, MonitorTexts
from mailtrip.api.alertsite.monitor_wire import show_monitor
from mailtrip.api.responses import to_bytes
from mailtrip.model import Access, Actor, MonitorType
from mailtrip.service import locations, monitors, standings
from mailtrip.service.standings import StandingMonitor
from mailtrip.store import Connection

__all__ = ["ListQuery", "read_list", "read_one"]

_NAMES = frozenset(field.name for field in ALL_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What a list is asked for; None in `types` and `select` is everything."""

    types: frozenset[MonitorType] | None
    select: frozenset[str] | None
    page: Page


def read_one(monitor_id: int, select: frozenset[str] | None, connection: Connection, actor: Actor) -> tuple[bytes, int]:
    """A monitor as a JSON object, and its revision; raises NotFound."""
    found = standings.get(connection, actor, monitor_id)
    return _write(connection, actor, [found], select)[monitor_id], found.monitor.revision


def read_list(texts: MonitorTexts, query: ListQuery, connection: Connection, actor: Actor) -> bytes:
    """A page of monitors in its envelope. Those of which `texts` has what is to be shown are not read as a whole."""
    page, select = query.page, None if query.select is None else query.select & _NAMES
    revisions, count = monitors.revisions(connection, actor, types=query.types, limit=page.limit, offset=page.start)
    wanted = _marks(connection, actor, revisions, select)
    found = texts.find(wanted)
    missing = {key.monitor_id: key for key, content in found.items() if content is None}
    if missing:
        known = standings.get_all(connection, actor, missing)
        for monitor_id, content in _write(connection, actor, known, select).items():
            key = missing[monitor_id]
            found[key] = content
            texts.keep(key, wanted[key], content)
    head = to_bytes(metadata(count=count, page=page, actor=actor))
    return b'{"metadata":%b,"results":[%b]}' % (head, b",".join(content for content in found.values() if content))


def _marks(
    connection: Connection, actor: Actor, revisions: list[tuple[int, int]], select: frozenset[str] | None
) -> dict[Key, Mark]:
    """What the text of each monitor of a page goes by; what no selected field shows is not read."""
    if not revisions:
        return {}
    names = _location_names(connection, actor) if _shows("locations", select) else {}
    digest = hashlib.sha256(to_bytes([*names.items()])).digest()
    listed = None if select is None else ",".join(sorted(select))
    first, last = revisions[0][0], revisions[-1][0]
    runs = standings.marks(connection, actor, first=first, last=last) if _shows("last_status", select) else {}
    return {
        Key(id_, _may_edit(actor, id_), listed): Mark(revision, runs.get(id_), digest) for id_, revision in revisions
    }


def _write(
    connection: Connection, actor: Actor, shown: Collection[StandingMonitor], select: frozenset[str] | None
) -> dict[int, bytes]:
    """Monitors as JSON objects, by id."""
    names = _location_names(connection, actor) if _shows("locations", select) else {}
    views = (
        MonitorView(
            monitor=each.monitor,
            standing=each.standing,
            location_names=names,
            blackout_ids=each.blackout_ids,
            may_edit=_may_edit(actor, each.monitor.id),
        )
        for each in shown
    )
    return {view.monitor.id: to_bytes(show_monitor(view, select)) for view in views}


def _location_names(connection: Connection, actor: Actor) -> dict[int, str]:
    return {each.id: each.name for each in locations.list_all(connection, actor)}


def _may_edit(actor: Actor, monitor_id: int) -> bool:
    return actor.access_to(monitor_id) is Access.EDIT


def _shows(name: str, select: frozenset[str] | None) -> bool:
    return select is None or name in select
