"""Whether alerts go through a server that is watched: that it is down could then not be told by mail."""

from mailtrip import store
from mailtrip.model import MonitorSettings
from mailtrip.service.destinations import hosts_of
from mailtrip.store import Connection

__all__ = ["watching"]


def watching(connection: Connection, host: str, *, account_id: int | None = None) -> list[int]:
    """The enabled monitors with a server at this host, by id; of one account, or of all."""
    found = store.monitors.destinations(connection, account_id=account_id)
    return [monitor_id for monitor_id, settings in found if _is_at(settings, host)]


def _is_at(settings: MonitorSettings, host: str) -> bool:
    return host.lower().removesuffix(".") in hosts_of(settings)
