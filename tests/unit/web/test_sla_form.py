"""The form of an SLA."""

from datetime import UTC, datetime, time, timedelta

import pytest

from mailtrip.model import Exclusion, OneTimeWindow, OperatingPeriod, SLASettings, WeeklyWindow, WeekTime
from mailtrip.web.sla_form import entries_of, first_entries, parse, read_entries, rows_of, with_blank_rows

PERIOD = WeeklyWindow(start=WeekTime(day=7, time=time(22, 30)), end=WeekTime(day=1, time=time(4)))
SETTINGS = SLASettings(
    name="Gold",
    description="As agreed",
    availability_percent=99.95,
    response_time=timedelta(seconds=12.25),
    uptime_percent=99.0,
    operating_periods=(OperatingPeriod(window=PERIOD), OperatingPeriod(window=PERIOD, is_excluded=True)),
    exclusions=(
        Exclusion(
            window=OneTimeWindow(
                start=datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC), end=datetime(2026, 3, 2, tzinfo=UTC)
            ),
            location_id=10,
            note="Move",
        ),
    ),
)


def test_what_a_form_shows_of_an_sla_means_that_sla() -> None:
    sent = read_entries(with_blank_rows(entries_of(SETTINGS)))

    changes, faults = parse(sent)

    assert faults == []
    assert SLASettings(**changes) == SETTINGS  # type: ignore[arg-type]  # by their names


def test_a_row_that_was_emptied_is_left_out_and_there_is_always_an_empty_one() -> None:
    entries = entries_of(SETTINGS) | {"period-0-start_time": "", "period-0-end_time": " "}

    sent = read_entries(entries)

    assert len(rows_of(sent, "period")) == 1
    assert sent["period-0-kind"] == "excluded"
    assert len(rows_of(with_blank_rows(sent), "period")) == 2
    assert len(rows_of(with_blank_rows(first_entries()), "exclusion")) == 1


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"availability_percent": "nan"}, "availability_percent"),
        ({"response_time": "-1"}, "response_time"),
        ({"response_time": "1e9"}, "response_time"),
        ({"period-0-start_time": ""}, "period-0-start_time"),
        ({"period-1-end_day": "9"}, "period-1-end_day"),
        ({"exclusion-0-start": ""}, "exclusion-0-start"),
        ({"exclusion-0-end": "2026-03-01T10:00:30"}, "exclusion-0-end"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(entries: dict[str, str], field: str) -> None:
    _, faults = parse(entries_of(SETTINGS) | entries)

    assert [fault.field for fault in faults] == [field]


def test_a_comma_is_as_good_as_a_point() -> None:
    changes, faults = parse(entries_of(SETTINGS) | {"availability_percent": "99,5"})

    assert (changes["availability_percent"], faults) == (99.5, [])
