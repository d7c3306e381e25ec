"""Groups of recipients: made, changed, read and removed, each rule kept (alertsite-v3.md, 4.3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound
from mailtrip.model import (
    Access,
    Actor,
    AuditAction,
    AuditNote,
    Recipient,
    RecipientGroup,
    RecipientGroupSettings,
    StatusCode,
)
from mailtrip.service import audit
from mailtrip.service.access import may_see, require_edit
from mailtrip.service.settings import missing, settle, unset
from mailtrip.service.text_rules import line_fault
from mailtrip.store import Connection

__all__ = ["create", "edit", "get", "may_edit", "monitor_names", "page", "recipients_in", "remove"]

_STAND_INS: Final[dict[str, Any]] = {"name": "name", "monitor_ids": (), "recipient_ids": ()}  # Any: of many types
_LARGEST_CODE = 999
_LONGEST_WAIT = timedelta(days=1)


def create(connection: Connection, actor: Actor, changes: Mapping[str, object], *, now: datetime) -> int:
    """Store a new group and give its id; a default one takes the place of the account's default group.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        changes: fields of `RecipientGroupSettings` by name; one that is missing or None gets its default.
        now: the time of making.

    Raises:
        Forbidden: the role may not edit.
        InvalidInput: with all faults; `Fault.field` is a field of `RecipientGroupSettings`.
    """
    require_edit(actor)
    given = settle(RecipientGroupSettings, changes)
    settings = RecipientGroupSettings(**(_STAND_INS | given))
    faults = [*missing(RecipientGroupSettings, given), *_faults(connection, actor, settings, given.keys())]
    if faults:
        raise InvalidInput(faults)
    _require_edit_of(actor, settings)
    gave_way = _make_room(connection, actor, settings, but=None, now=now)
    group_id = store.groups.insert(connection, actor.account_id, settings, now=now)
    made = audit.note(actor, AuditAction.RECIPIENT_GROUP_CREATED, group_id, now=now, after=settings)
    audit.record_all(connection, actor, [made, *gave_way])
    return group_id


def edit(connection: Connection, actor: Actor, group_id: int, changes: Mapping[str, object], *, now: datetime) -> int:
    """Change some fields of a group and give its id; what is not named keeps its value, lists are replaced as a whole.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        group_id: which.
        changes: fields of `RecipientGroupSettings` by name; None resets to the default.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such group in the account.
        InvalidInput: with all faults, as for `create`.
    """
    require_edit(actor)
    group = store.groups.get(connection, actor.account_id, group_id, lock=True)
    if group is None:
        raise NotFound(f"there is no recipient group {group_id}")
    _require_edit_of(actor, group.settings)
    given = settle(RecipientGroupSettings, changes)
    settings = replace(group.settings, **given)
    faults = [*unset(RecipientGroupSettings, changes), *_faults(connection, actor, settings, given.keys())]
    if faults:
        raise InvalidInput(faults)
    _require_edit_of(actor, settings)
    gave_way = _make_room(connection, actor, settings, but=group_id, now=now)
    store.groups.replace(connection, actor.account_id, group_id, settings, now=now)
    old, action = group.settings, AuditAction.RECIPIENT_GROUP_CHANGED
    audit.record_all(
        connection, actor, [audit.note(actor, action, group_id, now=now, before=old, after=settings), *gave_way]
    )
    return group_id


def get(connection: Connection, actor: Actor, group_id: int) -> RecipientGroup:
    """One group; raises NotFound."""
    group = store.groups.get(connection, actor.account_id, group_id)
    if group is None:
        raise NotFound(f"there is no recipient group {group_id}")
    return group


def page(
    connection: Connection,
    actor: Actor,
    *,
    monitor_id: int | None = None,
    recipient_id: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[RecipientGroup], int]:
    """Groups by id, and how many match in all.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_id: only those that hold this monitor; none for one that is not there.
        recipient_id: only those that hold this recipient; likewise.
        limit: most of them; None for all.
        offset: how many to leave out at the start.
    """
    if monitor_id is not None and not may_see(actor, monitor_id):
        return [], 0
    return store.groups.page(
        connection, actor.account_id, monitor_id=monitor_id, recipient_id=recipient_id, limit=limit, offset=offset
    )


def remove(connection: Connection, actor: Actor, group_id: int, *, now: datetime) -> None:
    """Remove a group; its monitors and recipients stay.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such group in the account.
    """
    require_edit(actor)
    _require_edit_of(actor, get(connection, actor, group_id).settings)
    group = store.groups.get(connection, actor.account_id, group_id, lock=True)
    if group is None:
        raise NotFound(f"there is no recipient group {group_id}")
    store.groups.remove(connection, group_id)
    audit.record(connection, actor, AuditAction.RECIPIENT_GROUP_REMOVED, group_id, now=now, before=group.settings)


def may_edit(actor: Actor, settings: RecipientGroupSettings) -> bool:
    """Whether the actor may change such a group.

    Whoever changes a group changes whom its monitors alert; the default group is that of monitors in no group.
    """
    access = actor.access
    if access is None or not actor.role.may_edit:
        return actor.role.may_edit
    return not settings.is_default and all(access.of(each) is Access.EDIT for each in settings.monitor_ids)


def monitor_names(connection: Connection, actor: Actor, groups: Sequence[RecipientGroup]) -> dict[int, str]:
    """The names of the monitors that are in the groups."""
    ids = {each for group in groups for each in group.settings.monitor_ids if may_see(actor, each)}
    return store.monitors.names(connection, actor.account_id, ids)


def recipients_in(connection: Connection, actor: Actor, groups: Sequence[RecipientGroup]) -> dict[int, Recipient]:
    """The recipients that are in the groups, by id."""
    ids = {each for group in groups for each in (*group.settings.recipient_ids, *group.settings.escalate_to)}
    return store.recipients.by_id(connection, actor.account_id, ids)


def _make_room(
    connection: Connection, actor: Actor, settings: RecipientGroupSettings, *, but: int | None, now: datetime
) -> list[AuditNote]:
    """Have the default group give way to another one, and give what the audit log tells of that."""
    if not settings.is_default:
        return []
    before, after, action = {"is_default": True}, {"is_default": False}, AuditAction.RECIPIENT_GROUP_CHANGED
    return [
        audit.note(actor, action, id_, now=now, before=before, after=after, name=name)
        for id_, name in store.groups.clear_default(connection, actor.account_id, but=but).items()
    ]


def _faults(
    connection: Connection, actor: Actor, settings: RecipientGroupSettings, names: Collection[str]
) -> list[Fault]:
    """What is wrong with the settings named. The others are stored ones: they may be empty by now."""
    account_id = actor.account_id
    faults = []
    if "name" in names and (fault := line_fault(settings.name, most=128)) is not None:
        faults.append(Fault("name", fault))
    if "monitor_ids" in names:
        seen = [each for each in settings.monitor_ids if may_see(actor, each)]
        known = store.monitors.names(connection, account_id, seen, lock=True)
        faults += _list_faults("monitor_ids", "monitor", settings.monitor_ids, known)
    if "recipient_ids" in names:
        there = store.recipients.known(connection, account_id, settings.recipient_ids)
        faults += _list_faults("recipient_ids", "recipient", settings.recipient_ids, there)
    if {"escalate_after", "escalate_to", "escalate_to_groups"} & set(names):
        faults += _escalation_faults(connection, actor, settings)
    if "status_codes" in names:
        faults += _code_faults(settings.status_codes)
    return faults


def _escalation_faults(connection: Connection, actor: Actor, settings: RecipientGroupSettings) -> list[Fault]:
    after, to, to_groups = settings.escalate_after, settings.escalate_to, settings.escalate_to_groups
    if (after is None) is not (not to and not to_groups):
        missing_one = "escalate_after" if after is None else "escalate_to"
        both = "escalate_after_minutes and escalate_to, or escalate_to_groups"
        return [Fault(missing_one, f"is required for an escalation; give both {both}")]
    if after is not None and not timedelta(minutes=1) <= after <= _LONGEST_WAIT:
        return [Fault("escalate_after", "is out of range; use 1 to 1440 minutes")]
    there = store.recipients.known(connection, actor.account_id, to)
    groups = store.groups.known(connection, actor.account_id, to_groups)
    return [
        *_unknown("escalate_to", "recipient", to, there),
        *_doubles("escalate_to", to),
        *_unknown("escalate_to_groups", "recipient group", to_groups, groups),
        *_doubles("escalate_to_groups", to_groups),
    ]


def _require_edit_of(actor: Actor, settings: RecipientGroupSettings) -> None:
    if not may_edit(actor, settings):
        raise Forbidden("this needs access Edit to all monitors of the group")


def _list_faults(name: str, kind: str, ids: Sequence[int], known: Collection[int]) -> list[Fault]:
    if not ids:
        return [Fault(name, f"is empty; name at least one {kind}")]
    return _unknown(name, kind, ids, known) or _doubles(name, ids)


def _unknown(name: str, kind: str, ids: Sequence[int], known: Collection[int]) -> list[Fault]:
    unknown = [each for each in ids if each not in known]
    if not unknown:
        return []
    shown = ", ".join(str(each) for each in unknown[:10])
    return [Fault(name, f"there is no {kind} {shown}; name {kind}s of this account")]


def _code_faults(codes: Sequence[int]) -> list[Fault]:
    for code in codes:
        if not 1 <= code <= _LARGEST_CODE and code != StatusCode.LOCATION_SILENT:
            allowed = f"1 to {_LARGEST_CODE}, or {int(StatusCode.LOCATION_SILENT)}"
            return [Fault("status_codes", f"{code} is no error that can be named; use {allowed}")]
    return _doubles("status_codes", codes)


def _doubles(name: str, numbers: Sequence[int]) -> list[Fault]:
    if len(set(numbers)) == len(numbers):
        return []
    double = next(each for each in numbers if numbers.count(each) > 1)
    return [Fault(name, f"names {double} twice; name each once")]
