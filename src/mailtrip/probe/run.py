"""One run: drives the round trip and makes the result of what it found."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from mailtrip.model import Copy, MailProtocol, Result, SessionRecord, StatusCode, Verdict, spacing_of
from mailtrip.probe.driver import Means, Resumption, TripDriver
from mailtrip.probe.expectations import find_shortfalls, judge
from mailtrip.probe.moves import Conclusion, Seen
from mailtrip.probe.proof import find_proof
from mailtrip.probe.quota import blame_quota, quota_of
from mailtrip.probe.stamps import ServerTimes
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
    found: tuple[Copy, ...] = ()
    if isinstance(outcome, Exception):
        conclusion = Conclusion(verdict=Verdict.UNKNOWN, status=StatusCode.INTERNAL_ERROR)
        summary = summarise_bug(outcome)
    else:
        now = means.clock.now()
        found = tuple(_copy(seen, outcome, driver) for seen in outcome.found)
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
            spacing=spacing_of(found),
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
        found=found,
        facts=driver.facts,
        bounce=conclusion.bounce,
        sessions=records,
        lag=lag() if lag else timedelta(0),
    )


def _copy(seen: Seen, conclusion: Conclusion, driver: TripDriver) -> Copy:
    """A message as it is kept; it can't have been there before it went out."""
    times = driver.times.get(seen.ref, ServerTimes())
    sent_at = driver.means.timeline.started_at
    if conclusion.accepted is not None:
        offered_at = conclusion.accepted.offered_at
        sent_at = conclusion.accepted.at if offered_at is None else offered_at
    not_before = sent_at if seen.not_before is None else max(sent_at, seen.not_before)
    return Copy(
        folder=seen.ref.folder,
        key=seen.ref.key,
        uidvalidity=seen.ref.uidvalidity,
        not_before=driver.moment_of(not_before),
        not_after=driver.moment_of(max(not_before, seen.not_after)),
        received_at=times.received_at,
        stamped_at=times.stamped_at,
        deleted_at=None if seen.deleted_at is None else driver.moment_of(seen.deleted_at),
    )


def _servers(records: Sequence[SessionRecord]) -> tuple[str, str]:
    """How people know the SMTP server and the mailbox server."""
    smtp = [record.server for record in records if record.protocol is MailProtocol.SMTP]
    mailbox = [record.server for record in records if record.protocol is not MailProtocol.SMTP]
    return (smtp or ["the SMTP server"])[-1], (mailbox or ["the mailbox"])[-1]
