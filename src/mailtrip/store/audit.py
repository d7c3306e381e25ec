"""The audit log as it is stored: entries are added, read and, when they are old, deleted; never changed.

The entries of an account are a chain: each has a hash over itself and the hash of the entry before. The chain's head is
kept beside them, so that it shows when the newest ones are gone, and so is where retention has cut it off.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from mailtrip.model import AuditAction, AuditCheck, AuditEntry, AuditNote
from mailtrip.store.audit_schema import audit_chains, audit_entries
from mailtrip.store.codec import storable
from mailtrip.store.types import AnyRow

__all__ = ["append", "check_all", "expire", "page"]

_EMPTY: Final = bytes(32)
"""What the first entry follows."""
_NO_ACCOUNT: Final = 0
_AT_ONCE = 1000
# Made once, as every change waits for them.
_CHAIN: Final = audit_chains.c.id == bindparam("chain_id")
_HEAD: Final = select(audit_chains.c.head).where(_CHAIN).with_for_update()
_ADD: Final = audit_entries.insert()
_MOVE_HEAD: Final = update(audit_chains).where(_CHAIN).values(head=bindparam("new_head"))


def append(connection: Connection, account_id: int | None, notes: Sequence[AuditNote]) -> None:
    """Store notes, all of this account, in their order.

    Others who would add to the account's entries wait until the transaction ends: add what there is to add last.
    """
    if not notes:
        return
    chain_id = account_id or _NO_ACCOUNT
    before = _lock_head(connection, chain_id)
    rows = []
    for note in notes:
        row = _values(note)
        before = row["hash"] = _hash(before, row)
        rows.append(row)
    connection.execute(_ADD, rows)
    connection.execute(_MOVE_HEAD, {"chain_id": chain_id, "new_head": before})


def page(
    connection: Connection,
    account_ids: Collection[int | None],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    actor_name: str | None = None,
    actions: Collection[AuditAction] | None = None,
    record_id: int | None = None,
    limit: int | None,
    before: tuple[datetime, int] | None = None,
) -> list[AuditEntry]:
    """Entries of these accounts, newest first; None is no filter. `before` is (time, id) of the last one known."""
    table = audit_entries.c
    query = select(audit_entries).where(_of(account_ids))
    if since is not None:
        query = query.where(table.at >= since)
    if until is not None:
        query = query.where(table.at < until)
    if actor_name is not None:
        query = query.where(table.actor_name == storable(actor_name, 320))
    if actions is not None:
        query = query.where(table.action.in_(actions))
    if record_id is not None:
        query = query.where(table.record_id == record_id)
    if before is not None:
        at, entry_id = before
        query = query.where(table.at <= at, or_(table.at < at, table.id < entry_id))
    rows = connection.execute(query.order_by(table.at.desc(), table.id.desc()).limit(limit))
    return [_entry(row) for row in rows]


def check_all(connection: Connection) -> dict[int | None, AuditCheck]:
    """Whether the entries of each account that has or had any are as they were written; None is for those of none."""
    ids = {id_ or None for id_ in connection.scalars(select(audit_chains.c.id))}
    ids |= set(connection.scalars(select(audit_entries.c.account_id).distinct()))
    return {id_: _check(connection, id_) for id_ in sorted(ids, key=lambda id_: id_ or _NO_ACCOUNT)}


def expire(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` of the oldest entries that were made before; how many it were.

    Only what is older than all that stays goes, so that what stays is a chain also where the clock was set back.
    """
    kept = select(audit_entries.c.id).where(audit_entries.c.at >= before).order_by(audit_entries.c.id).limit(1)
    old = (
        select(audit_entries.c.id, audit_entries.c.account_id, audit_entries.c.hash)
        .where(audit_entries.c.at < before, audit_entries.c.id < func.coalesce(kept.scalar_subquery(), 2**62))
        .order_by(audit_entries.c.id)
        .limit(limit)
    )
    rows = connection.execute(old).all()
    if not rows:
        return 0
    for account_id, newest in {row.account_id: row.hash for row in rows}.items():
        of_account = audit_chains.c.id == (account_id or _NO_ACCOUNT)
        connection.execute(update(audit_chains).where(of_account).values(floor=newest))
    ids = [row.id for row in rows]
    return connection.execute(delete(audit_entries).where(audit_entries.c.id.in_(ids))).rowcount


def _check(connection: Connection, account_id: int | None) -> AuditCheck:
    """Compute the account's chain anew, from where retention has cut it off, and hold it against what is stored."""
    chain = connection.execute(
        select(audit_chains.c.head, audit_chains.c.floor).where(audit_chains.c.id == (account_id or _NO_ACCOUNT))
    ).one_or_none()
    head = None if chain is None else chain.head
    before = _EMPTY if chain is None else chain.floor
    count = 0
    last_id = 0
    while True:
        rows = connection.execute(_next_rows(account_id, last_id)).all()
        for row in rows:
            if _hash(before, _stored(row)) != row.hash:
                return AuditCheck(entries=count, head=head, is_whole=False, broken_at=row.id)
            before, last_id, count = row.hash, row.id, count + 1
        if len(rows) < _AT_ONCE:
            break
    return AuditCheck(entries=count, head=head, is_whole=before == head, broken_at=None)


def _lock_head(connection: Connection, chain_id: int) -> bytes:
    wanted = {"chain_id": chain_id}
    head: bytes | None = connection.scalar(_HEAD, wanted)
    if head is not None:
        return head
    try:
        with connection.begin_nested():
            connection.execute(audit_chains.insert(), {"id": chain_id, "head": _EMPTY, "floor": _EMPTY})
    except IntegrityError:  # another transaction was faster
        pass
    return bytes(connection.scalars(_HEAD, wanted).one())


def _of(account_ids: Collection[int | None]) -> ColumnElement[bool]:
    known = [id_ for id_ in account_ids if id_ is not None]
    wanted = audit_entries.c.account_id.in_(known)
    return wanted | audit_entries.c.account_id.is_(None) if None in account_ids else wanted


def _next_rows(account_id: int | None, last_id: int) -> Select[Any]:
    query = select(audit_entries).where(_of([account_id]), audit_entries.c.id > last_id)
    return query.order_by(audit_entries.c.id).limit(_AT_ONCE)


def _values(note: AuditNote) -> dict[str, Any]:  # Any: columns of many types
    return {
        "account_id": note.account_id,
        "at": note.at,
        "actor_type": note.actor_type,
        "actor_id": note.actor_id,
        "actor_name": storable(note.actor_name, 320),
        "address": storable(note.address, 64),
        "request_id": storable(note.request_id, 64),
        "action": note.action,
        "record_id": note.record_id,
        "record_name": storable(note.record_name, 320),
        "changes": json.dumps(note.changes, separators=(",", ":")),
    }


def _stored(row: AnyRow) -> dict[str, Any]:  # Any: columns of many types
    return {name: value for name, value in row._asdict().items() if name not in {"id", "hash"}}


def _hash(before: bytes, row: dict[str, Any]) -> bytes:
    """Over the hash before and all columns but `id` and `hash`, as JSON by name."""
    content = {**row, "at": row["at"].isoformat(timespec="microseconds")}
    return hashlib.sha256(before + json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()


def _entry(row: AnyRow) -> AuditEntry:
    values = row._asdict() | {"changes": {name: tuple(pair) for name, pair in json.loads(row.changes).items()}}
    return AuditEntry(**values)
