"""How all monitors of somebody stand, at a glance: the state of each, and what those that fail have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip import store
from mailtrip.alerts.causes import blamed_servers
from mailtrip.model import Actor, Monitor, Run, Severity, StatusCode
from mailtrip.service.standings import StandingMonitor, list_seen
from mailtrip.store import Connection
from mailtrip.store.history import Streak
from mailtrip.store.outcomes import Outcome

__all__ = ["Finding", "Glance", "MonitorState", "find_common", "fingerprint", "list_all", "outcomes", "state_of"]

_SILENT_AFTER: Final = 3
"""Intervals without a result after which the last one tells nothing of this moment."""
_MOST_LOOKED_INTO: Final = 500


class MonitorState(StrEnum):
    """How a monitor stands, the worst first."""

    FAILING = "failing"
    WARNING = "warning"
    NO_DATA = "no-data"
    """No run has told anything yet, or of late: it is not known how the mail path is."""
    WORKING = "working"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A monitor at a glance.

    Attributes:
        blackout_ids: of blackouts of it, past ones too.
    """

    standing: StandingMonitor
    state: MonitorState

    @property
    def monitor(self) -> Monitor:
        return self.standing.monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What several failing monitors have in common.

    Attributes:
        servers: that it is put down to, as the settings write them.
        since: when the first of these errors came, as far as that is known.
        monitor_ids: at least two.
    """

    status: StatusCode
    servers: tuple[str, ...]
    since: datetime
    monitor_ids: tuple[int, ...]


def list_all(connection: Connection, actor: Actor, *, now: datetime) -> list[Glance]:
    """The monitors that the actor may see, by id."""
    return [Glance(standing=found, state=state_of(found, now=now)) for found in list_seen(connection, actor)]


def state_of(found: StandingMonitor, *, now: datetime) -> MonitorState:
    """How a monitor stands at this moment.

    An error counts by the monitor's mode; one that does not is a warning, as one that its recheck did not find.
    """
    settings, standing = found.monitor.settings, found.standing
    if not settings.enabled:
        return MonitorState.PAUSED
    if standing is None or now - standing.run.slot > _longest_silence(settings.interval, settings.run_timeout):
        return MonitorState.NO_DATA
    if standing.counts:
        return MonitorState.FAILING
    match standing.run.severity:
        case Severity.OK:
            return MonitorState.WORKING
        case Severity.UNKNOWN:
            return MonitorState.NO_DATA
        case Severity.WARNING | Severity.ERROR:
            return MonitorState.WARNING


def outcomes(connection: Connection, monitors: Iterable[Monitor], *, limit: int) -> Mapping[int, Sequence[Outcome]]:
    """By id, at most `limit` of the newest planned runs, oldest first. Whether they may be seen is known before."""
    return store.outcomes.newest(connection, [monitor.id for monitor in monitors], limit=limit)


def find_common(connection: Connection, actor: Actor, glances: Iterable[Glance]) -> list[Finding]:
    """What several of the failing monitors have in common, that of most monitors first."""
    failing = {glance.monitor.id: glance.monitor for glance in glances if glance.state is MonitorState.FAILING}
    ids = sorted(failing)[:_MOST_LOOKED_INTO]
    runs = store.latest_runs.find(connection, actor.account_id, ids) if len(ids) > 1 else {}
    groups: dict[tuple[StatusCode, tuple[str, ...]], list[Run]] = {}
    for run in runs.values():
        if run.result is not None:
            servers = blamed_servers(run.result.step, failing[run.monitor_id].settings)
            groups.setdefault((run.result.status, servers), []).append(run)
    common = {cause: of_group for cause, of_group in groups.items() if len(of_group) > 1}
    streaks = store.history.streaks_of(connection, [run.id for of_group in common.values() for run in of_group])
    found = [
        Finding(
            status=status,
            servers=servers,
            since=min(_since(run, streaks.get(run.id)) for run in of_group),
            monitor_ids=tuple(sorted(run.monitor_id for run in of_group)),
        )
        for (status, servers), of_group in common.items()
    ]
    return sorted(found, key=lambda finding: (-len(finding.monitor_ids), finding.since))


def fingerprint(connection: Connection, actor: Actor) -> str:
    """A text that is another one after each new run of the account, and after each change of a monitor."""
    runs = store.latest_runs.fingerprint(connection, actor.account_id)
    return f"{runs}.{store.monitors.change_mark(connection)}"


def _since(run: Run, streak: Streak | None) -> datetime:
    return run.slot if streak is None else streak.since


def _longest_silence(interval: timedelta, timeout: timedelta) -> timedelta:
    return _SILENT_AFTER * interval + timeout
