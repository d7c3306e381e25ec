from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtrip.engine.buffer import ConclusionBuffer
from mailtrip.engine.ports import Conclusion
from mailtrip.model import (
    Direction,
    MailProtocol,
    RunState,
    SessionRecord,
    StatusCode,
    TranscriptLine,
    Verdict,
)
from mailtrip.testing.engine import make_job, make_result

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make_conclusion(number: int, *, lines: int = 0, is_good: bool = True) -> Conclusion:
    line = TranscriptLine(timedelta(0), Direction.RECEIVED, "+OK")
    session = SessionRecord(
        protocol=MailProtocol.POP3, server="pop3://x", address=None, tls=None, transcript=(line,) * lines
    )
    result = make_result(START, sessions=(session,))
    if not is_good:
        result = replace(result, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT)
    return Conclusion(run=make_job(number, START).run, state=RunState.FINISHED, result=result)


def make_buffer(*, capacity: int = 100, lines: int = 1000) -> ConclusionBuffer:
    return ConclusionBuffer(capacity=capacity, lines=lines)


def lines_of(conclusion: Conclusion) -> int:
    assert conclusion.result is not None
    return len(conclusion.result.sessions[0].transcript)


def test_what_comes_first_goes_first() -> None:
    buffer = make_buffer()
    given = [make_conclusion(number) for number in range(5)]
    for conclusion in given:
        buffer.add(conclusion)
    assert [buffer.take(3), buffer.take(3), buffer.take(3)] == [given[:3], given[3:], []]


def test_what_is_put_back_comes_first_again() -> None:
    buffer = make_buffer()
    given = [make_conclusion(number, lines=3) for number in range(5)]
    for conclusion in given[:3]:
        buffer.add(conclusion)
    taken = buffer.take(2)
    for conclusion in given[3:]:
        buffer.add(conclusion)
    buffer.put_back(taken)
    assert buffer.take(9) == given


def test_transcripts_of_the_oldest_good_results_go_first() -> None:
    buffer = make_buffer(lines=30)
    for number, is_good in enumerate([False, True, True, True]):
        buffer.add(make_conclusion(number, lines=10, is_good=is_good))
    kept = buffer.take(9)
    assert [lines_of(conclusion) for conclusion in kept] == [10, 0, 0, 10]
    assert (buffer.stripped, buffer.dropped) == (2, 0)


def test_transcripts_of_bad_results_go_when_there_are_no_good_ones_left() -> None:
    buffer = make_buffer(lines=20)
    for number in range(3):
        buffer.add(make_conclusion(number, lines=10, is_good=False))
    assert [lines_of(conclusion) for conclusion in buffer.take(9)] == [0, 0, 10]


def test_a_lost_transcript_is_told_by_the_number_of_its_lines() -> None:
    buffer = make_buffer(lines=5)
    buffer.add(make_conclusion(1, lines=10))
    (kept,) = buffer.take(1)
    assert kept.result is not None
    assert kept.result.sessions[0].lines_dropped == 10


def test_the_oldest_results_are_dropped_last_of_all_and_counted() -> None:
    buffer = make_buffer(capacity=3)
    for number in range(5):
        buffer.add(make_conclusion(number))
    kept = buffer.take(9)
    assert [(item.run.monitor_id, item.state) for item in kept] == [
        (0, RunState.NOT_MEASURED),
        (1, RunState.NOT_MEASURED),
        (2, RunState.FINISHED),
        (3, RunState.FINISHED),
        (4, RunState.FINISHED),
    ]
    assert buffer.dropped == 2


def test_memory_stays_bounded_however_much_comes() -> None:
    buffer = make_buffer(capacity=10, lines=50)
    for number in range(1000):
        buffer.add(make_conclusion(number, lines=20))
    assert len(buffer) == 20
    assert buffer.dropped == 990
    assert sum(lines_of(item) for item in buffer.take(20) if item.result) <= 50


def test_lines_are_counted_out_as_they_are_counted_in() -> None:
    buffer = make_buffer(lines=30)
    for number in range(100):
        buffer.add(make_conclusion(number, lines=20))
        buffer.take(1)
    assert buffer.stripped == 0
