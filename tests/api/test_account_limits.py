"""What an account may have, and no more: told by the limit's name."""

from datetime import timedelta

from tests.api.harness import MONITOR, PASSWORD, Server, messages

from mailtrip import store
from mailtrip.model import AccountLimits

MONITORS = "/api/v3/monitors/email-round-trip"


def limit(server: Server, limits: AccountLimits) -> None:
    server.database.write(lambda connection: store.accounts.set_limits(connection, 1, limits))


def test_a_monitor_too_many_is_refused_with_the_limits_name(server: Server) -> None:
    server.create()
    limit(server, AccountLimits(most_monitors=1))
    response = server.post(MONITORS, json=MONITOR)
    assert response.status_code == 400
    assert messages(response) == [
        "invalid_request - account: has 1 monitors, and its limit most_monitors is 1; remove one, or have the limit raised"
    ]


def test_a_user_too_many_is_refused_with_the_limits_name(server: Server) -> None:
    limit(server, AccountLimits(most_users=5))
    response = server.post("/api/v3/users", json={"email": "new@example.com", "password": PASSWORD})
    assert response.status_code == 400
    assert messages(response) == [
        "invalid_request - account: has 5 users, and its limit most_users is 5; remove one, or have the limit raised"
    ]


def test_an_interval_that_is_too_short_is_refused_with_the_limits_name(server: Server) -> None:
    monitor_id = server.create(interval=5)
    limit(server, AccountLimits(shortest_interval=timedelta(minutes=10)))
    fault = "invalid_request - interval: is below the limit shortest_interval of this account; use 10 minutes or more"
    assert messages(server.post(MONITORS, json=MONITOR | {"interval": 9})) == [fault]
    assert messages(server.patch(f"{MONITORS}/{monitor_id}", json={"interval": 6})) == [fault]
    assert server.patch(f"{MONITORS}/{monitor_id}", json={"name": "Still there"}).status_code == 200
