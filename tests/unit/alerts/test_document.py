"""An alert as a document tells programs what mail tells people."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.alerts.builders import KEY, make_item, make_package, make_run

from mailtrip.alerts.document import document_of
from mailtrip.model import AlertItem, AlertKind, AlertPackage


def alerts_of(package: AlertPackage, public_url: str | None = None) -> list[Any]:  # Any: JSON
    alerts = document_of(package, public_url=public_url)["alerts"]
    assert isinstance(alerts, list)
    return alerts


def test_an_error_is_told_with_all_that_is_known_of_it() -> None:
    (alert,) = alerts_of(make_package(), public_url="https://mailtrip.probe.test")

    assert alert == {
        "id": 17,
        "kind": "error",
        "headline": "SMTP: login refused",
        "monitor_id": 100003,
        "monitor": "Münster mail",
        "run_id": 100007,
        "location_id": 10,
        "location": None,
        "status": 104,
        "status_text": "SMTP: login refused",
        "error_count": 2,
        "since": "2026-03-01T12:00:00Z",
        "created_at": "2026-03-01T12:00:00Z",
        "step": "login",
        "servers": ["smtps://smtp.probe.test:465"],
        "explanation": "smtps://smtp.probe.test:465 refused the login.",
        "proof": ["smtps://smtp.probe.test:465 < 535 5.7.8 Authentication failed"],
        "delay_seconds": None,
        "url": "https://mailtrip.probe.test/runs/100007",
    }


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (make_item(AlertKind.TEST), {"kind": "test", "run_id": None, "servers": [], "proof": [], "url": None}),
        (
            make_item(AlertKind.DELAYED, run=make_run(delay=timedelta(minutes=4))),
            {"kind": "delayed", "delay_seconds": 240.0, "error_count": 0},
        ),
    ],
    ids=["a test", "a late message"],
)
def test_what_has_no_value_is_null(item: AlertItem, expected: dict[str, object]) -> None:
    (alert,) = alerts_of(make_package(item))

    assert {name: alert[name] for name in expected} == expected


def test_many_monitors_are_told_together() -> None:
    document = document_of(make_package(make_item(name="a"), make_item(name="b"), count=512), public_url=None)

    assert (document["id"], document["monitor_count"]) == (KEY, 512)
    assert document["subject"] == "[Mailtrip] 512 monitors: SMTP: login refused"
