"""Delivery times as a chart."""

from datetime import timedelta

import pytest
from tests.unit.web.builders import NOW, milliseconds

from mailtrip.model import Step
from mailtrip.model.tally import Counts, Outcome
from mailtrip.service.report_figures import Bucket, Percentiles, Sample
from mailtrip.web.chart import Chart, Phase, Point, Strip, bucket_points, make_chart, sample_points, top_of

HOUR = timedelta(hours=1)
UNTIL = NOW + 10 * HOUR


def point(hour: float, *parts: tuple[Phase, float], outcome: Outcome | None = Outcome.OK) -> Point:
    return Point(
        at=NOW + hour * HOUR,
        length=HOUR,
        parts=tuple((phase, milliseconds(number)) for phase, number in parts),
        outcome=outcome,
    )


def drawn(*points: Point) -> Chart:
    chart = make_chart(points, since=NOW, until=UNTIL)
    assert chart is not None
    return chart


def sample(*steps: tuple[Step, float], response: float | None = 100, outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(
        run_id=7,
        location_id=10,
        slot=NOW,
        outcome=outcome,
        response=None if response is None else milliseconds(response),
        steps=tuple((step, milliseconds(number)) for step, number in steps),
    )


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (
            sample(
                (Step.MAILBOX_CONNECT, 1),
                (Step.MAILBOX_LOGIN, 2),
                (Step.CONNECT, 4),
                (Step.LOGIN, 8),
                (Step.SUBMIT, 16),
                (Step.WAIT, 32),
                (Step.LOOK, 5),
                (Step.FETCH, 64),
                (Step.DELETE, 128),
            ),
            [
                (Phase.MAILBOX, 3),
                (Phase.CONNECTION, 12),
                (Phase.SUBMIT, 16),
                (Phase.WAIT, 32),
                (Phase.CLEANUP, 192),
            ],
        ),
        pytest.param(sample(), [(Phase.WAIT, 100)], id="an error that arrived late has no steps"),
        pytest.param(sample((Step.CONNECT, 4), response=None), [], id="no delivery, no time"),
    ],
)
def test_a_run_is_stacked_by_what_took_its_time(given: Sample, parts: list[tuple[Phase, float]]) -> None:
    [made] = sample_points([given], interval=HOUR)
    assert list(made.parts) == [(phase, milliseconds(number)) for phase, number in parts]


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        (Counts(), None),
        (Counts(ok=5), Outcome.OK),
        (Counts(ok=5, warning=1), Outcome.WARNING),
        (Counts(ok=5, warning=1, error=1, blackout=3), Outcome.ERROR),
        (Counts(not_measured=2, skipped=1), Outcome.NOT_MEASURED),
        (Counts(unknown=1, not_measured=2), Outcome.UNKNOWN),
        (Counts(blackout=2, skipped=1), Outcome.BLACKOUT),
    ],
)
def test_many_runs_are_as_bad_as_the_worst_of_them(counts: Counts, outcome: Outcome | None) -> None:
    [made] = bucket_points([Bucket(since=NOW, until=NOW + HOUR, counts=counts)])
    assert (made.outcome, made.parts, made.length) == (outcome, (), HOUR)


def test_many_runs_are_shown_by_their_percentiles() -> None:
    times = Percentiles(
        total=9, p50=milliseconds(200), p90=milliseconds(400), p95=milliseconds(500), p99=milliseconds(900)
    )
    [made] = bucket_points([Bucket(since=NOW, until=NOW + HOUR, counts=Counts(ok=9), times=times)])
    assert made.parts == ((Phase.USUAL, milliseconds(200)), (Phase.SLOW, milliseconds(300)))


def test_without_any_run_there_is_no_chart() -> None:
    assert make_chart([point(0, outcome=None)], since=NOW, until=UNTIL) is None


def test_parts_stand_on_top_of_each_other() -> None:
    chart = drawn(point(1, (Phase.SUBMIT, 100), (Phase.WAIT, 300)))
    assert [(phase, path) for phase, _, path in chart.paths] == [
        (Phase.SUBMIT, "M100 240v-60h100v60z"),
        (Phase.WAIT, "M100 180v-180h100v180z"),
    ]


def test_a_value_that_dwarfs_all_others_is_cut_and_told() -> None:
    points = [point(hour / 10, (Phase.WAIT, 100)) for hour in range(99)]
    chart = drawn(*points, point(9.9, (Phase.WAIT, 3_600_000)))
    assert (top_of(points), chart.cut) == (milliseconds(100), 1)
    assert top_of([*points, point(9.9, (Phase.WAIT, 3_600_000))]) == milliseconds(400)


def test_neighbours_of_one_kind_are_one_strip() -> None:
    chart = drawn(
        point(0),
        point(1, outcome=Outcome.ERROR),
        point(2, outcome=Outcome.ERROR),
        point(3),
        point(4, outcome=Outcome.BLACKOUT),
        point(6, outcome=Outcome.UNKNOWN),
        point(7, outcome=Outcome.NOT_MEASURED),
        point(9, outcome=Outcome.ERROR),
    )
    assert chart.strips == (
        Strip(kind="error", left=100, width=200),
        Strip(kind="blackout", left=400, width=100),
        Strip(kind="unknown", left=600, width=200),
        Strip(kind="error", left=900, width=100),
    )


def test_strips_of_one_kind_with_something_between_stay_apart() -> None:
    chart = drawn(point(1, outcome=Outcome.ERROR), point(3, outcome=Outcome.ERROR))
    assert [strip.left for strip in chart.strips] == [100, 300]


@pytest.mark.parametrize(
    ("number", "texts"),
    [(7, ["2.0 ms", "4.0 ms", "6.0 ms"]), (1000, ["200 ms", "400 ms", "600 ms", "800 ms", "1.00 s"])],
)
def test_the_scale_has_round_values(number: float, texts: list[str]) -> None:
    assert [tick.text for tick in drawn(point(1, (Phase.WAIT, number))).scale] == texts


def test_the_axis_has_round_times() -> None:
    assert [tick.text for tick in drawn(point(1)).hours] == ["12:00", "14:00", "16:00", "18:00", "20:00", "22:00"]


def test_a_chart_of_failures_alone_has_a_scale() -> None:
    chart = drawn(point(1, outcome=Outcome.ERROR))
    assert (chart.paths, len(chart.scale)) == ((), 5)
