from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import StatusCode
from mailtrip.service.history import add_history, last_failure, tell_history
from mailtrip.store.history import Earlier, Streak

SLOT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK, SLOW, TIMEOUT, OURS = StatusCode.OK, StatusCode.SLOW, StatusCode.TIMEOUT, StatusCode.LOCATION_LOST
FIRST = Streak(1, SLOT)


def ago(minutes: float) -> datetime:
    return SLOT - timedelta(minutes=minutes)


def earlier(*statuses: StatusCode, seconds: float | None = 2.0, verified: bool | None = None) -> list[Earlier]:
    """Runs before the slot, one each five minutes, the newest first."""
    arrived_after = None if seconds is None else timedelta(seconds=seconds)
    return [
        Earlier(run_id=number, slot=ago(5 * number), status=status, verified=verified, arrived_after=arrived_after)
        for number, status in enumerate(statuses, start=1)
    ]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (earlier(OK), "the previous run arrived in 2.0 s"),
        (earlier(OK, seconds=83.0), "the previous run arrived in 1 min 23 s"),
        (earlier(SLOW, TIMEOUT), "the previous run arrived in 2.0 s"),
        (earlier(OK, seconds=None), "the previous run found no error"),
        (earlier(TIMEOUT, verified=False), "the previous run failed too, but not when it was tried again at once"),
        ([], "no earlier run is known"),
        (earlier(OURS, OURS), "none of the runs right before it could tell anything"),
        (earlier(OURS, OK), "the last run that could tell, 11:50 UTC, arrived in 2.0 s"),
    ],
)
def test_the_runs_before_the_first_failure_are_told_in_a_clause(runs: list[Earlier], text: str) -> None:
    assert last_failure(runs) is None
    assert tell_history(runs, FIRST, slot=SLOT) == text


@pytest.mark.parametrize(
    ("runs", "number"),
    [
        (earlier(TIMEOUT, OK), 1),
        (earlier(TIMEOUT, OK, verified=True), 1),
        (earlier(OURS, OURS, TIMEOUT, OK), 3),
    ],
)
def test_the_failure_before_is_the_last_run_that_could_tell(runs: list[Earlier], number: int) -> None:
    last = last_failure(runs)

    assert last is not None
    assert last.run_id == number


@pytest.mark.parametrize(
    ("streak", "text"),
    [
        (Streak(2, ago(5)), "this is the 2nd run in a row that failed, since 11:55 UTC"),
        (Streak(3, ago(10)), "this is the 3rd run in a row that failed, since 11:50 UTC"),
        (Streak(4, ago(15)), "this is the 4th run in a row that failed, since 11:45 UTC"),
        (Streak(11, ago(50)), "this is the 11th run in a row that failed, since 11:10 UTC"),
        (Streak(21, ago(100)), "this is the 21st run in a row that failed, since 10:20 UTC"),
        (Streak(112, ago(560)), "this is the 112th run in a row that failed, since 02:40 UTC"),
        (Streak(3000, ago(15000)), "this is the 3000th run in a row that failed, since 2026-02-19 02:00 UTC"),
    ],
)
def test_failures_in_a_row_are_counted(streak: Streak, text: str) -> None:
    assert tell_history(earlier(TIMEOUT), streak, slot=SLOT) == text


def test_the_clause_ends_the_sentence() -> None:
    assert add_history("Refused for good: 550 no.", "no earlier run is known") == (
        "Refused for good: 550 no; no earlier run is known."
    )


def test_room_is_made_for_the_clause() -> None:
    text = add_history("x" * 5000, "no earlier run is known")

    assert len(text) == 1000
    assert text.endswith("x; no earlier run is known.")
