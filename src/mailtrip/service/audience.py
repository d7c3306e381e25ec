"""Who is told of what, as an account has it set now: routes, and the blackouts that are in force."""

from collections.abc import Iterable
from datetime import datetime

from mailtrip import store
from mailtrip.alerts.routing import Router
from mailtrip.model import AlertType, BlackoutType, Monitor, Run
from mailtrip.schedule.blackouts import holds_back_alert, is_within
from mailtrip.store import Connection

__all__ = ["Audience", "monitors_of"]


class Audience:
    """What an account's alerts depend on.

    Attributes:
        recipients: all of the account, by id.
        router: who hears of errors.
        performance_router: who hears of slow deliveries.
    """

    def __init__(self, connection: Connection, account_id: int, *, now: datetime) -> None:
        recipients, _ = store.recipients.page(connection, account_id, type=None, method=None, limit=None, offset=0)
        groups, _ = store.groups.page(connection, account_id, monitor_id=None, recipient_id=None, limit=None, offset=0)
        self.recipients = {recipient.id: recipient for recipient in recipients}
        self.router = Router(recipients, groups)
        self.performance_router = Router(recipients, groups, about=AlertType.PERFORMANCE)
        self._now = now
        self._in_force = [
            blackout
            for type_ in BlackoutType
            for blackout in store.blackouts.not_over(connection, account_id, type_, at=now)
            if is_within(blackout.window, now)
        ]

    def is_shut(self, type_: BlackoutType, subject_id: int) -> bool:
        """Whether a blackout of this type is in force for a monitor, or a recipient."""
        return any(each.type is type_ and each.subject_id == subject_id for each in self._in_force)

    def is_held_back(self, monitor_id: int, recipient_id: int) -> bool:
        return holds_back_alert(self._in_force, monitor_id=monitor_id, recipient_id=recipient_id, at=self._now)


def monitors_of(connection: Connection, runs: Iterable[Run]) -> dict[int, Monitor]:
    """The monitors of runs; those that were removed are left out."""
    ids: dict[int, set[int]] = {}
    for run in runs:
        ids.setdefault(run.account_id, set()).add(run.monitor_id)
    return {
        monitor.id: monitor
        for account_id, wanted in ids.items()
        for monitor in store.monitors.page(connection, account_id, ids=wanted, limit=None, offset=0)[0]
    }
