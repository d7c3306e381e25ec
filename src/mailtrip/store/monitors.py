"""Monitors as they are stored. A removed one is not found by anything here, save by `changed_since`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, false, func, select, update

from mailtrip.model import Monitor, MonitorAccess, MonitorSettings, MonitorType
from mailtrip.store.dialects import among
from mailtrip.store.schema import installation, monitors
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = [
    "COLUMNS",
    "Sending",
    "StoredSecrets",
    "change_mark",
    "changed_since",
    "destinations",
    "get",
    "insert",
    "names",
    "page",
    "remove",
    "replace",
    "revisions",
    "sendings",
    "settings_of",
    "to_monitor",
    "touch",
    "with_secrets",
]

_FARTHEST = 2**62
_SETTINGS = tuple(item.name for item in fields(MonitorSettings))
_DESTINATION = (
    "type",
    "smtp_server",
    "smtp_tls",
    "mailbox_protocol",
    "mailbox_server",
    "mailbox_tls",
    "port",
    "address",
)
_SECRETS = {monitors.c.mailbox_secret, monitors.c.smtp_secret}
COLUMNS: tuple[ColumnElement[Any], ...] = (  # Any: columns of many types
    *(column for column in monitors.c if column not in _SECRETS),
    monitors.c.mailbox_secret.is_not(None).label("has_password"),
    monitors.c.smtp_secret.is_not(None).label("has_smtp_password"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecrets:
    """The sealed passwords of a monitor; None where it has none."""

    mailbox: bytes | None = field(default=None, repr=False)
    smtp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a monitor sends: as whom, over which server (as it was written), and how often."""

    monitor_id: int
    sender: str
    smtp_server: str
    interval: timedelta


def insert(
    connection: Connection, account_id: int, settings: MonitorSettings, secrets: StoredSecrets, *, now: datetime
) -> int:
    """Store a new monitor and give its id."""
    values = _values(settings) | {
        "account_id": account_id,
        "mailbox_secret": secrets.mailbox,
        "smtp_secret": secrets.smtp,
        "created_at": now,
        "modified_at": now,
        "revision": 1,
        "change_mark": _next_mark(connection),
    }
    return int(connection.scalars(monitors.insert().returning(monitors.c.id), values).one())


def replace(
    connection: Connection,
    monitor_id: int,
    settings: MonitorSettings,
    secrets: Mapping[str, bytes | None],
    *,
    now: datetime,
) -> None:
    """Store a monitor's settings anew; `secrets` holds only those of `mailbox_secret` and `smtp_secret` that change."""
    values = _values(settings) | {"of_monitor": monitor_id, "now": now, "mark": _next_mark(connection)}
    connection.execute(_REPLACE, values)
    if secrets:
        connection.execute(update(monitors).where(monitors.c.id == monitor_id).values(dict(secrets)))


def remove(connection: Connection, monitor_id: int, *, now: datetime) -> None:
    """Take a monitor out of sight and wipe its secrets; its runs go with retention."""
    connection.execute(
        update(monitors)
        .where(monitors.c.id == monitor_id)
        .values(
            removed_at=now,
            modified_at=now,
            mailbox_secret=None,
            smtp_secret=None,
            enabled=False,
            change_mark=_next_mark(connection),
        )
    )


def touch(connection: Connection, monitor_ids: Collection[int]) -> None:
    """Have these monitors told by `changed_since` once more, though none of their settings changed."""
    connection.execute(
        update(monitors).where(monitors.c.id.in_(monitor_ids)).values(change_mark=_next_mark(connection))
    )


def get(connection: Connection, account_id: int, monitor_id: int, *, lock: bool = False) -> Monitor | None:
    """One monitor of the account; `lock` keeps others from changing it until the transaction ends."""
    values = {"account": account_id, "monitor": monitor_id}
    row = connection.execute(_ONE_LOCKED if lock else _ONE, values).one_or_none()
    return None if row is None else to_monitor(row)


def revisions(
    connection: Connection,
    account_id: int,
    *,
    types: Collection[MonitorType] | None,
    access: MonitorAccess | None,
    limit: int | None,
    offset: int,
) -> tuple[list[tuple[int, int]], int]:
    """Numbers and revisions of the monitors of a page, as `page` has it. An index holds all that is read."""
    query = _visible(account_id).with_only_columns(monitors.c.id, monitors.c.revision)
    if access is not None:
        query = query.where(seen(monitors.c.id, access))
    if types is not None:
        query = query.where(monitors.c.type.in_(types) if types else false())
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(monitors.c.id).limit(limit).offset(min(offset, _FARTHEST) or None)).all()
    return [(row[0], row[1]) for row in rows], total


