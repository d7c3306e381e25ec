"""Idempotency keys: which requests were done already, and what was answered."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mailtrip.store.dialects import insert_into
from mailtrip.store.schema import idempotency_keys

__all__ = ["claim", "expire", "find", "keep"]


def claim(
    connection: Connection, digest: bytes, *, account_id: int, request: bytes, now: datetime, ended_before: datetime
) -> bool:
    """Take a key, unless it is taken: then whoever took it has committed, as their transaction is waited for.

    Args:
        connection: of a writing transaction.
        digest: of the key and its owner.
        account_id: the owner's.
        request: digest of what is asked for.
        now: from when on it is kept.
        ended_before: one that was taken before is free again.
    """
    row = {"account_id": account_id, "request": request, "answer": "", "created_at": now}
    statement = insert_into(connection.dialect.name, idempotency_keys).values(digest=digest, **row)
    statement = statement.on_conflict_do_update(
        index_elements=[idempotency_keys.c.digest], set_=row, where=idempotency_keys.c.created_at < ended_before
    )
    return connection.execute(statement.returning(idempotency_keys.c.digest)).one_or_none() is not None


def keep(connection: Connection, digest: bytes, answer: str) -> None:
    """Note what is answered, in the transaction that took the key."""
    connection.execute(update(idempotency_keys).where(idempotency_keys.c.digest == digest).values(answer=answer))


def find(connection: Connection, digest: bytes) -> tuple[bytes, str]:
    """The request that a taken key stands for, as a digest, and what was answered."""
    query = select(idempotency_keys.c.request, idempotency_keys.c.answer).where(idempotency_keys.c.digest == digest)
    row = connection.execute(query).one()
    return row.request, row.answer


def expire(connection: Connection, *, before: datetime, limit: int) -> int:
    """Forget at most `limit` keys that were taken before; how many it were."""
    columns = idempotency_keys.c
    old = select(columns.digest).where(columns.created_at < before).order_by(columns.created_at).limit(limit)
    return connection.execute(delete(idempotency_keys).where(columns.digest.in_(old))).rowcount
