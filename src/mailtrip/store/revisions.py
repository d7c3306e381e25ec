"""Revisions of records: each grows by one with each change of what its owner reads, whatever caused the change."""

from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select, update

from mailtrip.store.schema import blackouts, monitors, recipient_groups, recipients, slas

__all__ = ["RecordType", "current", "grow"]


class RecordType(StrEnum):
    """Records that have revisions."""

    MONITOR = "monitor"
    RECIPIENT = "recipient"
    RECIPIENT_GROUP = "recipient group"
    SLA = "SLA"
    BLACKOUT = "blackout"


_TABLES = {
    RecordType.MONITOR: monitors,
    RecordType.RECIPIENT: recipients,
    RecordType.RECIPIENT_GROUP: recipient_groups,
    RecordType.SLA: slas,
    RecordType.BLACKOUT: blackouts,
}


def current(
    connection: Connection, account_id: int, type_: RecordType, record_id: int, *, lock: bool = False
) -> int | None:
    """The revision of one record of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _CURRENT[type_]
    return connection.scalar(query.with_for_update() if lock else query, {"account": account_id, "record": record_id})


def grow(connection: Connection, table: Table, which: ColumnElement[bool]) -> None:
    """Let the revisions of these rows grow: a read of them shows something else, through a change elsewhere."""
    connection.execute(update(table).where(which).values(revision=table.c.revision + 1))


def _current(table: Table) -> Select[int]:
    query = select(table.c.revision).where(
        table.c.account_id == bindparam("account"), table.c.id == bindparam("record")
    )
    return query.where(table.c.removed_at.is_(None)) if table is monitors else query


_CURRENT = {type_: _current(table) for type_, table in _TABLES.items()}
