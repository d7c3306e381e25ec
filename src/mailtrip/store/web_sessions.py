"""Sessions of the dashboard as they are stored: digests only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from mailtrip.model import Actor
from mailtrip.store.user_schema import users, web_sessions
from mailtrip.store.users import COLUMNS, to_user

__all__ = ["ListedSession", "StoredSession", "expire", "find", "insert", "list_all", "remove", "remove_all", "touch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session, whether it has ended or not.

    Attributes:
        used_at: when it was used last, to some minutes.
        expires_at: its end, however much it is used.
    """

    actor: Actor
    used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session among all of its user.

    Attributes:
        used_at: when it was used last, to some minutes.
        browser: its kind and system in words; None where unknown.
        network: the address that it began from, without its last part; None where unknown.
    """

    digest: bytes
    created_at: datetime
    used_at: datetime
    browser: str | None
    network: str | None


def insert(
    connection: Connection,
    digest: bytes,
    *,
    account_id: int,
    user_id: int,
    now: datetime,
    expires_at: datetime,
    browser: str | None = None,
    network: str | None = None,
) -> None:
    connection.execute(
        web_sessions.insert(),
        {
            "digest": digest,
            "account_id": account_id,
            "user_id": user_id,
            "created_at": now,
            "used_at": now,
            "expires_at": expires_at,
            "browser": browser,
            "network": network,
        },
    )


def find(connection: Connection, digest: bytes) -> StoredSession | None:
    """The session with this digest; None too where the user is disabled."""
    row = connection.execute(_FIND, {"digest": digest}).one_or_none()
    if row is None:
        return None
    return StoredSession(actor=Actor.of(to_user(row)), used_at=row.used_at, expires_at=row.expires_at)


def list_all(
    connection: Connection, user_id: int, *, now: datetime, unused_since: datetime, limit: int
) -> tuple[ListedSession, ...]:
    """The user's sessions that have not ended and were used since, the last used first; at most `limit`."""
    columns = web_sessions.c
    query = (
        select(columns.digest, columns.created_at, columns.used_at, columns.browser, columns.network)
        .where(columns.user_id == user_id, columns.expires_at > now, columns.used_at > unused_since)
        .order_by(columns.used_at.desc(), columns.created_at.desc(), columns.digest)
        .limit(limit)
    )
    return tuple(ListedSession(**row) for row in connection.execute(query).mappings())


def touch(connection: Connection, digest: bytes, *, now: datetime) -> None:
    """Note that it is used."""
    connection.execute(update(web_sessions).where(web_sessions.c.digest == digest).values(used_at=now))


def remove(connection: Connection, digest: bytes) -> None:
    connection.execute(delete(web_sessions).where(web_sessions.c.digest == digest))


def remove_all(connection: Connection, user_id: int, *, but: bytes | None = None) -> int:
    """End all sessions of a user, or all but the one with this digest; how many it were."""
    others = () if but is None else (web_sessions.c.digest != but,)
    return connection.execute(delete(web_sessions).where(web_sessions.c.user_id == user_id, *others)).rowcount


def expire(connection: Connection, *, before: datetime, unused_since: datetime, limit: int) -> int:
    """Forget at most `limit` sessions that ended before, or were not used since; how many it were."""
    old = (
        select(web_sessions.c.digest)
        .where(or_(web_sessions.c.expires_at < before, web_sessions.c.used_at < unused_since))
        .limit(limit)
    )
    return connection.execute(delete(web_sessions).where(web_sessions.c.digest.in_(old))).rowcount


_FIND = (
    select(web_sessions.c.used_at, web_sessions.c.expires_at, *COLUMNS)
    .join_from(web_sessions, users, web_sessions.c.user_id == users.c.id)
    .where(web_sessions.c.digest == bindparam("digest"), users.c.enabled)
)
