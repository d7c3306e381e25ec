"""Runs that an earlier process began, on the wire."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.matrix.test_others_defects import BOTH, begun_run, cut_short, serve, trip

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import MailProtocol


@BOTH
async def test_a_restart_makes_nothing_up_about_when_the_message_went_out(
    prober: Prober, protocol: MailProtocol
) -> None:
    run = begun_run()
    async with serve() as server:
        await cut_short(prober, server, protocol, run)
        accepted_at = datetime.now(UTC)
        known = replace(run, accepted_at=accepted_at, accepted_reply="250 ok")
        resumed = await trip(prober, server, protocol, run=known, resumes=True)

    assert resumed.sighting is not None
    assert abs(resumed.sighting.not_before - (run.begins_at - accepted_at)) < timedelta(milliseconds=1)
