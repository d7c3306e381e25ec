"""Service level agreements: made, changed, read and removed, each rule kept (alertsite-v3.md, 4.4)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import (
    DEFAULT_LOCATION_ID,
    SLA,
    Actor,
    AuditAction,
    AuditNote,
    Exclusion,
    Mode,
    Monitor,
    OperatingPeriod,
    SLASettings,
)
from mailtrip.service import audit
from mailtrip.service.access import may_see, require_edit, require_monitor_edit
from mailtrip.service.settings import missing, settle, unset
from mailtrip.service.sla_rules import check
from mailtrip.store import Connection

__all__ = ["BulkEdit", "bulk_edit", "create", "edit", "get", "get_of_monitor", "page", "removal_notes", "remove"]

_STAND_INS: Final[dict[str, Any]] = {  # Any: values of many types; they let the other fields be checked
    "name": "name",
    "availability_percent": 100.0,
    "response_time": timedelta(seconds=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkEdit:
    """What becomes of the SLAs of several monitors; a part that is None stays as it is.

    Attributes:
        objectives: the goals among the fields of `SLASettings`, by name; availability and response time are required.
        operating_periods: in place of those that are there.
        exclusions: in place of those that are there, or beside them.
        keeps_exclusions: whether beside them.
    """

    objectives: Mapping[str, object] | None = None
    operating_periods: tuple[OperatingPeriod, ...] | None = None
    exclusions: tuple[Exclusion, ...] | None = None
    keeps_exclusions: bool = False


def create(
    connection: Connection, actor: Actor, monitor_id: int | None, changes: Mapping[str, object], *, now: datetime
) -> int:
    """Store a new SLA and give its id.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        monitor_id: whose it is; None was not given.
        changes: fields of `SLASettings` by name; one that is missing or None gets its default. An uptime means nothing
            where the monitor's mode has none.
        now: the time of making.

    Raises:
        Forbidden: the role may not edit.
        InvalidInput: with all faults; `Fault.field` is a field of `SLASettings`, or `monitor_id`.
    """
    require_edit(actor)
    monitor = None
    if monitor_id is not None and may_see(actor, monitor_id):
        require_monitor_edit(actor, [monitor_id])
        monitor = store.monitors.get(connection, actor.account_id, monitor_id, lock=True)
    given = _fitting(settle(SLASettings, changes), monitor)
    settings = SLASettings(**(_STAND_INS | given))
    faults = [*_monitor_faults(connection, actor, monitor_id, monitor), *missing(SLASettings, given)]
    faults += _faults(settings, monitor, {*given, "uptime_percent"})
    if monitor is None or faults:
        raise InvalidInput(faults)
    settings = _described(settings, monitor)
    sla_id = store.slas.insert(connection, actor.account_id, monitor.id, settings, now=now)
    audit.record(connection, actor, AuditAction.SLA_CREATED, sla_id, now=now, after=_noted(settings))
    return sla_id


def edit(connection: Connection, actor: Actor, sla_id: int, changes: Mapping[str, object], *, now: datetime) -> int:
    """Change some fields of an SLA and give its id; what is not named keeps its value, lists are replaced as a whole.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        sla_id: which.
        changes: fields of `SLASettings` by name; None resets to the default. An uptime means nothing where the
            monitor's mode has none.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such SLA in the account.
        InvalidInput: with all faults, as for `create`.
    """
    require_edit(actor)
    sla = store.slas.get(connection, actor.account_id, sla_id, lock=True)
    monitor = None if sla is None else store.monitors.get(connection, actor.account_id, sla.monitor_id)
    if sla is None or monitor is None:
        raise NotFound(f"there is no SLA {sla_id}")
    require_monitor_edit(actor, [monitor.id])
    given = _fitting(settle(SLASettings, changes), monitor)
    settings = replace(sla.settings, **given)
    faults = [*unset(SLASettings, changes), *_faults(settings, monitor, given.keys())]
    if faults:
        raise InvalidInput(faults)
    settings = _described(settings, monitor)
    store.slas.replace(connection, actor.account_id, sla_id, settings, now=now)
    audit.record_all(connection, actor, [_note(actor, sla, settings, now=now)])
    return sla_id


def bulk_edit(
    connection: Connection, actor: Actor, monitor_ids: Sequence[int], wanted: BulkEdit, *, now: datetime
) -> list[int]:
    """Change the SLAs of several monitors, all of them or none, and give the SLAs' ids in the order of the monitors.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        monitor_ids: each has an SLA.
        wanted: what becomes of them.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit.
        InvalidInput: with all faults; `Fault.field` is a field of `SLASettings`, or `monitor_ids`.
    """
    require_edit(actor)
    seen = [each for each in monitor_ids if may_see(actor, each)]
    require_monitor_edit(actor, seen)
    slas = store.slas.of_monitors(connection, actor.account_id, seen, lock=True)
    monitors, _ = store.monitors.page(connection, actor.account_id, ids=slas.keys(), limit=None, offset=0)
    faults = [*_bulk_faults(monitor_ids, slas), *_objective_faults(wanted.objectives)]
    changed = {}
    for monitor in monitors:
        sla = slas[monitor.id]
        given = _fitting(_bulk_changes(wanted, sla), monitor)
        changed[sla.id] = replace(sla.settings, **given)
        names = given.keys() if wanted.objectives is None else {*given, "uptime_percent"}
        faults += [fault for fault in _faults(changed[sla.id], monitor, names) if fault not in faults]
    if faults:
        raise InvalidInput(faults)
    for sla_id, settings in changed.items():
        store.slas.replace(connection, actor.account_id, sla_id, settings, now=now)
    audit.record_all(connection, actor, [_note(actor, sla, changed[sla.id], now=now) for sla in slas.values()])
    return [slas[monitor_id].id for monitor_id in monitor_ids]


def get(connection: Connection, actor: Actor, sla_id: int) -> SLA:
    """One SLA; raises NotFound."""
    sla = store.slas.get(connection, actor.account_id, sla_id)
    if sla is None or not may_see(actor, sla.monitor_id):
        raise NotFound(f"there is no SLA {sla_id}")
    return sla


def get_of_monitor(connection: Connection, actor: Actor, monitor_id: int) -> SLA:
    """The SLA of a monitor; raises NotFound where there is no such monitor, or it has none."""
    slas = store.slas.of_monitors(connection, actor.account_id, [monitor_id])
    if monitor_id not in slas or not may_see(actor, monitor_id):
        raise NotFound(f"there is no SLA for monitor {monitor_id}")
    return slas[monitor_id]


def page(connection: Connection, actor: Actor, *, limit: int | None = None, offset: int = 0) -> tuple[list[SLA], int]:
    """SLAs by id, and how many there are in all; `limit` None is all of them."""
    return store.slas.page(connection, actor.account_id, access=actor.access, limit=limit, offset=offset)


def remove(connection: Connection, actor: Actor, sla_id: int, *, now: datetime) -> None:
    """Remove an SLA; its monitor stays.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such SLA in the account.
    """
    require_edit(actor)
    require_monitor_edit(actor, [get(connection, actor, sla_id).monitor_id])
    sla = store.slas.get(connection, actor.account_id, sla_id, lock=True)
    if sla is None:
        raise NotFound(f"there is no SLA {sla_id}")
    store.slas.remove(connection, sla_id)
    audit.record_all(connection, actor, removal_notes(actor, [sla], now=now))


def removal_notes(actor: Actor, gone: Iterable[SLA], *, now: datetime) -> Iterator[AuditNote]:
    """What the audit log tells of SLAs that were removed, also along with their monitors."""
    for sla in gone:
        yield audit.note(actor, AuditAction.SLA_REMOVED, sla.id, now=now, before=_noted(sla.settings))


def _note(actor: Actor, sla: SLA, settings: SLASettings, *, now: datetime) -> AuditNote:
    """Of an edit."""
    before, after = _noted(sla.settings), _noted(settings)
    return audit.note(actor, AuditAction.SLA_CHANGED, sla.id, now=now, before=before, after=after)


def _noted(settings: SLASettings) -> SLASettings:
    """The settings without the numbers of exclusions, which are new with each edit."""
    return replace(settings, exclusions=tuple(replace(item, id=None) for item in settings.exclusions))


def _monitor_faults(
    connection: Connection, actor: Actor, monitor_id: int | None, monitor: Monitor | None
) -> Iterator[Fault]:
    """What keeps a monitor, which is locked, from getting an SLA."""
    if monitor_id is None:
        yield Fault("monitor_id", "is required")
    elif monitor is None:
        yield Fault("monitor_id", f"there is no monitor {monitor_id}; name a monitor of this account")
    elif found := store.slas.of_monitors(connection, actor.account_id, [monitor_id]):
        yield Fault("monitor_id", f"monitor {monitor_id} has SLA {found[monitor_id].id} already; edit that one")


def _fitting(given: Mapping[str, Any], monitor: Monitor | None) -> dict[str, Any]:  # Any: values of many types
    """What is given, without an uptime where the monitor's mode has none."""
    has_uptime = monitor is None or monitor.settings.mode is Mode.SLA
    return {name: value for name, value in given.items() if has_uptime or name != "uptime_percent"}


