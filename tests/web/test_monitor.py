"""The page of a monitor, as somebody uses it who wants to know how it is and how it was."""

import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, PASSWORD, WebService

from mailtrip.model import Role, Run
from mailtrip.service import users

READER_EMAIL = "reader@example.com"


@pytest.fixture(scope="module", autouse=True)
def _a_reader(service: WebService) -> None:
    """Somebody who may start no tests."""
    hashed = users.hash_password(PASSWORD)
    add = partial(
        users.add, actor=OPERATOR, email=READER_EMAIL, password=hashed, role=Role.READ_ONLY, now=service.clock.now()
    )
    service.database.write(add)


@pytest.fixture
def ordered(service: WebService) -> Iterator[list[Run]]:
    """The tests that were handed to the engine."""
    service.queue.runs.clear()
    yield service.queue.runs
    service.queue.runs.clear()


def path_of(service: WebService, name: str) -> str:
    return f"/monitors/{service.monitor_ids[name]}"


def cookies_of(visitor: Visitor) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in visitor.context.cookies()}


def test_a_monitor_that_fails_says_why_and_since_when(admin: Visitor, service: WebService) -> None:
    admin.goto("/overview")
    admin.page.get_by_role("link", name="Head office").click()
    expect(admin.page).to_have_url(admin.url + path_of(service, "Head office"))
    admin.look()
    verdict = admin.page.locator(".verdict")
    expect(verdict).to_contain_text("Failing")
    expect(verdict).to_contain_text("Not sent – Mailbox: login refused")
    expect(verdict).to_contain_text("The mailbox server mail.example.com refused the login")
    outage = admin.page.locator(".outages li")
    expect(outage).to_have_count(1)
    expect(outage).to_contain_text("goes on Mailbox: login refused")
    expect(outage).to_contain_text("7 failed runs")


def test_availability_is_told_of_the_last_days_and_day_by_day(admin: Visitor, service: WebService) -> None:
    admin.goto(path_of(service, "Head office"))
    expect(admin.page.locator(".tiles > div").first).to_contain_text("92.2 %")
    admin.page.get_by_text("1 day with failures").click()
    expect(
        admin.page.get_by_role("listitem").filter(has_text="Tue 3 Mar 2026: 92.2 % of 90 runs, 7 failed")
    ).to_be_visible()


def test_the_times_are_a_picture_also_without_script(admin: Visitor, service: WebService) -> None:
    admin.goto(path_of(service, "Shop"))
    if admin.has_script:
        expect(admin.page.locator(".chart canvas")).to_be_visible()
    else:
        expect(admin.page.get_by_role("img", name="Times of the runs")).to_be_visible()
    admin.page.get_by_role("link", name="30 days").click()
    expect(admin.page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")


def test_dragging_over_the_chart_zooms_into_it(visit: Callable[..., Visitor], service: WebService) -> None:
    admin = visit(service)
    admin.sign_in(ADMIN_EMAIL, PASSWORD)
    # Looked at at the end only: another width or scheme draws the chart anew, in its own time.
    admin.page.goto(admin.url + path_of(service, "Shop"))
    over = admin.page.locator(".chart .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    at = admin.page.locator(".u-legend .u-value").first

    def shown(share: float) -> str:
        admin.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        expect(at).not_to_have_text(re.compile("^[-–]*$"))
        return at.inner_text()

    first, middle = shown(0.01), shown(0.825)
    shown(0.75)
    admin.page.mouse.down()
    shown(0.9)
    admin.page.mouse.up()
    assert shown(0.5) == middle
    assert shown(0.01) != first
    expect(admin.page).to_have_url(admin.url + path_of(service, "Shop"))
    admin.look()


def test_a_monitor_without_runs_shows_no_figures(admin: Visitor, service: WebService) -> None:
    admin.goto(path_of(service, "Not run yet"))
    page = admin.page
    expect(page.locator(".verdict")).to_contain_text("No run has finished yet")
    expect(page.locator(".tiles > div").first).to_contain_text("no data")
    expect(page.get_by_text("No data in this time.")).to_be_visible()
    expect(page.get_by_text("No run yet.")).to_be_visible()


def test_runs_are_filtered_and_paged(admin: Visitor, service: WebService) -> None:
    admin.goto(path_of(service, "Head office"))
    page = admin.page
    expect(page.locator(".runs li")).to_have_count(25)
    page.get_by_role("link", name="Earlier runs").click()
    expect(page.locator(".runs li")).to_have_count(25)
    admin.look()
    page.get_by_label("Show", exact=True).select_option("trouble")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".runs li")).to_have_count(7)
    expect(page.get_by_role("link", name="Earlier runs")).to_have_count(0)
    page.locator(".runs a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not sent – Mailbox: login refused")


def test_a_test_is_started_and_shown(admin: Visitor, service: WebService, ordered: list[Run]) -> None:
    admin.goto(path_of(service, "Shop"))
    admin.page.get_by_role("button", name="Test now").click()
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Under way")
    [run] = ordered
    expect(admin.page).to_have_url(f"{admin.url}/runs/{run.id}")
    admin.look()


def test_whoever_may_only_read_starts_no_test(stranger: Visitor, service: WebService, ordered: list[Run]) -> None:
    stranger.sign_in(READER_EMAIL, PASSWORD)
    stranger.goto(path_of(service, "Shop"))
    expect(stranger.page.get_by_role("button", name="Test now")).to_have_count(0)
    token = stranger.page.locator("input[name=form_token]").first.get_attribute("value")
    answer = requests.post(
        f"{service.url}{path_of(service, 'Shop')}/test",
        data={"form_token": token},
        cookies=cookies_of(stranger),
        timeout=10,
    )
    assert (answer.status_code, ordered) == (403, [])


def test_a_form_of_nobody_s_page_starts_no_test(admin: Visitor, service: WebService, ordered: list[Run]) -> None:
    url = f"{service.url}{path_of(service, 'Shop')}/test"
    answer = requests.post(url, data={"form_token": "00" * 64}, cookies=cookies_of(admin), timeout=10)
    assert (answer.status_code, ordered) == (403, [])


@pytest.mark.parametrize("path", ["", "/series.json"])
def test_monitors_are_shown_to_those_only_who_may_see_them(stranger: Visitor, service: WebService, path: str) -> None:
    stranger.sign_in(LIMITED_EMAIL, PASSWORD)
    expect(stranger.page).to_have_url(f"{stranger.url}/overview")
    paths = (path_of(service, "Shop"), path_of(service, "Orders"), f"/monitors/{2**63}")
    answers = [
        requests.get(service.url + each + path, cookies=cookies_of(stranger), timeout=10).status_code for each in paths
    ]
    assert answers == [200, 404, 404]


def test_of_passwords_it_is_told_whether_they_are_set(admin: Visitor, service: WebService) -> None:
    admin.goto(path_of(service, "Shop"))
    expect(admin.page.get_by_role("region", name="Settings")).to_contain_text("shop@example.net, password not set")
