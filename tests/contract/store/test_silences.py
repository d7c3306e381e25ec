"""Locations that report nothing are told of once, and never for what could not be heard; on a clock that jumps."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from tests.contract.store.builders import ADMIN, NOW, claimed, make_monitor, planned
from tests.contract.store.test_alerts import GOOD, deliver, happen, make_group, make_recipient, told
from tests.contract.store.test_schedules import edit
from tests.receiver import serving
from tests.wire.test_webhooks import channel

from mailtrip.alerts.render import subject_of, text_of
from mailtrip.engine.silences import DatabaseSilenceDesk, SilenceWatch
from mailtrip.model import (
    AlertKind,
    BlackoutType,
    Location,
    Mode,
    RunState,
    StatusCode,
    WeeklyWindow,
    WeekTime,
)
from mailtrip.service import alert_log, blackouts, locations, runs
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.store import Database
from mailtrip.store.alert_tables import alert_standings
from mailtrip.store.schema import locations as location_rows
from mailtrip.testing.clock import FakeClock

MINUTE = timedelta(minutes=1)
SILENT_BY = 14
"""Minutes after its last run by which a location is known to be silent: ten, and the time that runs may take."""


@dataclass
class Story:
    """A service that listens each minute, and a location that reports when it is told to."""

    database: Database
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    watch: SilenceWatch = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As after the process was killed: all that it knew is gone."""
        self.watch = SilenceWatch(DatabaseSilenceDesk(self.database, clock=self.clock), clock=self.clock)

    async def pass_time(self, minutes: int, *, reporting: int | None = None) -> None:
        """Each minute the monitor of this number has a result, or none has."""
        for _ in range(minutes):
            self.clock.move(60)
            if reporting is not None:
                happen(self.database, reporting, GOOD, slot=self.clock.now())
            await self.watch.look()

    def location(self) -> Location:
        return self.database.read(partial(locations.list_all, actor=ADMIN))[0]

    def heard(self, recipient_id: int | None = None) -> list[AlertKind]:
        return [alert.kind for alert in told(self.database) if recipient_id in {None, alert.recipient_id}]


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def watched(database: Database, **fields: object) -> int:
    """A monitor with a run every two minutes, whose errors count at once."""
    fields |= {"interval": 2 * MINUTE, "timeout": timedelta(seconds=30), "local_retry": False}
    return make_monitor(database, None, now=NOW, **fields)


def shut(database: Database, type_: BlackoutType, subject_id: int, *, since: datetime, minutes: int) -> int:
    draft = BlackoutDraft(type=type_, subject_id=subject_id, start=since, end=since + minutes * MINUTE)
    return database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=since - MINUTE))


async def test_a_silent_location_is_told_once_and_its_end(story: Story, database: Database) -> None:
    recipient_id, monitor_id = make_recipient(database), watched(database)
    await story.pass_time(5, reporting=monitor_id)
    await story.pass_time(9)
    assert story.heard() == []

    await story.pass_time(SILENT_BY - 9)
    (alert,) = told(database)
    assert (alert.kind, alert.status, alert.recipient_id) == (
        AlertKind.SILENT,
        StatusCode.LOCATION_SILENT,
        recipient_id,
    )
    assert (alert.location_id, alert.monitor_id, alert.run_id) == (10, None, None)
    assert story.location().silent_since == alert.since == NOW + 5 * MINUTE

    await story.pass_time(60)
    assert story.heard() == [AlertKind.SILENT]
    await story.pass_time(30, reporting=monitor_id)
    assert story.heard() == [AlertKind.SILENT, AlertKind.CLEAR]
    assert story.location().silent_since is None


async def test_no_monitor_fails_for_it(story: Story, database: Database) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    await story.pass_time(1, reporting=monitor_id)
    await story.pass_time(60)

    assert database.read(lambda connection: connection.execute(select(alert_standings)).all()) == []
    assert {alert.monitor_id for alert in told(database)} == {None}


