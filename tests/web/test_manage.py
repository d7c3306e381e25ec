"""Making, changing and removing monitors, as a person does it."""

import re
from functools import partial

import pytest
import requests
from playwright.sync_api import Page, expect
from tests.contract.store.builders import ADMIN
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService
from tests.web.test_events import sign_in

from mailtrip.model import MailProtocol, Monitor, MonitorType
from mailtrip.model.discovery import DomainRecords, ServiceRecord, Services
from mailtrip.service import monitors
from mailtrip.store import Connection

SECRET = "correct horse"
RECORDS = DomainRecords(
    services=(
        ServiceRecord(service=Services.SUBMISSIONS, target="smtp.example.org", port=465),
        ServiceRecord(service=Services.IMAPS, target="imap.example.org", port=993),
        ServiceRecord(service=Services.POP3S, target="pop.example.org", port=995),
    )
)


def stored(service: WebService, name: str) -> list[Monitor]:
    def find(connection: Connection) -> list[Monitor]:
        return [each for each in monitors.page(connection, ADMIN)[0] if each.settings.name == name]

    return service.database.read(find)


def fill(page: Page, **texts: str) -> None:
    for name, text in texts.items():
        page.locator(f"#{name}").fill(text)


def was_refused(visitor: Visitor) -> None:
    """The browser tells its console of every status from 400 on."""
    assert visitor.troubles.pop().startswith("console: Failed to load resource")


def test_a_monitor_is_made_from_its_address_and_tested_at_once(admin: Visitor, service: WebService) -> None:
    service.records["example.org"] = RECORDS
    name = f"Made {'with' if admin.has_script else 'without'} script"
    admin.goto("/overview")
    admin.page.get_by_role("link", name="New monitor").click()
    admin.look()
    fill(admin.page, email="probe@example.org", password=SECRET)
    admin.page.get_by_role("button", name="Find its servers").click()
    expect(admin.page.get_by_label("Mailbox server")).to_have_value("imaps://imap.example.org:993")
    expect(admin.page.get_by_label("SMTP server")).to_have_value("smtps://smtp.example.org:465")
    admin.look()
    if not admin.has_script:
        expect(admin.page.get_by_label("Password", exact=True)).to_have_value("")
        fill(admin.page, password=SECRET)
    fill(admin.page, name=name, interval="10")
    admin.page.get_by_role("button", name="Create and test").click()

    [made] = stored(service, name)
    assert re.search(r"/runs/\d+$", admin.page.url)
    assert service.queue.runs[-1].monitor_id == made.id
    assert (made.settings.smtp_server, made.settings.mailbox_server, made.settings.smtp_username) == (
        "smtps://smtp.example.org:465",
        "imaps://imap.example.org:993",
        "probe@example.org",
    )
    assert made.settings.interval.total_seconds() == 600
    assert (made.has_password, made.has_smtp_password) == (True, True)


def test_each_fault_stands_beside_its_field_and_nothing_is_lost_but_the_password(
    admin: Visitor, service: WebService
) -> None:
    admin.goto("/monitors/new")
    fill(
        admin.page,
        email="probe",
        password=SECRET,
        mailbox_server="imap://imap.example.org/x",
        name="Faulty",
        interval="0",
    )
    admin.page.get_by_role("button", name="Create and test").click()
    expect(admin.page.get_by_role("alert")).to_contain_text("4 entries need another look")
    was_refused(admin)
    admin.look()

    described = {
        name: [admin.page.locator(f"#{each}").inner_text() for each in told.split() if "fault" in each]
        for name in ("email", "mailbox_server", "smtp_server", "interval", "name")
        if (told := admin.page.locator(f"#{name}").get_attribute("aria-describedby"))
    }
    assert "is no mail address" in described["email"][0]
    assert "has a path" in described["mailbox_server"][0]
    assert "is required" in described["smtp_server"][0]
    assert "use whole minutes from 1 to 1440" in described["interval"][0]
    expect(admin.page.get_by_label("Name", exact=True)).to_have_value("Faulty")
    expect(admin.page.get_by_text("Password: write it again")).to_be_visible()
    assert SECRET not in admin.page.content()
    assert stored(service, "Faulty") == []


