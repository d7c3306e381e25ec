"""A dead man's switch: somebody outside is called each minute while the program truly works, and notices when it does not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.local import EngineHealth

__all__ = ["Heartbeat", "reason_to_be_silent"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_MOST_STANDING = timedelta(seconds=60)
_MOST_LATENESS = timedelta(seconds=60)


def reason_to_be_silent(engine: EngineHealth, *, outbox_idle: timedelta | None) -> str | None:
    """Why nobody may be told that all works; None while all does.

    Args:
        engine: how it is doing.
        outbox_idle: how long ago the outbox last looked for alerts; None when it never has.
    """
    troubles = (
        (not engine.is_running, "no runs are started"),
        (_stands_still(engine.planner_idle), "the scheduler stands still"),
        (engine.database_away_since is not None, "results can't be written"),
        (engine.lateness > _MOST_LATENESS, f"runs start {engine.lateness.total_seconds():.0f} s late"),
        (engine.is_network_lost, "the network is lost"),
        (_stands_still(outbox_idle), "alerts are not sent"),
    )
    return next((reason for holds, reason in troubles if holds), None)


def _stands_still(idle: timedelta | None) -> bool:
    return idle is None or idle > _MOST_STANDING


class Heartbeat:
    """Calls each minute; the first time as soon as all works.

    Args:
        find_reason: why nobody may be told that all works; None while all does.
        call: tells it; gives why that failed, without the address, which may hold a secret.
        clock: tells when.
    """

    def __init__(
        self, find_reason: Callable[[], str | None], call: Callable[[], Awaitable[str | None]], *, clock: Clock
    ) -> None:
        self._find_reason = find_reason
        self._call = call
        self._clock = clock
        self._trouble: str | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        is_first = True
        while True:
            reason = self._find_reason()
            if reason is None:
                self._note(await self._call(), "heartbeat not heard")
                is_first = False
                await self._clock.sleep(_EVERY_SECONDS)
            else:
                if not is_first:
                    self._note(reason, "heartbeat held back")
                await self._clock.sleep(_LOOK_SECONDS)

    def _note(self, trouble: str | None, event: str) -> None:
        """Log trouble when it begins or changes, and its end."""
        if trouble == self._trouble:
            return
        if trouble is None:
            _log.info("heartbeat goes on")
        else:
            _log.warning(event, reason=trouble)
        self._trouble = trouble
