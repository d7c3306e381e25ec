"""Starting a test run, as `GET /api/v3/tests` and `POST /api/v1/monitors/{id}/test` do alike."""

from mailtrip.api.calls import Call
from mailtrip.model import Run
from mailtrip.service import test_runs

__all__ = ["start_test"]


async def start_test(call: Call, monitor_id: int, location_id: int | None = None) -> Run:
    """As `service.test_runs.start`, for the user whose call it is."""
    services = call.services
    return await test_runs.start(
        services.database,
        services.queue,
        await call.actor(),
        monitor_id,
        token=services.new_token(),
        now=call.now,
        location_id=location_id,
    )
