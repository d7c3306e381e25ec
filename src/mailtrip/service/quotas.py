"""What counts against a provider's limit on messages: which runs of late sent one, or may have."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.model import MailProtocol, Result, Run, RunState, StatusCode, Verdict, parse_server
from mailtrip.store import Connection

__all__ = ["RecentRun", "has_sent_nothing", "recent_runs"]

_NOTHING_SENT = frozenset({Verdict.UNSENT, Verdict.REFUSED, Verdict.DEFERRED, Verdict.ANSWERS, Verdict.FAILS})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRun:
    """A run and what it sends, by the settings that its monitor has now.

    Attributes:
        smtp_host: where its message goes.
        sender: of the envelope.
        interval: of the monitor.
        may_have_sent: whether its message went out, as far as is known.
    """

    run: Run
    smtp_host: str
    sender: str
    interval: timedelta
    may_have_sent: bool


def recent_runs(connection: Connection, is_limited: Callable[[str], bool], *, since: datetime) -> list[RecentRun]:
    """The runs of slots later than `since`, oldest slot first, of monitors whose SMTP host is one of those limited."""
    hosts = {each.monitor_id: (_host(each.smtp_server), each) for each in store.monitors.sendings(connection)}
    limited = {monitor_id: found for monitor_id, found in hosts.items() if is_limited(found[0])}
    found = store.run_queries.recent(connection, limited, since=since) if limited else []
    return [_recent(run, *limited[run.monitor_id]) for run in found]


def has_sent_nothing(result: Result) -> bool:
    """Whether no server can have taken a message of the run with this result."""
    if result.queued_as is not None:
        return False
    return result.verdict in _NOTHING_SENT or result.status is StatusCode.HELD_BACK


def _host(smtp_server: str) -> str:
    return parse_server(smtp_server, MailProtocol.SMTP).host


def _recent(run: Run, host: str, sending: store.monitors.Sending) -> RecentRun:
    return RecentRun(
        run=run,
        smtp_host=host,
        sender=sending.sender,
        interval=sending.interval,
        may_have_sent=_may_have_sent(run),
    )


def _may_have_sent(run: Run) -> bool:
    if run.accepted_at is not None:
        return True
    if run.state is RunState.RUNNING:
        return run.token is not None
    return run.result is not None and not has_sent_nothing(run.result)
