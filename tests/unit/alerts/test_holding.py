"""What a recipient does not want to hear now is held back as documented, and nothing is lost over it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from tests.unit.alerts.builders import NOW

from mailtrip.alerts.holding import Pace, Wait, WaitReason, occasion_of, wait_for_delivery, wait_in_delivery
from mailtrip.alerts.policy import Route
from mailtrip.model import AlertDelivery, DeliveryOccasion, DeliveryState, StatusCode

PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
TIMES = {
    "at any time": (False, False, False),
    "in quiet hours": (True, True, False),
    "in quiet hours that are over": (False, True, False),
    "yesterday": (False, False, True),
}
"""Whether it is quiet now, was when the message would have gone out, and whether that was on another day."""
WORDS = {
    None: "it is sent",
    DeliveryOccasion.LAST_TODAY: "it is sent as the last one of the day",
    DeliveryOccasion.QUIET_HOURS: "it is sent with all that was held back",
    DeliveryOccasion.DAILY_LIMIT: "it is sent with all that was held back",
}


def rows() -> Iterator[tuple[str, str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1] in TIMES:
            yield cells[0], cells[1], cells[2], cells[3]


def test_the_table_is_there() -> None:
    assert {time for _, time, _, _ in rows()} == set(TIMES)


@pytest.mark.parametrize(("urgent", "time", "left", "becomes"), list(rows()))
def test_the_documented_table_is_what_is_done(urgent: str, time: str, left: str, becomes: str) -> None:
    is_quiet, was_quiet, is_older = TIMES[time]
    is_urgent = urgent == "yes"
    pace = Pace(is_quiet=is_quiet, left=None if left == "any number" else int(left))

    if pace.is_closed and not is_urgent:
        said = "it waits"
    else:
        said = WORDS[occasion_of(pace, was_quiet=was_quiet and not is_urgent, is_older=is_older and not is_urgent)]

    assert said == becomes


ERROR, NOTICE = "an error", "a notice, or slow deliveries"
TOLD = {ERROR: (StatusCode.TIMEOUT,), NOTICE: (StatusCode.CERTIFICATE, StatusCode.SLOW)}
URGENT: dict[str, Callable[[StatusCode], tuple[frozenset[int], ...]]] = {
    "none is urgent": lambda _: (),
    "an urgent one is for all errors": lambda _: (frozenset(),),
    "an urgent one names its status": lambda status: (frozenset({1}), frozenset({2, int(status)})),
    "an urgent one names another status": lambda _: (frozenset({1}),),
}
"""The status codes of the urgent groups, by the status that is told."""


def urgent_rows() -> Iterator[tuple[str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] in TOLD:
            yield cells[0], cells[1], cells[2]


def test_the_table_of_what_is_urgent_is_whole() -> None:
    assert sorted((told, groups) for told, groups, _ in urgent_rows()) == sorted(product(TOLD, URGENT))


@pytest.mark.parametrize(("told", "groups", "urgent"), list(urgent_rows()))
def test_what_is_urgent_is_as_documented(told: str, groups: str, urgent: str) -> None:
    for status in TOLD[told]:
        route = Route(urgent=URGENT[groups](status))

        assert (route.is_urgent if told == ERROR else route.names_urgent)(status) == (urgent == "yes")


SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("due_in", "is_repeated", "day_ends_in", "quiet", "reason", "until"),
    [
        (SECOND, False, None, None, WaitReason.GATHERING, SECOND),
        (HOUR, True, None, None, WaitReason.REPEATED_CAUSE, HOUR),
        (-HOUR, True, None, None, WaitReason.IN_LINE, None),
        (-HOUR, False, None, (-HOUR, 2 * HOUR), WaitReason.QUIET_HOURS, 2 * HOUR),
        (SECOND, False, None, (-HOUR, 2 * HOUR), WaitReason.QUIET_HOURS, 2 * HOUR),
        (3 * HOUR, True, None, (-HOUR, 2 * HOUR), WaitReason.REPEATED_CAUSE, 3 * HOUR),
        (HOUR, True, None, (HOUR, 2 * HOUR), WaitReason.QUIET_HOURS, 2 * HOUR),
        (SECOND, False, 5 * HOUR, None, WaitReason.DAILY_LIMIT, 5 * HOUR),
        (SECOND, False, 5 * HOUR, (-HOUR, HOUR), WaitReason.DAILY_LIMIT, 5 * HOUR),
        (SECOND, False, 5 * HOUR, (-HOUR, 6 * HOUR), WaitReason.QUIET_HOURS, 6 * HOUR),
        (SECOND, False, 5 * HOUR, (4 * HOUR, 6 * HOUR), WaitReason.QUIET_HOURS, 6 * HOUR),
        (6 * HOUR, True, 5 * HOUR, None, WaitReason.REPEATED_CAUSE, 6 * HOUR),
        (SECOND, False, None, (-HOUR, None), WaitReason.QUIET_HOURS, None),
        (SECOND, False, 5 * HOUR, (-HOUR, None), WaitReason.QUIET_HOURS, None),
    ],
)
def test_what_an_alert_waits_for_and_until_when(
    due_in: timedelta,
    is_repeated: bool,
    day_ends_in: timedelta | None,
    quiet: tuple[timedelta, timedelta | None] | None,
    reason: WaitReason,
    until: timedelta | None,
) -> None:
    def quiet_until(at: datetime) -> datetime | None:
        if quiet is None or at < NOW + quiet[0] or (quiet[1] is not None and at >= NOW + quiet[1]):
            return at
        return None if quiet[1] is None else NOW + quiet[1]

    wait = wait_for_delivery(
        NOW + due_in,
        is_repeated=is_repeated,
        now=NOW,
        day_ends_at=None if day_ends_in is None else NOW + day_ends_in,
        quiet_until=quiet_until,
    )

    assert wait == Wait(reason=reason, until=None if until is None else NOW + until)


@pytest.mark.parametrize(
    ("state", "attempts", "wait"),
    [
        (DeliveryState.WAITING, 0, Wait(reason=WaitReason.IN_LINE)),
        (DeliveryState.WAITING, 1, Wait(reason=WaitReason.RETRY, until=NOW + HOUR)),
        (DeliveryState.SENDING, 1, Wait(reason=WaitReason.SENDING)),
        (DeliveryState.SENT, 1, None),
        (DeliveryState.FAILED, 1, None),
    ],
)
def test_what_an_alert_in_a_delivery_waits_for(state: DeliveryState, attempts: int, wait: Wait | None) -> None:
    delivery = AlertDelivery(
        id=1,
        account_id=1,
        recipient_id=1,
        cause="x",
        key="0" * 32,
        state=state,
        created_at=NOW,
        attempts=attempts,
        next_at=NOW + HOUR,
    )

    assert wait_in_delivery(delivery) == wait
