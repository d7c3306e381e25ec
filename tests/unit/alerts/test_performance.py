"""Slow deliveries are told when the documented tables say so; what is told does not flap."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.alerts.performance import (
    LONGEST_WINDOW,
    Level,
    Pace,
    PerformanceSilence,
    PerformanceStanding,
    advance,
    level_of,
    measured,
)
from mailtrip.model import AlertKind, AlertMethod, Measurement, PerformanceRule, RecipientSettings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
SETTINGS = RecipientSettings(method=AlertMethod.WEB_JSON, address="https://x.test/", performance_alert=True)
LEVELS = {
    "unknown": None,
    "fast": Level(took=SECOND, slow_above=4 * SECOND, fast_until=2 * SECOND, text=""),
    "in between": Level(took=3 * SECOND, slow_above=4 * SECOND, fast_until=2 * SECOND, text=""),
    "slow": Level(took=5 * SECOND, slow_above=4 * SECOND, fast_until=2 * SECOND, text=""),
}


def cells_of(number: int, first: str) -> Iterator[list[str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == number and re.fullmatch(first, cells[0]):
            yield cells


def pace_of(deliveries: str, usual: str) -> Pace:
    took = [timedelta(seconds=float(each)) for each in deliveries.split(", ")]
    hours = [
        timedelta(seconds=float(seconds))
        for number, seconds in re.findall(r"(\d+) h of (\d+) s", usual)
        for _ in range(int(number))
    ]
    return Pace(
        recent=tuple(Measurement(NOW + number * MINUTE, each) for number, each in enumerate(took)),
        hours=tuple(Measurement(NOW - (number + 1) * HOUR, each) for number, each in enumerate(hours)),
    )


def name_of(level: Level | None) -> str:
    if level is None:
        return "unknown"
    if level.took > level.slow_above:
        return "slow"
    return "fast" if level.took <= level.fast_until else "in between"


@pytest.mark.parametrize(
    ("rule", "looks_at", "bound", "deliveries", "expected"), list(cells_of(5, "`(?:warning|percentile|usual).*"))
)
def test_deliveries_are_slow_as_documented(
    rule: str, looks_at: str, bound: str, deliveries: str, expected: str
) -> None:
    first, *others = (int(number) for number in re.findall(r"\d+", looks_at))
    settings = replace(
        SETTINGS,
        performance_rule=PerformanceRule(rule.strip("`")),
        start_threshold=first,
        performance_percentile=first,
        performance_window=others[0] if others else first,
    )
    seconds = re.fullmatch(r"(\d+) s", bound)
    warning_time = int(seconds[1]) * SECOND if seconds else None

    assert name_of(level_of(pace_of(deliveries, bound), settings, warning_time=warning_time)) == expected


def test_the_documented_rules_have_each_rule_in_each_state() -> None:
    found = {(cells[0].strip("`"), cells[4]) for cells in cells_of(5, "`(?:warning|percentile|usual).*")}

    assert found == {(rule, state) for rule in PerformanceRule for state in LEVELS}


def decisions() -> list[list[str]]:
    return [cells for cells in cells_of(7, "no|once.*") if cells[1] in LEVELS]


@pytest.mark.parametrize(("told", "level", "repeat", "stop", "wants_clear", "blackout", "said"), decisions())
def test_what_is_said_is_what_is_documented(
    told: str, level: str, repeat: str, stop: str, wants_clear: str, blackout: str, said: str
) -> None:
    settings = replace(
        SETTINGS,
        repeat_performance_alerts=repeat == "yes",
        stop_threshold=int(stop),
        notify_on_clear=wants_clear == "yes",
    )
    ago = re.search(r"(\d+) min", told)
    at = NOW - int(ago[1]) * MINUTE if ago else NOW
    before = PerformanceStanding(alerts=1, since=at, told_at=at) if ago else None

    _, word = advance(before, LEVELS[level], settings, at=NOW, is_held_back=blackout == "yes")

    assert (f"**{word}**" if isinstance(word, AlertKind) else str(word)) == said


def test_the_documented_decisions_have_every_word_and_every_reason() -> None:
    said = {cells[6].strip("*") for cells in decisions()}

    assert said == {AlertKind.SLOW, AlertKind.CLEAR, *PerformanceSilence}


def test_the_usual_time_is_learned_hour_by_hour_from_medians() -> None:
    pace = Pace()
    for minute, seconds in enumerate([1, 2, 60] * 40):
        pace = measured(pace, Measurement(NOW + minute * MINUTE, seconds * SECOND))

    assert pace.hours == (Measurement(NOW, 2 * SECOND),)
    assert len(pace.recent) == LONGEST_WINDOW


def test_what_is_older_than_a_week_is_forgotten() -> None:
    pace = pace_of("1, 2, 3", "100 h of 2 s")

    after = measured(pace, Measurement(NOW + timedelta(days=8), SECOND))

    assert after == Pace(recent=(Measurement(NOW + timedelta(days=8), SECOND),))


@pytest.mark.parametrize("earlier", [timedelta(0), MINUTE])
def test_a_delivery_from_before_the_last_one_changes_nothing(earlier: timedelta) -> None:
    pace = Pace(recent=(Measurement(NOW, SECOND),))

    assert measured(pace, Measurement(NOW - earlier, 60 * SECOND)) == pace


TIMES = st.lists(st.integers(min_value=0, max_value=100_000), max_size=150)


@given(times=TIMES, rule=st.sampled_from(PerformanceRule), window=st.integers(min_value=3, max_value=100))
def test_alerts_and_ends_take_turns_and_an_alert_is_about_something_slow(
    times: Sequence[int], rule: PerformanceRule, window: int
) -> None:
    settings = replace(SETTINGS, performance_rule=rule, performance_window=window, notify_on_clear=True)
    pace, standing, said = Pace(), None, []
    for number, milliseconds in enumerate(times):
        at = NOW + 20 * number * MINUTE
        pace = measured(pace, Measurement(at, timedelta(milliseconds=milliseconds)))
        level = level_of(pace, settings, warning_time=10 * SECOND)
        standing, word = advance(standing, level, settings, at=at, is_held_back=False)
        if word is AlertKind.SLOW:
            assert level is not None
            assert level.took > level.slow_above
        if isinstance(word, AlertKind):
            said.append(word)
        assert len(pace.recent) <= LONGEST_WINDOW
        assert len(pace.hours) <= 168

    assert said == [AlertKind.SLOW, AlertKind.CLEAR] * (len(said) // 2) + [AlertKind.SLOW] * (len(said) % 2)


@given(times=st.lists(st.integers(min_value=1900, max_value=2100), min_size=120, max_size=150))
def test_a_monitor_that_is_as_it_always_was_is_never_slow_by_what_is_usual(times: Sequence[int]) -> None:
    settings = replace(SETTINGS, performance_rule=PerformanceRule.USUAL_LEVEL)
    pace = Pace()
    for number, milliseconds in enumerate(times):
        pace = measured(pace, Measurement(NOW + 30 * number * MINUTE, timedelta(milliseconds=milliseconds)))
        level = level_of(pace, settings, warning_time=None)
        assert level is None or level.took <= level.fast_until
