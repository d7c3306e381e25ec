"""Monitors that check one server, in the engine: no token, no message that counts, one server's sessions, no blame."""

from datetime import UTC, datetime

import pytest

from mailtrip.engine.network import outcome_of
from mailtrip.model import (
    MonitorSettings,
    MonitorType,
    Provider,
    Providers,
    RunState,
    StatusCode,
    Step,
    Verdict,
)
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_result, make_settings, running_engine

SMTP: dict[str, object] = {"type": MonitorType.SMTP, "email": "", "mailbox_server": ""}
IMAP: dict[str, object] = {"type": MonitorType.IMAP, "email": "", "smtp_server": ""}
EACH = pytest.mark.parametrize("fields", [SMTP, IMAP], ids=["smtp", "imap"])


def check(fields: dict[str, object]) -> MonitorSettings:
    return make_settings(**fields)


@EACH
async def test_a_run_of_a_check_has_no_token(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, fields: dict[str, object]
) -> None:
    ledger.put(100001, check(fields))
    ledger.put(100002)
    async with running_engine(ledger, probe, clock):
        await clock.advance(180.0)

    tokens = {id_: {run.token is None for run in ledger.of(id_, RunState.FINISHED)} for id_ in (100001, 100002)}
    assert tokens == {100001: {True}, 100002: {False}}


@EACH
async def test_a_recheck_of_a_check_has_no_token_either(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, fields: dict[str, object]
) -> None:
    ledger.put(100001, check(fields))
    probe.finds = lambda _job: {"verdict": Verdict.FAILS, "status": StatusCode.TIMEOUT, "step": Step.GREETING}
    async with running_engine(ledger, probe, clock):
        await clock.advance(90.0)

    found = ledger.of(100001, RunState.FINISHED)
    assert {run.recheck_of is None for run in found} == {True, False}
    assert {run.token for run in found} == {None}


@EACH
async def test_a_check_sends_no_message_that_a_provider_could_count(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, fields: dict[str, object]
) -> None:
    stingy = Providers([Provider(name="stingy", hosts=("example.com",), messages_per_hour=1)])
    ledger.put(100001, check(fields))
    async with running_engine(ledger, probe, clock, providers=stingy):
        await clock.advance(600.0)

    assert ledger.of(100001, RunState.SKIPPED) == []
    assert len(ledger.of(100001, RunState.FINISHED)) >= 9


async def test_a_check_waits_for_sessions_of_its_own_server_only(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    full = Providers([Provider(name="full", hosts=("imap.example.com",), connections=1)])
    for number in range(10):
        ledger.put(100001 + number, check(SMTP if number % 2 else IMAP))
    probe.seconds = 59.0
    async with running_engine(ledger, probe, clock, providers=full):
        await clock.advance(240.0)

    skipped = {run.monitor_id for run in ledger.runs.values() if run.state is RunState.SKIPPED}
    assert skipped
    assert skipped <= {100001 + number for number in range(0, 10, 2)}


@pytest.mark.parametrize(
    ("fields", "status", "step", "unreached"),
    [
        (SMTP, StatusCode.CONNECTION_FAILED, Step.CONNECT, "smtp.example.com"),
        (SMTP, StatusCode.SMTP_NAME, Step.RESOLVE, "smtp.example.com"),
        (IMAP, StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT, "imap.example.com"),
        (IMAP, StatusCode.LOCATION_LOST, Step.MAILBOX_RESOLVE, "imap.example.com"),
        (SMTP, StatusCode.OK, None, None),
        (IMAP, StatusCode.OK, None, None),
        (SMTP, StatusCode.INTERNAL_ERROR, None, None),
        (IMAP, StatusCode.INTERNAL_ERROR, None, None),
    ],
)
def test_what_a_check_tells_of_the_network_is_about_its_one_server(
    fields: dict[str, object], status: StatusCode, step: Step | None, unreached: str | None
) -> None:
    result = make_result(datetime(2026, 1, 1, tzinfo=UTC), verdict=Verdict.FAILS, status=status, step=step)

    assert outcome_of(1, check(fields), result, at=0.0).unreached == unreached
