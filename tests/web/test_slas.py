"""SLAs, as somebody keeps them; and what a role may not do there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.contract.store.builders import ADMIN
from tests.web.browser import Visitor
from tests.web.calendar_seed import add_sla
from tests.web.service import LIMITED_EMAIL, WebService, seed, serve
from tests.web.test_events import sign_in
from tests.web.test_users import post

from mailtrip.model import SLA
from mailtrip.service import slas

PATH = "/alerts/slas"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("slas")) as served:
        seed(served)
        yield served


@pytest.fixture(scope="module")
def sla_id(service: WebService) -> int:
    return add_sla(service, "Orders")


def stored(service: WebService, monitor: str) -> list[SLA]:
    found, _ = service.database.read(lambda connection: slas.page(connection, ADMIN))
    return [each for each in found if each.monitor_id == service.monitor_ids[monitor]]


@pytest.mark.usefixtures("sla_id")
def test_an_sla_is_made_seen_reached_changed_and_removed(admin: Visitor, service: WebService) -> None:
    page, monitor = admin.page, "Accounting" if admin.has_script else "Invoices"
    admin.goto("/alerts")
    page.get_by_role("navigation", name="Alerts").get_by_role("link", name="SLAs").click()
    admin.look()
    expect(page.get_by_role("row", name="Orders at work")).to_contain_text("missed")
    expect(page.get_by_role("row", name="Orders at work")).to_contain_text("1 operating period, 1 exclusion")
    page.get_by_role("link", name="New SLA").click()
    admin.look()
    page.get_by_label("Name").fill("Gold")
    page.locator("#period-0-start_time").fill("06:00")
    page.get_by_role("button", name="Add rows").click()
    expect(page.locator("#period-1-start_time")).to_have_value("")
    page.get_by_role("button", name="Make the SLA").click()
    expect(page.get_by_role("alert")).to_contain_text("3 entries need another look")
    assert admin.troubles.pop().startswith("console: Failed to load resource")
    admin.look()
    page.get_by_label("Monitor").select_option(monitor)
    page.locator("#response_time").fill("10")
    page.locator("#period-0-end_time").fill("20:00")
    page.get_by_role("button", name="Make the SLA").click()
    expect(page.get_by_role("status")).to_have_text("The SLA is made.")
    expect(page.get_by_role("row", name=monitor)).to_contain_text("reached 100 % of 99.9 %")

    page.get_by_role("row", name=monitor).get_by_role("link", name="Gold").click()
    admin.look()
    page.locator("#period-0-start_time").fill("")
    page.locator("#period-0-end_time").fill("")
    page.locator("#exclusion-0-start").fill("2026-03-03T08:00")
    page.locator("#exclusion-0-end").fill("2026-03-03T09:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    [made] = stored(service, monitor)
    assert (made.settings.operating_periods, len(made.settings.exclusions)) == ((), 1)
    page.get_by_text("Remove this SLA").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("status")).to_have_text("The SLA is removed.")
    assert stored(service, monitor) == []


def test_what_somebody_else_has_changed_is_not_written_over(service: WebService, sla_id: int) -> None:
    form = {"name": "Mine", "availability_percent": "1", "response_time": "1", "revision": "77"}

    answer = post(sign_in(service), service, f"{PATH}/{sla_id}", form)

    assert answer.status_code == 422
    assert "Somebody else has changed this SLA meanwhile" in answer.text
    assert stored(service, "Orders")[0].settings.name == "Orders at work"


@pytest.mark.usefixtures("sla_id")
@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"monitor_id": ""}, "is required"),
        ({}, "already; edit that one"),
        ({"monitor_id": "99999"}, "there is no monitor 99999"),
        ({"availability_percent": "101"}, "is out of range"),
    ],
)
def test_nothing_is_made_where_something_is_wrong(service: WebService, form: dict[str, str], fault: str) -> None:
    entries = {"name": "x", "availability_percent": "99", "response_time": "5"}
    whole = entries | {"monitor_id": str(service.monitor_ids["Orders"])} | form

    answer = post(sign_in(service), service, f"{PATH}/new", whole)

    assert answer.status_code == 422
    assert fault in answer.text
    assert len(stored(service, "Orders")) == 1


def test_whoever_may_not_change_monitors_looks_and_no_more(service: WebService, sla_id: int) -> None:
    own = add_sla(service, "Shop")
    client = sign_in(service, LIMITED_EMAIL)

    shown = [client.get(f"{service.url}{path}", timeout=10) for path in (PATH, f"{PATH}/{own}")]
    hidden = client.get(f"{service.url}{PATH}/{sla_id}", timeout=10)
    refused = [
        client.get(f"{service.url}{PATH}/new", timeout=10),
        post(client, service, f"{PATH}/new", {}),
        post(client, service, f"{PATH}/{own}", {}),
        post(client, service, f"{PATH}/{own}/remove", {}),
    ]

    assert [answer.status_code for answer in shown] == [200, 200]
    assert all(text not in shown[0].text for text in ("Orders", "New SLA"))
    assert "Remove" not in shown[1].text
    assert hidden.status_code == 404
    assert [answer.status_code for answer in refused] == [403] * 4
