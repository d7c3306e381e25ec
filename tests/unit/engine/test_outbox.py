"""The outbox sends what is due, a bounded number at once, and outlives trouble of its own, of channels and of the database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs
from tests.unit.alerts.builders import make_package

from mailtrip.engine.outbox import Outbox, Send
from mailtrip.errors import Unavailable
from mailtrip.model import AlertDelivery, AlertPackage, DeliveryAnswer
from mailtrip.testing.clock import FakeClock

SENT = DeliveryAnswer(is_sent=True, text="HTTP 204")


class FakeDesk:
    """Deliveries that wait in memory; while it is away each call fails."""

    def __init__(self, count: int) -> None:
        self.waiting = [package(number) for number in range(count)]
        self.recorded: dict[int, DeliveryAnswer] = {}
        self.released = 0
        self.is_away = False
        self.idle: timedelta | None = None
        self.bug: Exception | None = None

    def _see(self) -> None:
        if self.is_away:
            raise Unavailable("the disk is full")

    async def release(self) -> int:
        self._see()
        self.released += 1
        return 0

    async def next_look(self) -> timedelta | None:
        self._see()
        return timedelta(0) if self.waiting else self.idle

    async def bundle_due(self) -> int:
        self._see()
        return 0

    async def claim(self, *, limit: int) -> Sequence[AlertPackage]:
        self._see()
        if self.bug is not None:
            raise self.bug
        claimed, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return claimed

    async def record(self, delivery: AlertDelivery, answer: DeliveryAnswer) -> None:
        self._see()
        self.recorded[delivery.id] = answer


def package(number: int) -> AlertPackage:
    made = make_package()
    return replace(made, delivery=replace(made.delivery, id=number))


@asynccontextmanager
async def at_work(desk: FakeDesk, send: Send, clock: FakeClock, *, patience: float = 60.0) -> AsyncIterator[None]:
    task = asyncio.create_task(Outbox(desk, send, clock=clock, patience=patience).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_waits_is_sent_and_recorded(clock: FakeClock) -> None:
    desk = FakeDesk(3)

    async def send(_: AlertPackage) -> DeliveryAnswer:
        return SENT

    async with at_work(desk, send, clock):
        await clock.advance(1.0)

    assert desk.recorded == {0: SENT, 1: SENT, 2: SENT}
    assert desk.released == 1


async def test_it_looks_when_the_next_is_due(clock: FakeClock) -> None:
    desk = FakeDesk(0)
    desk.idle = timedelta(seconds=0.3)

    async def send(_: AlertPackage) -> DeliveryAnswer:
        return SENT

    async with at_work(desk, send, clock):
        await clock.advance(0.25)
        desk.waiting = [package(1)]
        await clock.advance(0.04)
        assert desk.recorded == {}
        await clock.advance(0.02)

    assert desk.recorded == {1: SENT}


async def test_what_has_waited_for_a_delivery_is_sent_when_that_has_ended(clock: FakeClock) -> None:
    desk = FakeDesk(1)

    async def send(each: AlertPackage) -> DeliveryAnswer:
        if each.delivery.id == 0:
            desk.waiting.append(package(1))
        return SENT

    async with at_work(desk, send, clock):
        await clock.advance(0.0)

    assert desk.recorded == {0: SENT, 1: SENT}


async def test_at_most_20_are_under_way_at_once(clock: FakeClock) -> None:
    desk = FakeDesk(50)
    gate = asyncio.Event()
    begun = []

    async def send(each: AlertPackage) -> DeliveryAnswer:
        begun.append(each.delivery.id)
        await gate.wait()
        return SENT

    async with at_work(desk, send, clock):
        await clock.advance(10.0)
        assert len(begun) == 20
        gate.set()
        await clock.advance(10.0)

    assert len(desk.recorded) == 50


async def test_one_that_fails_on_our_side_is_a_passing_failure_and_stops_no_other(clock: FakeClock) -> None:
    desk = FakeDesk(2)

    async def send(each: AlertPackage) -> DeliveryAnswer:
        if each.delivery.id == 0:
            raise KeyError("secret")
        return SENT

    with capture_logs():
        async with at_work(desk, send, clock):
            await clock.advance(1.0)

    assert desk.recorded == {
        0: DeliveryAnswer(is_sent=False, text="internal error: KeyError (see the log)", is_temporary=True),
        1: SENT,
    }


async def test_one_that_hangs_is_given_up(clock: FakeClock) -> None:
    desk = FakeDesk(1)
    given_up = asyncio.Event()

    async def send(_: AlertPackage) -> DeliveryAnswer:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return SENT

    with capture_logs():
        async with at_work(desk, send, clock, patience=0.01):
            await clock.advance(1.0)
            await given_up.wait()
            await clock.advance(1.0)

    assert desk.recorded == {0: DeliveryAnswer(is_sent=False, text="no answer within 0.01 s", is_temporary=True)}


async def test_while_the_database_is_away_nothing_is_forgotten(clock: FakeClock) -> None:
    desk = FakeDesk(1)
    desk.is_away = True

    async def send(_: AlertPackage) -> DeliveryAnswer:
        desk.is_away = True
        return SENT

    with capture_logs():
        async with at_work(desk, send, clock):
            await clock.advance(5.0)
            assert (desk.released, desk.recorded) == (0, {})
            desk.is_away = False
            await clock.advance(1.0)
            assert (desk.released, desk.recorded) == (1, {})  # sent, and away again before that could be noted
            desk.is_away = False
            await clock.advance(5.0)

    assert desk.recorded == {0: SENT}


async def test_trouble_on_our_side_stops_the_pulse_and_not_the_service(clock: FakeClock) -> None:
    desk = FakeDesk(1)
    desk.bug = KeyError("secret")

    async def send(_: AlertPackage) -> DeliveryAnswer:
        return SENT

    outbox = Outbox(desk, send, clock=clock)
    with capture_logs():
        task = asyncio.create_task(outbox.run())
        await clock.advance(5.0)
        assert (outbox.pulse.idle, task.done()) == (None, False)
        desk.bug = None
        await clock.advance(2.0)
        task.cancel()
        await asyncio.wait([task])

    assert desk.recorded == {0: SENT}
    assert outbox.pulse.idle is not None
