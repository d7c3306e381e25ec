"""The overview, as a person reads and uses it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Page, expect
from tests.contract.store.builders import ADMIN, make_monitor
from tests.contract.store.builders import result as make_result
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, INTERVAL, LIMITED_EMAIL, PASSWORD, WebService, add_runs, serve

from mailtrip.service import monitors


def names(page: Page) -> list[str]:
    return [heading.strip() for heading in page.locator(".monitor h2").all_inner_texts()]


def row(page: Page, name: str) -> str:
    """The text of a monitor's row, in one line."""
    return " ".join(page.locator(".monitor", has=page.get_by_role("heading", name=name)).inner_text().split())


def test_what_is_broken_stands_first_and_tells_why(admin: Visitor) -> None:
    admin.goto("/overview")

    expect(admin.page.get_by_role("heading", level=1)).to_have_text("4 of 9 monitors are failing")
    assert names(admin.page) == [
        "Head office",
        "Newsletter",
        "Orders",
        "Support desk",
        "Branch with a long name, in Villar Perosa near Pinerolo",
        "Not run yet",
        "Accounting",
        "Invoices",
        "Shop",
        "Paused for a move",
    ]
    text = row(admin.page, "Head office")
    assert text.startswith("Failing Head office head@example.com The mailbox server mail.example.com refused the login")
    assert text.endswith("30 days 92.2 %")
    assert "Now – Usual 1.45 s" in text
    assert "Now 4.00 s" in row(admin.page, "Newsletter")


def test_no_data_is_shown_as_no_data(admin: Visitor) -> None:
    admin.goto("/overview")

    expected = "No data Not run yet not@example.net No run has finished yet Now – Usual – 30 days no data"
    assert row(admin.page, "Not run yet") == expected
    expect(admin.page.get_by_role("img", name="No runs yet")).to_have_count(1)


def test_what_failing_monitors_have_in_common_is_told_once_and_leads_to_them(admin: Visitor) -> None:
    admin.goto("/overview")
    finding = admin.page.locator(".finding")

    assert re.match(r"mail\.example\.com: 3 monitors, Mailbox: login refused, since 0?3 Mar", finding.inner_text())
    finding.get_by_role("link").click()
    admin.look()

    assert names(admin.page) == ["Head office", "Orders", "Support desk"]


def test_the_bars_are_told_in_words(admin: Visitor) -> None:
    admin.goto("/overview")
    bars = admin.page.get_by_role("img", name="Last 90 runs: 83 delivered, 7 failed")

    expect(bars).to_have_count(2)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=paused", ["Paused for a move"]),
        ("q=NEWSLETTER", ["Newsletter"]),
        ("q=mail.example.com&sort=name", ["Head office", "Orders", "Support desk"]),
        ("q=mx.example.net&sort=slowest", ["Newsletter", "Accounting", "Invoices", "Shop"]),
        ("q=mx.example.net&state=failing", ["Newsletter"]),
        ("state=nonsense&sort=nonsense&page=nonsense&q=shop", ["Shop"]),
        ("q=shop&page=7", ["Shop"]),
        ("q=there+is+none", []),
    ],
)
def test_the_list_is_narrowed_and_ordered_by_its_address(
    visit: Callable[..., Visitor], service: WebService, query: str, found: list[str]
) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)

    visitor.goto(f"/overview?{query}")

    assert names(visitor.page) == found


