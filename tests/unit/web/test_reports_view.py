"""The time that a report is of, and the order of its monitors."""

from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model.tally import Counts, Size
from mailtrip.service.report_document import monitor_rows
from mailtrip.service.report_figures import Bucket, MonitorFigures
from mailtrip.web.days import Level
from mailtrip.web.reports_view import Query, make_strip

NOW = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)


def at(month: int, day: int, hour: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "since", "until", "before", "size"),
    [
        ({"span": "day"}, at(3, 2, 10), at(3, 3, 11), at(3, 1, 9), Size.HOUR),
        ({"span": "week"}, at(2, 24, 10), at(3, 3, 11), at(2, 17, 9), Size.DAY),
        ({}, at(2, 1, 10), at(3, 3, 11), at(1, 2, 9), Size.DAY),
        ({"span": "this-month"}, at(3, 1), at(3, 3, 12), at(2, 1), Size.HOUR),
        ({"span": "last-month"}, at(2, 1), at(3, 1), at(1, 1), Size.DAY),
        ({"span": "own", "from": "2026-01-05", "to": "2026-01-05"}, at(1, 5), at(1, 6), at(1, 4), Size.HOUR),
        (
            {"span": "own", "from": "2025-01-01", "to": "2025-12-31"},
            at(1, 1, year=2025),
            at(1, 1),
            at(1, 1, year=2024) + timedelta(days=1),
            Size.MONTH,
        ),
    ],
)
def test_the_time_before_is_as_long_or_the_month_before(
    given: dict[str, str], since: datetime, until: datetime, before: datetime, size: Size
) -> None:
    query = Query.parse(given, now=NOW)

    assert (query.since, query.until, query.before, query.size) == (since, until, before, size)
    assert Query.parse(dict(part.split("=") for part in query.path().split("?")[1].split("&")), now=NOW) == query


@pytest.mark.parametrize(
    "given",
    [
        {"span": "own"},
        {"span": "own", "from": "2026-02-02", "to": "2026-02-01"},
        {"span": "own", "from": "1971-01-01", "to": "9998-01-01"},
        {"span": "own", "from": "9998-01-01", "to": "9998-01-02"},
        {"span": "nonsense"},
    ],
)
def test_a_time_that_can_t_be_counts_as_not_given(given: dict[str, str]) -> None:
    assert Query.parse(given, now=NOW) == Query.parse({}, now=NOW)


def figures(id_: int, counts: Counts) -> MonitorFigures:
    return MonitorFigures(monitor_id=id_, name=f"m{id_}", counts=counts)


def test_the_least_available_come_first_and_those_not_measured_last() -> None:
    now = [figures(1, Counts(ok=9, error=1)), figures(2, Counts(unknown=5)), figures(3, Counts(ok=1, error=1))]

    rows = monitor_rows(now, [figures(1, Counts(ok=1))], [])

    assert [(row.id, row.counts.availability, row.before.availability) for row in rows] == [
        (3, 0.5, None),
        (1, 0.9, 1.0),
        (2, None, None),
    ]


def test_a_bucket_in_which_nothing_was_measured_is_no_good_one() -> None:
    buckets = [
        Bucket(since=at(3, 1), until=at(3, 2), counts=Counts(ok=5)),
        Bucket(since=at(3, 2), until=at(3, 3), counts=Counts(skipped=5)),
    ]

    cells = make_strip(buckets, Size.DAY).cells

    assert [(cell.level, cell.name, cell.text) for cell in cells] == [
        (Level.WHOLE, "Sun 01 Mar 2026", "100 % of 5 runs"),
        (Level.NO_DATA, "Mon 02 Mar 2026", "no data"),
    ]


@pytest.mark.parametrize(
    ("given", "since", "until", "before"),
    [
        ({"span": "last-month"}, at(1, 31, 23), at(2, 28, 23), at(12, 31, 23, year=2025)),
        ({"span": "this-month"}, at(2, 28, 23), at(3, 3, 12), at(1, 31, 23)),
        # The clocks are put forward on 29 March: the day has 23 hours.
        ({"span": "own", "from": "2026-03-29", "to": "2026-03-29"}, at(3, 28, 23), at(3, 29, 22), at(3, 27, 23)),
    ],
)
def test_days_and_months_are_those_of_the_zone(
    given: dict[str, str], since: datetime, until: datetime, before: datetime
) -> None:
    query = Query.parse({**given, "zone": "Europe/Berlin"}, now=NOW)

    assert (query.since, query.until, query.before) == (since, until, before)
    assert query.zone == "Europe/Berlin"


def test_a_zone_that_is_none_is_utc_and_monitors_are_numbers() -> None:
    query = Query.parse(
        {"zone": "../etc/passwd", "search": " x" * 100}, now=NOW, monitors=["7", "x", "-1", "3", "9" * 30]
    )

    assert (query.zone, query.monitor_ids, len(query.search)) == ("UTC", (3, 7), 100)
    assert query.path().endswith("&monitor=3&monitor=7")