def page(
    connection: Connection,
    account_id: int,
    *,
    ids: Collection[int] | None = None,
    types: Collection[MonitorType] | None = None,
    access: MonitorAccess | None = None,
    limit: int | None,
    offset: int,
) -> tuple[list[Monitor], int]:
    """Monitors of the account by id, and how many match in all; None is no filter, an empty one matches nothing."""
    query = _visible(account_id)
    if access is not None:
        query = query.where(seen(monitors.c.id, access))
    if ids is not None:
        query = query.where(among(connection, monitors.c.id, ids))
    if types is not None:
        query = query.where(monitors.c.type.in_(types) if types else false())
    rows = connection.execute(query.order_by(monitors.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    found = [to_monitor(row) for row in rows]
    is_all = limit is None and offset == 0
    return found, len(found) if is_all else connection.scalar(query.with_only_columns(func.count())) or 0


def change_mark(connection: Connection) -> int:
    """A number that grows with each change of any monitor of the installation."""
    return connection.scalar(select(installation.c.change_mark)) or 0


def names(connection: Connection, account_id: int, ids: Collection[int], *, lock: bool = False) -> dict[int, str]:
    """The names of those of the ids that are monitors of the account.

    `lock` keeps others from changing or removing them until the transaction ends.
    """
    query = select(monitors.c.id, monitors.c.name).where(
        monitors.c.account_id == account_id, monitors.c.removed_at.is_(None), monitors.c.id.in_(ids)
    )
    rows = connection.execute(query.with_for_update(read=True) if lock else query)
    return {row.id: row.name for row in rows}


def with_secrets(
    connection: Connection, monitor_ids: Collection[int]
) -> dict[int, tuple[MonitorSettings, StoredSecrets]]:
    """Settings and sealed passwords of monitors of any account; those that are not there are left out."""
    rows = connection.execute(select(monitors).where(monitors.c.id.in_(monitor_ids), monitors.c.removed_at.is_(None)))
    return {row.id: (settings_of(row), StoredSecrets(mailbox=row.mailbox_secret, smtp=row.smtp_secret)) for row in rows}


def sendings(connection: Connection) -> list[Sending]:
    """What the monitors of all accounts send, those that were disabled or removed too; checks send nothing."""
    columns = monitors.c
    sender = func.coalesce(columns.sender, columns.email).label("from_")
    rows = connection.execute(
        select(columns.id, sender, columns.smtp_server, columns.interval).where(columns.type == MonitorType.ROUND_TRIP)
    )
    return [
        Sending(monitor_id=row.id, sender=row.from_, smtp_server=row.smtp_server, interval=row.interval) for row in rows
    ]


def destinations(connection: Connection, *, account_id: int | None = None) -> Iterator[tuple[int, MonitorSettings]]:
    """The enabled monitors of an account, or of all, by id, with what says where they connect and no other settings."""
    columns = [monitors.c[name] for name in _DESTINATION]
    query = select(monitors.c.id, *columns).where(monitors.c.enabled)
    if account_id is not None:
        query = query.where(monitors.c.account_id == account_id)
    for row in connection.execute(query.order_by(monitors.c.id)):
        values: Sequence[tuple[str, Any]] = [(name, getattr(row, name)) for name in _DESTINATION]
        yield row.id, MonitorSettings(name="", plan_code="", **dict(values))


def changed_since(connection: Connection, mark: int) -> tuple[list[Monitor], list[int], int]:
    """Enabled monitors that were made or changed after `mark`, ids of those removed or disabled, and the mark reached.

    Marks are given out under a lock that is held until the change is kept: none appears late below one already seen.
    """
    reached = change_mark(connection)
    changed = monitors.c.change_mark > mark
    # Not ordered by the database: SQLite would go through all monitors in the order of their ids.
    live = connection.execute(select(*COLUMNS).where(changed, monitors.c.enabled)).all()
    gone = connection.scalars(select(monitors.c.id).where(changed, ~monitors.c.enabled))
    return sorted(map(to_monitor, live), key=lambda monitor: monitor.id), sorted(gone), reached


def _next_mark(connection: Connection) -> int:
    return int(connection.scalars(_GROW).one())


def _visible(account_id: int) -> Select[Any]:
    return select(*COLUMNS).where(monitors.c.account_id == account_id, monitors.c.removed_at.is_(None))


def _values(settings: MonitorSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in _SETTINGS}


def settings_of(row: AnyRow) -> MonitorSettings:
    """The settings in a row with all columns of a monitor."""
    values: Sequence[tuple[str, Any]] = [(name, getattr(row, name)) for name in _SETTINGS]
    return MonitorSettings(**dict(values))


def to_monitor(row: AnyRow) -> Monitor:
    """The monitor of a row with `COLUMNS`."""
    return Monitor(
        id=row.id,
        account_id=row.account_id,
        settings=settings_of(row),
        has_password=row.has_password,
        has_smtp_password=row.has_smtp_password,
        created_at=row.created_at,
        modified_at=row.modified_at,
        revision=row.revision,
    )


_ONE = select(*COLUMNS).where(
    monitors.c.account_id == bindparam("account"),
    monitors.c.removed_at.is_(None),
    monitors.c.id == bindparam("monitor"),
)
_ONE_LOCKED = _ONE.with_for_update()
_REPLACE = (
    update(monitors)
    .where(monitors.c.id == bindparam("of_monitor"))
    .values(
        {name: bindparam(name) for name in _SETTINGS}
        | {"modified_at": bindparam("now"), "change_mark": bindparam("mark"), "revision": monitors.c.revision + 1}
    )
)
_GROW = update(installation).values(change_mark=installation.c.change_mark + 1).returning(installation.c.change_mark)
