"""The story of an outage on a jumping clock, with the process killed at each thing it does: no alert is lost or doubled.

A process that is killed forgets all that it knows, and what it was writing. So each transaction is begun anew here after it
was rolled back, or done once more as nobody heard of its end; and each message is sent once more where that was not noted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW, claimed
from tests.contract.store.test_alerts import GOOD, MISSING, SENT, make_group, make_recipient, monitor_of

from mailtrip.alerts.render import text_of
from mailtrip.model import AlertKind, AlertPackage, BlackoutType, Result, Run, RunKind, RunState, Stray
from mailtrip.service import alert_links, blackouts, endings, ledger, outbox, runs
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.service.endings import Conclusion
from mailtrip.service.runs import PlannedRun
from mailtrip.store import Connection, Database

T = TypeVar("T")

MINUTE = timedelta(minutes=1)
URL = "https://mailtrip.probe.test"


class Kill(Enum):
    """When the process is killed."""

    NEVER = auto()
    BEFORE = auto()
    """Each thing, right before its end: it is not done."""
    AFTER = auto()
    """Each thing, right after its end: it is done, and nobody knows."""


class Killed(Exception):
    """All that the process knew is gone."""


@dataclass
class World:
    """The service and what is around it.

    Attributes:
        now: it is never earlier than before.
        inbox: what recipients have, by key, in the order in which it came first.
    """

    database: Database
    kill: Kill
    now: datetime = NOW
    inbox: dict[str, AlertPackage] = field(default_factory=dict)
    sent_before: set[int] = field(default_factory=set)

    def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction, which the process may not survive."""
        if self.kill is Kill.BEFORE:
            with pytest.raises(Killed):
                self.database.write(partial(_die, work))
            self._start()
        elif self.kill is Kill.AFTER:
            self.database.write(work)
            self._start()
        return self.database.write(work)

    def pass_to(self, minute: float) -> None:
        """Let the outbox look each minute until then."""
        until = NOW + minute * MINUTE
        while self.now < until:
            self.now = min(self.now + MINUTE, until)
            if self.database.read(partial(outbox.has_work, now=self.now)):
                self._look()

    def conclude(self, run: Run, outcome: Result) -> None:
        result = replace(outcome, token=run.token, queued_as="250 ok") if outcome is MISSING else outcome
        ending = Conclusion(run=run, state=RunState.FINISHED, result=result)
        self.write(partial(endings.conclude, conclusions=[ending], now=self.now))

    def _look(self) -> None:
        self.write(partial(outbox.bundle_due, now=self.now))
        claim = partial(outbox.claim, secrets=KEYS, now=self.now, limit=10, public_url=URL)
        while packages := self.write(claim):
            for package in packages:
                if not self._send(package):
                    break
                self.write(partial(outbox.record, delivery=package.delivery, answer=SENT, now=self.now))

    def _send(self, package: AlertPackage) -> bool:
        """Whether the process lives on; each delivery kills it once."""
        dies = self.kill is not Kill.NEVER and package.delivery.id not in self.sent_before
        self.sent_before.add(package.delivery.id)
        if not dies or self.kill is Kill.AFTER:
            known = self.inbox.setdefault(package.delivery.key, package)
            assert text_of(known, public_url=URL) == text_of(package, public_url=URL)  # a repetition has the same words
        if dies:
            self._start()
        return not dies

    def _start(self) -> None:
        """The next process begins."""
        self.database.write(outbox.release)


def _die(work: Callable[[Connection], object], connection: Connection) -> None:
    work(connection)
    raise Killed


@pytest.mark.parametrize("kill", Kill, ids=lambda kill: kill.name.lower())
def test_the_story_of_an_outage(database: Database, kill: Kill) -> None:
    team = make_recipient(database, name="team")
    boss = make_recipient(database, name="boss")
    monitor_id = monitor_of(database, name="Orders", local_retry=True)
    members = {"monitor_ids": (monitor_id,), "recipient_ids": (team,)}
    make_group(database, **members, escalate_after=20 * MINUTE, escalate_to=(boss,))
    draft = BlackoutDraft(
        type=BlackoutType.ALERT, subject_id=monitor_id, start=NOW + 20 * MINUTE, end=NOW + 30 * MINUTE
    )
    database.write(partial(blackouts.create, actor=ADMIN, draft=draft, now=NOW))
    world = World(database, kill)

    def make_run(minute: int, outcome: Result) -> Run:
        """A planned run, and the recheck that verifies its error."""
        world.pass_to(minute)
        run = claimed(database, monitor_id, slot=world.now, token=f"token {minute}")
        world.conclude(run, outcome)
        if outcome is not GOOD:
            planned = PlannedRun(
                account_id=run.account_id,
                monitor_id=monitor_id,
                location_id=run.location_id,
                slot=run.slot,
                kind=RunKind.RECHECK,
                token=f"recheck {minute}",
                recheck_of=run.id,
            )
            (recheck,) = database.write(partial(runs.claim, planned=[planned], now=world.now))
            world.conclude(recheck, outcome)
        return run

    def follow(link: str | None) -> None:
        assert link is not None
        token = parse_qs(urlsplit(link).query)["token"][0]
        answer = partial(alert_links.answer, secrets=KEYS, token=token, snooze_for=10 * MINUTE, now=world.now)
        world.write(answer)

    make_run(0, GOOD)
    make_run(5, MISSING)
    make_run(10, MISSING)
    world.pass_to(12)
    (first, *_) = world.inbox.values()
    assert first.links is not None
    follow(first.links.snooze)  # until minute 22
    make_run(15, MISSING)
    make_run(25, MISSING)  # in the blackout, in which the escalation waits too
    world.pass_to(29)
    assert heard(world) == {"team": [AlertKind.ERROR, AlertKind.REMINDER]}
    world.pass_to(32)
    assert heard(world)["boss"] == [AlertKind.ESCALATION]
    make_run(33, MISSING)  # the first after snooze and blackout
    world.pass_to(34)
    follow(first.links.acknowledge)
    last = make_run(60, MISSING)
    arrived = Stray(
        token=last.token or "",
        folder="INBOX",
        key="1",
        received_at=world.now,
        asked_at=world.now + 4 * MINUTE,
        seen_at=world.now + 4 * MINUTE,
    )
    world.pass_to(64)
    world.write(partial(ledger.settle, strays=[arrived], now=world.now))
    make_run(65, GOOD)
    make_run(70, MISSING)
    make_run(75, GOOD)
    world.pass_to(90)

    assert heard(world) == {
        "team": [
            AlertKind.ERROR,
            AlertKind.REMINDER,
            AlertKind.REMINDER,
            AlertKind.DELAYED,
            AlertKind.ERROR,
            AlertKind.CLEAR,
        ],
        "boss": [AlertKind.ESCALATION, AlertKind.DELAYED],
    }


def heard(world: World) -> dict[str | None, list[AlertKind]]:
    """What each recipient has been told, in its order."""
    found: dict[str | None, list[AlertKind]] = {}
    for package in world.inbox.values():
        (item,) = package.items
        found.setdefault(package.recipient.settings.name, []).append(item.alert.kind)
    return found
