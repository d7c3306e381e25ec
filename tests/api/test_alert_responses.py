"""`/api/v1/alerts/{id}/acknowledge` and `/snooze`: what people answer to alerts."""

from typing import Any

import pytest
from tests.api.harness import MONITOR, Server, email_of, messages
from tests.api.harness_runs import fail_run
from tests.api.test_alerts import ALERTS, make_recipient, order

from mailtrip.model import Role

BY = email_of(Role.ADMIN)


@pytest.fixture
def alert(server: Server) -> str:
    """The path of an alert about trouble that lasts."""
    make_recipient(server)
    monitor_id = server.post("/api/v3/monitors/email-round-trip", json={**MONITOR, "local_retry": False}).json()["id"]
    fail_run(server, int(monitor_id))
    return f"{ALERTS}/{server.get(ALERTS).json()['results'][0]['id']}"


def answers(shown: Any) -> tuple[object, ...]:  # Any: JSON of many shapes
    return tuple(shown[name] for name in ("acknowledged_at", "acknowledged_by", "snoozed_until", "snoozed_by"))


def test_an_acknowledged_alert_shows_who_and_when_until_it_is_taken_back(server: Server, alert: str) -> None:
    assert answers(server.get(alert).json()) == (None, None, None, None)

    assert answers(server.post(f"{alert}/acknowledge").json()) == ("2026-01-01T12:00:00Z", BY, None, None)
    assert answers(server.get(alert).json()) == ("2026-01-01T12:00:00Z", BY, None, None)
    assert answers(server.delete(f"{alert}/acknowledge").json()) == (None, None, None, None)


@pytest.mark.parametrize("body", [{"minutes": 90}, {"until": "2026-01-01T13:30:00Z"}, {"minutes": "90"}])
def test_a_snoozed_alert_shows_who_and_until_when(server: Server, alert: str, body: object) -> None:
    shown = server.post(f"{alert}/snooze", json=body)

    assert answers(shown.json()) == (None, None, "2026-01-01T13:30:00Z", BY)
    assert answers(server.delete(f"{alert}/snooze").json()) == (None, None, None, None)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "minutes: give either"),
        ({"minutes": 5, "until": "2026-01-01T13:30:00Z"}, "minutes: give either"),
        ({"minutes": 0}, "minutes: must be a whole number from 1 to 10080"),
        ({"until": "2026-01-01T12:00:00Z"}, "until: must lie within the next 7 days"),
        ({"until": "2026-01-08T12:00:01Z"}, "until: must lie within the next 7 days"),
        ({"until": "tomorrow"}, "until: must be a time"),
    ],
)
def test_a_snooze_without_a_good_time_is_refused(server: Server, alert: str, body: object, fault: str) -> None:
    response = server.post(f"{alert}/snooze", json=body)

    assert response.status_code == 400
    assert fault in messages(response)[0]


def test_there_is_nothing_to_answer_to_a_test(server: Server) -> None:
    alert_id = order(server, make_recipient(server))

    response = server.post(f"{ALERTS}/{alert_id}/acknowledge")

    assert response.status_code == 400
    assert "no trouble that lasts" in messages(response)[0]


def test_an_alert_that_is_not_there_is_not_found(server: Server) -> None:
    assert server.post(f"{ALERTS}/1/acknowledge").status_code == 404
