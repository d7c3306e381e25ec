"""Who else is told when nobody acknowledges, as documented; and nobody is told twice."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.alerts.escalation import Rung, escalate

PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOSS = 7
STATES = {"knows nothing": (False, False), "knows of it": (True, False), "is in a blackout": (False, True)}


def rows() -> Iterator[tuple[str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[2] in STATES:
            yield cells[0], cells[2], cells[3]


def test_the_table_is_there() -> None:
    assert {other for _, other, _ in rows()} == set(STATES)


@pytest.mark.parametrize(("message", "other", "done"), list(rows()))
def test_the_documented_table_is_what_is_done(message: str, other: str, done: str) -> None:
    ago = re.search(r"(\d+) minutes ago", message)
    knows, is_held_back = STATES[other]

    outcome = escalate(
        [Rung(after=30 * MINUTE, recipient_ids=(BOSS,))],
        told_at=NOW - int(ago[1]) * MINUTE if ago else None,
        knowing={BOSS} if knows else set(),
        held_back={BOSS} if is_held_back else set(),
        now=NOW,
    )

    expected = {
        "the other one is told": ([BOSS], None),
        "nothing": ([], None),
        "it is looked again after a minute": ([], NOW + MINUTE),
    }
    assert (list(outcome.told), outcome.look_at) == expected[done]


def test_each_group_waits_as_long_as_it_wants() -> None:
    rungs = [
        Rung(after=10 * MINUTE, recipient_ids=(1, 2)),
        Rung(after=20 * MINUTE, recipient_ids=(2, 3), is_urgent=True),
    ]

    first = escalate(rungs, told_at=NOW, knowing=set(), held_back=set(), now=NOW + 10 * MINUTE)
    second = escalate(rungs, told_at=NOW, knowing={1, 2}, held_back=set(), now=NOW + 20 * MINUTE)

    assert (first.told, first.look_at) == ({1: False, 2: False}, NOW + 20 * MINUTE)
    assert (second.told, second.look_at) == ({3: True}, None)


RUNGS = st.lists(
    st.builds(
        Rung,
        after=st.integers(min_value=1, max_value=60).map(lambda minutes: minutes * MINUTE),
        recipient_ids=st.lists(st.integers(min_value=1, max_value=5), unique=True, max_size=4).map(tuple),
    ),
    max_size=4,
)


@given(rungs=RUNGS, blackout=st.sets(st.integers(min_value=1, max_value=5)), minutes=st.integers(0, 60))
def test_whoever_is_to_be_told_is_told_once_and_not_before_its_time(
    rungs: list[Rung], blackout: set[int], minutes: int
) -> None:
    """The blackouts end after so many minutes."""
    told: dict[int, datetime] = {}
    look_at: datetime | None = NOW
    while look_at is not None:
        now = look_at
        held = blackout if now < NOW + minutes * MINUTE else set()
        outcome = escalate(rungs, told_at=NOW, knowing=told, held_back=held, now=now)
        assert not outcome.told.keys() & told.keys()
        told |= dict.fromkeys(outcome.told, now)
        look_at = outcome.look_at
        assert look_at is None or look_at > now

    wanted: dict[int, datetime] = {}
    for rung in rungs:
        for recipient_id in rung.recipient_ids:
            wanted[recipient_id] = min(wanted.get(recipient_id, NOW + rung.after), NOW + rung.after)
    assert told.keys() == wanted.keys()
    assert all(told[recipient_id] >= at for recipient_id, at in wanted.items())
