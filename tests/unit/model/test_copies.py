"""How far apart copies came: by when they were seen, and by what the servers tell."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Copy, Spacing, spacing_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def copy(not_before: float, not_after: float, *, received: float | None = None, stamped: float | None = None) -> Copy:
    return Copy(
        folder="INBOX",
        key="1",
        not_before=at(not_before),
        not_after=at(not_after),
        received_at=None if received is None else at(received),
        stamped_at=None if stamped is None else at(stamped),
    )


def spacing(at_least: float, at_most: float) -> Spacing:
    return Spacing(at_least=timedelta(seconds=at_least), at_most=timedelta(seconds=at_most))


@pytest.mark.parametrize("copies", [(), (copy(0, 1),)])
def test_fewer_than_two_are_not_apart(copies: tuple[Copy, ...]) -> None:
    assert spacing_of(copies) is None


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        pytest.param((copy(1, 2), copy(1, 2)), spacing(0, 1), id="seen by the same look"),
        pytest.param((copy(1, 2), copy(2, 3)), spacing(0, 2), id="seen one after the other"),
        pytest.param((copy(1, 2), copy(10, 11)), spacing(8, 10), id="seen far apart"),
        pytest.param((copy(10, 11), copy(1, 2)), spacing(8, 10), id="in whatever order"),
        pytest.param((copy(1, 2), copy(5, 6), copy(10, 11)), spacing(8, 10), id="three"),
        pytest.param((copy(0, 900, received=3), copy(0, 900, received=63)), spacing(59, 61), id="the mailbox tells"),
        pytest.param(
            (copy(0, 2, received=3), copy(10, 11, received=12)), spacing(8, 10), id="it tells within what was seen"
        ),
        pytest.param((copy(0, 900, received=3), copy(0, 900, received=3)), spacing(0, 900), id="the same second"),
        pytest.param((copy(0, 900, stamped=3), copy(0, 900, stamped=5)), spacing(1, 3), id="the trace fields tell"),
        pytest.param((copy(0, 900, stamped=3), copy(0, 900, stamped=3)), spacing(0, 900), id="one queue file"),
        pytest.param((copy(0, 900, received=3), copy(0, 900)), spacing(0, 900), id="only one is told"),
        pytest.param(
            (copy(0, 900, received=3, stamped=7), copy(0, 900, received=63, stamped=8)),
            spacing(59, 61),
            id="the mailbox goes before the trace fields",
        ),
        pytest.param((copy(0, 1, received=0), copy(0, 1, received=500)), spacing(0, 1), id="a clock that was set"),
    ],
)
def test_the_spacing_is_told_within_bounds(copies: tuple[Copy, ...], expected: Spacing) -> None:
    assert spacing_of(copies) == expected


moments = st.floats(0, 1000)
arrivals = st.lists(st.tuples(moments, st.floats(0, 50), st.floats(0, 50)), min_size=2, max_size=5)


@given(arrivals, st.booleans(), st.floats(-3600, 3600))
def test_the_true_spacing_is_within_the_bounds(
    ways: list[tuple[float, float, float]], tells: bool, clock_off: float
) -> None:
    copies = [
        copy(true - before, true + after, received=math.floor(true + clock_off) if tells else None)
        for true, before, after in ways
    ]
    times = [true for true, _, _ in ways]

    found = spacing_of(copies)

    assert found is not None
    tolerance = timedelta(milliseconds=1)
    assert found.at_least - tolerance <= timedelta(seconds=max(times) - min(times)) <= found.at_most + tolerance