def _described(settings: SLASettings, monitor: Monitor) -> SLASettings:
    return replace(settings, description=settings.description or monitor.settings.name)


def _faults(settings: SLASettings, monitor: Monitor | None, names: Collection[str]) -> list[Fault]:
    """What is wrong with the settings named; the others are stored ones, and right when they were made."""
    location_ids = {item.location_id for item in settings.exclusions if item.location_id is not None}
    if monitor is not None:
        location_ids = set(monitor.settings.location_ids or (DEFAULT_LOCATION_ID,))
    faults = [fault for fault in check(settings, location_ids=location_ids) if fault.field in names]
    is_uptime_needed = monitor is not None and monitor.settings.mode is Mode.SLA
    if "uptime_percent" in names and is_uptime_needed and settings.uptime_percent is None:
        faults.append(Fault("uptime_percent", f"is required, as the monitor's mode is {Mode.SLA}"))
    return faults


def _bulk_faults(monitor_ids: Sequence[int], slas: Collection[int]) -> Iterator[Fault]:
    unknown = [str(each) for each in monitor_ids if each not in slas]
    if not monitor_ids:
        yield Fault("monitor_ids", "is empty; name at least one monitor")
    if unknown:
        yield Fault(
            "monitor_ids", f"there is no SLA for monitor {', '.join(unknown[:10])}; name monitors that have one"
        )
    if len(set(monitor_ids)) < len(monitor_ids):
        yield Fault("monitor_ids", "names a monitor twice; name each once")


def _objective_faults(objectives: Mapping[str, object] | None) -> Iterator[Fault]:
    if objectives is not None:
        for name in ("availability_percent", "response_time"):
            if objectives.get(name) is None:
                yield Fault(name, "is required")


def _bulk_changes(wanted: BulkEdit, sla: SLA) -> dict[str, Any]:  # Any: values of many types
    changes: dict[str, Any] = settle(SLASettings, wanted.objectives or {})
    if wanted.operating_periods is not None:
        changes["operating_periods"] = wanted.operating_periods
    if wanted.exclusions is not None:
        changes["exclusions"] = (*(sla.settings.exclusions if wanted.keeps_exclusions else ()), *wanted.exclusions)
    return changes
