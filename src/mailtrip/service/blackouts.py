"""Blackouts: made, changed, read and removed, each rule kept.

A change of one that stops runs reaches the engine with the next look at its monitors; runs under way go on.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound
from mailtrip.model import Actor, AuditAction, AuditNote, Blackout, BlackoutType, WeeklyWindow
from mailtrip.schedule.blackouts import is_within
from mailtrip.service import audit
from mailtrip.service.access import may_see, require_edit, require_monitor_edit
from mailtrip.service.blackout_rules import TIMES, BlackoutDraft, note_of, settle
from mailtrip.store import Connection, monitors, recipients
from mailtrip.store.blackouts import BlackoutValues

__all__ = [
    "TIMES",
    "BlackoutDraft",
    "Edition",
    "bulk_edit",
    "create",
    "edit",
    "get",
    "ids_of_recipients",
    "page",
    "removal_notes",
    "remove",
    "stopped_monitors",
]

_OF_MONITORS = (BlackoutType.MONITOR, BlackoutType.ALERT)
_MOST = 1000
"""Blackouts of one monitor or recipient; past ones count until they are removed."""
_MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What becomes of one kind of blackouts (one-time or weekly) of several monitors.

    Attributes:
        replaces: whether those that there are go.
        drafts: what comes, for each of the monitors. Type None is `MONITOR`; the subject is left out.
    """

    replaces: bool
    drafts: Sequence[BlackoutDraft]


def create(connection: Connection, actor: Actor, draft: BlackoutDraft, *, now: datetime) -> int:
    """Store a new blackout and give its id.

    Raises:
        Forbidden: the role may not edit.
        InvalidInput: with all faults, naming fields of the draft.
    """
    require_edit(actor)
    values = _settle(connection, actor, draft, now=now, is_new=True)
    _require_edit_of(actor, values)
    _touch(connection, [values])
    store.blackouts.relisted(connection, values.type, [values.subject_id])
    [blackout_id] = store.blackouts.insert(connection, actor.account_id, [values], created_by=actor.email, now=now)
    audit.record(connection, actor, AuditAction.BLACKOUT_CREATED, blackout_id, now=now, after=values)
    return blackout_id


def edit(
    connection: Connection,
    actor: Actor,
    blackout_id: int,
    changes: Mapping[str, Any],  # Any: values of many types
    *,
    now: datetime,
) -> int:
    """Change some fields of a weekly blackout and give its id.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        blackout_id: which.
        changes: fields of `BlackoutDraft` by name; what is not named keeps its value.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such blackout in the account.
        InvalidInput: with all faults; or the blackout is a one-time one.
    """
    require_edit(actor)
    blackout = _get(connection, actor, blackout_id, lock=True)
    _require_edit_of(actor, blackout)
    window = blackout.window
    if not isinstance(window, WeeklyWindow):
        raise InvalidInput([Fault("is_weekly", "a one-time blackout can't be edited; remove it and make another one")])
    draft = BlackoutDraft(
        type=blackout.type,
        subject_id=blackout.subject_id,
        is_weekly=True,
        start_day=window.start.day,
        start_time=window.start.time,
        end_day=window.end.day,
        end_time=window.end.time,
        note=blackout.note,
    )
    draft = replace(draft, **changes)
    has_moved = (draft.type, draft.subject_id) != (blackout.type, blackout.subject_id)
    values = _settle(connection, actor, draft, now=now, is_new=has_moved)
    _require_edit_of(actor, values)
    _touch(connection, [blackout, values])
    if (_beside(values.type), values.subject_id) != (_beside(blackout.type), blackout.subject_id):
        for item in (blackout, values):
            store.blackouts.relisted(connection, item.type, [item.subject_id])
    store.blackouts.replace(connection, blackout_id, values)
    old = _told(blackout)
    audit.record(connection, actor, AuditAction.BLACKOUT_CHANGED, blackout_id, now=now, before=old, after=values)
    return blackout_id


def get(connection: Connection, actor: Actor, blackout_id: int) -> Blackout:
    """One blackout; raises NotFound."""
    return _get(connection, actor, blackout_id)


def page(
    connection: Connection,
    actor: Actor,
    *,
    type: BlackoutType | None = None,  # noqa: A002  # the word of the model and of the API
    subject_id: int | None = None,
    is_weekly: bool | None = None,
    within: tuple[datetime, datetime] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Blackout], int]:
    """Blackouts by id, past ones too, and how many match in all; None is no filter, `limit` None is all of them.

    `within` leaves out one-time ones of which no part lies between these times; weekly ones come in any case.
    """
    return store.blackouts.page(
        connection,
        actor.account_id,
        type=type,
        subject_id=subject_id,
        is_weekly=is_weekly,
        within=within,
        access=actor.access,
        limit=limit,
        offset=offset,
    )


