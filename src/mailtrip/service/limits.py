"""How much an account may have: each limit is told by its name where it refuses something."""

from datetime import timedelta

from mailtrip import store
from mailtrip.errors import Fault
from mailtrip.store import Connection

__all__ = ["interval_faults", "monitor_faults", "user_faults"]


def monitor_faults(connection: Connection, account_id: int) -> list[Fault]:
    """What keeps the account from one more monitor; nobody else makes one until the transaction ends."""
    most = store.accounts.limits(connection, account_id).most_monitors
    if most is None:
        return []
    store.accounts.limits(connection, account_id, lock=True)
    return _room("most_monitors", "monitors", most, store.accounts.count_monitors(connection, account_id))


def user_faults(connection: Connection, account_id: int) -> list[Fault]:
    """What keeps the account from one more user; nobody else makes one until the transaction ends."""
    most = store.accounts.limits(connection, account_id).most_users
    if most is None:
        return []
    store.accounts.limits(connection, account_id, lock=True)
    return _room("most_users", "users", most, store.accounts.count_users(connection, account_id))


def interval_faults(connection: Connection, account_id: int, interval: timedelta) -> list[Fault]:
    """What keeps the account from monitors that run so often."""
    shortest = store.accounts.limits(connection, account_id).shortest_interval
    if shortest is None or interval >= shortest:
        return []
    minutes = shortest / timedelta(minutes=1)
    text = f"is below the limit shortest_interval of this account; use {minutes:g} minutes or more"
    return [Fault("interval", text)]


def _room(name: str, kind: str, most: int, there: int) -> list[Fault]:
    if there < most:
        return []
    return [
        Fault("account", f"has {there} {kind}, and its limit {name} is {most}; remove one, or have the limit raised")
    ]
