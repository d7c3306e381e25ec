"""What the overview shows, from values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import RunState, Severity, StatusCode
from mailtrip.service.overview import MonitorState
from mailtrip.store.outcomes import Outcome
from mailtrip.web.overview_view import BARS, Query, Sort, bars_of, headline
from mailtrip.web.words import percent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ended(status: StatusCode, *, seconds: float | None = None, verified: bool | None = None) -> Outcome:
    arrived = None if seconds is None else timedelta(seconds=seconds)
    return Outcome(NOW, RunState.FINISHED, status, verified, arrived)


def left_out(state: RunState) -> Outcome:
    return Outcome(NOW, state, None, None, None)


OK, SLOW, LOST, OURS = (
    ended(StatusCode.OK, seconds=1),
    ended(StatusCode.SLOW, seconds=3),
    ended(StatusCode.TIMEOUT),
    ended(StatusCode.INTERNAL_ERROR),
)
BLACKOUT, SKIPPED, RUNNING = (
    left_out(RunState.BLACKOUT),
    left_out(RunState.SKIPPED),
    left_out(RunState.RUNNING),
)


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ([], "No runs yet"),
        ([RUNNING], "No runs yet"),
        ([OK], "Last 1 run: 1 delivered"),
        ([OK, SLOW, LOST], "Last 3 runs: 1 delivered, 1 with a warning, 1 failed"),
        ([OURS, SKIPPED, BLACKOUT], "Last 3 runs: 2 not measured, 1 in a blackout"),
        ([OK, OURS, SKIPPED, BLACKOUT, RUNNING], "Last 4 runs: 1 delivered, 2 not measured, 1 in a blackout"),
        ([ended(StatusCode.TIMEOUT, verified=False)], "Last 1 run: 1 with a warning"),
        ([LOST], "Last 1 run: 1 failed"),
    ],
)
def test_the_bars_are_told_in_words(outcomes: Sequence[Outcome], text: str) -> None:
    assert bars_of(outcomes).text == text


def test_the_newest_run_is_at_the_right_and_what_was_not_measured_is_low() -> None:
    bars = bars_of([OK, LOST, SKIPPED])

    assert bars.paths == {
        Severity.OK: f"M{4 * (BARS - 3)} 0h3v24h-3z",
        Severity.ERROR: f"M{4 * (BARS - 2)} 0h3v24h-3z",
        Severity.UNKNOWN: f"M{4 * (BARS - 1)} 16h3v8h-3z",
    }


def test_no_more_bars_than_there_is_room_for() -> None:
    assert bars_of([LOST] * 10 + [OK] * BARS).text == f"Last {BARS} runs: {BARS} delivered"


def test_usual_is_a_time_that_was_measured() -> None:
    assert bars_of([OK, SLOW, SLOW, LOST]).usual == timedelta(seconds=3)
    assert bars_of([LOST]).usual is None


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "No monitors yet"),
        ({MonitorState.PAUSED: 1}, "1 monitor, paused"),
        ({MonitorState.WORKING: 1}, "Mail arrives"),
        ({MonitorState.WORKING: 1200, MonitorState.PAUSED: 5}, "Mail arrives at all 1,200 monitors"),
        ({MonitorState.WORKING: 9, MonitorState.NO_DATA: 1}, "1 of 10 monitors has no data"),
        (
            {MonitorState.WORKING: 8, MonitorState.NO_DATA: 1, MonitorState.WARNING: 2},
            "2 of 11 monitors have a warning",
        ),
        ({MonitorState.FAILING: 1, MonitorState.WARNING: 2, MonitorState.PAUSED: 9}, "1 of 3 monitors is failing"),
    ],
)
def test_the_worst_is_told_first_and_green_only_where_all_is_well(counts: dict[MonitorState, int], text: str) -> None:
    assert headline(counts) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "no data"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.0, "0.0 %"), (0.9995, "99.9 %"), (0.29, "29.0 %")],
)
def test_a_share_is_rounded_down(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_the_address_of_a_list_leads_back_to_it() -> None:
    query = Query(text="a & b", tag="Customer A", sort=Sort.NAME)

    path = query.path(state=MonitorState.NO_DATA, page=2)
    assert path == "/overview?q=a+%26+b&tag=Customer+A&state=no-data&sort=name&page=2"
    assert Query.parse({"q": " a & b ", "tag": "Customer A", "state": "no-data", "sort": "name", "page": "2"}) == Query(
        text="a & b", tag="Customer A", state=MonitorState.NO_DATA, sort=Sort.NAME, page=2
    )


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "9999999", "²"])
def test_a_page_that_is_none_is_the_first(page: str) -> None:
    assert Query.parse({"page": page}).page == 1
