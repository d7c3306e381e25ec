"""Whatever order verdicts, strays, rechecks and restarts come in: one verdict in force, and no change forgotten."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.contract.store.builders import ADMIN, NOW, make_monitor, planned, result

from mailtrip.model import Copy, Result, Revision, Run, RunKind, RunState, Severity, StatusCode, Stray, Verdict
from mailtrip.service import endings, ledger, runs
from mailtrip.service.endings import Conclusion
from mailtrip.service.ledger import Acceptance
from mailtrip.store import Database

SECOND = timedelta(seconds=1)
TIMEOUT = 30 * SECOND
FOUND = replace(
    result(), copies=1, found=(Copy(folder="INBOX", key="1", not_before=NOW, not_after=NOW, deleted_at=NOW),)
)
"""A message that goes by the name 1 was found, and deleted long before any other visit."""
OUTCOMES = (
    result(),
    result(StatusCode.SLOW, Verdict.SLOW),
    replace(result(StatusCode.DELETE_FAILED), copies=1, left_behind=1),
    result(StatusCode.ALTERED, Verdict.ALTERED),
    result(StatusCode.SPAM_FOLDER, Verdict.SPAM),
    result(StatusCode.BOUNCED, Verdict.BOUNCED),
    result(StatusCode.TIMEOUT, Verdict.MISSING),
    result(StatusCode.SMTP_PROTOCOL, Verdict.UNDECIDED),
    result(StatusCode.MAILBOX_LOGIN, Verdict.MAILBOX_UNREACHABLE),
    result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT),
    result(StatusCode.MESSAGE_REFUSED, Verdict.REFUSED),
    result(StatusCode.INTERNAL_ERROR, Verdict.UNKNOWN),
    FOUND,
    None,
)
"""How runs end; None is a run that is cut short."""


@dataclass(slots=True)
class Known:
    """What the test knows of a run: its verdicts so far, and how it was first."""

    token: str
    rechecks: int | None = None
    has_ended: bool = False
    was_good: bool = False
    names: frozenset[str] | None = None
    verdicts: tuple[tuple[Verdict, StatusCode], ...] = ()


class LedgerMachine(RuleBasedStateMachine):
    """Does to the ledger what engines, mailboxes and crashes can do, in any order."""

    claimed = Bundle("claimed")

    def __init__(self, database: Database, numbers: Iterator[int]) -> None:
        super().__init__()
        self.database = database
        self.numbers = numbers
        self.known: dict[int, Known] = {}
        self.now = NOW
        self.monitor_id = 0

    @initialize()
    def begin(self) -> None:
        self.monitor_id = make_monitor(self.database, interval=timedelta(minutes=1), timeout=TIMEOUT)
        self.now = NOW + next(self.numbers) * timedelta(days=10)

    @rule(target=claimed)
    def claim(self) -> int:
        return self._claim(RunKind.SCHEDULED, None, self.now)

    @rule(target=claimed, run_id=claimed)
    def claim_recheck(self, run_id: int) -> object:
        run = self._read(run_id)
        if run.kind is RunKind.RECHECK or run.recheck_id is not None:
            return multiple()
        return self._claim(RunKind.RECHECK, run_id, run.slot)

    @rule(run_ids=st.lists(claimed, unique=True, max_size=3), outcome=st.sampled_from(OUTCOMES))
    def conclude(self, run_ids: list[int], outcome: Result | None) -> None:
        conclusions = [self._conclusion(run_id, outcome) for run_id in run_ids]
        self.database.write(lambda connection: endings.conclude(connection, conclusions, now=self.now))
        for run_id in run_ids:
            known = self.known[run_id]
            if not known.has_ended:
                known.has_ended = True
                known.was_good = outcome is not None and outcome.status.severity is Severity.OK
                known.names = frozenset("1") if outcome is FOUND else None

    @rule(
        run_ids=st.lists(claimed, min_size=1, max_size=3),
        key=st.sampled_from("123"),
        received=st.none() | st.integers(-5, 5000),
    )
    def find_strays(self, run_ids: list[int], key: str, received: int | None) -> None:
        found = [self._stray(run_id, key, received) for run_id in run_ids]
        free = self.database.write(lambda connection: ledger.settle(connection, found, now=self.now))
        assert free == {self.known[run_id].token for run_id in run_ids if self.known[run_id].has_ended}
        for run_id in run_ids:
            known = self.known[run_id]
            known.names = known.names and known.names | {key}

    @rule(run_id=claimed)
    def accept(self, run_id: int) -> None:
        acceptance = Acceptance(run_id=run_id, at=self.now, reply="250 queued")
        self.database.write(lambda connection: ledger.note_accepted(connection, [acceptance]))

    @rule(run_ids=st.lists(claimed, max_size=3))
    def lose_the_network(self, run_ids: list[int]) -> None:
        self.database.write(lambda connection: ledger.excuse(connection, run_ids, now=self.now))

    @rule(run_id=consumes(claimed))
    def forget(self, run_id: int) -> None:
        """Rules need not come back to every run."""
        assert run_id in self.known

    @rule()
    def restart(self) -> None:
        taken = self.database.write(
            lambda connection: ledger.take_over(connection, now=self.now, own_since=self.now + SECOND, location_id=10)
        )
        resumed = {run.id for run in taken.resumed}
        for run_id, known in self.known.items():
            known.has_ended = known.has_ended or run_id not in resumed

    @rule(seconds=st.sampled_from([1, 10, 40, 3600, 26 * 3600]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def keep_house(self) -> None:
        self.database.write(lambda connection: ledger.lose(connection, now=self.now, limit=100))

    @invariant()
    def each_run_has_one_verdict_in_force_and_forgets_none(self) -> None:
        for run_id, known in self.known.items():
            run = self._read(run_id)
            assert (run.state is RunState.RUNNING) is not known.has_ended
            assert (run.result is not None) is (run.state is RunState.FINISHED)
            assert run.token == known.token
            verdicts = _verdicts(run)
            assert verdicts[: len(known.verdicts)] == known.verdicts
            known.verdicts = verdicts
            assert known.was_good or run.result is None or run.result.status is not StatusCode.OK
            _check_revisions(run.revisions)

    @invariant()
    def a_message_that_was_found_has_as_many_copies_as_names(self) -> None:
        for run_id, known in self.known.items():
            run = self._read(run_id)
            if known.names is not None and run.result is not None:
                assert run.result.copies == len(run.result.found) == len(known.names)

    @invariant()
    def an_error_is_verified_by_what_is_in_force_of_its_recheck(self) -> None:
        for run_id, known in self.known.items():
            if known.rechecks is not None:
                severity = self._read(run_id).severity
                expected = {Severity.ERROR: True, Severity.WARNING: False, Severity.OK: False}
                assert self._read(known.rechecks).verified is (severity and expected.get(severity))

    def _claim(self, kind: RunKind, recheck_of: int | None, slot: datetime) -> int:
        token = f"token {next(self.numbers)}"
        self.now += SECOND
        wanted = replace(planned(self.monitor_id, kind=kind, slot=slot, token=token), recheck_of=recheck_of)
        (run,) = self.database.write(lambda connection: runs.claim(connection, [wanted], now=self.now))
        self.known[run.id] = Known(token=token, rechecks=recheck_of)
        return run.id

    def _conclusion(self, run_id: int, outcome: Result | None) -> Conclusion:
        run = self._read(run_id)
        if outcome is None:
            return Conclusion(run=run, state=RunState.NOT_MEASURED, note="cut short by a shutdown")
        timed = replace(outcome, started_at=run.begins_at, duration=min(self.now - run.slot, TIMEOUT))
        return Conclusion(run=run, state=RunState.FINISHED, result=timed)

    def _stray(self, run_id: int, key: str, received: int | None) -> Stray:
        received_at = None if received is None else self._read(run_id).slot + received * SECOND
        token = self.known[run_id].token
        return Stray(token=token, folder="INBOX", key=key, received_at=received_at, asked_at=self.now, seen_at=self.now)

    def _read(self, run_id: int) -> Run:
        return self.database.read(lambda connection: runs.get(connection, ADMIN, run_id))


def _verdicts(run: Run) -> tuple[tuple[Verdict, StatusCode], ...]:
    if run.revisions:
        return tuple((revision.verdict, revision.status) for revision in run.revisions)
    return ((run.result.verdict, run.result.status),) if run.result else ()


def _check_revisions(revisions: tuple[Revision, ...]) -> None:
    assert len(revisions) != 1
    for before, after in itertools.pairwise(revisions):
        assert (before.verdict, before.status, before.summary) != (after.verdict, after.status, after.summary)


def test_each_run_ends_in_one_verdict_and_keeps_each_change_of_mind(database: Database) -> None:
    numbers = itertools.count()
    run_state_machine_as_test(
        lambda: LedgerMachine(database, numbers),  # type: ignore[arg-type]  # any maker of machines will do
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
