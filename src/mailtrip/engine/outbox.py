"""Sends alerts: takes what is due from the outbox, hands it to its channel, and notes what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.pulse import Pulse
from mailtrip.errors import Unavailable
from mailtrip.model import AlertDelivery, AlertPackage, DeliveryAnswer

__all__ = ["AlertDesk", "Outbox", "Send"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 1.0
_MOST_AT_ONCE = 20

Send = Callable[[AlertPackage], Awaitable[DeliveryAnswer]]
"""Sends one delivery. A far end that fails is an answer; an exception is our own fault."""


class AlertDesk(Protocol):
    """The outbox as it is kept. Each method is one transaction, and raises `Unavailable` while the database is away."""

    async def release(self) -> int:
        """At start: have sent again what a dead process was sending; how many there are."""
        ...

    async def next_look(self) -> timedelta | None:
        """How long there will be nothing to bundle or to claim, as far as is known: 0 where there is, None for ever."""
        ...

    async def bundle_due(self) -> int:
        """Make deliveries of the alerts whose time has come; how many were made."""
        ...

    async def claim(self, *, limit: int) -> Sequence[AlertPackage]:
        """Deliveries that are due; what comes of each has to be recorded."""
        ...

    async def record(self, delivery: AlertDelivery, answer: DeliveryAnswer) -> None:
        """Note what came of an attempt."""
        ...


class Outbox:
    """Looks each second, and when something is due or was delivered; at most 20 deliveries are under way at once.

    Args:
        desk: where deliveries are kept.
        send: sends one.
        clock: tells when to look.
        patience: seconds after which an attempt is given up.

    Attributes:
        pulse: beats whenever the outbox has been looked into.
    """

    def __init__(self, desk: AlertDesk, send: Send, *, clock: Clock, patience: float = 90.0) -> None:
        self._desk = desk
        self._send = send
        self._clock = clock
        self._patience = patience
        self._under_way: set[asyncio.Task[None]] = set()
        self._alarm = Alarm(clock)
        self.pulse = Pulse(clock)

    async def run(self) -> None:
        """Work until cancelled. What is under way then is sent again by the next process, under the same key."""
        is_released = False
        async with asyncio.TaskGroup() as group:
            while True:
                seconds = _EVERY_SECONDS
                try:
                    if not is_released:
                        await self._release()
                        is_released = True
                    seconds = await self._look(group)
                    self.pulse.beat()
                except Unavailable as exc:
                    _log.warning("alerts wait: the database is away", error=str(exc))
                except Exception:  # noqa: BLE001 - alerts that can't be made must not end the runs; the pulse tells
                    _log.exception("alerts wait: trouble on our side")
                await self._alarm.wait(seconds)

    async def _release(self) -> None:
        if again := await self._desk.release():
            _log.warning("alerts are sent again, as it is not known whether they were", deliveries=again)

    async def _look(self, group: asyncio.TaskGroup) -> float:
        """Do what is to be done now; how many seconds later to look again."""
        room = _MOST_AT_ONCE - len(self._under_way)
        idle = await self._desk.next_look() if room > 0 else None
        if idle is None:
            return _EVERY_SECONDS
        if idle > timedelta(0):
            return min(idle.total_seconds(), _EVERY_SECONDS)
        await self._desk.bundle_due()
        for package in await self._desk.claim(limit=room):
            task = group.create_task(self._deliver(package))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return _EVERY_SECONDS

    async def _deliver(self, package: AlertPackage) -> None:
        answer = await self._attempt(package)
        log = _log.info if answer.is_sent else _log.warning
        log(
            "alert sent" if answer.is_sent else "alert not sent",
            delivery=package.delivery.id,
            recipient=package.recipient.id,
            alerts=package.count,
            attempt=package.delivery.attempts,
            answer=answer.text,
        )
        while True:
            try:
                await self._desk.record(package.delivery, answer)
            except Unavailable:
                await self._clock.sleep(_EVERY_SECONDS)
            else:
                self._alarm.ring()  # the next one to the same recipient has waited for this
                return

    async def _attempt(self, package: AlertPackage) -> DeliveryAnswer:
        try:
            async with asyncio.timeout(self._patience):
                return await self._send(package)
        except TimeoutError:
            return DeliveryAnswer(is_sent=False, text=f"no answer within {self._patience:g} s", is_temporary=True)
        except Exception as exc:  # noqa: BLE001 - our own fault, whatever it is, must not end the others
            _log.exception("alert failed on our side", delivery=package.delivery.id)
            text = f"internal error: {type(exc).__name__} (see the log)"
            return DeliveryAnswer(is_sent=False, text=text, is_temporary=True)