async def test_it_survives_restarts_and_is_told_again_when_it_falls_silent_again(
    story: Story, database: Database
) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    await story.pass_time(5, reporting=monitor_id)
    await story.pass_time(SILENT_BY)
    for _ in range(3):
        story.start()
        await story.pass_time(20)
    assert story.heard() == [AlertKind.SILENT]

    story.start()
    await story.pass_time(1, reporting=monitor_id)
    await story.pass_time(SILENT_BY)
    assert story.heard() == [AlertKind.SILENT, AlertKind.CLEAR, AlertKind.SILENT]


async def test_what_could_not_be_heard_counts_for_nothing(story: Story, database: Database) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    await story.pass_time(5, reporting=monitor_id)
    for _ in range(5):  # restarted again and again
        await story.pass_time(9)
        story.start()
    story.clock.move(7200)  # stopped for two hours
    await story.pass_time(9)
    for _ in range(5):
        story.clock.move(3600)  # the machine was asleep
        await story.pass_time(8)

    assert story.heard() == []


async def test_where_no_run_is_wanted_nothing_is_silent(story: Story, database: Database) -> None:
    make_recipient(database)
    disabled, resting = watched(database, enabled=False), watched(database)
    blackout_id = shut(database, BlackoutType.MONITOR, resting, since=NOW, minutes=600)
    await story.pass_time(120)
    database.write(lambda connection: blackouts.remove(connection, ADMIN, blackout_id, now=story.clock.now()))
    edit(database, disabled, enabled=True)
    await story.pass_time(3)

    assert story.heard() == []
    await story.pass_time(SILENT_BY)
    assert story.heard() == [AlertKind.SILENT]


async def test_it_is_forgotten_without_a_word_when_no_run_is_wanted_any_more(story: Story, database: Database) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    await story.pass_time(SILENT_BY)
    edit(database, monitor_id, enabled=False)
    await story.pass_time(3)
    assert (story.heard(), story.location().silent_since) == ([AlertKind.SILENT], None)

    edit(database, monitor_id, enabled=True)
    await story.pass_time(SILENT_BY, reporting=monitor_id)
    assert story.heard() == [AlertKind.SILENT]


async def test_a_location_that_leaves_runs_out_and_says_why_reports(story: Story, database: Database) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    for _ in range(40):
        wanted = planned(monitor_id, slot=story.clock.now())
        database.write(
            lambda connection, wanted=wanted: runs.skip(  # type: ignore[misc]
                connection, [wanted], state=RunState.SKIPPED, note="the provider's limit", now=wanted.slot
            )
        )
        await story.pass_time(1)

    assert story.heard() == []


async def test_one_whose_runs_never_end_does_not(story: Story, database: Database) -> None:
    make_recipient(database)
    monitor_id = watched(database)
    claimed(database, monitor_id, token="never ends")
    for _ in range(40):
        await story.pass_time(1)
        wanted = planned(monitor_id, slot=story.clock.now())
        database.write(
            lambda connection, wanted=wanted: runs.skip(  # type: ignore[misc]
                connection, [wanted], state=RunState.SKIPPED, note="still under way", now=wanted.slot
            )
        )

    assert story.heard() == [AlertKind.SILENT]


async def test_groups_say_who_is_told_and_how_urgent_it_is(story: Story, database: Database) -> None:
    first, second, third, fourth = (make_recipient(database, name=name) for name in "abcd")
    monitor_id, other = watched(database), watched(database, notify_on_error=False)
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(first, second), is_urgent=True)
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(third,), status_codes=(StatusCode.TIMEOUT,))
    make_group(database, monitor_ids=(other,), recipient_ids=(fourth,))
    await story.pass_time(SILENT_BY)

    assert [(alert.recipient_id, alert.is_urgent) for alert in told(database)] == [(first, True), (second, True)]


