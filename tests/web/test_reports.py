"""The reports: figures that are those of the runs, no data where there is none, CSV, who sees what."""

import csv
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, PASSWORD, WebService
from tests.web.test_events import sign_in

from mailtrip.service import slas


@pytest.fixture(scope="module", autouse=True)
def _sla(service: WebService) -> None:
    """One that is missed."""
    monitor_id = service.monitor_ids["Orders"]
    changes = {"name": "Contract", "availability_percent": 99.9, "response_time": timedelta(seconds=5)}
    create = partial(slas.create, actor=OPERATOR, monitor_id=monitor_id, changes=changes, now=service.clock.now())
    service.database.write(create)


def test_the_figures_are_those_of_the_runs(admin: Visitor) -> None:
    page = admin.page
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("link", name="24 hours").click()
    admin.look()

    # 90 runs each of 9 monitors: 20 with a refused login, one delivered as spam, which is an error too
    expect(page.locator(".tiles")).to_contain_text("97.4 %")
    expect(page.locator(".tiles")).to_contain_text("before: no data")
    monitors = page.get_by_role("region", name="Monitors")
    row = monitors.get_by_role("row", name="Orders")
    expect(row.get_by_role("cell").nth(0)).to_have_text("92.2 %")
    expect(row.get_by_role("cell").nth(1)).to_have_text("no data")
    expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    expect(monitors.get_by_role("row", name="Not run yet").get_by_role("cell").nth(0)).to_have_text("no data")
    outage = page.get_by_role("region", name="Outages").get_by_role("row", name="Orders")
    expect(outage).to_contain_text("goes on")
    expect(outage.get_by_role("cell").last).to_have_text("7")
    expect(page.get_by_role("region", name="SLAs").get_by_role("row", name="Contract")).to_contain_text("missed")


def test_a_time_without_runs_is_no_data_and_not_100_percent(admin: Visitor) -> None:
    admin.goto("/reports")
    admin.page.get_by_label("From").fill("2025-01-01")
    admin.page.get_by_label("To", exact=True).fill("2025-01-31")
    admin.page.get_by_role("button", name="Show").click()
    admin.look()

    main = admin.page.get_by_role("main")
    expect(main.locator(".tiles div").first).to_contain_text("no data")
    expect(main.get_by_role("region", name="Outages")).to_contain_text("No data in this time")
    expect(main.get_by_role("region", name="SLAs").get_by_role("row", name="Contract")).not_to_contain_text("reached")
    expect(main.locator(".day-whole:not(.swatch)")).to_have_count(0)
    expect(admin.page.get_by_label("To", exact=True)).to_have_value("2025-01-31")


@pytest.mark.parametrize("name", ["availability", "response-time", "sla", "outages"])
def test_each_report_is_a_table_for_programs_too(service: WebService, name: str) -> None:
    answer = sign_in(service).get(f"{service.url}/reports/{name}.csv?span=day", timeout=10)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert "Orders" in {value for row in rows for value in row.values()}


def test_a_limited_user_finds_the_monitors_that_may_be_seen(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service)
    visitor.sign_in(LIMITED_EMAIL, PASSWORD)
    visitor.goto("/reports?span=day")
    client = sign_in(service, LIMITED_EMAIL)

    expect(visitor.page.get_by_role("region", name="Monitors").get_by_role("row")).to_have_count(2)
    assert "Orders" not in visitor.page.content()
    for name in ("availability", "response-time", "sla", "outages"):
        assert "Orders" not in client.get(f"{service.url}/reports/{name}.csv?span=day", timeout=10).text


def test_a_report_that_is_none_is_not_found(service: WebService) -> None:
    assert sign_in(service, ADMIN_EMAIL).get(f"{service.url}/reports/x.csv", timeout=10).status_code == 404


def test_a_report_is_of_chosen_monitors_in_a_chosen_zone(admin: Visitor) -> None:
    admin.goto("/reports?span=day")
    page = admin.page
    page.get_by_text("Monitors and time zone").click()
    page.get_by_label("Names with").fill("ORD")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_role("button", name="Choose").click()
    admin.look()

    monitors = page.get_by_role("region", name="Monitors")
    expect(monitors.get_by_role("row")).to_have_count(2)
    expect(monitors.get_by_role("row", name="Orders")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Asia/Tokyo; beside it")
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_label("Names with")).to_have_value("ORD")
    page.get_by_label("Names with").fill("nothing has this name")
    page.get_by_role("button", name="Choose").click()
    expect(monitors).to_contain_text("No monitor has such a name")


@pytest.mark.parametrize("name", ["availability", "response-time", "sla", "outages"])
def test_the_table_is_of_the_same_monitors_as_the_page(service: WebService, name: str) -> None:
    path = f"{service.url}/reports/{name}.csv?span=day&zone=Asia/Tokyo&monitor={service.monitor_ids['Not run yet']}"
    answer = sign_in(service).get(path, timeout=10)

    assert answer.status_code == 200
    assert "Orders" not in answer.text


def test_a_report_comes_as_pdf(service: WebService) -> None:
    answer = sign_in(service).get(f"{service.url}/reports.pdf?span=day&zone=Europe/Berlin&search=o", timeout=30)

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="report-')
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("path", ["/reports", "/reports.pdf", "/reports/availability.csv"])
def test_a_monitor_that_is_not_there_or_may_not_be_seen_has_no_report(service: WebService, path: str) -> None:
    client = sign_in(service, LIMITED_EMAIL)

    for monitor_id in (service.monitor_ids["Orders"], 999_999):
        assert client.get(f"{service.url}{path}?monitor={monitor_id}", timeout=10).status_code == 404
