"""Performance alerts, as they are stored: how long deliveries took, and who was told that they are slow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from mailtrip.model import Measurement
from mailtrip.store.dialects import put_rows
from mailtrip.store.pace_tables import delivery_paces, performance_standings
from mailtrip.store.schema import recipients

__all__ = [
    "PaceRow",
    "SlowRow",
    "accounts_wanting",
    "forget_standings",
    "paces",
    "put_paces",
    "put_standings",
    "standings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceRow:
    """How long a monitor's deliveries took; oldest first."""

    monitor_id: int
    account_id: int
    recent: tuple[Measurement, ...]
    hours: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRow:
    """What a recipient was told of a monitor that is slow."""

    monitor_id: int
    recipient_id: int
    account_id: int
    alerts: int
    since: datetime
    told_at: datetime


def accounts_wanting(connection: Connection, account_ids: Collection[int]) -> set[int]:
    """Those of the accounts that have recipients of performance alerts."""
    query = select(recipients.c.account_id).where(recipients.c.performance_alert)
    return set(connection.scalars(query.where(recipients.c.account_id.in_(account_ids)).distinct()))


def paces(connection: Connection, monitor_ids: Collection[int]) -> dict[int, PaceRow]:
    """What is known of these monitors; nobody else changes it until the transaction ends."""
    query = select(*_PACE).where(delivery_paces.c.monitor_id.in_(monitor_ids)).with_for_update()
    rows = connection.execute(query)
    return {row.monitor_id: PaceRow(**row._mapping) for row in rows}  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_paces(connection: Connection, rows: Sequence[PaceRow]) -> None:
    """Remember these, in the place of what was there."""
    put_rows(connection, delivery_paces, ("recent", "hours"), _values(rows, PaceRow.__slots__))


def standings(connection: Connection, monitor_ids: Collection[int]) -> list[SlowRow]:
    """Who was told that these monitors are slow."""
    query = select(*_STANDING).where(performance_standings.c.monitor_id.in_(monitor_ids)).with_for_update()
    return [SlowRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_standings(connection: Connection, rows: Sequence[SlowRow]) -> None:
    """Remember these, in the place of what was there."""
    put_rows(connection, performance_standings, ("alerts", "since", "told_at"), _values(rows, SlowRow.__slots__))


def forget_standings(connection: Connection, keys: Collection[tuple[int, int]]) -> None:
    """Forget who was told that monitors are slow: (monitor id, recipient id)."""
    if keys:
        pairs = [{"monitor": monitor_id, "recipient": recipient_id} for monitor_id, recipient_id in sorted(keys)]
        connection.execute(_FORGET, pairs)


def _values(rows: Sequence[PaceRow] | Sequence[SlowRow], names: Sequence[str]) -> list[dict[str, object]]:
    return [{name: getattr(row, name) for name in names} for row in rows]


_PACE = tuple(delivery_paces.c[name] for name in PaceRow.__slots__)
_STANDING = tuple(performance_standings.c[name] for name in SlowRow.__slots__)
_FORGET = delete(performance_standings).where(
    performance_standings.c.monitor_id == bindparam("monitor"),
    performance_standings.c.recipient_id == bindparam("recipient"),
)