async def test_each_location_is_judged_by_itself(story: Story, database: Database) -> None:
    make_recipient(database)
    rows = [{"id": 20, "account_id": 1, "name": "Elsewhere", "is_private": True}]
    database.write(lambda connection: connection.execute(location_rows.insert(), rows))
    monitor_id = watched(database, location_ids=(10, 20), mode=Mode.GLOBAL_NOTIFY)
    await story.pass_time(30, reporting=monitor_id)

    assert [(alert.location_id, alert.kind) for alert in told(database)] == [(20, AlertKind.SILENT)]


async def test_accounts_are_told_of_the_locations_that_their_monitors_use(story: Story, database: Database) -> None:
    make_recipient(database)
    await story.pass_time(60)

    assert story.heard() == []
    watched(database)
    await story.pass_time(SILENT_BY + 2)
    assert story.heard() == [AlertKind.SILENT]


async def test_a_blackout_holds_it_back_and_its_end(story: Story, database: Database) -> None:
    resting, other = make_recipient(database), make_recipient(database)
    monitor_id = watched(database)
    shut(database, BlackoutType.NOTIFIER, resting, since=NOW, minutes=30)
    await story.pass_time(29)
    assert (story.heard(resting), story.heard(other)) == ([], [AlertKind.SILENT])
    await story.pass_time(2)
    assert story.heard(resting) == [AlertKind.SILENT]

    deliver(database, at=story.clock.now() + MINUTE)
    shut(database, BlackoutType.ALERT, monitor_id, since=story.clock.now(), minutes=10)
    await story.pass_time(9, reporting=monitor_id)
    assert story.heard(other) == [AlertKind.SILENT]
    await story.pass_time(1, reporting=monitor_id)
    assert story.heard(resting) == story.heard(other) == [AlertKind.SILENT, AlertKind.CLEAR]


async def test_what_waits_in_quiet_hours_goes_out_with_its_end(story: Story, database: Database) -> None:
    night = WeeklyWindow(start=WeekTime(day=1, time=time(11)), end=WeekTime(day=1, time=time(13)))
    make_recipient(database, quiet_hours=(night,), notify_on_clear=False)
    monitor_id = watched(database)
    await story.pass_time(SILENT_BY)
    assert deliver(database, at=story.clock.now() + MINUTE) == []
    await story.pass_time(2, reporting=monitor_id)

    (package,) = deliver(database, at=NOW + 61 * MINUTE)
    assert subject_of(package) == "[Mailtrip] Local: In contact again after 14 min; it changed 2 times"
    assert package.links is None


async def test_a_recipient_with_a_daily_limit_is_told_within_it(story: Story, database: Database) -> None:
    make_recipient(database, daily_limit=1)
    watched(database)
    await story.pass_time(SILENT_BY)
    (package,) = deliver(database, at=story.clock.now() + MINUTE)

    assert "This is the last message today" in text_of(package, public_url=None)


async def test_the_message_tells_the_location_and_blames_no_server(story: Story, database: Database) -> None:
    with serving() as receiver:
        make_recipient(database, address=f"http://hooks.probe.test:{receiver.port}/T1")
        watched(database)
        await story.pass_time(SILENT_BY)
        (package,) = deliver(database, at=story.clock.now() + MINUTE)
        async with channel() as web:
            answer = await web.send(package)

    assert answer.is_sent
    ((_, _, body),) = receiver.taken
    assert (body["status"], body["status_text"], body["notify_type"]) == ("4050", "Location lost contact", "error")
    assert (body["location"], body["location_num"], body["device_id"]) == ("Local", "10", "")
    assert "no mail server is blamed" in body["summary"]
    assert "\nLocation: Local (10)\n" in text_of(package, public_url="https://mailtrip.probe.test")


async def test_the_log_shows_it(story: Story, database: Database) -> None:
    make_recipient(database)
    watched(database)
    await story.pass_time(SILENT_BY)
    (logged,) = database.read(partial(alert_log.page, actor=ADMIN, now=NOW, limit=10))

    assert (logged.alert.kind, logged.alert.location_id) == (AlertKind.SILENT, 10)
    assert database.read(partial(alert_log.lasting, actor=ADMIN, now=NOW, limit=10)) == []