def test_a_monitor_is_changed_paused_copied_and_deleted(admin: Visitor, service: WebService) -> None:
    before = "Invoices" if admin.has_script else "Accounting"
    after, monitor_id = f"{before} of today", service.monitor_ids[before]
    admin.page.goto(f"{admin.url}/monitors/{monitor_id}")
    admin.page.get_by_role("link", name="Edit").click()
    admin.look()
    fill(admin.page, name=after, warning_time="45")
    admin.page.get_by_role("button", name="Save").click()
    expect(admin.page.get_by_role("heading", level=1)).to_have_text(after)
    [changed] = stored(service, after)
    assert changed.settings.warning_time is not None
    assert changed.settings.warning_time.total_seconds() == 45
    assert changed.settings.mailbox_server == "pop3s://mx.example.net"

    admin.page.get_by_role("button", name="Pause").click()
    expect(admin.page.get_by_role("button", name="Resume")).to_be_visible()
    assert not stored(service, after)[0].settings.enabled

    admin.page.get_by_role("link", name="Copy").click()
    admin.look()
    expect(admin.page.get_by_label("Name", exact=True)).to_have_value(f"Copy of {after}")
    fill(admin.page, password=SECRET)
    admin.page.get_by_role("button", name="Create and test").click()
    [copied] = stored(service, f"Copy of {after}")
    assert copied.settings.warning_time == changed.settings.warning_time
    assert copied.has_password

    admin.page.goto(f"{admin.url}/monitors/{copied.id}")
    admin.page.get_by_role("link", name="Delete").click()
    admin.look()
    admin.page.get_by_role("button", name="Delete the monitor").click()
    expect(admin.page).to_have_url(f"{admin.url}/overview")
    assert stored(service, f"Copy of {after}") == []


def test_a_form_that_is_stale_says_so_and_loses_nothing(admin: Visitor, service: WebService) -> None:
    monitor_id = service.monitor_ids["Shop"]
    [other] = [each for each in ("Changed meanwhile", "Changed again") if bool(admin.has_script) == each.endswith("le")]
    admin.goto(f"/monitors/{monitor_id}/edit")
    fill(admin.page, name="Mine", sender="sender@example.com")
    edit = partial(
        monitors.edit,
        actor=ADMIN,
        monitor_id=monitor_id,
        changes={"name": other},
        type=MonitorType.ROUND_TRIP,
        passwords=monitors.Passwords(),
        secrets=service.keys,
        now=service.clock.now(),
    )
    service.database.write(edit)
    admin.page.get_by_role("button", name="Save").click()
    expect(admin.page.get_by_role("status")).to_contain_text("Somebody else has changed this monitor")
    admin.look()
    assert len(stored(service, other)) == 1
    expect(admin.page.get_by_text(f"Stored now: {other}")).to_be_visible()
    expect(admin.page.get_by_label("Name", exact=True)).to_have_value("Mine")
    admin.page.get_by_role("button", name="Save").click()
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Mine")

    [mine] = stored(service, "Mine")
    assert mine.settings.sender == "sender@example.com"


@pytest.mark.parametrize(("kind", "protocol"), [("email-imap", MailProtocol.IMAP), ("email-smtp", None)])
def test_a_check_of_one_server_is_made_with_its_own_fields(
    service: WebService, kind: str, protocol: MailProtocol | None
) -> None:
    client = sign_in(service)
    page = client.get(f"{service.url}/monitors/new", params={"type": kind}, timeout=10)
    server = "smtp_server" if protocol is None else "mailbox_server"
    form = {"form_token": token_of(page), "type": kind, "name": kind, "interval": "5", "certificate_days": "14"}
    chosen = dict.fromkeys(("mailbox_tls", "mailbox_mechanism", "smtp_tls", "smtp_mechanism"), "auto")

    answer = client.post(f"{service.url}/monitors/new", data=form | chosen | {server: "mail.example.com"}, timeout=10)

    assert "/runs/" in answer.url, re.findall(r'class="fault".*', answer.text)
    [made] = stored(service, kind)
    assert made.settings.type == kind
    assert protocol in {None, made.settings.mailbox_protocol}


