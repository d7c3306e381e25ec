"""Users: who may log in, and as what."""

from datetime import datetime

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound
from mailtrip.model import Actor, Role, User
from mailtrip.service.access import require_user_management
from mailtrip.service.password_hash import PasswordHash, hash_password
from mailtrip.service.text_rules import address_fault
from mailtrip.store import Connection

__all__ = [
    "PasswordHash",
    "add",
    "count_all",
    "find",
    "hash_password",
    "list_all",
    "remove",
    "set_password",
    "set_role",
]


def add(connection: Connection, actor: Actor, *, email: str, password: PasswordHash, role: Role, now: datetime) -> User:
    """Make a user.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        email: the login, compared without regard to case; unique in the installation.
        password: from `hash_password`, called before the transaction since it takes its time.
        role: only an Admin makes an Admin.
        now: the time of making.

    Raises:
        Forbidden: the role may not do this.
        InvalidInput: no address, or one that is taken.
    """
    require_user_management(actor)
    _require_admin_for(actor, role)
    fault = address_fault(email)
    if fault is not None:
        raise InvalidInput([Fault("email", fault)])
    user = store.users.insert(
        connection, actor.account_id, email=email, password_hash=password.text, role=role, now=now
    )
    if user is None:
        raise InvalidInput([Fault("email", f'"{email}" is taken; use another address, or change that user')])
    return user


def list_all(connection: Connection, actor: Actor) -> list[User]:
    """The account's users by id; raises Forbidden for roles that don't manage users."""
    require_user_management(actor)
    return store.users.list_all(connection, actor.account_id)


def find(connection: Connection, actor: Actor, *, email: str) -> User:
    """The account's user with this address, in any case.

    Raises:
        Forbidden: the role may not manage users.
        NotFound: there is none.
    """
    require_user_management(actor)
    user = store.users.find(connection, actor.account_id, email)
    if user is None:
        raise NotFound(f'there is no user "{email}"')
    return user


def count_all(connection: Connection) -> int:
    """How many users the installation has; with none, nobody can log in yet."""
    return store.users.count(connection)


def set_password(connection: Connection, actor: Actor, user_id: int, *, password: PasswordHash) -> None:
    """Give a user a new password; all access tokens of the user end.

    Raises:
        Forbidden: the role may not do this; only an Admin changes an Admin.
        NotFound: no such user in the account.
    """
    user = _get(connection, actor, user_id)
    _require_admin_for(actor, user.role)
    store.users.set_password_hash(connection, user_id, password.text)
    store.tokens.remove_all(connection, user_id)


def set_role(connection: Connection, actor: Actor, user_id: int, *, role: Role) -> None:
    """Give a user another role, at once.

    Raises:
        Forbidden: the role may not do this; only an Admin makes or changes an Admin.
        NotFound: no such user in the account.
        InvalidInput: the last Admin would be gone.
    """
    user = _get(connection, actor, user_id)
    _require_admin_for(actor, user.role)
    _require_admin_for(actor, role)
    if role is not Role.ADMIN:
        _require_other_admin(connection, user, field="role")
    store.users.set_role(connection, user_id, role)


def remove(connection: Connection, actor: Actor, user_id: int) -> None:
    """Remove a user with all access tokens.

    Raises:
        Forbidden: the role may not do this; only an Admin removes an Admin.
        NotFound: no such user in the account.
        InvalidInput: it is the last Admin.
    """
    user = _get(connection, actor, user_id)
    _require_admin_for(actor, user.role)
    _require_other_admin(connection, user, field="email")
    store.users.remove(connection, user_id)


def _get(connection: Connection, actor: Actor, user_id: int) -> User:
    require_user_management(actor)
    user = store.users.get(connection, actor.account_id, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    return user


def _require_admin_for(actor: Actor, role: Role) -> None:
    """A Co-Admin could make itself an Admin otherwise."""
    if role is Role.ADMIN and actor.role is not Role.ADMIN:
        raise Forbidden("this needs role Admin")


def _require_other_admin(connection: Connection, user: User, *, field: str) -> None:
    admins = store.users.lock_admins(connection, user.account_id)
    if admins == [user.id]:
        raise InvalidInput(
            [Fault(field, f'"{user.email}" is the last Admin and has to stay; make another Admin first')]
        )
