"""Groups of recipients as they are stored, with the monitors and recipients in them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, update

from mailtrip.model import RecipientGroup, RecipientGroupSettings
from mailtrip.store import revisions
from mailtrip.store.schema import (
    accounts,
    recipient_group_monitors,
    recipient_group_recipients,
    recipient_groups,
    recipients,
)
from mailtrip.store.types import AnyRow

__all__ = [
    "clear_default",
    "forget_monitor",
    "get",
    "insert",
    "known",
    "of_recipients",
    "page",
    "remove",
    "renamed",
    "replace",
]

_FARTHEST = 2**62
_SETTINGS = ("name", "is_default", "status_codes", "is_urgent", "escalate_after", "escalate_to", "escalate_to_groups")
"""Those that are columns of the group itself."""
_MONITOR_ID = recipient_group_monitors.c.monitor_id
_RECIPIENT_ID = recipient_group_recipients.c.recipient_id


def insert(connection: Connection, account_id: int, settings: RecipientGroupSettings, *, now: datetime) -> int:
    """Store a new group and give its id; before a default one, `clear_default` has to make room."""
    values = _values(settings) | {"account_id": account_id, "created_at": now, "modified_at": now, "revision": 1}
    group_id = int(connection.scalars(recipient_groups.insert().returning(recipient_groups.c.id), values).one())
    _fill(connection, account_id, group_id, settings)
    _regroup(connection, settings.recipient_ids)
    return group_id


def replace(
    connection: Connection, account_id: int, group_id: int, settings: RecipientGroupSettings, *, now: datetime
) -> None:
    """Store a group's settings anew, its lists as a whole; before a default one, `clear_default` has to make room."""
    connection.execute(
        update(recipient_groups)
        .where(recipient_groups.c.id == group_id)
        .values(_values(settings) | {"modified_at": now, "revision": recipient_groups.c.revision + 1})
    )
    before = _members(connection, recipient_group_recipients, _RECIPIENT_ID, [group_id]).get(group_id, ())
    for table in (recipient_group_monitors, recipient_group_recipients):
        connection.execute(delete(table).where(table.c.group_id == group_id))
    _fill(connection, account_id, group_id, settings)
    _regroup(connection, set(before) ^ set(settings.recipient_ids))


def remove(connection: Connection, group_id: int) -> None:
    """Delete a group; its monitors and recipients stay. Other groups escalate to it no more."""
    table = recipient_groups
    naming = select(table.c.id, table.c.escalate_to_groups).where(table.c.escalate_to_groups != ())
    for row in connection.execute(naming.with_for_update()).all():
        if group_id in row.escalate_to_groups:
            left = tuple(each for each in row.escalate_to_groups if each != group_id)
            values = {"escalate_to_groups": left, "revision": table.c.revision + 1}
            connection.execute(update(table).where(table.c.id == row.id).values(values))
    _regroup(connection, _members(connection, recipient_group_recipients, _RECIPIENT_ID, [group_id]).get(group_id, ()))
    connection.execute(delete(recipient_groups).where(recipient_groups.c.id == group_id))


def forget_monitor(connection: Connection, monitor_id: int) -> None:
    """Take a monitor out of all groups."""
    renamed(connection, monitor_id=monitor_id)
    table = recipient_group_monitors
    connection.execute(delete(table).where(table.c.monitor_id == monitor_id))


def renamed(connection: Connection, *, monitor_id: int | None = None, recipient_id: int | None = None) -> None:
    """Note that groups show something else of this member of theirs."""
    for table, column, member in (
        (recipient_group_monitors, _MONITOR_ID, monitor_id),
        (recipient_group_recipients, _RECIPIENT_ID, recipient_id),
    ):
        if member is not None:
            theirs = select(table.c.group_id).where(column == member)
            revisions.grow(connection, recipient_groups, recipient_groups.c.id.in_(theirs))


