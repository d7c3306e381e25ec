from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.engine.gaps import missed_slots
from mailtrip.engine.plan import Plan, gaps_of_a_stop, longest_wait
from mailtrip.model import DEFAULT_LOCATION_ID, Mode
from mailtrip.schedule.modes import Pool
from mailtrip.schedule.slots import next_slot, slots
from mailtrip.service.schedules import ScheduledMonitor

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MONITOR = ScheduledMonitor(
    id=100001,
    account_id=1,
    interval=MINUTE,
    timeout=30 * SECOND,
    pool=Pool(location_ids=(DEFAULT_LOCATION_ID,), home_id=DEFAULT_LOCATION_ID),
    local_retry=True,
    modified_at=START - timedelta(days=1),
    revision=1,
)
ELSEWHERE = Pool(location_ids=(11,), home_id=11)


def make_plan(*monitors: ScheduledMonitor) -> Plan:
    plan = Plan(DEFAULT_LOCATION_ID)
    for monitor in monitors:
        plan.put(monitor, now=START)
    return plan


def take_slots(plan: Plan, *, until: datetime) -> list[datetime]:
    return [run.slot for run in plan.take_due(now=until, until=until).planned]


@pytest.mark.parametrize(
    ("interval", "wait"), [(timedelta(seconds=20), 10.0), (MINUTE, 30.0), (5 * MINUTE, 60.0), (60 * MINUTE, 60.0)]
)
def test_a_run_may_wait_half_its_interval_and_at_most_a_minute(interval: timedelta, wait: float) -> None:
    assert longest_wait(interval).total_seconds() == wait


@given(st.lists(st.floats(min_value=0.01, max_value=29.0), min_size=1, max_size=50))
def test_no_slot_is_lost_or_handed_out_twice_however_the_time_is_cut(steps: list[float]) -> None:
    monitors = [replace(MONITOR, id=100001 + number) for number in range(3)]
    plan = make_plan(*monitors)
    now = START
    taken = []
    for step in steps:
        now += timedelta(seconds=step)
        due = plan.take_due(now=now, until=now)
        assert due.gaps == ()
        taken += [(run.slot, run.monitor_id) for run in due.planned]
    expected = [(slot, each.id) for each in monitors for slot in slots(each.id, MINUTE, after=START, until=now)]
    assert taken == sorted(expected)


def test_a_monitor_of_another_location_is_not_planned() -> None:
    plan = make_plan(replace(MONITOR, pool=ELSEWHERE))
    assert (len(plan), take_slots(plan, until=START + MINUTE)) == (0, [])


def test_a_monitor_that_moves_to_another_location_is_not_planned_any_more() -> None:
    plan = make_plan(MONITOR)
    plan.put(replace(MONITOR, pool=ELSEWHERE, revision=2), now=START)
    assert take_slots(plan, until=START + MINUTE) == []


def test_a_removed_monitor_is_not_planned_any_more() -> None:
    plan = make_plan(MONITOR)
    plan.remove(MONITOR.id)
    plan.remove(MONITOR.id)
    assert (plan.get(MONITOR.id), take_slots(plan, until=START + MINUTE)) == (None, [])


def test_an_edit_that_leaves_the_interval_keeps_the_slots() -> None:
    plan = make_plan(MONITOR)
    plan.put(replace(MONITOR, revision=2), now=START)
    assert len(take_slots(plan, until=START + MINUTE)) == 1


def test_an_edited_interval_is_in_force_from_the_edit_on() -> None:
    plan = make_plan(MONITOR)
    plan.put(replace(MONITOR, interval=20 * SECOND, revision=2), now=START)
    expected = slots(MONITOR.id, 20 * SECOND, after=START, until=START + 10 * SECOND)
    assert take_slots(plan, until=START + 10 * SECOND) == [*expected]


def test_an_edited_interval_hands_out_nothing_before_what_was_handed_out_already() -> None:
    plan = make_plan(MONITOR)
    (slot,) = take_slots(plan, until=START + MINUTE)
    plan.put(replace(MONITOR, interval=MINUTE / 2, revision=2), now=slot - SECOND)
    expected = slots(MONITOR.id, MINUTE / 2, after=slot, until=slot + MINUTE)
    assert [run.slot for run in plan.take_due(now=slot, until=slot + MINUTE).planned] == [*expected]


def test_after_a_stall_the_slots_that_are_too_old_are_a_gap_and_the_others_due() -> None:
    plan = make_plan(MONITOR)
    first = next_slot(MONITOR.id, MINUTE, after=START)
    now = first + 10 * MINUTE + 10 * SECOND
    due = plan.take_due(now=now, until=now)
    (gap,) = due.gaps
    assert [*slots(MONITOR.id, MINUTE, after=gap.after, until=gap.until)] == [first + n * MINUTE for n in range(10)]
    assert [run.slot for run in due.planned] == [first + 10 * MINUTE]


