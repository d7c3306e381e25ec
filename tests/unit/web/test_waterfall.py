"""All steps of a run on one time axis."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.web.builders import NOW, make_result, milliseconds, sighting, timings

from mailtrip.model import (
    Direction,
    MailProtocol,
    Proof,
    Result,
    SessionRecord,
    Severity,
    StatusCode,
    Step,
    TranscriptLine,
    Verdict,
)
from mailtrip.web.waterfall import Lane, Span, Waterfall, make_waterfall

GOOD = timings(
    (Step.MAILBOX_CONNECT, 0, 100),
    (Step.CONNECT, 150, 50),
    (Step.SUBMIT, 200, 300),
    (Step.WAIT, 500, 400),
    (Step.LOOK, 850, 50),
    (Step.FETCH, 900, 60),
    (Step.DELETE, 960, 40),
)
UNSEEN = timings((Step.MAILBOX_CONNECT, 0, 100), (Step.CONNECT, 100, 100), (Step.SUBMIT, 200, 300))
MISSING = make_result(
    verdict=Verdict.MISSING,
    status=StatusCode.TIMEOUT,
    step=Step.WAIT,
    queued_as="250 queued",
    timings=UNSEEN,
    duration=timedelta(seconds=60),
)


def drawn(result: Result) -> Waterfall:
    picture = make_waterfall(result, accepted_at=None)
    assert picture is not None
    return picture


def test_each_step_has_its_place_and_width_on_the_axis() -> None:
    bars = drawn(make_result(timings=GOOD)).bars
    assert [(bar.step, bar.span) for bar in bars] == [
        (Step.MAILBOX_CONNECT, Span(0, 100)),
        (Step.CONNECT, Span(150, 50)),
        (Step.SUBMIT, Span(200, 300)),
        (Step.WAIT, Span(500, 400)),
        (Step.LOOK, Span(850, 50)),
        (Step.FETCH, Span(900, 60)),
        (Step.DELETE, Span(960, 40)),
    ]


def test_steps_say_whose_they_are_when_they_began_and_how_long_they_took() -> None:
    bars = drawn(make_result(timings=GOOD)).bars
    assert [(bar.lane, bar.begun, bar.took) for bar in bars[:4]] == [
        (Lane.MAILBOX, "0.000 s", "100 ms"),
        (Lane.SMTP, "0.150 s", "50 ms"),
        (Lane.SMTP, "0.200 s", "300 ms"),
        (Lane.WAIT, "0.500 s", "400 ms"),
    ]


def test_steps_stand_in_the_order_of_their_beginnings() -> None:
    backwards = make_result(timings=GOOD[::-1])
    assert drawn(backwards).bars == drawn(make_result(timings=GOOD)).bars


def test_a_step_of_a_moment_is_seen_and_stays_on_the_axis() -> None:
    bars = drawn(make_result(timings=timings((Step.CONNECT, 0, 0.01), (Step.DELETE, 1000, 0)))).bars
    assert [bar.span for bar in bars] == [Span(0, 3), Span(997, 3)]


def test_times_between_steps_are_gaps() -> None:
    picture = drawn(make_result(timings=GOOD))
    assert (picture.gaps, picture.between) == ((Span(100, 50),), "50 ms")


def test_where_step_follows_step_there_is_no_gap() -> None:
    picture = drawn(make_result(timings=UNSEEN))
    assert (picture.gaps, picture.between) == ((), None)


def test_a_wait_that_nothing_ended_goes_on_to_the_end_and_is_what_failed() -> None:
    wait = drawn(MISSING).bars[-1]
    assert (wait.step, wait.span, wait.took, wait.is_open, wait.severity) == (
        Step.WAIT,
        Span(8, 992),
        "59.50 s, not seen",
        True,
        Severity.ERROR,
    )


def test_a_wait_that_nothing_ended_stands_where_it_began() -> None:
    bounced = make_result(
        verdict=Verdict.BOUNCED,
        status=StatusCode.BOUNCED,
        step=Step.WAIT,
        queued_as="250 queued",
        timings=(*UNSEEN, *timings((Step.FETCH, 800, 50), (Step.DELETE, 900, 50))),
    )
    assert [bar.step for bar in drawn(bounced).bars[2:]] == [Step.SUBMIT, Step.WAIT, Step.FETCH, Step.DELETE]


def test_acceptance_that_was_noted_beside_the_run_counts() -> None:
    picture = make_waterfall(
        make_result(timings=UNSEEN, status=StatusCode.TIMEOUT, step=Step.WAIT), accepted_at=NOW + milliseconds(600)
    )
    assert picture is not None
    assert (picture.bars[-1].begun, picture.bars[-1].took) == ("0.600 s", "400 ms, not seen")


def test_where_nothing_was_accepted_nothing_was_waited_for() -> None:
    refused = make_result(
        timings=UNSEEN, verdict=Verdict.REFUSED, status=StatusCode.RECIPIENT_REFUSED, step=Step.SUBMIT
    )
    assert [bar.step for bar in drawn(refused).bars] == [Step.MAILBOX_CONNECT, Step.CONNECT, Step.SUBMIT]


def test_a_step_that_failed_is_marked() -> None:
    refused = make_result(
        timings=UNSEEN, verdict=Verdict.REFUSED, status=StatusCode.RECIPIENT_REFUSED, step=Step.SUBMIT
    )
    assert [bar.severity for bar in drawn(refused).bars] == [None, None, Severity.ERROR]


@pytest.mark.parametrize(
    ("proof", "span"),
    [
        ((), Span(200, 800)),
        ((Proof(session=0, line=1),), Span(200, 200)),
        ((Proof(session=0, line=9),), Span(200, 800)),
    ],
    ids=["to the end of the run", "to what proves it", "to the end, where that is not kept any more"],
)
def test_a_failed_step_without_a_time_goes_on_from_the_end_of_the_others(proof: tuple[Proof, ...], span: Span) -> None:
    lines = tuple(TranscriptLine(milliseconds(at), Direction.RECEIVED, "said") for at in (200, 400))
    session = SessionRecord(protocol=MailProtocol.SMTP, server="smtp://a", address=None, tls=None, transcript=lines)
    failed = make_result(
        timings=GOOD[:2],
        verdict=Verdict.UNSENT,
        status=StatusCode.SMTP_TLS,
        step=Step.TLS,
        duration=milliseconds(1000),
        sessions=(session,),
        proof=proof,
    )
    last = drawn(failed).bars[-1]
    assert (last.step, last.span, last.took, last.severity) == (Step.TLS, span, "not completed", Severity.ERROR)


def test_a_run_without_any_time_has_no_picture() -> None:
    assert make_waterfall(make_result(), accepted_at=None) is None


@pytest.mark.parametrize(
    ("first", "last", "span", "text"),
    [
        (300, 350, Span(800, 50), "between 300 ms and 350 ms after the server accepted it"),
        (-200, 20, Span(300, 220), "at most 20 ms after the server accepted it"),
        (-200, -1, Span(300, 199), "at most 0.0 ms after the server accepted it"),
        (7_200_000, 7_260_000, None, "between 2 h 00 min and 2 h 01 min after the server accepted it"),
    ],
)
def test_when_the_message_became_visible_is_an_interval(
    first: float, last: float, span: Span | None, text: str
) -> None:
    visible = drawn(make_result(timings=GOOD, sighting=sighting(first, last))).visible
    assert visible is not None
    assert (visible.span, visible.text) == (span, text)


def test_a_message_that_was_never_seen_became_visible_at_no_time() -> None:
    assert drawn(MISSING).visible is None


@pytest.mark.parametrize(
    ("seconds", "texts"),
    [
        (0.001, ["0", "1 ms"]),
        (0.012, ["0", "2 ms", "4 ms", "6 ms", "8 ms", "10 ms", "12 ms"]),
        (1, ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]),
        (2.5, ["0", "500 ms", "1 s", "1.5 s", "2 s", "2.5 s"]),
        (59.5, ["0", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (300, ["0", "50 s", "100 s", "150 s", "200 s", "250 s", "300 s"]),
        (3600, ["0", "10 min", "20 min", "30 min", "40 min", "50 min", "60 min"]),
    ],
)
def test_the_axis_has_round_times(seconds: float, texts: list[str]) -> None:
    picture = drawn(make_result(timings=timings((Step.CONNECT, 0, 0.1)), duration=timedelta(seconds=seconds)))
    assert [tick.text for tick in picture.ticks] == texts


@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(Step), st.floats(0, 4e6), st.floats(0, 4e6)),
        min_size=1,
        unique_by=lambda each: each[0],
    ),
    duration=st.floats(0, 4e6),
    status=st.sampled_from(StatusCode),
    step=st.none() | st.sampled_from(Step),
    seen=st.none() | st.tuples(st.floats(-1e6, 1e9), st.floats(0, 1e6)),
    accepted=st.none() | st.floats(-1e6, 5e6),
)
def test_whatever_a_run_tells_all_of_it_is_on_the_axis(
    pieces: list[tuple[Step, float, float]],
    duration: float,
    status: StatusCode,
    step: Step | None,
    seen: tuple[float, float] | None,
    accepted: float | None,
) -> None:
    result = make_result(
        timings=timings(*pieces),
        duration=milliseconds(duration),
        status=status,
        step=step,
        sighting=None if seen is None else sighting(seen[0], seen[0] + seen[1]),
    )
    picture = make_waterfall(result, accepted_at=None if accepted is None else NOW + milliseconds(accepted))
    assert picture is not None
    visible = () if picture.visible is None or picture.visible.span is None else (picture.visible.span,)
    spans = [*(bar.span for bar in picture.bars if bar.span), *picture.gaps, *visible]
    assert all(span.left >= 0 and span.width >= 3 and span.left + span.width <= 1000 for span in spans)
    assert all(0 <= tick.place <= 1000 for tick in picture.ticks)
