"""Trying a monitor before it is saved, as a person does it."""

import requests
from playwright.sync_api import Page, expect
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService
from tests.web.test_events import sign_in
from tests.web.test_manage import SECRET, fill, stored, token_of
from tests.web.test_run import failed

from mailtrip.model import Result, RunState, Step
from mailtrip.service.endings import Conclusion


def end(service: WebService, result: Result) -> None:
    """Let the newest trial end so."""
    run = service.trial_jobs[-1].run
    service.trials.end(Conclusion(run=run, state=RunState.FINISHED, result=result))


def begin(visitor: Visitor) -> Page:
    """Try what the form says; the page where that is shown, which without script is another one."""
    button = visitor.page.get_by_role("button", name="Try it first")
    if visitor.has_script:
        button.click()
        return visitor.page
    with visitor.context.expect_page() as opened:
        button.click()
    opened.value.reload()  # the browser's driver takes script from a new window only after its first page
    return opened.value


def test_a_monitor_is_tried_as_it_stands_in_the_form(admin: Visitor, service: WebService) -> None:
    admin.page.goto(f"{admin.url}/monitors/new")
    fill(admin.page, email="probe@example.org", password=SECRET, smtp_server="smtps://mail.example.org")
    if admin.has_script:
        begin(admin)
        expect(admin.page.locator("#trial")).to_contain_text("Mailbox server: is required")
        admin.look()
        assert service.trial_jobs == []
    fill(admin.page, mailbox_server="imaps://mail.example.org")
    shown = begin(admin)
    expect(shown.get_by_role("heading", name="Under way")).to_be_visible()
    job = service.trial_jobs[-1]
    assert job.mailbox_credentials is not None
    assert (job.mailbox_credentials.username, job.mailbox_credentials.password) == ("probe@example.org", SECRET)
    assert job.smtp_credentials is not None

    with service.live_runs.watched(job.run) as observe:
        assert observe is not None
        begun = service.clock.monotonic()
        observe(Step.MAILBOX_CONNECT, begun, begun + 0.02)
        observe(Step.MAILBOX_TLS, begun + 0.02, None)
        expect(shown.get_by_role("row", name="Mailbox: TLS")).to_contain_text("now")
    end(service, failed())
    expect(shown.get_by_role("heading", name="Not sent – SMTP: login refused")).to_be_visible()
    expect(shown.get_by_text("What to do: Compare user name and password")).to_be_visible()
    expect(shown.get_by_role("link", name="Skip to content")).to_have_count(1)
    if admin.has_script:
        admin.look()
    expect(admin.page.get_by_label("Password", exact=True)).to_have_value(SECRET)
    assert SECRET not in shown.content()
    assert stored(service, "probe@example.org") == []


def test_a_trial_is_seen_by_nobody_else(service: WebService) -> None:
    client = sign_in(service)
    form = {"form_token": token_of(client.get(f"{service.url}/monitors/new?type=email-imap", timeout=10))}
    chosen = {"type": "email-imap", "mailbox_tls": "auto", "mailbox_mechanism": "auto", "interval": "5"}
    fields = {"mailbox_server": "mail.example.com", "certificate_days": "14"}
    answer = client.post(f"{service.url}/monitors/new/try", data=form | chosen | fields, timeout=10)
    assert "/monitors/new/trials/" in answer.url
    other = sign_in(service, LIMITED_EMAIL)

    for path in ("", "/events"):
        assert other.get(answer.url + path, timeout=10).status_code == 403
        stranger = requests.get(answer.url + path, timeout=10, allow_redirects=False)
        assert stranger.status_code == 303
    assert client.get(f"{service.url}/monitors/new/trials/{2**41}", timeout=10).status_code == 404
    assert client.get(f"{service.url}/monitors/new/trials/{2**63}", timeout=10).status_code == 404
