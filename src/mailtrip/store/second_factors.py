"""Second factors of logins as they are stored: the secret sealed, recovery codes as keyed digests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mailtrip.store.user_schema import second_factors

__all__ = ["StoredFactor", "get", "insert", "note_use", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFactor:
    """A user's second factor.

    Attributes:
        secret: sealed.
        last_step: the newest time step whose code was used (RFC 6238, 4.2); 0 before the first.
        recovery: digests of the codes that are left, as hex.
    """

    secret: bytes = field(repr=False)
    last_step: int
    recovery: tuple[str, ...] = field(repr=False)


def get(connection: Connection, user_id: int, *, lock: bool = False) -> StoredFactor | None:
    """The user's; `lock` keeps others from using a code of it until the transaction ends."""
    query = select(second_factors).where(second_factors.c.user_id == user_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    return StoredFactor(secret=row.secret, last_step=row.last_step, recovery=row.recovery)


def insert(connection: Connection, user_id: int, factor: StoredFactor, *, account_id: int, now: datetime) -> None:
    connection.execute(
        second_factors.insert(),
        {
            "user_id": user_id,
            "account_id": account_id,
            "secret": factor.secret,
            "last_step": factor.last_step,
            "recovery": factor.recovery,
            "created_at": now,
        },
    )


def note_use(connection: Connection, user_id: int, *, last_step: int, recovery: Sequence[str]) -> None:
    """Keep which step was used, and which recovery codes are left."""
    values = {"last_step": last_step, "recovery": tuple(recovery)}
    connection.execute(update(second_factors).where(second_factors.c.user_id == user_id).values(values))


def remove(connection: Connection, user_id: int) -> bool:
    """Whether there was one."""
    return connection.execute(delete(second_factors).where(second_factors.c.user_id == user_id)).rowcount > 0
