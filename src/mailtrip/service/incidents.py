"""Incidents: what people tell the public of on the status page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import Actor, AuditAction
from mailtrip.model.status_page import Incident, IncidentState, IncidentUpdate
from mailtrip.service import audit
from mailtrip.service.access import may_see
from mailtrip.service.status_pages import LONGEST_TEXT, MOST_ENTRIES, monitor_faults, new_key, require_publisher
from mailtrip.service.text_rules import line_fault, note_fault
from mailtrip.store import Connection

__all__ = ["LONGEST_TITLE", "MOST_UPDATES", "add_update", "create", "edit", "get", "page", "remove"]

LONGEST_TITLE: Final = 200
MOST_UPDATES: Final = 100
_MOST: Final = 10_000
_EARLIEST: Final = timedelta(days=366)


def create(
    connection: Connection,
    actor: Actor,
    *,
    title: str | None = None,
    text: str | None = None,
    state: IncidentState | None = None,
    began_at: datetime | None = None,
    monitor_ids: Sequence[int] | None = None,
    now: datetime,
) -> int:
    """Tell of a new incident, and give its id.

    Args:
        connection: of a writing transaction.
        actor: who tells.
        title: required.
        text: the first note; required.
        state: `INVESTIGATING` unless given.
        began_at: now unless given.
        monitor_ids: what it affects; those that are on the status page are shown there.
        now: the time of the note.

    Raises:
        Forbidden: the role may not edit, or some monitors are kept from the actor.
        InvalidInput: with all faults.
    """
    require_publisher(actor)
    began, ids = began_at or now, tuple(monitor_ids or ())
    faults = [*_title_faults(title), *_text_faults(text), *_began_faults(began, now=now)]
    faults += _monitor_faults(connection, actor, ids)
    if store.incidents.count(connection, actor.account_id) >= _MOST:
        faults.append(Fault("title", f"there are {_MOST} incidents already; remove old ones"))
    if faults or title is None or text is None:
        raise InvalidInput(faults)
    note = IncidentUpdate(key=new_key(), at=now, state=state or IncidentState.INVESTIGATING, text=text)
    incident_id = store.incidents.insert(
        connection, actor.account_id, key=new_key(), title=title, began_at=began, monitor_ids=ids, first=note
    )
    told = {"title": title, "began_at": began, "monitor_ids": ids, "state": note.state, "text": text}
    action = AuditAction.INCIDENT_CREATED
    audit.record(connection, actor, action, incident_id, now=now, after=told, name=title)
    return incident_id


def add_update(
    connection: Connection,
    actor: Actor,
    incident_id: int,
    *,
    text: str | None = None,
    state: IncidentState | None = None,
    now: datetime,
) -> None:
    """Tell more of an incident; without a state, that stays. One that is resolved is opened again by any other state.

    Raises:
        Forbidden, InvalidInput: as `create` does.
        NotFound: no such incident in the account.
    """
    require_publisher(actor)
    incident = _get(connection, actor, incident_id, lock=True)
    faults = _text_faults(text)
    if len(incident.updates) >= MOST_UPDATES:
        faults.append(Fault("text", f"there are {MOST_UPDATES} updates already; make another incident"))
    if faults or text is None:
        raise InvalidInput(faults)
    note = IncidentUpdate(key=new_key(), at=now, state=state or incident.state, text=text)
    store.incidents.add_update(connection, actor.account_id, incident_id, len(incident.updates) + 1, note)
    before, after = {"state": incident.state}, {"state": note.state, "text": text}
    action = AuditAction.INCIDENT_UPDATED
    audit.record(connection, actor, action, incident_id, now=now, before=before, after=after, name=incident.title)


def edit(
    connection: Connection,
    actor: Actor,
    incident_id: int,
    changes: Mapping[str, Any],  # Any: values of many types
    *,
    now: datetime,
) -> None:
    """Change the title, the beginning or what is affected; None of the last is nothing, of the others what was.

    Raises:
        Forbidden, InvalidInput: as `create` does.
        NotFound: no such incident in the account.
    """
    require_publisher(actor)
    incident = _get(connection, actor, incident_id, lock=True)
    given = {name: value for name, value in changes.items() if value is not None}
    if "monitor_ids" in changes:
        given["monitor_ids"] = tuple(changes["monitor_ids"] or ())
    after = replace(incident, **given)
    faults = [*_title_faults(after.title), *_began_faults(after.began_at, now=now)]
    if set(after.monitor_ids) - set(incident.monitor_ids):
        faults += _monitor_faults(connection, actor, after.monitor_ids)
    if faults:
        raise InvalidInput(faults)
    store.incidents.replace(
        connection, incident_id, title=after.title, began_at=after.began_at, monitor_ids=after.monitor_ids
    )
    action = AuditAction.INCIDENT_CHANGED
    audit.record(
        connection,
        actor,
        action,
        incident_id,
        now=now,
        before=_noted(incident),
        after=_noted(after),
        name=incident.title,
    )


def remove(connection: Connection, actor: Actor, incident_id: int, *, now: datetime) -> None:
    """Remove an incident with all that was told of it.

    Raises:
        Forbidden: as `create` does.
        NotFound: no such incident in the account.
    """
    require_publisher(actor)
    incident = _get(connection, actor, incident_id, lock=True)
    store.incidents.remove(connection, incident_id)
    action, before = AuditAction.INCIDENT_REMOVED, _noted(incident)
    audit.record(connection, actor, action, incident_id, now=now, before=before, name=incident.title)


def get(connection: Connection, actor: Actor, incident_id: int) -> Incident:
    """One incident; raises NotFound."""
    return _seen(actor, _get(connection, actor, incident_id))


def page(connection: Connection, actor: Actor, *, limit: int, before: int | None = None) -> list[Incident]:
    """Incidents, the newest first; `before` is the id of the last one of the page before."""
    found = store.incidents.page(connection, actor.account_id, limit=limit, before=before)
    return [_seen(actor, incident) for incident in found]


def _get(connection: Connection, actor: Actor, incident_id: int, *, lock: bool = False) -> Incident:
    incident = store.incidents.get(connection, actor.account_id, incident_id, lock=lock)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id}")
    return incident


def _seen(actor: Actor, incident: Incident) -> Incident:
    return replace(incident, monitor_ids=tuple(id_ for id_ in incident.monitor_ids if may_see(actor, id_)))


def _title_faults(title: str | None) -> list[Fault]:
    if title is None:
        return [Fault("title", "is required")]
    fault = line_fault(title, most=LONGEST_TITLE)
    return [] if fault is None else [Fault("title", fault)]


def _text_faults(text: str | None) -> list[Fault]:
    if text is None or not text.strip():
        return [Fault("text", "is required; say what is known")]
    if len(text) > LONGEST_TEXT:
        return [Fault("text", f"has {len(text)} characters; at most {LONGEST_TEXT} are taken")]
    fault = note_fault(text)
    return [] if fault is None else [Fault("text", fault)]


def _began_faults(began_at: datetime, *, now: datetime) -> list[Fault]:
    if now - _EARLIEST <= began_at <= now:
        return []
    return [Fault("began_at", "must be within the last year, and not in the future")]


def _monitor_faults(connection: Connection, actor: Actor, ids: Sequence[int]) -> list[Fault]:
    if len(ids) > MOST_ENTRIES:
        return [Fault("monitor_ids", f"has {len(ids)} items; at most {MOST_ENTRIES} are allowed")]
    return monitor_faults(connection, actor, ids, field="monitor_ids")


def _noted(incident: Incident) -> dict[str, object]:
    return {
        "title": incident.title,
        "began_at": incident.began_at,
        "monitor_ids": incident.monitor_ids,
    }
