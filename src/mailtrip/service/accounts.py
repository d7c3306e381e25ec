"""Accounts: the customers of one installation. Only the operator makes and changes them."""

from dataclasses import fields
from datetime import datetime

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import Account, AccountLimits, Actor, AuditAction, Role
from mailtrip.service import audit, users
from mailtrip.service.monitors import remove as remove_monitor
from mailtrip.service.password_hash import PasswordHash
from mailtrip.service.text_rules import line_fault
from mailtrip.store import Connection
from mailtrip.store.accounts import DEFAULT_ACCOUNT_ID

__all__ = ["add", "find", "list_all", "operator_of", "remove", "rename", "set_limits", "sizes"]

_RESERVED = "removed "


def add(
    connection: Connection,
    name: str,
    *,
    admin: str,
    password: PasswordHash,
    limits: AccountLimits = AccountLimits(),  # noqa: B008 (frozen)
    now: datetime,
) -> Account:
    """Make an account with its first Admin.

    Args:
        connection: of a writing transaction.
        name: 1 to 100 characters, unique in the installation.
        admin: the address of the Admin.
        password: of the Admin, from `hash_password`.
        limits: how much it may have.
        now: the time of making.

    Raises:
        InvalidInput: with all faults, for fields `name` and `email`.
    """
    _require_good(name, limits)
    account = store.accounts.insert(connection, name, limits, now=now)
    if account is None:
        raise _taken(name)
    operator, made = operator_of(account), _noted(name, limits)
    audit.record(connection, operator, AuditAction.ACCOUNT_CREATED, account.id, now=now, after=made)
    users.add(connection, operator, email=admin, password=password, role=Role.ADMIN, now=now)
    return account


def list_all(connection: Connection) -> list[Account]:
    """All accounts by number."""
    return store.accounts.list_all(connection)


def sizes(connection: Connection, account: Account) -> tuple[int, int]:
    """How many monitors and how many users the account has."""
    return store.accounts.count_monitors(connection, account.id), store.accounts.count_users(connection, account.id)


def find(connection: Connection, name: str) -> Account:
    """The account of this name, in exactly this spelling; raises NotFound."""
    account = store.accounts.find(connection, name)
    if account is None:
        raise NotFound(f'there is no account "{name}"; see: mailtrip account list')
    return account


def operator_of(account: Account) -> Actor:
    """The operator at work in this account."""
    return Actor(account_id=account.id, role=Role.ADMIN)


def rename(connection: Connection, account: Account, name: str, *, now: datetime) -> None:
    """Give an account another name; raises InvalidInput where it is no name, or taken."""
    _require_good(name, account.limits)
    if not store.accounts.rename(connection, account.id, name):
        raise _taken(name)
    _note_change(connection, account, _noted(name, account.limits), now=now)


def set_limits(connection: Connection, account: Account, limits: AccountLimits, *, now: datetime) -> None:
    """Set all limits anew; what is above them already stays. Raises InvalidInput."""
    _require_good(account.name, limits)
    store.accounts.set_limits(connection, account.id, limits)
    _note_change(connection, account, _noted(account.name, limits), now=now)


def remove(connection: Connection, account: Account, *, with_everything: bool, now: datetime) -> None:
    """Remove an account with its users, recipients and the like, at once; its runs are deleted a day later.

    Args:
        connection: of a writing transaction.
        account: which.
        with_everything: whether its monitors go along.
        now: the time of the removal.

    Raises:
        InvalidInput: it has monitors, or it is the default account, which stays.
    """
    if account.id == DEFAULT_ACCOUNT_ID:
        raise InvalidInput([Fault("name", f'"{account.name}" is the default account and has to stay')])
    operator = operator_of(account)
    monitors, count = store.monitors.page(connection, account.id, limit=None, offset=0)
    if count and not with_everything:
        text = f'"{account.name}" still has {count} monitors; remove them first, or give --with-everything'
        raise InvalidInput([Fault("name", text)])
    for monitor in monitors:
        remove_monitor(connection, operator, monitor.id, now=now)
    store.accounts.remove(connection, account.id, now=now)
    had = _noted(account.name, account.limits)
    audit.record(connection, operator, AuditAction.ACCOUNT_REMOVED, account.id, now=now, before=had)


def _noted(name: str, limits: AccountLimits) -> dict[str, object]:
    return {"name": name} | {item.name: getattr(limits, item.name) for item in fields(limits)}


def _note_change(connection: Connection, account: Account, after: dict[str, object], *, now: datetime) -> None:
    operator, before = operator_of(account), _noted(account.name, account.limits)
    audit.record(connection, operator, AuditAction.ACCOUNT_CHANGED, account.id, now=now, before=before, after=after)


def _require_good(name: str, limits: AccountLimits) -> None:
    faults = []
    fault = line_fault(name, most=100)
    if fault is not None:
        faults.append(Fault("name", fault))
    elif name.startswith(_RESERVED) or name != name.strip():
        faults.append(Fault("name", f'"{name}" can\'t be a name: it has blanks around it, or begins with "removed"'))
    for field in ("most_monitors", "most_users"):
        most = getattr(limits, field)
        if most is not None and most < 1:
            faults.append(Fault(field, f"is {most}; use 1 or more"))
    if faults:
        raise InvalidInput(faults)


def _taken(name: str) -> InvalidInput:
    return InvalidInput([Fault("name", f'"{name}" is taken; use another name')])