def token_of(page: requests.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/monitors/new", 403), ("/monitors/import", 403), ("/monitors/{}/edit", 403), ("/monitors/{}/delete", 403)],
)
def test_whoever_may_not_change_monitors_is_refused_and_offered_nothing(
    service: WebService, path: str, status: int
) -> None:
    client, own = sign_in(service, LIMITED_EMAIL), service.monitor_ids["Shop"]
    shown = client.get(f"{service.url}/monitors/{own}", timeout=10)
    where = service.url + path.format(own)

    answers = [client.get(where, timeout=10), client.post(where, data={"form_token": token_of(shown)}, timeout=10)]

    assert [answer.status_code for answer in answers] == [status, status]
    for page in (shown, client.get(f"{service.url}/overview", timeout=10)):
        assert "/monitors/new" not in page.text
        assert "/edit" not in page.text
    assert client.get(f"{service.url}/monitors/{own + 1000}/edit", timeout=10).status_code == 404


TABLE = """name,email,password,smtp_server,mailbox_server,smtp_username,smtp_password,interval,enabled
{0} one,one@example.com,secret one,smtps://mail.example.com,imaps://mail.example.com,,,10,
"{0} two, the second",two@example.com,secret two,smtp://mail.example.com:587,pop3s://mail.example.com,relay,secret relay,,no
"""


def test_many_monitors_are_made_from_csv_all_or_none(admin: Visitor, service: WebService) -> None:
    name = "Imported" if admin.has_script else "Imported without script"
    admin.goto("/monitors/new")
    admin.page.get_by_role("link", name="Many, from CSV").click()
    admin.look()
    good = TABLE.format(name)
    fill(admin.page, csv=good + "Third,nowhere,secret three,mail.example.com,mail.example.com,,,0,yes\n")
    admin.page.get_by_role("button", name="Import all").click()
    expect(admin.page.get_by_role("alert")).to_contain_text("1 of 3 rows can't be imported, so nothing is")
    expect(admin.page.get_by_text("interval: 0 minutes is out of range")).to_be_visible()
    admin.look()
    assert "secret" not in admin.page.content()
    assert stored(service, f"{name} one") == []

    fill(admin.page, csv="")
    admin.page.get_by_label("A file").set_input_files(
        {"name": "monitors.csv", "mimeType": "text/csv", "buffer": good.encode("utf-8-sig")}
    )
    admin.page.get_by_role("button", name="Check").click()
    expect(admin.page.get_by_role("status")).to_contain_text("2 monitors would be made")
    assert stored(service, f"{name} one") == []
    if not admin.has_script:
        fill(admin.page, csv=good)
    admin.look()
    admin.page.get_by_role("button", name="Import all").click()
    expect(admin.page).to_have_url(f"{admin.url}/overview")

    [one], [two] = stored(service, f"{name} one"), stored(service, f"{name} two, the second")
    assert (one.settings.mailbox_protocol, one.settings.smtp_username) == (MailProtocol.IMAP, "one@example.com")
    assert (two.settings.mailbox_protocol, two.settings.smtp_username) == (MailProtocol.POP3, "relay")
    assert (one.settings.enabled, two.settings.enabled) == (True, False)


@pytest.mark.parametrize(
    ("text", "content", "says"),
    [
        ("", "name\nGrüße".encode("latin-1"), "The file is not in UTF-8"),
        ("", "name\nOne".encode("utf-16"), "The file is not in UTF-8"),
        ("name", b"name", "give one of them"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_with_a_remedy(
    service: WebService, text: str, content: bytes, says: str
) -> None:
    client = sign_in(service)
    page = client.get(f"{service.url}/monitors/import", timeout=10)
    form = {"form_token": token_of(page), "csv": text, "do": "check"}

    answer = client.post(f"{service.url}/monitors/import", data=form, files={"file": content}, timeout=10)

    assert says in answer.text
