"""Access tokens as they are stored: digests only."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from mailtrip.model import Actor
from mailtrip.store.user_schema import tokens, users
from mailtrip.store.users import COLUMNS, to_user

__all__ = ["expire", "find", "insert", "remove", "remove_all"]


def insert(
    connection: Connection, digest: bytes, *, account_id: int, user_id: int, now: datetime, expires_at: datetime
) -> None:
    connection.execute(
        tokens.insert(),
        {
            "digest": digest,
            "account_id": account_id,
            "user_id": user_id,
            "created_at": now,
            "expires_at": expires_at,
        },
    )


def find(connection: Connection, digest: bytes) -> tuple[Actor, datetime] | None:
    """Who holds the token, and when it ends or has ended; None too where the user is disabled."""
    row = connection.execute(_FIND, {"digest": digest}).one_or_none()
    if row is None:
        return None
    return Actor.of(to_user(row)), row.expires_at


def remove(connection: Connection, digest: bytes) -> None:
    connection.execute(delete(tokens).where(tokens.c.digest == digest))


def remove_all(connection: Connection, user_id: int) -> None:
    """End all tokens of a user."""
    connection.execute(delete(tokens).where(tokens.c.user_id == user_id))


def expire(connection: Connection, *, before: datetime, limit: int) -> int:
    """Forget at most `limit` tokens that ended before; how many it were."""
    old = select(tokens.c.digest).where(tokens.c.expires_at < before).order_by(tokens.c.expires_at).limit(limit)
    return connection.execute(delete(tokens).where(tokens.c.digest.in_(old))).rowcount


_FIND = (
    select(tokens.c.expires_at, *COLUMNS)
    .join_from(tokens, users, tokens.c.user_id == users.c.id)
    .where(tokens.c.digest == bindparam("digest"), users.c.enabled)
)
