"""API tokens as they are stored: digests only."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select, update

from mailtrip.model import APIToken, Role, Scope, User
from mailtrip.store.types import AnyRow
from mailtrip.store.user_schema import api_tokens, users
from mailtrip.store.users import COLUMNS, to_user

__all__ = ["count", "find", "get", "insert", "list_all", "note_uses", "remove"]

_TOKEN = tuple(column.label(f"token_{column.name}") for column in api_tokens.c if column.name != "digest")


def insert(
    connection: Connection,
    digest: bytes,
    *,
    account_id: int,
    user_id: int | None,
    name: str,
    role: Role,
    scopes: Sequence[Scope] | None,
    now: datetime,
    expires_at: datetime | None,
) -> int:
    """Store a new token and give its id."""
    values = {
        "digest": digest,
        "account_id": account_id,
        "user_id": user_id,
        "name": name,
        "role": role,
        "scopes": scopes,
        "created_at": now,
        "expires_at": expires_at,
    }
    return int(connection.scalars(api_tokens.insert().returning(api_tokens.c.id), values).one())


def find(connection: Connection, digest: bytes) -> tuple[APIToken, User | None] | None:
    """The token with this digest, of any account, and who made it; None for the operator."""
    row = connection.execute(_query().where(api_tokens.c.digest == digest)).one_or_none()
    if row is None:
        return None
    return _token(row), None if row.id is None else to_user(row)


def get(connection: Connection, account_id: int, token_id: int) -> APIToken | None:
    """One token of the account."""
    wanted = (api_tokens.c.account_id == account_id) & (api_tokens.c.id == token_id)
    row = connection.execute(_query().where(wanted)).one_or_none()
    return None if row is None else _token(row)


def list_all(connection: Connection, account_id: int) -> list[APIToken]:
    """The account's tokens by id, the expired ones too."""
    query = _query().where(api_tokens.c.account_id == account_id).order_by(api_tokens.c.id)
    return [_token(row) for row in connection.execute(query)]


def count(connection: Connection, account_id: int) -> int:
    """How many tokens the account has."""
    wanted = api_tokens.c.account_id == account_id
    return connection.scalar(select(func.count()).select_from(api_tokens).where(wanted)) or 0


def remove(connection: Connection, token_id: int) -> None:
    connection.execute(delete(api_tokens).where(api_tokens.c.id == token_id))


def note_uses(connection: Connection, uses: Mapping[int, datetime]) -> None:
    """Store when tokens were used last, by id; one that is gone, or was used later already, stays as it is."""
    last = api_tokens.c.last_used_at
    statement = (
        update(api_tokens)
        .where(api_tokens.c.id == bindparam("token"), or_(last.is_(None), last < bindparam("at")))
        .values(last_used_at=bindparam("at"))
    )
    if uses:
        connection.execute(statement, [{"token": id_, "at": at} for id_, at in sorted(uses.items())])


def _query() -> Select[tuple[object, ...]]:
    return select(*_TOKEN, *COLUMNS).select_from(api_tokens.outerjoin(users, users.c.id == api_tokens.c.user_id))


def _token(row: AnyRow) -> APIToken:
    scopes = row.token_scopes
    return APIToken(
        id=row.token_id,
        account_id=row.token_account_id,
        name=row.token_name,
        role=row.token_role,
        scopes=None if scopes is None else tuple(Scope(word) for word in scopes),
        user_id=row.token_user_id,
        made_by=row.email,
        created_at=row.token_created_at,
        expires_at=row.token_expires_at,
        last_used_at=row.token_last_used_at,
    )
