"""`/api/v1/alerts`: what recipients were told, and test alerts."""

from datetime import timedelta
from functools import partial
from typing import Any

from tests.api.harness import MONITOR, Server, messages

from mailtrip.model import AlertKind, DeliveryAnswer, Role, StatusCode
from mailtrip.service import outbox
from mailtrip.store import alerts as alert_rows
from mailtrip.store.alerts import NewAlert

ALERTS = "/api/v1/alerts"
RECIPIENT = {"name": "Ops", "method_id": 16, "recipient": "https://hooks.example.com/T1?token=s3cret"}


def make_recipient(server: Server) -> str:
    return str(server.post("/api/v3/recipients", json=RECIPIENT).json()["id"])


def order(server: Server, recipient_id: str) -> str:
    response = server.post(f"/api/v1/recipients/{recipient_id}/test")
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def read(server: Server, alert_id: str) -> Any:  # Any: JSON of many shapes
    response = server.get(f"{ALERTS}/{alert_id}")
    assert response.status_code == 200, response.text
    return response.json()


def deliver(server: Server, answer: DeliveryAnswer) -> None:
    """What the outbox does a second later."""
    now = server.clock.now() + timedelta(seconds=1)
    server.database.write(partial(outbox.bundle_due, now=now))
    for package in server.database.write(partial(outbox.claim, secrets=server.services.secrets, now=now, limit=100)):
        server.database.write(partial(outbox.record, delivery=package.delivery, answer=answer, now=now))


def test_a_test_alert_waits_and_then_shows_what_the_far_end_said(server: Server) -> None:
    recipient_id = make_recipient(server)
    alert_id = order(server, recipient_id)
    before = read(server, alert_id)
    deliver(server, DeliveryAnswer(is_sent=False, text="HTTP 410 gone"))
    after = read(server, alert_id)

    assert (before["kind"], before["recipient_id"], before["monitor_id"]) == ("test", int(recipient_id), None)
    assert (before["delivery"], before["attempts"], before["answer"]) == ("waiting", 0, None)
    assert (after["delivery"], after["attempts"], after["answer"]) == ("failed", 1, "HTTP 410 gone")
    assert after["next_attempt_at"] is None
    assert (before["wait_reason"], before["method_id"], before["through"], before["failure"]) == (
        "in_line",
        None,
        None,
        None,
    )
    assert (after["wait_reason"], after["method_id"], after["failure"]) == (None, 16, "permanent")
    assert after["through"] == "https://hooks.example.com/***"


def test_a_passing_failure_tells_when_it_is_tried_again(server: Server) -> None:
    alert_id = order(server, make_recipient(server))
    deliver(server, DeliveryAnswer(is_sent=False, text="HTTP 503", is_temporary=True))

    shown = read(server, alert_id)

    assert (shown["delivery"], shown["attempts"], shown["ended_at"]) == ("waiting", 1, None)
    assert shown["next_attempt_at"] is not None
    assert (shown["wait_reason"], shown["wait_until"]) == ("retry", shown["next_attempt_at"])
    assert shown["failure"] == "passing"


def test_at_most_five_tests_of_a_recipient_are_taken_in_a_minute(server: Server) -> None:
    recipient_id = make_recipient(server)
    for _ in range(5):
        order(server, recipient_id)

    response = server.post(f"/api/v1/recipients/{recipient_id}/test")

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1


def test_a_test_needs_a_role_that_may_edit(server: Server) -> None:
    recipient_id = make_recipient(server)

    response = server.post(f"/api/v1/recipients/{recipient_id}/test", role=Role.USER)

    assert response.status_code == 403
    assert server.get(ALERTS).json()["results"] == []


def test_a_recipient_that_is_not_there_is_not_found(server: Server) -> None:
    response = server.post("/api/v1/recipients/999999/test")

    assert (response.status_code, messages(response)) == (404, ["Record not found"])


def test_an_alert_that_is_not_there_is_not_found(server: Server) -> None:
    assert server.get(f"{ALERTS}/1").status_code == 404


def put(server: Server, recipient_id: str, monitor_id: str, count: int) -> list[int]:
    new = NewAlert(
        account_id=1,
        recipient_id=int(recipient_id),
        monitor_id=int(monitor_id),
        run_id=1,
        kind=AlertKind.ERROR,
        status=StatusCode.SMTP_LOGIN,
        errors=1,
        since=server.clock.now(),
        cause="error 104 smtp.example.com",
    )
    now = server.clock.now()
    return [server.database.write(partial(alert_rows.add_one, new=new, now=now)) for _ in range(count)]


def test_alerts_are_listed_newest_first_in_pages(server: Server) -> None:
    recipient_id = make_recipient(server)
    monitor_id = server.post("/api/v3/monitors/email-round-trip", json=MONITOR).json()["id"]
    ids = put(server, recipient_id, monitor_id, 5)
    pages: list[list[int]] = []
    cursor = None
    while not pages or cursor:
        answer = server.get(ALERTS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        pages.append([alert["id"] for alert in answer["results"]])
        cursor = answer["next_cursor"]

    assert pages == [ids[:2:-1], ids[2:0:-1], ids[:1]]


def test_alerts_are_filtered_by_monitor_and_recipient(server: Server) -> None:
    first, second = make_recipient(server), make_recipient(server)
    one, other = (server.post("/api/v3/monitors/email-round-trip", json=MONITOR).json()["id"] for _ in range(2))
    of_one, of_other = put(server, first, one, 1), put(server, second, other, 1)

    def listed(**filters: str) -> list[int]:
        return [alert["id"] for alert in server.get(ALERTS, params=filters).json()["results"]]

    assert listed(monitor_id=one) == listed(recipient_id=first) == of_one
    assert listed(monitor_id=other) == listed(recipient_id=second) == of_other
    assert listed(monitor_id=one, recipient_id=second) == []


def test_no_alert_shows_the_recipient_s_address(server: Server) -> None:
    order(server, make_recipient(server))

    assert "s3cret" not in server.get(ALERTS).text
