"""Quiet hours and daily limits: what is held back is told afterwards, as it is then, in one message."""

from datetime import datetime, time, timedelta

import pytest
from tests.contract.store import test_notices, test_performance
from tests.contract.store.builders import ADMIN, NOW
from tests.contract.store.test_alerts import (
    FAILED,
    GOOD,
    MINUTE,
    MISSING,
    SECOND,
    deliver,
    happen,
    kinds,
    make_group,
    make_recipient,
    monitor_of,
    told,
)

from mailtrip.alerts.holding import Wait, WaitReason
from mailtrip.alerts.render import text_of
from mailtrip.model import AlertKind, AlertPackage, DeliveryOccasion, StatusCode, WeeklyWindow, WeekTime
from mailtrip.service import alert_log, outbox
from mailtrip.store import Database

HOUR = timedelta(hours=1)
# NOW is a Sunday, 12:00 UTC: 13:00 in Berlin.
QUIET = (WeeklyWindow(start=WeekTime(day=1, time=time(12)), end=WeekTime(day=1, time=time(15))),)
END = NOW.replace(hour=14, minute=0, second=0, microsecond=0)


def make_quiet(database: Database, **fields: object) -> int:
    return make_recipient(database, quiet_hours=QUIET, time_zone="Europe/Berlin", **fields)


def has_work(database: Database, at: datetime) -> bool:
    return database.read(lambda connection: outbox.has_work(connection, now=at))


def told_of(package: AlertPackage) -> dict[str | None, AlertKind]:
    return {item.monitor_name: item.alert.kind for item in package.items}


def test_what_happens_in_quiet_hours_is_told_at_their_end_in_one_message(database: Database) -> None:
    make_quiet(database)
    failing, back, changing = (
        monitor_of(database, name=name, smtp_server=f"smtps://{name}.probe.test")
        for name in ("failing", "back", "both")
    )
    for monitor_id in (failing, back, changing):
        happen(database, monitor_id, FAILED)
    happen(database, back, GOOD, slot=NOW + MINUTE)
    for number, outcome in enumerate((GOOD, FAILED)):
        happen(database, changing, outcome, slot=NOW + (1 + number) * MINUTE)

    assert deliver(database, at=END - SECOND) == []
    assert not has_work(database, END - SECOND)
    assert has_work(database, END)
    (package,) = deliver(database, at=END)

    assert told_of(package) == {"failing": AlertKind.ERROR, "back": AlertKind.CLEAR, "both": AlertKind.ERROR}
    assert (package.count, package.alerts, package.delivery.occasion) == (3, 6, DeliveryOccasion.QUIET_HOURS)
    assert "3 monitors:" in text_of(package, public_url=None)
    assert "quiet hours" in text_of(package, public_url=None)
    assert deliver(database, at=END + HOUR) == []


def test_an_error_that_is_over_by_the_end_is_told_as_over_to_all(database: Database) -> None:
    make_quiet(database, notify_on_clear=False)
    monitor_id = monitor_of(database, name="a")
    happen(database, monitor_id, FAILED)
    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)

    (package,) = deliver(database, at=END)

    assert told_of(package) == {"a": AlertKind.CLEAR}


def test_reminders_are_no_changes(database: Database) -> None:
    make_quiet(database)
    monitor_id = monitor_of(database, name="a")
    for number in range(4):
        happen(database, monitor_id, FAILED, slot=NOW + 15 * number * MINUTE)
    assert AlertKind.REMINDER in kinds(database)

    (package,) = deliver(database, at=END)

    assert (told_of(package), package.count, package.alerts) == ({"a": AlertKind.REMINDER}, 1, 1)


def test_what_is_urgent_is_told_in_quiet_hours_and_so_is_its_end(database: Database) -> None:
    recipient_id = make_quiet(database)
    urgent, usual = monitor_of(database, name="urgent"), monitor_of(database, name="usual", smtp_server="smtp://other")
    make_group(database, monitor_ids=(urgent,), recipient_ids=(recipient_id,), is_urgent=True)
    for monitor_id in (urgent, usual):
        happen(database, monitor_id, FAILED)

    (first,) = deliver(database, at=NOW + MINUTE)
    happen(database, urgent, GOOD, slot=NOW + 2 * MINUTE)
    (second,) = deliver(database, at=NOW + 3 * MINUTE)
    (third,) = deliver(database, at=END)

    assert [told_of(package) for package in (first, second, third)] == [
        {"urgent": AlertKind.ERROR},
        {"urgent": AlertKind.CLEAR},
        {"usual": AlertKind.ERROR},
    ]


