"""The engine keeps what mail providers allow: sessions of a host, sessions of a login, messages of a sender."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.ports import RunJob
from mailtrip.model import Credentials, Provider, Providers, Run, RunKind, RunState, StatusCode, Step, Verdict
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, running_engine

MINUTE = timedelta(minutes=1)
NOTE = (
    "example takes 20 messages an hour from one sender, and 60 an hour are planned for probe@example.com; "
    "set a longer interval"
)


def example(**limits: object) -> Providers:
    return Providers([replace(Provider(name="example", hosts=("example.com",)), **limits)])  # type: ignore[arg-type]  # the caller names fields with their own types


class KnowingLedger(FakeLedger):
    """A ledger whose monitors have logins."""

    async def load_jobs(self, runs: Sequence[Run]) -> list[RunJob]:
        jobs = await super().load_jobs(runs)
        return [
            replace(job, mailbox_credentials=Credentials(username=job.settings.username or "box", password="secret"))
            for job in jobs
        ]


async def test_a_provider_may_have_a_cap_of_its_own_for_its_hosts(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(60):
        ledger.put(100001 + number)
    probe.seconds = 20.0
    async with running_engine(
        ledger, probe, clock, EngineLimits(sessions_per_host=100), providers=example(connections=3)
    ):
        await clock.advance(120.0)

    assert probe.most_under_way == 3
    skipped = [run for run in ledger.runs.values() if run.state is RunState.SKIPPED]
    assert "too many sessions with imap.example.com were under way (cap 3)" in {run.note for run in skipped}


async def test_one_login_has_no_more_sessions_than_its_provider_allows_and_others_go_on(
    probe: FakeProbe, clock: FakeClock
) -> None:
    ledger = KnowingLedger()
    for number in range(30):
        ledger.put(100001 + number, make_settings(username="shared"))
    ledger.put(200001, make_settings(username="own"))
    probe.seconds = 20.0
    async with running_engine(ledger, probe, clock, providers=example(connections_per_login=2)):
        await clock.advance(120.0)

    assert probe.most_under_way == 3
    assert ledger.of(200001, RunState.SKIPPED) == []
    skipped = {run.note for run in ledger.runs.values() if run.state is RunState.SKIPPED}
    assert "too many sessions with imap.example.com as shared were under way (cap 2)" in skipped


async def test_messages_beyond_the_limit_are_skipped_with_the_reason_and_nothing_is_red(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock, providers=example(messages_per_hour=20)):
        await clock.advance(3 * 3600.0)

    finished, skipped = ledger.of(100001, RunState.FINISHED), ledger.of(100001, RunState.SKIPPED)
    assert len(finished) == 60
    assert {later.slot - earlier.slot for earlier, later in pairwise(finished)} == {3 * MINUTE}
    assert {run.note for run in skipped} == {NOTE}
    assert len(finished) + len(skipped) == len(ledger.of(100001)) == 180


async def test_the_limit_holds_over_a_restart(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001)
    providers = example(messages_per_hour=6)
    for _ in range(6):
        async with running_engine(ledger, probe, clock, providers=providers):
            await clock.advance(900.0)

    slots = [run.slot for run in ledger.of(100001, RunState.FINISHED)]
    assert {later - earlier for earlier, later in pairwise(slots)} == {10 * MINUTE}


async def test_what_was_never_sent_leaves_its_room_to_the_next(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=30 * MINUTE, local_retry=True))
    probe.finds = lambda _job: {
        "verdict": Verdict.UNSENT,
        "status": StatusCode.CONNECTION_FAILED,
        "step": Step.CONNECT,
    }
    async with running_engine(ledger, probe, clock, providers=example(messages_per_hour=2)):
        await clock.advance(2 * 3600.0)

    kinds = [job.run.kind for job in probe.begun]
    assert kinds.count(RunKind.SCHEDULED) == kinds.count(RunKind.RECHECK) == 4


@pytest.mark.parametrize("kind", [RunKind.TEST, RunKind.RECHECK])
async def test_tests_and_rechecks_are_counted_too(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, kind: RunKind
) -> None:
    ledger.put(100001, make_settings(interval=30 * MINUTE, local_retry=kind is RunKind.RECHECK))
    probe.finds = lambda _job: {"verdict": Verdict.MISSING, "status": StatusCode.TIMEOUT, "step": Step.WAIT}
    async with running_engine(ledger, probe, clock, providers=example(messages_per_hour=2)) as engine:
        while not probe.begun:
            await clock.advance(1.0)
        await clock.advance(5.0)
        if kind is RunKind.TEST:
            engine.put(ledger.order_test(100001, now=clock.now()))
        await clock.advance(30 * 60.0)

    second = ledger.of(100001, RunState.SKIPPED)
    assert [job.run.kind for job in probe.begun] == [RunKind.SCHEDULED, kind]
    assert {run.note for run in second} == {
        "example takes 2 messages an hour from one sender, and probe@example.com has sent as many within the last hour"
    }


async def test_a_resumed_run_sends_nothing_and_needs_no_room(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=30 * MINUTE, timeout=timedelta(seconds=300)))
    ledger.order_test(100001, now=clock.now())
    clock.move(1.0)
    async with running_engine(ledger, probe, clock, providers=example(messages_per_hour=1)):
        await clock.advance(5.0)

    assert [job.resumes for job in probe.begun] == [True]
