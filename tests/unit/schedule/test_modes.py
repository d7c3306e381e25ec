"""The five monitoring modes: who takes part in a run, when, and which errors count (alertsite-v3.md, 5.3 and 5.4)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Mode, Severity
from mailtrip.schedule.modes import Pool, Turn, cadence_at, error_counts, turns_of
from mailtrip.schedule.slots import next_slot, slot_number, slots

OK, WARNING, ERROR, UNKNOWN = Severity.OK, Severity.WARNING, Severity.ERROR, Severity.UNKNOWN
PENDING = None
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEN = timedelta(minutes=10)
PLACES = (10, 20, 30)
ROTATING = [mode for mode in Mode if mode is not Mode.PRIMARY]
MONITOR = 100001


def pool(
    mode: Mode = Mode.PRIMARY, places: tuple[int, ...] = PLACES, *, per_run: int | None = None, rotates: bool = False
) -> Pool:
    return Pool(location_ids=places, home_id=places[0], mode=mode, per_run=per_run, rotates=rotates)


def places_of(pool: Pool, number: int) -> list[int]:
    return [turn.location_id for turn in turns_of(pool, number, interval=TEN)]


# -- Who takes part -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_all_locations_take_part_unless_they_rotate(mode: Mode) -> None:
    assert [places_of(pool(mode), number) for number in range(3)] == [[10, 20, 30]] * 3
    assert places_of(pool(mode, per_run=1), 5) == [10, 20, 30]


@pytest.mark.parametrize("mode", ROTATING)
@pytest.mark.parametrize(
    ("per_run", "runs"),
    [
        (1, [[10], [20], [30], [10]]),
        (2, [[10, 20], [30, 10], [20, 30], [10, 20]]),
        (3, [[10, 20, 30]] * 4),
        (9, [[10, 20, 30]] * 4),
        (None, [[10, 20, 30]] * 4),
    ],
)
def test_where_they_rotate_each_run_has_the_next_ones_of_the_pool(
    mode: Mode, per_run: int | None, runs: list[list[int]]
) -> None:
    rotating = pool(mode, per_run=per_run, rotates=True)

    assert [places_of(rotating, number) for number in range(4)] == runs


def test_in_mode_primary_nothing_rotates() -> None:
    assert places_of(pool(Mode.PRIMARY, per_run=1, rotates=True), 1) == [10, 20, 30]


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ROUND_ROBIN])
def test_locations_begin_all_at_once(mode: Mode) -> None:
    assert {turn.delay for turn in turns_of(pool(mode), 0, interval=TEN)} == {timedelta(0)}


def test_in_round_robin_they_begin_one_after_another_spread_over_the_interval() -> None:
    found = turns_of(pool(Mode.ROUND_ROBIN), 0, interval=timedelta(minutes=15))

    assert found == (Turn(10), Turn(20, timedelta(minutes=5)), Turn(30, timedelta(minutes=10)))


@given(
    st.sampled_from(ROTATING), st.integers(1, 12), st.one_of(st.none(), st.integers(1, 14)), st.integers(-1000, 1000)
)
def test_a_rotation_is_fair_and_names_nobody_twice_in_a_run(
    mode: Mode, everybody: int, per_run: int | None, first: int
) -> None:
    rotating = pool(mode, tuple(range(everybody)), per_run=per_run, rotates=True)
    runs = [places_of(rotating, first + number) for number in range(everybody)]

    assert all(len(set(run)) == len(run) == rotating.size for run in runs)
    assert set(Counter(place for run in runs for place in run).values()) == {rotating.size}


# -- When a location has its turn ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_one_location_alone_is_asked_in_each_slot_in_every_mode(mode: Mode) -> None:
    cadence = cadence_at(pool(mode, (10,), per_run=1, rotates=True), 10, monitor_id=MONITOR, interval=TEN)

    assert cadence is not None
    found = [cadence.at(index) for index in range(cadence.rank(START), cadence.rank(START + HOUR))]
    assert found == [*slots(MONITOR, TEN, after=START, until=START + HOUR)]


def test_a_location_of_no_pool_has_no_turn() -> None:
    assert cadence_at(pool(), 40, monitor_id=MONITOR, interval=TEN) is None


@given(
    st.sampled_from(Mode),
    st.integers(1, 7),
    st.one_of(st.none(), st.integers(1, 8)),
    st.booleans(),
    st.integers(0, 500),
)
def test_the_cadences_of_all_locations_together_are_the_turns_of_all_runs(
    mode: Mode, everybody: int, per_run: int | None, rotates: bool, minutes: int
) -> None:
    some = pool(mode, tuple(range(everybody)), per_run=per_run, rotates=rotates)
    after = next_slot(MONITOR, TEN, after=START + minutes * timedelta(minutes=1)) - timedelta(microseconds=1)
    until = after + 8 * TEN
    found = []
    for place in some.location_ids:
        cadence = cadence_at(some, place, monitor_id=MONITOR, interval=TEN)
        assert cadence is not None
        found += [(cadence.at(index), place) for index in range(cadence.rank(after), cadence.rank(until))]

    expected = [
        (slot + turn.delay, turn.location_id)
        for slot in slots(MONITOR, TEN, after=after, until=until)
        for turn in turns_of(some, slot_number(MONITOR, TEN, at=slot), interval=TEN)
    ]
    assert sorted(found) == sorted(expected)
    assert all(slot_number(MONITOR, TEN, at=at) == slot_number(MONITOR, TEN, at=at - TEN) + 1 for at, _ in found)


# -- What counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "home", "second", "third", "counts"),
    [
        # Primary: what the primary location finds, and nothing else.
        (Mode.PRIMARY, ERROR, OK, OK, True),
        (Mode.PRIMARY, OK, ERROR, ERROR, False),
        (Mode.PRIMARY, WARNING, ERROR, ERROR, False),
        (Mode.PRIMARY, PENDING, ERROR, ERROR, None),
        (Mode.PRIMARY, UNKNOWN, ERROR, ERROR, None),
        (Mode.PRIMARY, ERROR, PENDING, UNKNOWN, True),
        # Global Notify: any location's error.
        (Mode.GLOBAL_NOTIFY, OK, OK, ERROR, True),
        (Mode.GLOBAL_NOTIFY, PENDING, ERROR, UNKNOWN, True),
        (Mode.GLOBAL_NOTIFY, OK, WARNING, OK, False),
        (Mode.GLOBAL_NOTIFY, OK, UNKNOWN, UNKNOWN, False),
        (Mode.GLOBAL_NOTIFY, OK, PENDING, OK, None),
        # Global Verify: an error that another location confirms.
        (Mode.GLOBAL_VERIFY, OK, ERROR, OK, False),
        (Mode.GLOBAL_VERIFY, ERROR, OK, ERROR, True),
        (Mode.GLOBAL_VERIFY, ERROR, ERROR, ERROR, True),
        (Mode.GLOBAL_VERIFY, ERROR, PENDING, OK, None),
        (Mode.GLOBAL_VERIFY, OK, PENDING, OK, False),
        (Mode.GLOBAL_VERIFY, ERROR, ERROR, PENDING, True),
        (Mode.GLOBAL_VERIFY, ERROR, UNKNOWN, OK, False),
        (Mode.GLOBAL_VERIFY, ERROR, UNKNOWN, UNKNOWN, True),
        # Round Robin: two or more in one run.
        (Mode.ROUND_ROBIN, ERROR, OK, OK, False),
        (Mode.ROUND_ROBIN, ERROR, OK, ERROR, True),
        (Mode.ROUND_ROBIN, ERROR, ERROR, PENDING, True),
        (Mode.ROUND_ROBIN, ERROR, PENDING, PENDING, None),
        (Mode.ROUND_ROBIN, OK, OK, PENDING, False),
        # SLA: as many as the account wants; one unless it says otherwise.
        (Mode.SLA, OK, OK, ERROR, True),
        (Mode.SLA, OK, WARNING, OK, False),
        (Mode.SLA, OK, OK, PENDING, None),
        # Where nobody could tell, nothing is said in any mode.
        *((mode, UNKNOWN, UNKNOWN, UNKNOWN, None) for mode in Mode),
        *((mode, PENDING, PENDING, PENDING, None) for mode in Mode),
        *((mode, OK, OK, OK, False) for mode in Mode),
        *((mode, ERROR, ERROR, ERROR, True) for mode in Mode),
    ],
)
def test_the_mode_decides_whether_an_error_counts(
    mode: Mode, home: Severity | None, second: Severity | None, third: Severity | None, counts: bool | None
) -> None:
    assert error_counts(pool(mode), dict(zip(PLACES, (home, second, third), strict=True))) is counts


@pytest.mark.parametrize(
    ("wanted", "failed", "counts"),
    [
        *((1, 0, False), (1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False), (3, 3, True)),
        *((None, 2, False), (None, 3, True), (9, 2, False), (9, 3, True)),
    ],
)
def test_in_sla_mode_the_account_says_how_many_have_to_fail(wanted: int | None, failed: int, counts: bool) -> None:
    found = dict(zip(PLACES, [ERROR] * failed + [OK] * (3 - failed), strict=True))

    assert error_counts(pool(Mode.SLA), found, sla_failures=wanted) is counts


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("severity", "counts"), [(ERROR, True), (OK, False), (WARNING, False), (UNKNOWN, None), (PENDING, None)]
)
def test_with_one_location_each_mode_goes_by_what_that_one_finds(
    mode: Mode, severity: Severity | None, counts: bool | None
) -> None:
    assert error_counts(pool(mode, (10,)), {10: severity}, sla_failures=3) is counts


def test_in_primary_the_home_location_need_not_be_the_first() -> None:
    elsewhere = Pool(location_ids=PLACES, home_id=20)

    assert error_counts(elsewhere, {10: ERROR, 20: OK, 30: ERROR}) is False
    assert error_counts(elsewhere, {10: OK, 20: ERROR, 30: OK}) is True


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("sla_failures", [1, 2, None])
def test_what_was_decided_early_stays_so_whatever_the_others_find(mode: Mode, sla_failures: int | None) -> None:
    """All results of three locations, each in all orders of coming in: a word once given is never taken back."""
    some = pool(mode)
    for early in product((OK, WARNING, ERROR, UNKNOWN, PENDING), repeat=3):
        said = error_counts(some, dict(zip(PLACES, early, strict=True)), sla_failures=sla_failures)
        open_to = [(OK, ERROR, UNKNOWN) if each is PENDING else (each,) for each in early]
        ends = {
            error_counts(some, dict(zip(PLACES, late, strict=True)), sla_failures=sla_failures)
            for late in product(*open_to)
        }
        if said is not None:
            assert ends == {said}, early
        elif PENDING in early:
            assert len(ends) > 1 or ends == {None}, early
