"""The pages of recipients, as somebody uses them who decides on who is told."""

import re
from dataclasses import replace
from functools import partial
from html import unescape

import pytest
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService
from tests.web.test_alerts import send_out
from tests.web.test_events import sign_in
from tests.web.test_manage import token_of, was_refused

from mailtrip import store
from mailtrip.model import AlertMethod, DeliveryAnswer, Recipient
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


def stored(service: WebService, name: str) -> list[Recipient]:
    found, _ = service.database.read(partial(recipients.page, actor=OPERATOR))
    return [each for each in found if each.settings.name == name]


def fields_in(page: str) -> dict[str, str]:
    """What a form holds, as a browser would send it."""
    inputs = re.findall(r'<input (?!type="checkbox")[^>]*name="(\w+)"[^>]* value="([^"]*)"', page)
    ticks = re.findall(r'<input type="checkbox"[^>]* name="(\w+)" value="yes" checked', page)
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    choices = re.findall(r'<select[^>]* name="(\w+)"[^>]*>.*?<option value="([^"]*)" selected>', page, re.DOTALL)
    return {name: unescape(text) for name, text in (*inputs, *areas, *choices)} | dict.fromkeys(ticks, "yes")


def test_a_test_alert_tells_what_the_far_end_answered(admin: Visitor, service: WebService, recipient_id: int) -> None:
    admin.goto(HOME)
    expect(admin.page.get_by_role("link", name="Hook <b>1</b>").first).to_be_visible()
    admin.goto(f"{HOME}/{recipient_id}")
    admin.page.get_by_role("button", name="Send a test").click()
    expect(admin.page.locator("#test")).to_contain_text("Test alert: waits")
    send_out(service, DeliveryAnswer(is_sent=False, text="HTTP 403 <i>no</i>"))
    if not admin.has_script:
        admin.page.get_by_role("link", name="Look again").click()
    expect(admin.page.locator("#test")).to_contain_text("Test alert: not sent (the error is permanent).")
    expect(admin.page.locator("#test")).to_contain_text("HTTP 403 <i>no</i>")
    admin.look()
    admin.goto(f"{HOME}/{recipient_id}")
    expect(admin.page.locator(".log > li").first).to_contain_text("test alert")
    assert "hidden-key" not in admin.page.content()


def test_a_recipient_is_made_with_its_faults_told_and_its_wording_tried(admin: Visitor, service: WebService) -> None:
    name = "Night shift" if admin.has_script else "Night shift without script"
    admin.goto(HOME)
    admin.page.get_by_role("link", name="New recipient").click()
    admin.look()
    admin.page.get_by_role("link", name="Email", exact=True).click()
    admin.look()
    admin.page.get_by_label("Name", exact=True).fill(name)
    admin.page.get_by_label("Email address").fill("night")
    admin.page.get_by_text("Quiet hours and daily limit").click()
    admin.page.get_by_label("Quiet hours").fill("daily at night")
    admin.page.get_by_role("button", name="Add").click()
    expect(admin.page.get_by_role("alert")).to_contain_text("2 entries need another look")
    expect(admin.page.get_by_text("write one address like name@example.com")).to_be_visible()
    expect(admin.page.get_by_text("write lines like daily 22:00 - 07:00")).to_be_visible()
    was_refused(admin)
    admin.look()

    admin.page.get_by_label("Email address").fill("night@example.com")
    admin.page.get_by_label("Quiet hours").fill("daily 22:00 - 07:00")
    admin.page.get_by_text("Wording", exact=True).click()
    admin.page.get_by_label("Template of the subject").fill("DOWN {{ alert.monitor }}")
    admin.page.get_by_role("button", name="Preview").click()
    expect(admin.page.get_by_text("DOWN Example mail", exact=True)).to_be_visible()
    admin.look()
    admin.page.get_by_role("button", name="Add").click()
    expect(admin.page.get_by_role("heading", level=1)).to_have_text(name)
    expect(admin.page.get_by_text("daily 22:00 - 07:00 (UTC)")).to_be_visible()
    [made] = stored(service, name)
    assert made.settings.subject_template == "DOWN {{ alert.monitor }}"
    assert (len(made.settings.quiet_hours), made.settings.notify_on_clear) == (7, True)


