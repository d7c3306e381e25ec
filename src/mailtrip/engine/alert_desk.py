"""The outbox of alerts over the database: each method is one transaction of use cases."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from mailtrip.clock import Clock
from mailtrip.model import AlertDelivery, AlertPackage, DeliveryAnswer
from mailtrip.service import outbox
from mailtrip.service.ports import Secrets
from mailtrip.store import Database

__all__ = ["DatabaseAlertDesk"]


class DatabaseAlertDesk:
    """Implements `mailtrip.engine.outbox.AlertDesk`.

    Args:
        database: open.
        secrets: unseals the passwords of recipients.
        clock: tells what is due.
        public_url: the service's address, for links; None for none.
        relay: what alerts by mail go through; None for none.
        is_behind: whether results wait that are not recorded yet, more than go into one transaction.
    """

    def __init__(
        self,
        database: Database,
        *,
        secrets: Secrets,
        clock: Clock,
        public_url: str | None = None,
        relay: str | None = None,
        is_behind: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._public_url = public_url
        self._relay = relay
        self._is_behind = is_behind

    async def release(self) -> int:
        return await self._database.writing(outbox.release)

    async def next_look(self) -> timedelta | None:
        # Asked first: once recording has caught up, all that it wrote is seen.
        is_behind = self._is_behind()
        return await self._database.reading(
            lambda connection: outbox.next_look(connection, now=self._clock.now(), is_behind=is_behind)
        )

    async def bundle_due(self) -> int:
        is_behind = self._is_behind()
        return await self._database.writing(
            lambda connection: outbox.bundle_due(connection, now=self._clock.now(), is_behind=is_behind)
        )

    async def claim(self, *, limit: int) -> Sequence[AlertPackage]:
        return await self._database.writing(
            lambda connection: outbox.claim(
                connection,
                self._secrets,
                now=self._clock.now(),
                limit=limit,
                public_url=self._public_url,
                relay=self._relay,
            )
        )

    async def record(self, delivery: AlertDelivery, answer: DeliveryAnswer) -> None:
        await self._database.writing(
            lambda connection: outbox.record(connection, delivery, answer, now=self._clock.now())
        )
