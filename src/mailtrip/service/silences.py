"""Locations that fall silent: what is heard of them, and whom that is told, in one transaction with its note."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailtrip import store
from mailtrip.alerts.policy import Route
from mailtrip.alerts.silence import SilenceWord, Unsaid, say
from mailtrip.model import AlertKind, BlackoutType, Location, StatusCode
from mailtrip.service import schedules
from mailtrip.service.audience import Audience
from mailtrip.service.schedules import ScheduledMonitor
from mailtrip.store import Connection
from mailtrip.store.alerts import NewAlert
from mailtrip.store.silences import TellingRow

__all__ = ["Heard", "last_skip", "listen", "settle"]

_SILENT = StatusCode.LOCATION_SILENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What there is to know of all locations, and of the plan.

    Attributes:
        changed: enabled monitors that are new or changed; likewise `gone`.
        mark: to be given the next time.
        reports: the slot of the newest finished run of each location that has one.
        silent: the locations that are known to be silent, and since when.
        told: the locations of which somebody was told that they are, and not yet that they are no more.
    """

    changed: Sequence[ScheduledMonitor]
    gone: Sequence[int]
    mark: int
    reports: Mapping[int, datetime]
    silent: Mapping[int, datetime]
    told: Collection[int]


def listen(connection: Connection, mark: int) -> Heard:
    """What is heard of all locations, and what changed in the plan after a mark; 0 is the beginning."""
    changed, gone, reached = schedules.changed_since(connection, mark)
    return Heard(
        changed=changed,
        gone=gone,
        mark=reached,
        reports=store.silences.last_reports(connection),
        silent=store.silences.silent(connection),
        told=store.silences.told(connection),
    )


def last_skip(connection: Connection, location_id: int, *, after: datetime) -> datetime | None:
    """The newest slot later than `after` that the location left out and told why: it does report. None for none."""
    return store.silences.last_skip(connection, location_id, after=after)


def settle(
    connection: Connection,
    location_id: int,
    *,
    since: datetime | None,
    monitors: Mapping[int, Collection[int]],
    now: datetime,
) -> int:
    """Note that a location is silent, or that it is not, and tell those who are to hear of it; how many alerts that makes.

    Args:
        connection: of a writing transaction.
        location_id: which.
        since: since when it is silent; None for one that is not. One that was known to be keeps its time.
        monitors: those that have runs there, by account. Accounts that have none there are told nothing more.
        now: becomes the time of the alerts.
    """
    before = store.silences.lock(connection, location_id)
    if since != before:
        store.silences.set_silent(connection, location_id, since)
    tellings = store.silences.tellings(connection, location_id)
    location = Location(id=location_id, name=store.accounts.location_names(connection, [location_id])[location_id])
    waiting = store.silences.untold(connection, location_id)
    count = 0
    for account_id in sorted({*monitors, *(row.account_id for row in tellings)}):
        teller = _Teller(
            location,
            Audience(connection, account_id, now=now),
            {row.recipient_id: row for row in tellings if row.account_id == account_id},
            waiting,
        )
        loud = store.silences.loud(connection, account_id).intersection(monitors.get(account_id, ()))
        if since is not None:
            teller.tell_silence(account_id, loud, since)
        elif monitors.get(account_id):
            teller.tell_end(loud)
        else:
            teller.gone |= teller.told.keys()
        store.silences.put_tellings(connection, teller.new_tellings)
        store.silences.forget_tellings(connection, location_id, teller.gone)
        store.alerts.add(connection, teller.alerts, now=now)
        count += len(teller.alerts)
    return count


class _Teller:
    """Tells the recipients of one account of one location.

    Attributes:
        told: who was told of its silence.
        alerts: to put into the outbox.
        new_tellings: to remember.
        gone: recipients of whom it need not be remembered any more that they were told.
    """

    def __init__(
        self,
        location: Location,
        audience: Audience,
        told: Mapping[int, TellingRow],
        waiting: Collection[int],
    ) -> None:
        self.told = told
        self.alerts: list[NewAlert] = []
        self.new_tellings: list[TellingRow] = []
        self.gone: set[int] = set()
        self._location = location
        self._audience = audience
        self._waiting = waiting

    def tell_silence(self, account_id: int, monitor_ids: Collection[int], since: datetime) -> None:
        """Tell each recipient once that would hear of an error with this status of one of the monitors."""
        awake = self._routes(self._awake(monitor_ids))
        for recipient_id, route in self._routes(monitor_ids).items():
            known = self.told.get(recipient_id)
            is_told = known is not None and known.since == since
            word = self._say(recipient_id, is_silent=True, is_told=is_told, is_shut=recipient_id not in awake)
            if word is AlertKind.SILENT:
                telling = TellingRow(
                    recipient_id=recipient_id,
                    location_id=self._location.id,
                    account_id=account_id,
                    since=since,
                    is_urgent=route.is_urgent(_SILENT),
                )
                self.new_tellings.append(telling)
                self.alerts.append(self._alert(AlertKind.SILENT, telling))

    def tell_end(self, monitor_ids: Collection[int]) -> None:
        """Tell those who were told of its silence that it reports again."""
        is_shut = bool(monitor_ids) and not self._awake(monitor_ids)
        for recipient_id, telling in self.told.items():
            word = self._say(recipient_id, is_silent=False, is_told=True, is_shut=is_shut)
            if word is not Unsaid.HELD_BACK:
                self.gone.add(recipient_id)
            if word is AlertKind.CLEAR:
                self.alerts.append(self._alert(AlertKind.CLEAR, telling))

    def _routes(self, monitor_ids: Collection[int]) -> dict[int, Route]:
        routes = self._audience.router.routes_of_all(monitor_ids)
        return {recipient_id: route for recipient_id, route in routes.items() if route.concerns(_SILENT)}

    def _awake(self, monitor_ids: Collection[int]) -> list[int]:
        """The monitors whose alerts no blackout holds back."""
        types = (BlackoutType.MONITOR, BlackoutType.ALERT)
        return [id_ for id_ in monitor_ids if not any(self._audience.is_shut(type_, id_) for type_ in types)]

    def _say(self, recipient_id: int, *, is_silent: bool, is_told: bool, is_shut: bool) -> SilenceWord:
        return say(
            is_silent=is_silent,
            is_told=is_told,
            is_waiting=recipient_id in self._waiting,
            wants_clear=self._audience.recipients[recipient_id].settings.notify_on_clear,
            is_held_back=is_shut or self._audience.is_shut(BlackoutType.NOTIFIER, recipient_id),
        )

    def _alert(self, kind: AlertKind, telling: TellingRow) -> NewAlert:
        name, since = self._location.name, f"{telling.since:%Y-%m-%d %H:%M:%S} UTC"
        if kind is AlertKind.SILENT:
            detail = (
                f"Nothing was heard of the location {name} since {since}, though runs were due there. What its monitors "
                "watch is not known meanwhile; no mail server is blamed for it."
            )
        else:
            detail = f"The location {name} reports again. Nothing had been heard of it since {since}."
        # What waits to be told goes into one message with its end.
        is_error = kind is AlertKind.SILENT or telling.recipient_id in self._waiting
        return NewAlert(
            account_id=telling.account_id,
            recipient_id=telling.recipient_id,
            monitor_id=None,
            run_id=None,
            kind=kind,
            status=_SILENT,
            errors=0 if kind.ends_error else 1,
            since=telling.since,
            cause=f"{'error' if is_error else 'over'} {int(_SILENT)} location {telling.location_id}",
            is_urgent=telling.is_urgent,
            detail=detail,
            location_id=telling.location_id,
        )
