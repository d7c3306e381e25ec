"""The status page is made in the browser: its monitors, its logo, its address; and the public is told of incidents."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, PASSWORD, WebService, seed, serve
from tests.web.status_seed import make_png, page_of, publish, seed_status
from tests.web.test_events import sign_in
from tests.web.test_sign_in import token_of

from mailtrip.model.status_page import StatusEntry

PATHS = [
    "/status-page",
    "/status-page/renew",
    "/status-page/logo/remove",
    "/status-page/incidents",
    "/status-page/incidents/{id}",
    "/status-page/incidents/{id}/updates",
    "/status-page/incidents/{id}/remove",
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WebService]:
    """With monitors in each state, and no status page."""
    with serve(tmp_path) as served:
        seed(served, count=2)
        yield served


def public(service: WebService, part: str = "") -> requests.Response:
    return requests.get(f"{service.url}/status/{page_of(service).slug}{part}", timeout=10)


def test_a_page_is_made_filled_ordered_and_published(admin: Visitor, service: WebService) -> None:
    page = admin.page
    page.get_by_role("link", name="Status", exact=True).click()
    admin.look()
    for monitor, name, group in (("Shop", "The shop's mail", "Outside"), ("Head office", "Office <mail>", "")):
        page.get_by_label("Add a monitor", exact=True).select_option(label=monitor)
        page.get_by_label("Its public name").fill(name)
        page.get_by_label("Its group").fill(group)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_label("Title").fill("Mail of Example Ltd.")
    page.get_by_label("Published").check()
    page.get_by_role("group", name="Head office").get_by_label("Place").fill("0")
    page.get_by_role("button", name="Save").click()
    admin.look()
    page.get_by_role("link", name="/status/").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Mail of Example Ltd.")
    expect(page.get_by_role("main")).to_contain_text("Office <mail>")
    assert [entry.name for entry in page_of(service).settings.entries] == ["Office <mail>", "The shop's mail"]

    page.goto(f"{admin.url}/status-page")
    page.get_by_role("group", name="Head office").get_by_label("Public name").fill("x" * 100)
    page.get_by_role("group", name="Shop").get_by_label("Take off").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert [entry.name for entry in page_of(service).settings.entries] == ["x" * 100]


def test_a_logo_is_taken_shown_and_removed(admin: Visitor, service: WebService) -> None:
    publish(service)
    page = admin.page
    page.goto(f"{admin.url}/status-page")
    page.get_by_label("Picture").set_input_files({"name": "l.png", "mimeType": "image/png", "buffer": b"GIF89a"})
    page.get_by_role("button", name="Use this logo").click()
    expect(page.get_by_role("alert")).to_have_text("The logo is no PNG or JPEG picture; give one of these.")
    assert "422" in admin.troubles.pop() if admin.troubles else True

    page.get_by_label("Picture").set_input_files({"name": "l.png", "mimeType": "image/png", "buffer": make_png()})
    page.get_by_role("button", name="Use this logo").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert public(service, "/logo").content == make_png()

    page.get_by_role("button", name="Remove the logo").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert public(service, "/logo").status_code == 404


def test_the_public_is_told_of_an_incident_until_it_is_resolved(admin: Visitor, service: WebService) -> None:
    publish(service, StatusEntry(monitor_id=service.monitor_ids["Shop"], name="The shop's mail"))
    page = admin.page
    page.goto(f"{admin.url}/status-page")
    page.get_by_role("link", name="Incidents").click()
    admin.look()
    page.get_by_label("Title").fill("Mail is <late>")
    page.get_by_label("What is known").fill("We look into it.\nBe patient.")
    page.get_by_label("Began (UTC)").fill("2026-03-03T09:00")
    page.get_by_label("The shop's mail").check()
    page.get_by_role("button", name="Tell the public").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail is <late>")
    admin.look()
    assert "There is an open incident" in public(service).text

    page.get_by_label("State").select_option("resolved")
    page.get_by_label("What is known").fill("It is mended.")
    page.get_by_role("button", name="Tell the public").click()
    page.get_by_label("Title").fill("Mail was late")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    told = public(service).text
    assert "There is an open incident" not in told
    assert "Mail was late" in told
    assert "3 Mar 2026 09:00" in told

    page.get_by_text("Remove this incident").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("status")).to_have_text("The incident is removed.")
    assert "Mail was late" not in public(service).text


def test_another_address_takes_the_place_of_the_old_one_at_once(service: WebService) -> None:
    path = publish(service)
    client = sign_in(service)
    assert requests.get(service.url + path, timeout=10).ok
    token = token_of(client.get(f"{service.url}/status-page", timeout=10))
    client.post(f"{service.url}/status-page/renew", data={"form_token": token}, timeout=10)

    assert requests.get(service.url + path, timeout=10).status_code == 404
    assert public(service).ok


@pytest.mark.parametrize("path", PATHS)
def test_who_sees_some_monitors_only_reads_and_changes_nothing(service: WebService, path: str) -> None:
    seed_status(service)
    before = page_of(service)
    limited = sign_in(service, LIMITED_EMAIL, PASSWORD)
    shown = limited.get(f"{service.url}/status-page", timeout=10)
    token = token_of(shown)
    answer = limited.post(
        service.url + path.format(id=100001), data={"form_token": token, "title": "x", "text": "x"}, timeout=10
    )

    assert "Incoming mail" not in shown.text
    assert "Mail of the shop" in shown.text
    assert answer.status_code == 403
    assert page_of(service) == before


@pytest.mark.parametrize("path", [*PATHS, "/status-page/logo"])
def test_a_form_of_another_session_is_refused(service: WebService, path: str) -> None:
    seed_status(service)
    before = page_of(service)
    client = sign_in(service, ADMIN_EMAIL, PASSWORD)
    fields = {"form_token": "0" * 128, "title": "x", "text": "x"}
    files = {"logo": make_png(9, 9)} if path.endswith("/logo") else None
    answer = client.post(service.url + path.format(id=100001), data=fields, files=files, timeout=10)

    assert answer.status_code == 403
    assert page_of(service) == before


def test_a_file_that_is_too_large_or_not_there_is_refused(service: WebService) -> None:
    client, url = sign_in(service), f"{service.url}/status-page/logo"
    token = token_of(client.get(f"{service.url}/status-page", timeout=10))
    large = client.post(url, data={"form_token": token}, files={"logo": bytes(300_000)}, timeout=10)
    plain = client.post(url, data={"form_token": token}, timeout=10)

    assert (large.status_code, plain.status_code) == (413, 422)


def test_what_is_wrong_is_told_and_what_was_typed_stays(service: WebService) -> None:
    publish(service, StatusEntry(monitor_id=service.monitor_ids["Shop"], name="Shop"))
    client = sign_in(service)
    token = token_of(client.get(f"{service.url}/status-page", timeout=10))
    number = service.monitor_ids["Shop"]
    fields = {"form_token": token, "title": "A\x07B", "text": "kept text", f"name {number}": " ", "add": "77"}
    answer = client.post(f"{service.url}/status-page", data=fields, timeout=10)

    assert answer.status_code == 422
    found = re.findall(r"<p>((?:Title|Monitors:) [^<]+)</p>", answer.text)
    assert [text.split(" ", 1)[0] for text in found] == ["Title", "Monitors:", "Monitors:", "Monitors:"]
    assert "kept text" in answer.text
    assert page_of(service).settings.title == "Status of our mail"