def test_an_error_that_becomes_urgent_takes_along_what_waits_of_its_monitor(database: Database) -> None:
    recipient_id = make_quiet(database)
    monitor_id = monitor_of(database, name="a")
    both = {"monitor_ids": (monitor_id,), "recipient_ids": (recipient_id,)}
    make_group(database, **both)
    make_group(database, **both, is_urgent=True, status_codes=(StatusCode.TIMEOUT,))
    happen(database, monitor_id, FAILED)
    assert deliver(database, at=NOW + MINUTE) == []
    happen(database, monitor_id, MISSING, slot=NOW + 5 * MINUTE)

    (package,) = deliver(database, at=NOW + 6 * MINUTE)

    assert told_of(package) == {"a": AlertKind.REMINDER}
    assert deliver(database, at=END) == []


def test_tests_of_a_recipient_are_sent_in_quiet_hours(database: Database) -> None:
    recipient_id = make_quiet(database)
    database.write(lambda connection: alert_log.order_test(connection, ADMIN, recipient_id, now=NOW))

    assert [package.items[0].alert.kind for package in deliver(database, at=NOW)] == [AlertKind.TEST]


@pytest.mark.parametrize("limit", [1, 3])
def test_beyond_the_daily_limit_all_is_told_when_the_next_day_begins(database: Database, limit: int) -> None:
    make_recipient(database, daily_limit=limit, time_zone="Europe/Berlin")
    sent = []
    for number in range(5):
        at = NOW + number * MINUTE
        happen(database, monitor_of(database, name=str(number), smtp_server=f"smtp://s{number}"), FAILED, slot=at)
        sent += deliver(database, at=at + 2 * SECOND)
    midnight = NOW.replace(hour=23, minute=0, second=0, microsecond=0)
    assert deliver(database, at=midnight - SECOND) == []
    (digest,) = deliver(database, at=midnight)

    assert [package.delivery.occasion for package in sent] == [None] * (limit - 1) + [DeliveryOccasion.LAST_TODAY]
    assert "the last message today" in text_of(sent[-1], public_url=None)
    assert digest.delivery.occasion is DeliveryOccasion.DAILY_LIMIT
    assert told_of(digest) == {str(number): AlertKind.ERROR for number in range(limit, 5)}
    happen(database, monitor_of(database, smtp_server="smtp://next"), FAILED, slot=midnight + MINUTE)
    assert len(deliver(database, at=midnight + 2 * MINUTE)) == 1  # what the day before had counts no more


def test_what_is_urgent_goes_beyond_the_daily_limit(database: Database) -> None:
    recipient_id = make_recipient(database, daily_limit=1)
    for number in range(3):
        monitor_id = monitor_of(database, name=str(number), smtp_server=f"smtp://s{number}")
        make_group(database, monitor_ids=(monitor_id,), recipient_ids=(recipient_id,), is_urgent=True)
        happen(database, monitor_id, FAILED)

    sent = [
        *deliver(database, at=NOW + MINUTE),
        *deliver(database, at=NOW + MINUTE),
        *deliver(database, at=NOW + MINUTE),
    ]

    assert [package.delivery.occasion for package in sent] == [DeliveryOccasion.LAST_TODAY, None, None]


def test_one_recipients_quiet_hours_are_nobody_elses(database: Database) -> None:
    make_quiet(database)
    other = make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    assert [package.recipient.id for package in deliver(database, at=NOW + MINUTE)] == [other]


