"""When the service is well."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.service.health import Health, HealthStatus

WELL = Health(
    database_ok=True,
    runs_in_flight=3,
    results_waiting=0,
    results_dropped=0,
    scheduler_lag=timedelta(0),
    loop_lag=timedelta(0),
    version="1",
)


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (WELL, HealthStatus.OK),
        (replace(WELL, results_dropped=7), HealthStatus.OK),
        (replace(WELL, database_ok=False), HealthStatus.DEGRADED),
        (replace(WELL, results_waiting=1), HealthStatus.DEGRADED),
    ],
)
def test_the_service_is_degraded_while_results_are_not_kept(health: Health, status: HealthStatus) -> None:
    assert health.status is status
