"""What is told once a day (certificate, quota, deletions), decided in the transaction that records the run."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.alerts.notices import RUNS_WANTED, Notice, NoticeSilence, NoticeWord, next_look, say, take_in
from mailtrip.alerts.policy import Route
from mailtrip.model import AlertKind, MonitorSettings, Result, Run, RunKind, Severity, StatusCode, TLSFacts
from mailtrip.probe.expectations import Expectations, find_shortfalls
from mailtrip.service.audience import Audience
from mailtrip.service.lookup import Lookup
from mailtrip.store import Connection
from mailtrip.store.alerts import NewAlert
from mailtrip.store.codec import storable
from mailtrip.store.notices import Cause, NoticeRow, TellingRow

__all__ = ["note_states"]

_KEEP_TELLINGS = timedelta(days=30)
_LONGEST_CAUSE = 280

_Key = tuple[int, StatusCode, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What a run could tell of a state of a server.

    Attributes:
        cause: what monitors may share: the certificate, or the mailbox.
        detail: a clause that says how it is; None where all is well.
    """

    status: StatusCode
    server: str
    cause: str
    detail: str | None


def note_states(connection: Connection, finished: Iterable[Run], lookup: Lookup, *, now: datetime) -> None:
    """Take in what runs that have just finished say of certificates, quotas and deletions.

    Args:
        connection: of the transaction that finishes them.
        finished: of any account. Tests and rechecks say nothing here, nor does trouble of ours.
        lookup: of this transaction.
        now: becomes the time of the alerts.
    """
    results = {run.id: run.result for run in finished if run.result is not None and _may_speak(run, run.result)}
    speaking = [run for run in finished if run.id in results]
    if not speaking:
        return
    known = store.notices.of_monitors(connection, {run.monitor_id for run in speaking})
    in_question = {row.monitor_id for row in known}
    days = _certificate_days(connection, speaking, results)
    speaking = [
        run
        for run in speaking
        if run.monitor_id in in_question or _has_found(results[run.id], days.get(run.monitor_id, 0), now=now)
    ]
    monitors = lookup.monitors_of(speaking)
    before = {row.key: row for row in known if row.monitor_id in monitors}
    rows = {key: row for key, row in before.items() if _is_watched(row, monitors[row.monitor_id].settings)}
    spoken: set[_Key] = set()
    for run in sorted(speaking, key=lambda run: (run.slot, run.id)):
        if run.monitor_id in monitors:
            states = _states(results[run.id], monitors[run.monitor_id].settings, now=now)
            spoken |= {_take_in(rows, run, state, now=now) for state in states}
    store.notices.forget(connection, [before[key] for key in before.keys() - rows.keys()])
    store.notices.put(connection, [rows[key] for key in sorted(rows) if rows[key] != before.get(key)])
    due = [rows[key] for key in sorted(spoken & rows.keys()) if _is_due(rows[key], now=now)]
    _tell(connection, due, {id_ for id_, each in monitors.items() if each.settings.notify_on_error}, lookup, now=now)


def _may_speak(run: Run, result: Result) -> bool:
    return run.kind is RunKind.SCHEDULED and result.status.severity is not Severity.UNKNOWN


def _certificate_days(connection: Connection, runs: Iterable[Run], results: Mapping[int, Result]) -> dict[int, int]:
    """So many days before the end of a certificate the monitors whose runs have seen one want to hear of it."""
    seen = {run.monitor_id for run in runs if any(session.tls is not None for session in results[run.id].sessions)}
    return store.notices.certificate_days(connection, seen) if seen else {}


def _has_found(result: Result, certificate_days: int, *, now: datetime) -> bool:
    """Whether a result says that something is not well: most don't, and the monitor need not be read for these."""
    expectations = Expectations(certificate_days=certificate_days or None)
    return bool(result.left_behind or find_shortfalls(expectations, None, result.sessions, now=now))


def _is_watched(row: NoticeRow, settings: MonitorSettings) -> bool:
    """Whether runs with these settings still say anything of this state."""
    if row.status is StatusCode.CERTIFICATE and not settings.certificate_days:
        return False
    return row.server in {server.url for server in settings.servers}


def _states(result: Result, settings: MonitorSettings, *, now: datetime) -> Iterable[_State]:
    found: dict[tuple[StatusCode, str], _State] = {}
    for state in _all_states(result, settings, now=now):
        known = found.get((state.status, state.server))
        # Of several sessions with one server, the one in which it is not well tells.
        if known is None or known.detail is None:
            found[state.status, state.server] = state
    return found.values()