def test_a_search_narrows_the_list_while_it_is_typed(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    visitor.page.get_by_label("Search monitors").press_sequentially("invoi")

    expect(visitor.page.locator(".monitor")).to_have_count(1)
    expect(visitor.page).to_have_url(re.compile(r"q=invoi"))
    expect(visitor.page.get_by_label("Search monitors")).to_be_focused()
    visitor.page.get_by_label("Search monitors").fill("")
    visitor.page.get_by_label("Order").select_option("By name")

    expect(visitor.page.locator(".monitor h2").first).to_have_text("Accounting")
    visitor.look()


def test_a_search_works_without_script(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    visitor.page.get_by_label("Search monitors").fill("invoi")
    visitor.page.get_by_role("button", name="Show").click()

    expect(visitor.page.locator(".monitor")).to_have_count(1)


def test_monitors_are_found_by_their_tags(own_service: WebService, visit: Callable[..., Visitor]) -> None:
    for name, tags in (("One", ("Customer A", "production")), ("Two", ("customer a",)), ("Three", ())):
        make_monitor(own_service.database, name=name, tags=tags)
    admin = visit(own_service)
    admin.sign_in(ADMIN_EMAIL, PASSWORD)
    admin.goto("/overview")
    assert names(admin.page) == ["One", "Three", "Two"]
    admin.page.get_by_role("link", name="Customer A", exact=True).click()
    expect(admin.page.locator(".monitor")).to_have_count(2)
    admin.look()
    assert names(admin.page) == ["One", "Two"]
    admin.page.get_by_label("Tag").select_option("production")
    expect(admin.page.locator(".monitor")).to_have_count(1)
    assert names(admin.page) == ["One"]
    admin.page.get_by_label("Search monitors").fill("CUSTOMER")
    admin.page.get_by_label("Tag").select_option("")
    expect(admin.page.locator(".monitor")).to_have_count(2)


def test_whoever_may_see_one_monitor_only_sees_no_other(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service)
    visitor.sign_in(LIMITED_EMAIL, PASSWORD)
    visitor.goto("/overview")

    assert names(visitor.page) == ["Shop"]
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mail arrives")
    assert "Head office" not in visitor.page.content()


@pytest.fixture
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    """One that a test may change."""
    with serve(tmp_path_factory.mktemp("own")) as served:
        yield served


def test_a_new_installation_says_what_to_do(visit: Callable[..., Visitor], own_service: WebService) -> None:
    visitor = visit(own_service)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")

    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("No monitors yet")
    expect(visitor.page.locator("pre")).to_contain_text(f"{own_service.url}/api/v3/monitors/email-round-trip")

    make_monitor(own_service.database, name="The first")

    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("1 of 1 monitor has no data", timeout=15_000)


def test_a_page_shows_a_new_run_by_itself_and_keeps_what_is_typed(
    visit: Callable[..., Visitor], own_service: WebService
) -> None:
    monitor_id = make_monitor(own_service.database, name="Watched", interval=INTERVAL)
    visitor = visit(own_service)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    expect(visitor.page.get_by_text("Live", exact=True)).to_be_visible()
    visitor.page.get_by_label("Search monitors").focus()

    add_runs(own_service, monitor_id, [replace(make_result(), summary="It is there.")])

    expect(visitor.page.get_by_text("It is there.")).to_be_visible(timeout=15_000)
    expect(visitor.page.get_by_label("Search monitors")).to_be_focused()
    visitor.look()


def test_a_page_whose_session_has_ended_leads_to_sign_in(
    visit: Callable[..., Visitor], own_service: WebService
) -> None:
    make_monitor(own_service.database)
    visitor = visit(own_service)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    own_service.clock.move(timedelta(hours=13).total_seconds())

    expect(visitor.page).to_have_url(f"{visitor.url}/sign-in", timeout=15_000)


def test_a_monitor_that_fell_silent_is_no_longer_called_working(
    visit: Callable[..., Visitor], own_service: WebService
) -> None:
    monitor_id = make_monitor(own_service.database, name="Silent", interval=INTERVAL)
    add_runs(own_service, monitor_id, [make_result()])
    visitor = visit(own_service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    assert row(visitor.page, "Silent").startswith("Working")

    own_service.clock.move(timedelta(minutes=30).total_seconds())
    visitor.goto("/overview")

    assert row(visitor.page, "Silent").startswith("No data Silent")
    assert "Nothing new for some time. The last run: OK" in row(visitor.page, "Silent")


def test_many_monitors_come_in_pages(visit: Callable[..., Visitor], own_service: WebService) -> None:
    ids = [make_monitor(own_service.database, name=f"Number {number:03}") for number in range(101)]
    visitor = visit(own_service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/overview")
    seen = names(visitor.page)
    while visitor.page.get_by_role("link", name="Next").count():
        visitor.page.get_by_role("link", name="Next").click()
        seen += names(visitor.page)
    visitor.look()

    assert seen == [f"Number {number:03}" for number in range(101)]
    own_service.database.write(partial(monitors.remove, actor=ADMIN, monitor_id=ids[-1], now=own_service.clock.now()))
    visitor.goto("/overview?page=3")
    expect(visitor.page.get_by_text("Page 2 of 2")).to_be_visible()
