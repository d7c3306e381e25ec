"""Taking over the monitors of an AlertSite account, which another Mailtrip on loopback stands for."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
import requests
from playwright.sync_api import expect
from tests.api.harness import PASSWORD
from tests.contract.store.builders import make_monitor
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, WebService, serve
from tests.web.test_events import sign_in
from tests.web.test_manage import fill, stored, token_of

from mailtrip.model import MonitorType, NetworkPolicy
from mailtrip.service.monitors import Passwords

LOOPBACK = NetworkPolicy(allow=(ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("account")) as served:
        make_monitor(
            served.database,
            Passwords(mailbox="their secret", smtp="their secret"),
            name="Their mail",
            smtp_username="relay",
            note="Call us",
        )
        make_monitor(
            served.database, name="Their server", type=MonitorType.SMTP, email=None, smtp_server="smtp.example.com"
        )
        make_monitor(served.database, name="Here already")
        yield served


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("ours"), policy=LOOPBACK) as served:
        make_monitor(served.database, name="Here already")
        yield served


def test_monitors_are_read_shown_and_made_where_they_are_chosen(
    visit: Callable[..., Visitor], ours: WebService, account: WebService
) -> None:
    admin = visit(ours)
    admin.sign_in(ADMIN_EMAIL, PASSWORD)
    expect(admin.page).to_have_url(f"{admin.url}/overview")
    admin.page.goto(f"{admin.url}/monitors/import")
    admin.page.get_by_role("link", name="From an AlertSite account").click()
    admin.look()
    fill(admin.page, url=f"{account.url}/api/v3", username=ADMIN_EMAIL, password="wrong horse")
    admin.page.get_by_role("button", name="Read the account").click()
    expect(admin.page.get_by_role("alert")).to_contain_text("The login is refused there")
    assert "wrong horse" not in admin.page.content()

    fill(admin.page, password=PASSWORD)
    admin.page.get_by_role("button", name="Read the account").click()
    expect(admin.page.get_by_role("status")).to_contain_text("2 monitors would be made")
    expect(admin.page.get_by_text("1 monitor of the account is left out")).to_be_visible()
    expect(admin.page.get_by_text("Its login as relay is to be given again")).to_be_visible()
    admin.look()
    assert stored(ours, "Their mail") == []
    assert PASSWORD not in admin.page.content()
    admin.page.get_by_role("button", name="Create those chosen").click()
    expect(admin.page).to_have_url(f"{admin.url}/overview")

    [mail], [server] = stored(ours, "Their mail"), stored(ours, "Their server")
    assert (mail.settings.enabled, mail.has_password, mail.settings.smtp_username) == (False, False, None)
    assert mail.settings.note is not None
    assert mail.settings.note.startswith("Taken over from AlertSite.\nIts login as relay is to be given again")
    assert mail.settings.note.endswith("Call us")
    assert (server.settings.enabled, server.settings.smtp_server) == (True, "smtp.example.com")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com/api/v3", "write one with https"),
        ("https://user:secret@example.com/api/v3", "write one with https"),
        ("http://169.254.169.254/", "write one with https"),
        ("https://169.254.169.254/", "the network policy forbids it"),
        ("{ours}/nowhere", "answered with status 404"),
        ("no url", "write one with https"),
    ],
)
def test_an_account_that_can_not_be_read_is_told_with_the_reason(ours: WebService, url: str, says: str) -> None:
    client = sign_in(ours)
    page = client.get(f"{ours.url}/monitors/import/alertsite", timeout=10)
    form = {"form_token": token_of(page), "url": url.format(ours=ours.url), "username": "me", "password": "secret"}

    answer = client.post(f"{ours.url}/monitors/import/alertsite", data=form, timeout=40)

    assert says in answer.text


def test_where_loopback_is_not_allowed_no_account_there_is_read(account: WebService, ours: WebService) -> None:
    client = sign_in(account)
    page = client.get(f"{account.url}/monitors/import/alertsite", timeout=10)
    form = {"form_token": token_of(page), "url": f"{ours.url}/api/v3", "username": ADMIN_EMAIL, "password": PASSWORD}

    answer = client.post(f"{account.url}/monitors/import/alertsite", data=form, timeout=40)

    assert "the network policy forbids it" in answer.text


def test_what_the_page_carried_is_judged_again(ours: WebService) -> None:
    client = sign_in(ours)
    page = client.get(f"{ours.url}/monitors/import/alertsite", timeout=10)
    form = {"form_token": token_of(page), "take-0": "yes"}
    bad = '{"type": "email-smtp", "name": "Altered", "hostname": "127.0.0.1", "interval": 0}'

    path = f"{ours.url}/monitors/import/alertsite/create"
    answers = [client.post(path, data=form | {"item-0": item}, timeout=10) for item in (bad, "[]", '{"type": "ping"}')]

    assert [answer.status_code for answer in answers] == [200, 400, 400]
    assert "interval" in answers[0].text
    assert stored(ours, "Altered") == []


def test_who_may_not_make_monitors_reads_no_account(service: WebService) -> None:
    client = sign_in(service, LIMITED_EMAIL)
    assert client.get(f"{service.url}/monitors/import/alertsite", timeout=10).status_code == 403


@pytest.mark.parametrize(("is_good", "says"), [(True, "of the account"), (False, "The token is refused there")])
def test_a_token_does_in_place_of_a_password(ours: WebService, account: WebService, is_good: bool, says: str) -> None:
    login = {"username": ADMIN_EMAIL, "password": PASSWORD}
    token = requests.post(f"{account.url}/api/v3/access-tokens", json=login, timeout=10).json()["access_token"]
    client = sign_in(ours)
    page = client.get(f"{ours.url}/monitors/import/alertsite", timeout=10)
    form = {"form_token": token_of(page), "url": f"{account.url}/api/v3", "token": token if is_good else "0" * 32}

    answer = client.post(f"{ours.url}/monitors/import/alertsite", data=form, timeout=40)

    assert says in answer.text
    assert token not in answer.text