def _all_states(result: Result, settings: MonitorSettings, *, now: datetime) -> Iterator[_State]:
    expectations = Expectations(certificate_days=settings.certificate_days or None)
    login = settings.username or settings.email
    for record in result.sessions:
        short = {each.status for each in find_shortfalls(expectations, None, [record], now=now)}
        if settings.certificate_days and record.tls is not None and record.tls.not_after is not None:
            said = f"The certificate of {record.server} expires on {record.tls.not_after:%Y-%m-%d, %H:%M} UTC."
            cause = _certificate(record.tls)
            yield _state(StatusCode.CERTIFICATE, record.server, cause, said, is_there=StatusCode.CERTIFICATE in short)
        if record.quota_percent is not None:
            said = f"The mailbox {login} at {record.server} is {record.quota_percent} % full."
            cause = f"{login} at {record.server}"
            is_there = StatusCode.MAILBOX_FILLING in short
            yield _state(StatusCode.MAILBOX_FILLING, record.server, cause, said, is_there=is_there)
    if result.copies and result.status.severity is not Severity.ERROR:
        server = settings.mailbox.url
        said = f"Test messages can't be deleted from the mailbox {login} at {server}, again and again."
        is_there = bool(result.left_behind)
        yield _state(StatusCode.DELETE_FAILED, server, f"{login} at {server}", said, is_there=is_there)


def _state(status: StatusCode, server: str, cause: str, said: str, *, is_there: bool) -> _State:
    return _State(
        status=status,
        server=server,
        cause=storable(cause, _LONGEST_CAUSE) or "",
        detail=storable(said, 1000) if is_there else None,
    )


def _certificate(tls: TLSFacts) -> str:
    """What tells a certificate from others: the same one on many servers is one cause."""
    return f"{tls.not_after:%Y-%m-%d %H:%M:%S} {tls.subject or ' '.join(tls.names)} {tls.issuer}"


def _take_in(rows: dict[_Key, NoticeRow], run: Run, state: _State, *, now: datetime) -> _Key:
    key = (run.monitor_id, state.status, state.server)
    row = rows.get(key)
    known = None if row is None else _notice(row)
    notice = take_in(known, state.status, is_there=state.detail is not None, at=now)
    if notice is None:
        rows.pop(key, None)
        return key
    if row is None or state.detail not in {None, row.detail}:
        row = NoticeRow(
            monitor_id=run.monitor_id,
            status=state.status,
            server=state.server,
            account_id=run.account_id,
            cause=state.cause,
            detail=state.detail or "",
            found=notice.found,
            without=notice.without,
            since=notice.since,
            next_at=notice.next_at,
        )
    rows[key] = replace(row, found=notice.found, without=notice.without)
    return key


def _notice(row: NoticeRow) -> Notice:
    return Notice(found=row.found, without=row.without, since=row.since, next_at=row.next_at)


def _is_due(row: NoticeRow, *, now: datetime) -> bool:
    """Whether somebody may have to be told."""
    notice = _notice(row)
    if notice.without:
        return notice.is_over
    return _lasts(row) and row.next_at <= now


def _lasts(row: NoticeRow) -> bool:
    """Whether enough runs have found it, and too few after them have not."""
    return row.found >= RUNS_WANTED[row.status] and not _notice(row).is_over


def _tell(
    connection: Connection, due: Sequence[NoticeRow], loud: Collection[int], lookup: Lookup, *, now: datetime
) -> None:
    """Tell of what is due, cause by cause; monitors that are not `loud` tell nobody."""
    shared: dict[Cause, list[NoticeRow]] = {}
    for row in due:
        shared.setdefault(row.shared, []).append(row)
    for cause, rows in shared.items():
        teller = _Teller(connection, cause, lookup.audience(cause.account_id), now=now)
        teller.tell_lasting([row for row in rows if not row.without], loud)
        teller.tell_end([row for row in rows if row.without])


