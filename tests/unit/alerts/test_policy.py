"""Alerts are sent when the documented table says so, and laws hold for any sequence of findings."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.alerts.policy import Decision, Finding, Outcome, Route, Silence, Standing, advance
from mailtrip.model import AlertKind, StatusCode

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
OUTCOMES = {
    "fails": Outcome.FAILS,
    "fails in another way": Outcome.FAILS,
    "fails with another status": Outcome.FAILS,
    "is well": Outcome.WELL,
    "message came late": Outcome.ARRIVED,
    "was our fault": Outcome.EXCUSED,
}


WAITING = {"the error": AlertKind.ERROR, "a reminder": AlertKind.REMINDER}


class Row(NamedTuple):
    errors: int
    alerts: int
    told: str
    found: str
    thresholds: str
    wants_clear: str
    blackout: str
    said: str


def rows() -> Iterator[Row]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(Row._fields) and cells[0].isdecimal():
            yield Row(int(cells[0]), int(cells[1]), *cells[2:])


def finding(
    outcome: Outcome, *, at: datetime = NOW, run_id: int = 1, status: StatusCode = StatusCode.TIMEOUT
) -> Finding:
    return Finding(at=at, run_id=run_id, slot=at, outcome=outcome, status=status)


def decide(row: Row) -> Decision:
    start, stop = (int(number) for number in row.thresholds.split(","))
    ago = re.match(r"(\d+) min ago", row.told)
    standing = Standing(
        errors=row.errors,
        alerts=row.alerts,
        since=NOW - 100 * MINUTE if row.errors or row.alerts else None,
        run_id=1 if row.errors else None,
        told_at=NOW - int(ago[1]) * MINUTE if ago else None,
    )
    other = row.found == "fails in another way"
    route = Route(
        start_threshold=start,
        stop_threshold=stop,
        notify_on_clear=row.wants_clear == "yes",
        status_codes=frozenset({StatusCode.SMTP_LOGIN}) if other else frozenset(),
    )
    return advance(standing, finding(OUTCOMES[row.found]), route, is_held_back=row.blackout == "yes")


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: " ".join(map(str, row)))
def test_the_documented_table_is_what_is_done(row: Row) -> None:
    decision = decide(row)

    said = f"**{decision.kind}**" if decision.kind else str(decision.silence)
    assert said == row.said


def window_rows() -> Iterator[tuple[str, int, int, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and (match := re.fullmatch(r"(\d+) of (\d+)", cells[1])):
            yield cells[0], int(match[1]), int(match[2]), cells[2]


@pytest.mark.parametrize(("runs", "errors", "window", "said"), list(window_rows()))
def test_errors_among_the_last_runs_are_counted_as_documented(runs: str, errors: int, window: int, said: str) -> None:
    route = Route(start_threshold=errors, error_window=window, notify_on_clear=True)
    standing, decision = Standing(), None
    for number, run in enumerate(runs.split(", ")):
        outcome = Outcome.FAILS if run == "fails" else Outcome.WELL
        found = finding(outcome, at=NOW + number * MINUTE, run_id=number)
        decision = advance(standing, found, route, is_held_back=False)
        standing = decision.standing

    assert decision is not None
    assert (f"**{decision.kind}**" if decision.kind else str(decision.silence)) == said


def waiting_rows() -> Iterator[tuple[str, str, str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] in WAITING:
            yield cells[0], cells[1], cells[2], cells[3], cells[4]


@pytest.mark.parametrize(("waits", "found", "wants_clear", "said", "becomes"), list(waiting_rows()))
def test_what_waits_is_told_while_it_is_true_as_documented(
    waits: str, found: str, wants_clear: str, said: str, becomes: str
) -> None:
    standing = Standing(errors=1, alerts=1, since=NOW - MINUTE, run_id=1, told_at=NOW - MINUTE)
    route = Route(notify_on_clear=wants_clear == "yes")

    decision = advance(standing, finding(OUTCOMES[found]), route, is_held_back=False, waiting=WAITING[waits])

    assert (f"**{decision.kind}**" if decision.kind else str(decision.silence)) == said
    assert ("is not sent" if decision.drops_waiting else "goes with it") == becomes
    assert decision.standing.is_quiet


TROUBLE = Standing(errors=1, alerts=1, since=NOW - 60 * MINUTE, run_id=1, told_at=NOW - 60 * MINUTE)
ANSWERED = {
    "acknowledged": replace(TROUBLE, acknowledged_at=NOW - MINUTE),
    "acknowledged before this recipient was told": replace(
        TROUBLE, alerts=0, told_at=None, acknowledged_at=NOW - MINUTE
    ),
    "snoozed": replace(TROUBLE, snoozed_until=NOW + MINUTE, snoozed_status=StatusCode.TIMEOUT),
    # Told a minute ago, so that without a snooze it would be too soon for the next reminder.
    "snoozed until a moment ago": replace(
        TROUBLE, told_at=NOW - MINUTE, snoozed_until=NOW, snoozed_status=StatusCode.TIMEOUT
    ),
    "acknowledged, and snoozed until a moment ago": replace(
        TROUBLE, acknowledged_at=NOW - MINUTE, snoozed_until=NOW, snoozed_status=StatusCode.TIMEOUT
    ),
}


def answered_rows() -> Iterator[tuple[str, str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] in ANSWERED:
            yield cells[0], cells[1], cells[2], cells[3]


@pytest.mark.parametrize(("done", "found", "wants_clear", "said"), list(answered_rows()))
def test_what_is_acknowledged_or_snoozed_is_told_as_documented(
    done: str, found: str, wants_clear: str, said: str
) -> None:
    status = StatusCode.SMTP_LOGIN if found == "fails with another status" else StatusCode.TIMEOUT
    route = Route(notify_on_clear=wants_clear == "yes")

    decision = advance(ANSWERED[done], finding(OUTCOMES[found], status=status), route, is_held_back=False)

    assert (f"**{decision.kind}**" if decision.kind else str(decision.silence)) == said


def test_every_answer_is_in_the_documented_table() -> None:
    assert {done for done, *_ in answered_rows()} == set(ANSWERED)


def test_after_a_snooze_reminders_come_as_before() -> None:
    route = Route()
    told = advance(ANSWERED["snoozed until a moment ago"], finding(Outcome.FAILS), route, is_held_back=False).standing

    next_one = advance(told, finding(Outcome.FAILS, at=NOW + MINUTE), route, is_held_back=False)

    assert (next_one.silence, next_one.standing.snoozed_until) == (Silence.TOO_SOON, None)


def test_the_end_that_a_snooze_held_back_is_told_once_it_is_over() -> None:
    route = Route(notify_on_clear=True)
    held = advance(ANSWERED["snoozed"], finding(Outcome.WELL), route, is_held_back=False).standing

    decision = advance(held, finding(Outcome.WELL, at=NOW + MINUTE), route, is_held_back=False)

    assert (decision.kind, decision.standing.is_quiet) == (AlertKind.CLEAR, True)


def test_a_snooze_outlives_the_errors_of_one_who_does_not_hear_of_their_end() -> None:
    route = Route()
    well = advance(ANSWERED["snoozed"], finding(Outcome.WELL), route, is_held_back=False).standing
    again = advance(well, finding(Outcome.FAILS, at=NOW + MINUTE / 2), route, is_held_back=False)
    later = advance(well, finding(Outcome.WELL, at=NOW + MINUTE), route, is_held_back=False)

    assert again.silence is Silence.SNOOZED
    assert later.standing.is_quiet


def test_an_acknowledgement_ends_with_its_trouble() -> None:
    well = advance(ANSWERED["acknowledged"], finding(Outcome.WELL), Route(), is_held_back=False).standing

    assert well == Standing()


def test_the_documented_table_has_every_kind_and_every_reason() -> None:
    said = {row.said.strip("*") for row in rows()} | {said.strip("*") for _, _, _, said in window_rows()}
    said |= {said.strip("*") for _, _, _, said in answered_rows()}

    others = {AlertKind.TEST, AlertKind.NOTICE, AlertKind.SILENT, AlertKind.SLOW, AlertKind.ESCALATION}

    assert said == {*AlertKind, *Silence} - others


def test_an_older_run_changes_nothing() -> None:
    standing = Standing(errors=1, alerts=1, since=NOW, run_id=2, slot=NOW, told_at=NOW)
    old = finding(Outcome.WELL, at=NOW - MINUTE)

    decision = advance(standing, old, Route(notify_on_clear=True), is_held_back=False)

    assert decision == Decision(standing=standing, silence=Silence.OUTDATED)


@pytest.mark.parametrize("outcome", [Outcome.ARRIVED, Outcome.EXCUSED])
def test_news_of_a_run_that_was_not_the_last_to_fail_change_nothing(outcome: Outcome) -> None:
    standing = Standing(errors=2, alerts=1, since=NOW, run_id=2, slot=NOW, told_at=NOW)

    decision = advance(standing, finding(outcome, run_id=1), Route(notify_on_clear=True), is_held_back=False)

    assert decision == Decision(standing=standing, silence=Silence.OUTDATED)


def test_an_end_that_a_blackout_held_back_is_told_once_it_is_over() -> None:
    route = Route(notify_on_clear=True)
    failed = advance(Standing(), finding(Outcome.FAILS), route, is_held_back=False).standing
    held = advance(failed, finding(Outcome.WELL, at=NOW + MINUTE), route, is_held_back=True).standing

    decision = advance(held, finding(Outcome.WELL, at=NOW + 2 * MINUTE), route, is_held_back=False)

    assert (decision.kind, decision.since) == (AlertKind.CLEAR, NOW)


def test_an_error_that_was_our_own_fault_is_not_counted_among_the_last_ones() -> None:
    route = Route(start_threshold=2, error_window=5)
    failed = advance(Standing(), finding(Outcome.FAILS), route, is_held_back=False).standing
    excused = advance(failed, finding(Outcome.EXCUSED), route, is_held_back=False).standing

    again = advance(excused, finding(Outcome.FAILS, at=NOW + MINUTE, run_id=2), route, is_held_back=False)

    assert (again.kind, again.silence) == (None, Silence.BELOW_THRESHOLD)


STEPS = st.lists(
    st.tuples(st.sampled_from([Outcome.FAILS, Outcome.WELL]), st.booleans(), st.integers(min_value=1, max_value=120)),
    max_size=40,
)
ROUTES = st.builds(
    Route,
    start_threshold=st.integers(min_value=1, max_value=4),
    stop_threshold=st.integers(min_value=1, max_value=5),
    notify_on_clear=st.booleans(),
)


@given(steps=STEPS, route=ROUTES)
def test_alerts_of_an_outage_are_few_and_only_what_was_told_is_cleared(
    steps: list[tuple[Outcome, bool, int]], route: Route
) -> None:
    standing, at, in_a_row, told = Standing(), NOW, 0, 0
    for number, (outcome, is_held_back, minutes) in enumerate(steps):
        at += minutes * MINUTE
        decision = advance(standing, finding(outcome, at=at, run_id=number), route, is_held_back=is_held_back)
        in_a_row = in_a_row + 1 if outcome is Outcome.FAILS else 0
        if decision.kind in {AlertKind.ERROR, AlertKind.REMINDER}:
            told += 1
            assert outcome is Outcome.FAILS
            assert in_a_row >= route.start_threshold
            assert (decision.kind is AlertKind.ERROR) == (told == 1)
        if decision.kind is AlertKind.CLEAR:
            assert told
            assert outcome is Outcome.WELL
            assert route.notify_on_clear
        if decision.kind is not None:
            assert not is_held_back
        assert (decision.kind is None) != (decision.silence is None)
        standing = decision.standing
        assert told <= route.stop_threshold
        if standing.is_quiet:
            told = 0


@given(steps=STEPS, route=ROUTES)
def test_an_outage_that_lasts_is_told_unless_a_blackout_holds_it_back(
    steps: list[tuple[Outcome, bool, int]], route: Route
) -> None:
    standing, at = Standing(), NOW
    for number, (outcome, is_held_back, minutes) in enumerate(steps):
        at += minutes * MINUTE
        standing = advance(standing, finding(outcome, at=at, run_id=number), route, is_held_back=is_held_back).standing
    for number in range(route.start_threshold):
        at += MINUTE
        standing = advance(
            standing, finding(Outcome.FAILS, at=at, run_id=100 + number), route, is_held_back=False
        ).standing

    assert standing.alerts
