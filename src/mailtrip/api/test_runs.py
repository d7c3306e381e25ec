"""Starting a test run, as `GET /api/v3/tests` and `POST /api/v1/monitors/{id}/test` do alike."""

from functools import partial

from mailtrip.api.calls import Call
from mailtrip.errors import RateLimited
from mailtrip.model import Run, RunState
from mailtrip.service import runs
from mailtrip.service.access import require_test
from mailtrip.service.endings import Conclusion, conclude

__all__ = ["start_test"]


async def start_test(call: Call, monitor_id: int, location_id: int | None = None) -> Run:
    """Store a test run and hand it to the engine.

    Args:
        call: the request's.
        monitor_id: whose test it is.
        location_id: one of the monitor's; None is its home.

    Returns:
        The run, still without a result.

    Raises:
        Forbidden: the role may not test.
        NotFound: no such monitor in the account.
        InvalidInput: the location is none of the monitor's.
        RateLimited: too many tests of the monitor are under way, or too many runs wait; nothing is started.
    """
    actor = await call.actor()
    require_test(actor)
    now = call.now
    token = call.services.new_token()
    run = await call.writing(
        partial(runs.order_test, actor=actor, monitor_id=monitor_id, token=token, now=now, location_id=location_id)
    )
    try:
        call.services.queue.put(run)
    except RateLimited as error:
        dropped = Conclusion(run=run, state=RunState.NOT_MEASURED, note=str(error))
        await call.writing(partial(conclude, conclusions=[dropped], now=now))
        raise
    return run