def remove(connection: Connection, actor: Actor, blackout_id: int, *, now: datetime) -> None:
    """Remove a blackout; what it stopped goes on.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such blackout in the account.
    """
    require_edit(actor)
    blackout = _get(connection, actor, blackout_id, lock=True)
    _require_edit_of(actor, blackout)
    _touch(connection, [blackout])
    store.blackouts.relisted(connection, blackout.type, [blackout.subject_id])
    store.blackouts.remove(connection, blackout_id)
    audit.record(connection, actor, AuditAction.BLACKOUT_REMOVED, blackout_id, now=now, before=_told(blackout))


def bulk_edit(
    connection: Connection,
    actor: Actor,
    monitor_ids: Collection[int],
    *,
    one_time: Edition | None,
    weekly: Edition | None,
    now: datetime,
) -> list[int]:
    """Add to the blackouts of several monitors, or replace them: all of it or nothing.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        monitor_ids: whose.
        one_time: what becomes of their one-time blackouts; None leaves them as they are.
        weekly: likewise.
        now: the time of the change.

    Returns:
        The ids of the new blackouts.

    Raises:
        Forbidden: the role may not edit, or one of the ids is no monitor of the account (alertsite-v3.md, 4.1).
        InvalidInput: with all faults; those of drafts are named like `one_time[0].start` and `weekly[0].end_time`.
    """
    require_edit(actor)
    ids = sorted(set(monitor_ids))
    seen = [id_ for id_ in ids if may_see(actor, id_)]
    there = {id_ for id_ in seen if monitors.get(connection, actor.account_id, id_, lock=True) is not None}
    unknown = [id_ for id_ in ids if id_ not in there]
    if unknown:
        shown = ", ".join(str(id_) for id_ in unknown[:10])
        raise Forbidden(f"there is no monitor {shown} in this account; nothing was changed")
    require_monitor_edit(actor, ids)
    values = _settle_all(ids, one_time=one_time, weekly=weekly, now=now)
    gone: list[Blackout] = []
    for edition, is_weekly in ((one_time, False), (weekly, True)):
        if edition is not None and edition.replaces:
            gone += store.blackouts.remove_of(connection, _OF_MONITORS, ids, is_weekly=is_weekly)
    _require_room(connection, _OF_MONITORS, ids, more=len(values) // len(ids) if ids else 0, field="monitor_ids")
    monitors.touch(connection, ids)
    store.blackouts.relisted(connection, BlackoutType.MONITOR, ids)
    new = store.blackouts.insert(connection, actor.account_id, values, created_by=actor.email, now=now)
    audit.record_all(connection, actor, _notes(actor, gone, dict(zip(new, values, strict=True)), now=now))
    return new


def ids_of_recipients(connection: Connection, actor: Actor, recipient_ids: Collection[int]) -> dict[int, list[int]]:
    """The ids of the blackouts of each of these recipients, past ones too; those without are left out."""
    return store.blackouts.ids_of(connection, actor.account_id, (BlackoutType.NOTIFIER,), recipient_ids)


def stopped_monitors(connection: Connection, actor: Actor, *, at: datetime) -> frozenset[int]:
    """The monitors whose runs are stopped at this time."""
    found = store.blackouts.not_over(connection, actor.account_id, BlackoutType.MONITOR, at=at)
    return frozenset(blackout.subject_id for blackout in found if is_within(blackout.window, at))


def removal_notes(actor: Actor, gone: Iterable[Blackout], *, now: datetime) -> Iterator[AuditNote]:
    """What the audit log tells of blackouts that were removed, also along with what they are of."""
    for blackout in gone:
        yield audit.note(actor, AuditAction.BLACKOUT_REMOVED, blackout.id, now=now, before=_told(blackout))


def _notes(
    actor: Actor, gone: Sequence[Blackout], new: Mapping[int, BlackoutValues], *, now: datetime
) -> Iterator[AuditNote]:
    yield from removal_notes(actor, gone, now=now)
    for id_, values in new.items():
        yield audit.note(actor, AuditAction.BLACKOUT_CREATED, id_, now=now, after=values)


def _told(blackout: Blackout) -> BlackoutValues:
    """What its owner told of it."""
    return BlackoutValues(
        type=blackout.type, subject_id=blackout.subject_id, window=blackout.window, note=blackout.note
    )


def _get(connection: Connection, actor: Actor, blackout_id: int, *, lock: bool = False) -> Blackout:
    blackout = store.blackouts.get(connection, actor.account_id, blackout_id, lock=lock)
    if blackout is None or (_is_of_monitor(blackout) and not may_see(actor, blackout.subject_id)):
        raise NotFound(f"there is no blackout {blackout_id}")
    return blackout


def _is_of_monitor(item: Blackout | BlackoutValues) -> bool:
    return item.type is not BlackoutType.NOTIFIER


def _require_edit_of(actor: Actor, item: Blackout | BlackoutValues) -> None:
    """Whoever changes a blackout of a monitor changes the monitor."""
    if _is_of_monitor(item):
        require_monitor_edit(actor, [item.subject_id])


def _settle(
    connection: Connection, actor: Actor, draft: BlackoutDraft, *, now: datetime, is_new: bool
) -> BlackoutValues:
    faults = []
    if draft.type is None:
        faults.append(Fault("type", "is required"))
    if draft.subject_id is None:
        faults.append(Fault("subject_id", "is required"))
    elif draft.type is not None:
        faults += _subject_faults(connection, actor, draft.type, draft.subject_id)
    try:
        window = settle(draft, now=now)
    except InvalidInput as error:
        raise InvalidInput([*faults, *error.faults]) from None
    if faults or draft.type is None or draft.subject_id is None:
        raise InvalidInput(faults)
    if is_new:
        _require_room(connection, _beside(draft.type), [draft.subject_id], more=1, field="subject_id")
    return BlackoutValues(type=draft.type, subject_id=draft.subject_id, window=window, note=note_of(draft))


def _subject_faults(connection: Connection, actor: Actor, type_: BlackoutType, subject_id: int) -> list[Fault]:
    """Whether the subject is there; it is kept from being removed until the transaction ends."""
    kind, find = ("recipient", recipients.get) if type_ is BlackoutType.NOTIFIER else ("monitor", monitors.get)
    is_hidden = type_ is not BlackoutType.NOTIFIER and not may_see(actor, subject_id)
    if is_hidden or find(connection, actor.account_id, subject_id, lock=True) is None:
        return [Fault("subject_id", f"there is no {kind} {subject_id}; name one of this account")]
    return []


def _settle_all(
    monitor_ids: Sequence[int], *, one_time: Edition | None, weekly: Edition | None, now: datetime
) -> list[BlackoutValues]:
    """The new blackouts of each monitor; raises InvalidInput."""
    faults: list[Fault] = []
    values = []
    for name, edition, is_weekly in (("one_time", one_time, False), ("weekly", weekly, True)):
        for position, draft in enumerate(edition.drafts if edition else ()):
            type_ = draft.type or BlackoutType.MONITOR
            place = f"{name}[{position}]"
            if type_ is BlackoutType.NOTIFIER:
                faults.append(Fault(f"{place}.type", "Notifier is for recipients; use Monitor or Alert"))
            if draft.is_weekly is (not is_weekly):
                faults.append(Fault(f"{place}.is_weekly", "contradicts the list that the blackout is in"))
            try:
                window = settle(replace(draft, is_weekly=is_weekly), now=now)
            except InvalidInput as error:
                faults += [Fault(f"{place}.{fault.field}", fault.text) for fault in error.faults]
            else:
                values.append((type_, window, note_of(draft)))
    if len(values) * len(monitor_ids) > _MOST_AT_ONCE:
        faults.append(Fault("monitor_ids", f"makes more than {_MOST_AT_ONCE} blackouts at once; use several calls"))
    if faults:
        raise InvalidInput(faults)
    return [
        BlackoutValues(type=type_, subject_id=id_, window=window, note=note)
        for id_ in monitor_ids
        for type_, window, note in values
    ]


def _require_room(
    connection: Connection, types: Collection[BlackoutType], subject_ids: Collection[int], *, more: int, field: str
) -> None:
    counted = store.blackouts.count(connection, types, subject_ids)
    full = [id_ for id_, number in counted.items() if number + more > _MOST]
    if full:
        raise InvalidInput(
            [Fault(field, f"{min(full)} would have more than {_MOST} blackouts; remove those that are over")]
        )


def _beside(type_: BlackoutType) -> Collection[BlackoutType]:
    """The types whose subjects are of the same sort."""
    return (type_,) if type_ is BlackoutType.NOTIFIER else _OF_MONITORS


def _touch(connection: Connection, changed: Sequence[Blackout | BlackoutValues]) -> None:
    """Have the engine look anew at the monitors whose runs are concerned."""
    ids = {item.subject_id for item in changed if item.type is BlackoutType.MONITOR}
    if ids:
        monitors.touch(connection, ids)
