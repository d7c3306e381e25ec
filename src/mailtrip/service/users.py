"""Users: who may log in, and as what."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound
from mailtrip.model import Actor, AuditAction, MonitorAccess, Role, User, UserSettings
from mailtrip.service import audit, tokens
from mailtrip.service.access import require_user_management
from mailtrip.service.limits import user_faults
from mailtrip.service.password_hash import PasswordHash, hash_password
from mailtrip.service.settings import missing, settle, unset
from mailtrip.service.text_rules import address_fault
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection

__all__ = [
    "PasswordHash",
    "add",
    "change_password",
    "count_all",
    "create",
    "edit",
    "find",
    "get",
    "hash_password",
    "list_all",
    "page",
    "remove",
    "set_enabled",
    "set_password",
    "set_role",
]

_STAND_INS: Final[dict[str, Any]] = {"email": "name@example.com"}  # Any: of many types


def add(connection: Connection, actor: Actor, *, email: str, password: PasswordHash, role: Role, now: datetime) -> User:
    """Make a user of whom no more is known; as `create`."""
    return create(connection, actor, {"email": email, "role": role}, password=password, now=now)


def create(
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, object],
    *,
    password: PasswordHash | None,
    now: datetime,
) -> User:
    """Make a user.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        changes: fields of `UserSettings` by name; one that is missing or None gets its default. The address is compared
            without regard to case, and unique in the installation. Only an Admin makes an Admin.
        password: from `hash_password`, called before the transaction since it takes its time. None is a fault.
        now: the time of making.

    Raises:
        Forbidden: the role may not do this.
        InvalidInput: with all faults; `Fault.field` is a field of `UserSettings`, `password`, or `account` where that
            has as many users as it may have.
    """
    require_user_management(actor)
    given = settle(UserSettings, changes)
    settings = UserSettings(**(_STAND_INS | given))
    _require_admin_for(actor, settings.role)
    faults = [*missing(UserSettings, given), *_access_faults(connection, actor, settings.access)]
    if (fault := address_fault(settings.email)) is not None:
        faults.append(Fault("email", fault))
    if password is None:
        faults.append(Fault("password", "is required"))
    faults += user_faults(connection, actor.account_id)
    if faults or password is None:
        raise InvalidInput(faults)
    user = store.users.insert(
        connection, actor.account_id, settings, guid=secrets.token_hex(16), password_hash=password.text, now=now
    )
    if user is None:
        raise InvalidInput([Fault("email", f'"{settings.email}" is taken; use another address')])
    audit.record(connection, actor, AuditAction.USER_CREATED, user.id, now=now, after=settings, name=user.email)
    return user


def edit(
    connection: Connection,
    actor: Actor,
    guid: str,
    changes: Mapping[str, object],
    *,
    password: PasswordHash | None,
    now: datetime,
) -> User:
    """Change some fields of a user and give the user as stored until then; what is not named keeps its value.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        guid: of the user.
        changes: fields of `UserSettings` by name, without the address; None resets to the default. With `enabled` False
            all access tokens and sessions of the user end, and API tokens are of no use until the user is enabled again.
        password: a new one; all access tokens and sessions of the user end with it. None leaves it as it is.
        now: the time of the change.

    Raises:
        Forbidden: the role may not do this; only an Admin makes or changes an Admin.
        NotFound: no such user in the account.
        InvalidInput: with all faults, as for `create`; or the last Admin would be gone or disabled.
    """
    user = get(connection, actor, guid, lock=True)
    given = settle(UserSettings, changes)
    settings = replace(user.settings, **given)
    _require_admin_for(actor, user.role)
    _require_admin_for(actor, settings.role)
    faults = [
        *unset(UserSettings, changes),
        *_access_faults(connection, actor, given.get("access"), had=user.settings.access),
    ]
    if faults:
        raise InvalidInput(faults)
    if settings.role is not Role.ADMIN or not settings.enabled:
        _require_other_admin(connection, user, field="enabled" if settings.role is Role.ADMIN else "role")
    store.users.replace(connection, user.id, settings)
    if not settings.enabled:
        _sign_out(connection, user.id)
    if password is not None:
        _replace_password(connection, user.id, password)
    old, there, action = user.settings, _there(password), AuditAction.USER_CHANGED
    audit.record(
        connection, actor, action, user.id, now=now, before=old, after=settings, secrets=there, name=user.email
    )
    return user


def get(connection: Connection, actor: Actor, guid: str, *, lock: bool = False) -> User:
    """One user of the account; `lock` keeps others from changing it until the transaction ends.

    Raises:
        Forbidden: the role may not manage users.
        NotFound: there is none.
    """
    require_user_management(actor)
    user = store.users.get_by_guid(connection, actor.account_id, guid, lock=lock)
    if user is None:
        raise NotFound(f"there is no user {guid}")
    return user


def page(connection: Connection, actor: Actor, *, limit: int | None = None, offset: int = 0) -> tuple[list[User], int]:
    """The account's users by id, and how many there are in all; raises Forbidden for roles that don't manage users."""
    require_user_management(actor)
    return store.users.page(connection, actor.account_id, limit=limit, offset=offset)


def list_all(connection: Connection, actor: Actor) -> list[User]:
    """The account's users by id; raises Forbidden for roles that don't manage users."""
    return page(connection, actor)[0]


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


def set_password(connection: Connection, actor: Actor, user_id: int, *, password: PasswordHash, now: datetime) -> None:
    """Give a user a new password; all access tokens and sessions of the user end.

    Raises:
        Forbidden: the role may not do this; only an Admin changes an Admin.
        NotFound: no such user in the account.
    """
    user = _get(connection, actor, user_id)
    _require_admin_for(actor, user.role)
    _replace_password(connection, user_id, password)
    there = _there(password)
    audit.record(connection, actor, AuditAction.USER_CHANGED, user_id, now=now, secrets=there, name=user.email)


def change_password(
    connection: Connection, actor: Actor, login: VerifiedLogin, *, password: PasswordHash, now: datetime
) -> None:
    """Give users who have just shown their password another one; all their access tokens and sessions end.

    Raises:
        AuthenticationFailed: the user was removed or has another password since the login was looked at.
    """
    user = tokens.confirm(connection, login)
    _replace_password(connection, user.id, password)
    there = _there(password)
    audit.record(connection, actor, AuditAction.USER_CHANGED, user.id, now=now, secrets=there, name=user.email)


def set_role(connection: Connection, actor: Actor, user_id: int, *, role: Role, now: datetime) -> None:
    """Give a user another role, at once.

    Raises:
        Forbidden: the role may not do this; only an Admin makes or changes an Admin.
        NotFound: no such user in the account.
        InvalidInput: the last Admin would be gone.
    """
    edit(connection, actor, _get(connection, actor, user_id).guid, {"role": role}, password=None, now=now)


def set_enabled(connection: Connection, actor: Actor, user_id: int, *, enabled: bool, now: datetime) -> None:
    """Disable a user at once, as `edit` tells, or enable one again.

    Raises:
        Forbidden: the role may not do this; only an Admin changes an Admin.
        NotFound: no such user in the account.
        InvalidInput: no enabled Admin would be left.
    """
    edit(connection, actor, _get(connection, actor, user_id).guid, {"enabled": enabled}, password=None, now=now)


def remove(connection: Connection, actor: Actor, user_id: int, *, now: datetime) -> None:
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
    old = user.settings
    audit.record(connection, actor, AuditAction.USER_REMOVED, user_id, now=now, before=old, name=user.email)


def _get(connection: Connection, actor: Actor, user_id: int) -> User:
    require_user_management(actor)
    user = store.users.get(connection, actor.account_id, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    return user


def _replace_password(connection: Connection, user_id: int, password: PasswordHash) -> None:
    store.users.set_password_hash(connection, user_id, password.text)
    _sign_out(connection, user_id)


def _sign_out(connection: Connection, user_id: int) -> None:
    store.tokens.remove_all(connection, user_id)
    store.web_sessions.remove_all(connection, user_id)


def _there(password: PasswordHash | None) -> dict[str, tuple[bool, bool]]:
    """For the audit log: a password that is given takes the place of one that was there."""
    return {} if password is None else {"password": (True, True)}


def _access_faults(
    connection: Connection, actor: Actor, access: MonitorAccess | None, *, had: MonitorAccess | None = None
) -> list[Fault]:
    """What is wrong with the monitors that are named; those that the user had may be gone by now."""
    if access is None:
        return []
    ids = access.ids - (had.ids if had else frozenset())
    unknown = sorted(ids - store.monitors.names(connection, actor.account_id, ids).keys())
    if not unknown:
        return []
    shown = ", ".join(str(each) for each in unknown[:10])
    return [Fault("access", f"there is no monitor {shown}; name monitors of this account")]


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