def test_a_secret_stays_unless_another_one_is_given_and_is_never_shown(admin: Visitor, service: WebService) -> None:
    name = "Chat" if admin.has_script else "Chat without script"
    admin.goto(f"{HOME}/new?method=102")
    admin.page.get_by_label("Name", exact=True).fill(name)
    admin.page.get_by_label("Apprise URL").fill("NTFYS://hidden-key/topic")
    admin.page.get_by_role("button", name="Add").click()
    admin.page.get_by_role("link", name="Edit").click()
    admin.look()
    expect(admin.page.get_by_text("One is stored. Empty: it stays as it is.")).to_be_visible()
    admin.page.get_by_text("When it is told of errors").click()
    admin.page.get_by_label("First alert after").fill("3")
    assert "hidden-key" not in admin.page.content()
    admin.page.get_by_role("button", name="Save").click()
    expect(admin.page.get_by_text("after 3 errors in a row")).to_be_visible()
    [changed] = stored(service, name)
    assert (changed.settings.address, changed.has_password) == ("ntfys", True)
    sealed = service.database.read(partial(store.recipients.with_sealed, recipient_id=changed.id))[1]
    assert sealed.password is not None
    assert service.keys.unseal(sealed.password) == "ntfys://hidden-key/topic"

    admin.page.get_by_role("link", name="Delete").click()
    admin.look()
    admin.page.get_by_role("button", name="Delete the recipient").click()
    expect(admin.page.get_by_role("status")).to_have_text("It is removed.")
    assert stored(service, name) == []


def test_a_form_that_is_stale_says_so_and_loses_nothing(service: WebService, recipient_id: int) -> None:
    client, where = sign_in(service), f"{service.url}{HOME}/{recipient_id}/edit"
    form = fields_in(client.get(where, timeout=10).text) | {"name": "Mine", "stop_threshold": "7"}
    edit = partial(
        recipients.edit, actor=OPERATOR, recipient_id=recipient_id, changes={"name": "Theirs"}, password=None
    )
    service.database.write(partial(edit, secrets=service.keys, now=service.clock.now()))

    answer = client.post(where, data=form, timeout=10)

    assert "Somebody else has changed this recipient" in answer.text
    assert "Stored now: Theirs" in answer.text
    assert len(stored(service, "Theirs")) == 1
    answer = client.post(where, data=fields_in(answer.text), timeout=10)
    [mine] = stored(service, "Mine")
    assert (mine.settings.stop_threshold, mine.settings.address) == (7, "https://hooks.example.com/***")
    sealed = service.database.read(partial(store.recipients.with_sealed, recipient_id=mine.id))[1]
    assert sealed.address is not None
    assert service.keys.unseal(sealed.address) == ADDRESS


def test_whoever_may_not_edit_is_offered_nothing_and_refused(service: WebService, recipient_id: int) -> None:
    client, own = sign_in(service, LIMITED_EMAIL), f"{HOME}/{recipient_id}"
    shown = client.get(service.url + own, timeout=10)
    assert "hooks.example.com" in shown.text
    assert "hidden-key" not in shown.text
    assert f"{own}/" not in shown.text
    assert f"{HOME}/new" not in client.get(service.url + HOME, timeout=10).text
    token = {"form_token": token_of(client.get(f"{service.url}/account", timeout=10))}
    for path in (f"{HOME}/new?method=12", f"{HOME}/new", f"{own}/edit", f"{own}/delete"):
        assert client.get(service.url + path, timeout=10).status_code == 403, path
    for path in (
        f"{HOME}/new",
        f"{HOME}/new/preview",
        f"{own}/edit",
        f"{own}/edit/preview",
        f"{own}/delete",
        f"{own}/test",
    ):
        assert client.post(service.url + path, data={**token, "of": "12"}, timeout=10).status_code == 403, path
    for path in (f"{HOME}/{recipient_id + 1000}", f"{HOME}/new?method=14"):
        assert sign_in(service).get(service.url + path, timeout=10).status_code == 404


def test_a_relay_that_is_watched_or_missing_is_warned_of(
    service: WebService, monkeypatch: pytest.MonkeyPatch, recipient_id: int
) -> None:
    del recipient_id
    client = sign_in(service)

    def warned() -> str:
        return client.get(service.url + HOME, timeout=10).text

    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    service.database.write(partial(create, now=service.clock.now()))
    assert "no relay is set" in warned()
    parts = service.dashboard._services  # noqa: SLF001  # the setting of a running server
    monkeypatch.setattr(service.dashboard, "_services", replace(parts, alert_relay="Mail.example.com"))
    assert "a server that is watched here (Head office, Orders, Support desk)" in warned()
    monkeypatch.setattr(service.dashboard, "_services", replace(parts, alert_relay="relay.example.org"))
    assert "notice-warning" not in warned()
