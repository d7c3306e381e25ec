"""Starting a test run, from whichever side it is asked for."""

from datetime import datetime
from functools import partial

from mailtrip.errors import RateLimited
from mailtrip.model import Actor, Run, RunState
from mailtrip.service import runs
from mailtrip.service.access import require_test
from mailtrip.service.endings import Conclusion, conclude
from mailtrip.service.ports import DatabasePort, RunQueue

__all__ = ["start"]


async def start(
    database: DatabasePort,
    queue: RunQueue,
    actor: Actor,
    monitor_id: int,
    *,
    token: str,
    now: datetime,
    location_id: int | None = None,
) -> Run:
    """Store a test run and hand it to the engine.

    Args:
        database: where it is stored.
        queue: the engine's.
        actor: who asks.
        monitor_id: whose test it is.
        token: of the run's message, new, as text.
        now: becomes the slot.
        location_id: one of the monitor's; None is its home.

    Returns:
        The run, still without a result.

    Raises:
        Forbidden: the role may not test.
        NotFound: no such monitor in the account.
        InvalidInput: the location is none of the monitor's.
        RateLimited: too many tests of the monitor are under way, or too many runs wait; nothing is started.
    """
    require_test(actor)
    run = await database.writing(
        partial(runs.order_test, actor=actor, monitor_id=monitor_id, token=token, now=now, location_id=location_id)
    )
    try:
        queue.put(run)
    except RateLimited as error:
        dropped = Conclusion(run=run, state=RunState.NOT_MEASURED, note=str(error))
        await database.writing(partial(conclude, conclusions=[dropped], now=now))
        raise
    return run
