"""One run: drives the round trip and makes the result of what it found."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from mailtrip.model import MailProtocol, Result, SessionRecord, StatusCode, Verdict
from mailtrip.probe.driver import Means, Resumption, TripDriver
from mailtrip.probe.expectations import find_shortfalls, judge
from mailtrip.probe.moves import Conclusion
from mailtrip.probe.proof import find_proof
from mailtrip.probe.quota import blame_quota, quota_of
from mailtrip.probe.summary import summarise, summarise_bug
from mailtrip.probe.trip import Trip

__all__ = ["Means", "Resumption", "run_round_trip"]


async def run_round_trip(
    trip: Trip,
    means: Means,
    *,
    resumption: Resumption | None = None,
    lag: Callable[[], timedelta] | None = None,
) -> Result:
    """Make one round trip. All sessions are closed at the end, within 2 s, also when cancelled.

    A failing mail server is a result. So is a bug of ours: verdict `UNKNOWN`, status `INTERNAL_ERROR`.

    Args:
        trip: what to send and how to judge it.
        means: what to do it with.
        resumption: the message may have been sent by an earlier process: it is looked for, and never sent.
        lag: asked at the end for the event loop's lag during the run.
    """
    began = means.clock.monotonic()
    started_at = means.clock.now() - timedelta(seconds=began - means.timeline.started_at)
    driver = TripDriver(trip, means, resumption)
    outcome, ended = await driver.run()
    duration = timedelta(seconds=ended - means.timeline.started_at)
    records = driver.records
    if isinstance(outcome, Exception):
        conclusion = Conclusion(verdict=Verdict.UNKNOWN, status=StatusCode.INTERNAL_ERROR)
        summary = summarise_bug(outcome)
    else:
        now = means.clock.now()
        shortfalls = find_shortfalls(trip.expectations, driver.facts, records, now=now) if driver.facts else ()
        quota = quota_of(records)
        conclusion = blame_quota(judge(outcome, shortfalls), quota)
        smtp, mailbox = _servers(records)
        summary = summarise(
            conclusion,
            smtp=smtp,
            mailbox=mailbox,
            duration=duration,
            shortfalls=[each.text for each in shortfalls],
            quota_percent=quota,
        )
    return Result(
        verdict=conclusion.verdict,
        status=conclusion.status,
        step=conclusion.step,
        summary=summary,
        proof=find_proof(conclusion, records),
        token=trip.token.text,
        message_id=trip.message_id,
        queued_as=conclusion.accepted.reply if conclusion.accepted else None,
        started_at=started_at,
        duration=duration,
        timings=means.timeline.timings,
        sighting=conclusion.sighting,
        deferred_for=conclusion.deferred_for,
        copies=conclusion.copies,
        left_behind=conclusion.left_behind,
        facts=driver.facts,
        bounce=conclusion.bounce,
        sessions=records,
        lag=lag() if lag else timedelta(0),
    )


def _servers(records: Sequence[SessionRecord]) -> tuple[str, str]:
    """How people know the SMTP server and the mailbox server."""
    smtp = [record.server for record in records if record.protocol is MailProtocol.SMTP]
    mailbox = [record.server for record in records if record.protocol is not MailProtocol.SMTP]
    return (smtp or ["the SMTP server"])[-1], (mailbox or ["the mailbox"])[-1]