def test_a_clock_that_goes_back_hands_out_nothing_twice() -> None:
    plan = make_plan(MONITOR)
    taken = take_slots(plan, until=START + 5 * MINUTE)
    assert take_slots(plan, until=START + 2 * MINUTE) == []
    assert take_slots(plan, until=START + 6 * MINUTE) == [taken[-1] + MINUTE]


def test_the_slots_of_a_stop_are_a_gap_from_the_last_known_slot_on() -> None:
    last = next_slot(MONITOR.id, MINUTE, after=START)
    (gap,) = gaps_of_a_stop([MONITOR], {MONITOR.id: last}, location_id=10, now=START + 5 * MINUTE)
    assert (gap.after, gap.until) == (last, START + 5 * MINUTE)


def test_slots_before_an_edit_are_not_missed() -> None:
    edited = replace(MONITOR, modified_at=START + 3 * MINUTE)
    (gap,) = gaps_of_a_stop([edited], {MONITOR.id: START}, location_id=10, now=START + 5 * MINUTE)
    assert gap.after == START + 3 * MINUTE


@pytest.mark.parametrize("last_slots", [{}, {MONITOR.id: next_slot(MONITOR.id, MINUTE, after=START)}])
def test_a_stop_without_slots_leaves_no_gap(last_slots: dict[int, datetime]) -> None:
    assert gaps_of_a_stop([MONITOR], last_slots, location_id=10, now=START + 59 * SECOND) == []


THREE = Pool(location_ids=(11, DEFAULT_LOCATION_ID, 12), home_id=11, mode=Mode.GLOBAL_NOTIFY)
ONE_BY_ONE = replace(THREE, rotates=True, per_run=1)
SEVERAL = replace(MONITOR, pool=THREE, interval=3 * MINUTE)


def slots_ahead(plan: Plan, minutes: int, *, now: datetime = START) -> list[datetime]:
    return [run.slot for run in plan.take_due(now=now, until=START + minutes * MINUTE).planned]


def slots_here(monitor: ScheduledMonitor, minutes: int) -> list[datetime]:
    return slots_ahead(make_plan(monitor), minutes)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ROUND_ROBIN])
def test_each_location_of_a_monitor_has_its_part_in_each_slot(mode: Mode) -> None:
    monitor = replace(SEVERAL, pool=replace(THREE, mode=mode))

    assert slots_here(monitor, 30) == [*slots(MONITOR.id, 3 * MINUTE, after=START, until=START + 30 * MINUTE)]


def test_in_round_robin_a_location_begins_when_its_turn_comes() -> None:
    found = slots_here(replace(SEVERAL, pool=replace(THREE, mode=Mode.ROUND_ROBIN)), 30)
    all_slots = [*slots(MONITOR.id, 3 * MINUTE, after=START - 3 * MINUTE, until=START + 30 * MINUTE)]

    assert len(found) == 10
    assert {slot - MINUTE in all_slots for slot in found} == {True}


def test_where_locations_rotate_a_location_has_its_part_when_it_is_its_turn() -> None:
    monitor = replace(SEVERAL, pool=ONE_BY_ONE)
    all_slots = [*slots(MONITOR.id, 3 * MINUTE, after=START, until=START + 90 * MINUTE)]
    found = slots_here(monitor, 90)

    assert found == all_slots[all_slots.index(found[0]) :: 3]
    assert len(found) == 10


def test_an_edit_of_the_rotation_is_in_force_at_once_and_hands_nothing_out_twice() -> None:
    plan = make_plan(SEVERAL)
    taken = slots_ahead(plan, 9)
    plan.put(replace(SEVERAL, pool=replace(ONE_BY_ONE, per_run=2), revision=2), now=START + 9 * MINUTE)
    later = slots_ahead(plan, 36, now=START + 9 * MINUTE)

    assert (len(taken), len(later)) == (3, 6)
    assert later[0] > taken[-1]


def test_the_gap_of_a_stop_has_only_the_slots_in_which_the_location_has_its_part() -> None:
    monitor = replace(SEVERAL, pool=ONE_BY_ONE)
    first, second = slots_here(monitor, 30)[:2]
    last = {MONITOR.id: first}

    assert gaps_of_a_stop([monitor], last, location_id=10, now=second - SECOND) == []
    (gap,) = gaps_of_a_stop([monitor], last, location_id=10, now=second)
    (missed,) = missed_slots(gap, location_id=10, rows=10)
    assert [run.slot for run in missed.planned] == [second]


def test_a_stop_at_another_location_is_no_gap_here() -> None:
    elsewhere = replace(MONITOR, pool=ELSEWHERE)

    assert gaps_of_a_stop([elsewhere], {MONITOR.id: START}, location_id=10, now=START + 5 * MINUTE) == []
