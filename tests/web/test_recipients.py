"""The pages of recipients, as somebody uses them who decides on who is told."""

from dataclasses import replace
from functools import partial

import pytest
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService
from tests.web.test_alerts import send_out
from tests.web.test_events import sign_in

from mailtrip.model import AlertMethod, DeliveryAnswer
from mailtrip.service import recipients

ADDRESS = "https://hooks.example.com/services/T0/hidden-key"
HOME = "/alerts/recipients"


@pytest.fixture
def recipient_id(service: WebService) -> int:
    """Of a webhook with a key in its address."""
    service.clock.move(600)
    changes = {"method": AlertMethod.WEB_JSON, "address": ADDRESS, "name": "Hook <b>1</b>"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    return service.database.write(partial(create, now=service.clock.now()))


def test_a_test_alert_tells_what_the_far_end_answered(admin: Visitor, service: WebService, recipient_id: int) -> None:
    admin.goto(HOME)
    expect(admin.page.get_by_role("link", name="Hook <b>1</b>").first).to_be_visible()
    admin.goto(f"{HOME}/{recipient_id}")
    admin.page.get_by_role("button", name="Send a test").click()
    expect(admin.page.locator("#test")).to_contain_text("Test alert: waits")
    send_out(service, DeliveryAnswer(is_sent=False, text="HTTP 403 <i>no</i>"))
    if not admin.has_script:
        admin.page.get_by_role("link", name="Look again").click()
    expect(admin.page.locator("#test")).to_contain_text("Test alert: not sent. The error is permanent")
    expect(admin.page.locator("#test")).to_contain_text("HTTP 403 <i>no</i>")
    admin.look()
    admin.goto(f"{HOME}/{recipient_id}")
    expect(admin.page.locator(".log > li").first).to_contain_text("test alert")
    assert "hidden-key" not in admin.page.content()


def test_whoever_may_not_edit_is_offered_nothing_and_refused(service: WebService, recipient_id: int) -> None:
    client = sign_in(service, LIMITED_EMAIL)
    shown = client.get(f"{service.url}{HOME}/{recipient_id}", timeout=10)
    assert "hooks.example.com" in shown.text
    assert "hidden-key" not in shown.text
    assert f"{HOME}/{recipient_id}/" not in shown.text


def test_a_relay_that_is_watched_or_missing_is_warned_of(
    service: WebService, monkeypatch: pytest.MonkeyPatch, recipient_id: int
) -> None:
    del recipient_id
    client = sign_in(service)

    def warned() -> str:
        return client.get(service.url + HOME, timeout=10).text

    assert "e-mail" not in warned()
    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    service.database.write(partial(create, now=service.clock.now()))
    assert "no relay is set" in warned()
    parts = service.dashboard._services  # noqa: SLF001  # the setting of a running server
    monkeypatch.setattr(service.dashboard, "_services", replace(parts, alert_relay="Mail.example.com"))
    assert "a server that is watched here (Head office, Orders, Support desk)" in warned()
    monkeypatch.setattr(service.dashboard, "_services", replace(parts, alert_relay="relay.example.org"))
    assert "notice-warning" not in warned()