@pytest.mark.parametrize("codes", [(), (StatusCode.TIMEOUT,), (StatusCode.TIMEOUT, StatusCode.CERTIFICATE)])
def test_notices_are_urgent_where_an_urgent_group_names_them(database: Database, codes: tuple[int, ...]) -> None:
    recipient_id = make_quiet(database, notify_on_clear=True)
    monitor_id = monitor_of(database)
    both = {"monitor_ids": (monitor_id,), "recipient_ids": (recipient_id,)}
    make_group(database, **both)
    make_group(database, **both, is_urgent=True, status_codes=codes)

    test_notices.go(database, monitor_id, [test_notices.SOON] * 3 + [test_notices.RENEWED] * 3)

    is_urgent = StatusCode.CERTIFICATE in codes
    assert [(alert.kind, alert.is_urgent) for alert in told(database)] == [
        (AlertKind.NOTICE, is_urgent),
        (AlertKind.CLEAR, is_urgent),
    ]
    assert len(deliver(database, at=END - SECOND)) == int(is_urgent)


@pytest.mark.parametrize("codes", [(), (StatusCode.SLOW,)])
def test_slow_deliveries_are_urgent_where_an_urgent_group_names_them(
    database: Database, codes: tuple[int, ...]
) -> None:
    recipient_id = make_quiet(database, performance_alert=True)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)
    both = {"monitor_ids": (monitor_id,), "recipient_ids": (recipient_id,)}
    make_group(database, **both, is_urgent=True, status_codes=codes)

    test_performance.go(database, monitor_id, [test_performance.SLOW])

    assert [(alert.kind, alert.is_urgent) for alert in told(database)] == [(AlertKind.SLOW, bool(codes))]


def waits(database: Database, at: datetime) -> list[Wait | None]:
    """Why alerts have not gone out yet, the oldest first."""
    found = database.read(lambda connection: alert_log.page(connection, ADMIN, now=at, limit=10))
    return [logged.wait for logged in reversed(found)]


def test_why_an_alert_waits_is_known_and_at_the_end_of_that_it_is_told(database: Database) -> None:
    make_quiet(database)
    happen(database, monitor_of(database, name="a"), FAILED)

    (wait,) = waits(database, NOW + MINUTE)

    assert wait == Wait(reason=WaitReason.QUIET_HOURS, until=END)
    assert deliver(database, at=END - SECOND) == []
    assert len(deliver(database, at=END)) == 1
    assert waits(database, END) == [None]


def test_what_was_told_of_lately_and_what_is_beyond_the_limit_of_a_day_waits_as_said(database: Database) -> None:
    make_recipient(database, daily_limit=2, time_zone="Europe/Berlin")
    one, two, three = (monitor_of(database, name=name) for name in ("a", "b", "c"))
    happen(database, one, FAILED)
    assert waits(database, NOW) == [Wait(reason=WaitReason.GATHERING, until=NOW + 2 * SECOND)]
    assert waits(database, NOW + 3 * SECOND) == [Wait(reason=WaitReason.IN_LINE)]
    assert len(deliver(database, at=NOW + 2 * SECOND)) == 1

    happen(database, two, FAILED, slot=NOW + 10 * SECOND)
    again_at = NOW + 62 * SECOND
    assert waits(database, NOW + 20 * SECOND) == [None, Wait(reason=WaitReason.REPEATED_CAUSE, until=again_at)]
    assert deliver(database, at=again_at - SECOND) == []
    assert len(deliver(database, at=again_at)) == 1

    happen(database, three, FAILED, slot=NOW + 2 * MINUTE)
    midnight = NOW.replace(hour=23, minute=0, second=0, microsecond=0)
    assert waits(database, NOW + 3 * MINUTE)[-1] == Wait(reason=WaitReason.DAILY_LIMIT, until=midnight)
    assert deliver(database, at=midnight - SECOND) == []
    assert len(deliver(database, at=midnight)) == 1


def test_what_is_urgent_does_not_wait_for_the_end_of_quiet_hours(database: Database) -> None:
    recipient_id, monitor_id = make_quiet(database), monitor_of(database)
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(recipient_id,), is_urgent=True)
    happen(database, monitor_id, FAILED)

    assert waits(database, NOW) == [Wait(reason=WaitReason.GATHERING, until=NOW + 2 * SECOND)]