def get(connection: Connection, account_id: int, group_id: int, *, lock: bool = False) -> RecipientGroup | None:
    """One group of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _of_account(account_id).where(recipient_groups.c.id == group_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _groups(connection, [row])[0]


def page(
    connection: Connection,
    account_id: int,
    *,
    monitor_id: int | None,
    recipient_id: int | None,
    limit: int | None,
    offset: int,
) -> tuple[list[RecipientGroup], int]:
    """Groups of the account by id, and how many match in all; None is no filter."""
    query = _of_account(account_id)
    for table, column, wanted in (
        (recipient_group_monitors, _MONITOR_ID, monitor_id),
        (recipient_group_recipients, _RECIPIENT_ID, recipient_id),
    ):
        if wanted is not None:
            query = query.where(recipient_groups.c.id.in_(select(table.c.group_id).where(column == wanted)))
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(recipient_groups.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    return _groups(connection, rows.all()), total


def of_recipients(connection: Connection, recipient_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The groups that recipients are in, by id; those that are in none are left out."""
    query = select(_RECIPIENT_ID, recipient_group_recipients.c.group_id).where(_RECIPIENT_ID.in_(recipient_ids))
    return _collect(connection.execute(query.order_by(recipient_group_recipients.c.group_id)))


def known(connection: Connection, account_id: int, ids: Collection[int]) -> set[int]:
    """Those of the ids that are groups of the account; nobody removes them until the transaction ends."""
    query = select(recipient_groups.c.id).where(
        recipient_groups.c.account_id == account_id, recipient_groups.c.id.in_(ids)
    )
    return set(connection.scalars(query.with_for_update(read=True)))


def clear_default(connection: Connection, account_id: int, *, but: int | None) -> dict[int, str]:
    """Leave the account without a default group but this one; who would make one waits until the transaction ends.

    Returns:
        The name of the group that was the default one, by its id; nothing where there was none.
    """
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    rows = connection.execute(
        update(recipient_groups)
        .where(
            recipient_groups.c.account_id == account_id,
            recipient_groups.c.is_default,
            recipient_groups.c.id.is_distinct_from(but),
        )
        .values(is_default=False, revision=recipient_groups.c.revision + 1)
        .returning(recipient_groups.c.id, recipient_groups.c.name)
    )
    return {row.id: row.name for row in rows}


def _regroup(connection: Connection, recipient_ids: Collection[int]) -> None:
    """Note that these recipients are in other groups than before."""
    if recipient_ids:
        revisions.grow(connection, recipients, recipients.c.id.in_(recipient_ids))


def _fill(connection: Connection, account_id: int, group_id: int, settings: RecipientGroupSettings) -> None:
    for table, column, ids in (
        (recipient_group_monitors, _MONITOR_ID, settings.monitor_ids),
        (recipient_group_recipients, _RECIPIENT_ID, settings.recipient_ids),
    ):
        rows = [{"account_id": account_id, "group_id": group_id, column.name: each} for each in ids]
        if rows:
            connection.execute(table.insert(), rows)


def _of_account(account_id: int) -> Select[Any]:
    return select(recipient_groups).where(recipient_groups.c.account_id == account_id)


def _values(settings: RecipientGroupSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in _SETTINGS}


def _groups(connection: Connection, rows: Sequence[AnyRow]) -> list[RecipientGroup]:
    ids = [row.id for row in rows]
    monitor_ids = _members(connection, recipient_group_monitors, _MONITOR_ID, ids)
    recipient_ids = _members(connection, recipient_group_recipients, _RECIPIENT_ID, ids)
    return [
        RecipientGroup(
            id=row.id,
            account_id=row.account_id,
            settings=RecipientGroupSettings(
                monitor_ids=monitor_ids.get(row.id, ()),
                recipient_ids=recipient_ids.get(row.id, ()),
                **{name: getattr(row, name) for name in _SETTINGS},
            ),
            created_at=row.created_at,
            modified_at=row.modified_at,
            revision=row.revision,
        )
        for row in rows
    ]


def _members(
    connection: Connection, table: Table, column: ColumnElement[int], group_ids: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    query = select(table.c.group_id, column).where(table.c.group_id.in_(group_ids)).order_by(column)
    return _collect(connection.execute(query))


def _collect(pairs: Iterable[AnyRow]) -> dict[int, tuple[int, ...]]:
    """The second of each pair by the first, in their order."""
    found: dict[int, list[int]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