class _Teller:
    """Tells of one cause."""

    def __init__(self, connection: Connection, cause: Cause, audience: Audience, *, now: datetime) -> None:
        self._connection = connection
        self._cause = cause
        self._audience = audience
        self._now = now
        self._told = {row.recipient_id: row for row in store.notices.tellings(connection, cause)}

    def tell_lasting(self, rows: Sequence[NoticeRow], loud: Collection[int]) -> None:
        """Tell those who have not heard of it for a day, with all monitors that they hear of and that share it."""
        told_at = {recipient_id: row.told_at for recipient_id, row in self._told.items()}
        wanting: set[int] = set()
        looked = []
        for row in rows:
            words = self._words(row) if row.monitor_id in loud else {}
            wanting |= {recipient_id for recipient_id, word in words.items() if word is AlertKind.NOTICE}
            looked.append(replace(row, next_at=next_look(words, told_at, at=self._now)))
        store.notices.put(self._connection, looked)
        if not wanting:
            return
        holders = [holder for holder in store.notices.holders(self._connection, self._cause) if not holder.without]
        # The monitors whose turn it is have waited long enough for the others.
        since = min(row.since for row in rows)
        tellings: dict[int, TellingRow] = {}
        alerts = []
        for holder in holders:
            for recipient_id, word in self._words(replace(holder, since=since)).items():
                if recipient_id in wanting and word is AlertKind.NOTICE:
                    alerts.append(self._alert(AlertKind.NOTICE, holder, recipient_id))
                    tellings.setdefault(recipient_id, self._telling(holder.monitor_id, recipient_id))
        store.alerts.add(self._connection, alerts, now=self._now)
        store.notices.put_tellings(self._connection, list(tellings.values()))
        store.notices.forget_old_tellings(self._connection, self._cause.account_id, than=self._now - _KEEP_TELLINGS)

    def tell_end(self, rows: Sequence[NoticeRow]) -> None:
        """Tell those who were told of it that it is over, unless some monitor says that it lasts."""
        if not rows:
            return
        if any(_lasts(holder) for holder in store.notices.holders(self._connection, self._cause)):
            store.notices.forget(self._connection, rows)
            return
        words: dict[int, NoticeWord] = {}
        alerts = []
        for recipient_id, telling in self._told.items():
            row, route = self._heard(recipient_id, rows[-1], telling)
            words[recipient_id] = NoticeSilence.NO_CLEAR if route is None else self._say(row, recipient_id, route)
            if words[recipient_id] is AlertKind.CLEAR:
                alerts.append(self._alert(AlertKind.CLEAR, row, recipient_id))
        store.alerts.add(self._connection, alerts, now=self._now)
        waiting = {recipient_id for recipient_id, word in words.items() if word is NoticeSilence.HELD_BACK}
        store.notices.forget_tellings(self._connection, self._cause, words.keys() - waiting)
        store.notices.forget(self._connection, rows[:-1] if waiting else rows)

    def _words(self, row: NoticeRow) -> dict[int, NoticeWord]:
        """What each recipient that hears of a monitor is to be told."""
        routes = self._audience.router.routes_of(row.monitor_id)
        return {id_: self._say(row, id_, route) for id_, route in routes.items() if route.concerns(row.status)}

    def _heard(self, recipient_id: int, row: NoticeRow, telling: TellingRow) -> tuple[NoticeRow, Route | None]:
        """The end as a recipient hears of it: of this monitor, or else of the one that it was told of."""
        routes_of = self._audience.router.routes_of
        if route := routes_of(row.monitor_id).get(recipient_id):
            return row, route
        return replace(row, monitor_id=telling.monitor_id), routes_of(telling.monitor_id).get(recipient_id)

    def _say(self, row: NoticeRow, recipient_id: int, route: Route) -> NoticeWord:
        telling = self._told.get(recipient_id)
        return say(
            _notice(row),
            row.status,
            told_at=None if telling is None else telling.told_at,
            at=self._now,
            wants_clear=route.notify_on_clear,
            is_held_back=self._audience.is_held_back(row.monitor_id, recipient_id),
        )

    def _alert(self, kind: AlertKind, row: NoticeRow, recipient_id: int) -> NewAlert:
        words = "over" if kind.ends_error else "notice"
        route = self._audience.router.routes_of(row.monitor_id)[recipient_id]
        return NewAlert(
            account_id=row.account_id,
            recipient_id=recipient_id,
            monitor_id=row.monitor_id,
            run_id=None,
            kind=kind,
            status=row.status,
            errors=0,
            since=row.since,
            cause=f"{words} {int(row.status)} {row.cause}",
            is_urgent=route.names_urgent(row.status),
            detail=f"No longer so: {row.detail}" if kind.ends_error else row.detail,
        )

    def _telling(self, monitor_id: int, recipient_id: int) -> TellingRow:
        cause = self._cause
        return TellingRow(
            recipient_id=recipient_id,
            status=cause.status,
            cause=cause.cause,
            account_id=cause.account_id,
            monitor_id=monitor_id,
            told_at=self._now,
        )
