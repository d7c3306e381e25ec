"""Changes that are made only where a record is still as their maker knows it."""

from collections.abc import Collection

from mailtrip import store
from mailtrip.errors import NotFound, PreconditionFailed
from mailtrip.model import Actor
from mailtrip.store import Connection
from mailtrip.store.revisions import RecordType

__all__ = ["FIRST", "RecordType", "current", "require"]

FIRST = 1
"""Revision of a new record."""


def require(
    connection: Connection, actor: Actor, type_: RecordType, record_id: int, known: Collection[int] | None
) -> None:
    """See that a record has one of these revisions; nobody else changes it until the transaction ends. None is any.

    Whether the actor may know of the record is for the caller to see.

    Raises:
        NotFound: no such record in the account.
        PreconditionFailed: it has another revision.
    """
    if known is None:
        return
    found = store.revisions.current(connection, actor.account_id, type_, record_id, lock=True)
    if found is None:
        raise NotFound(f"there is no {type_} {record_id}")
    if found not in known:
        raise PreconditionFailed(
            f'If-Match: the ETag of the {type_} is "{found}", and not among those given; read it again, then change it '
            "with that tag"
        )


def current(connection: Connection, actor: Actor, type_: RecordType, record_id: int) -> int:
    """The revision of a record.

    Raises:
        NotFound: no such record in the account.
    """
    found = store.revisions.current(connection, actor.account_id, type_, record_id)
    if found is None:
        raise NotFound(f"there is no {type_} {record_id}")
    return found
