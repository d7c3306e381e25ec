"""The page of alerts, as somebody uses it who is on duty."""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Locator, expect
from tests.api.harness import OPERATOR
from tests.contract.store.test_alerts import FAILED, GOOD, SECOND, happen, monitor_of
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, PASSWORD, WebService

from mailtrip.model import AlertMethod, DeliveryAnswer
from mailtrip.service import outbox, recipients

HOSTILE = "550 <script>alert(1)</script> no such user"


@pytest.fixture(scope="module", autouse=True)
def _recipient(service: WebService) -> None:
    """The only one."""
    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com", "name": "Night <b>shift</b>"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    service.database.write(partial(create, now=service.clock.now()))


@pytest.fixture
def monitor_id(service: WebService) -> Iterator[int]:
    """Of a monitor that fails as long as the test goes on."""
    service.clock.move(60)
    found = monitor_of(service.database, name="<b>Till</b>", smtp_server="smtps://till.example.com")
    happen(service.database, found, FAILED, slot=service.clock.now())
    yield found
    service.clock.move(60)
    happen(service.database, found, GOOD, slot=service.clock.now())


def send_out(service: WebService, answer: DeliveryAnswer) -> None:
    """Send what waits, with the same answer for each."""
    now = service.clock.now() + 2 * SECOND
    service.database.write(partial(outbox.bundle_due, now=now))
    claim = partial(outbox.claim, secrets=service.keys, now=now, limit=100, public_url=service.url)
    for package in service.database.write(claim):
        service.database.write(partial(outbox.record, delivery=package.delivery, answer=answer, now=now))


def trouble(visitor: Visitor) -> Locator:
    return visitor.page.locator(".trouble", has_text="<b>Till</b>")


def test_without_trouble_it_is_said(admin: Visitor) -> None:
    admin.goto("/alerts")
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("No open alerts")


def test_open_trouble_is_acknowledged_and_that_taken_back(admin: Visitor, monitor_id: int) -> None:
    admin.goto("/alerts")
    expect(trouble(admin)).to_contain_text("Nobody has acknowledged it.")
    trouble(admin).get_by_role("button", name="Acknowledge").click()
    expect(trouble(admin)).to_contain_text("Acknowledged by admin@example.com")
    admin.look()
    trouble(admin).get_by_role("button", name="Take back").click()
    expect(trouble(admin)).to_contain_text("Nobody has acknowledged it.")
    trouble(admin).get_by_role("link", name="<b>Till</b>").click()
    expect(admin.page).to_have_url(f"{admin.url}/monitors/{monitor_id}")


def test_open_trouble_is_snoozed_and_woken(admin: Visitor, monitor_id: int) -> None:
    del monitor_id
    admin.goto("/alerts")
    trouble(admin).get_by_label("Snooze for Night <b>shift</b>").select_option("a day")
    trouble(admin).get_by_role("button", name="Snooze").click()
    expect(trouble(admin)).to_contain_text("hears nothing of it until")
    expect(trouble(admin)).to_contain_text("by admin@example.com")
    admin.look()
    trouble(admin).get_by_role("button", name="End the snooze").click()
    expect(trouble(admin)).to_contain_text("told last")


def test_the_log_tells_what_became_of_an_alert_in_the_far_end_s_words(
    admin: Visitor, service: WebService, monitor_id: int
) -> None:
    del monitor_id
    send_out(service, DeliveryAnswer(is_sent=False, text=HOSTILE))
    admin.goto("/alerts")
    newest = admin.page.locator(".log > li").first
    expect(newest).to_contain_text("fails <b>Till</b>")
    expect(newest).to_contain_text(f"to Night <b>shift</b>: not sent (the error is permanent): {HOSTILE}")
    expect(admin.page.locator("main script")).to_have_count(0)


def test_whoever_may_not_see_a_monitor_hears_nothing_of_it(stranger: Visitor, monitor_id: int) -> None:
    del monitor_id
    stranger.sign_in(LIMITED_EMAIL, PASSWORD)
    stranger.goto("/alerts")
    expect(trouble(stranger)).to_have_count(0)


def test_an_answer_to_what_is_over_shows_how_things_stand(admin: Visitor, service: WebService, monitor_id: int) -> None:
    admin.goto("/alerts")
    button = trouble(admin).get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    service.clock.move(60)
    happen(service.database, monitor_id, GOOD, slot=service.clock.now())
    button.click()
    expect(trouble(admin)).to_have_count(0)
    expect(admin.page).to_have_url(f"{admin.url}/alerts")
