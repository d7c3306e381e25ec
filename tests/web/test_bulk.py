"""Several monitors changed or deleted at once, as a person does it; and what may not be."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import expect
from tests.contract.store.builders import ADMIN, make_monitor
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService, seed, serve
from tests.web.test_events import sign_in
from tests.web.test_users import post

from mailtrip.model import Monitor
from mailtrip.service import audit, monitors

PATH = "/monitors/bulk"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("bulk")) as served:
        seed(served, count=1)
        yield served


def stored(service: WebService, name: str) -> Monitor:
    monitor_id = service.monitor_ids[name]
    return service.database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id))


def chosen(service: WebService, *names: str) -> dict[str, str]:
    found = [stored(service, name) for name in names]
    return {f"monitor-{each.id}": str(each.revision) for each in found}


def test_several_monitors_are_changed_once_it_was_seen_what_would_change(admin: Visitor, service: WebService) -> None:
    page, minutes = admin.page, 20 if admin.has_script else 30
    admin.goto("/overview")
    page.get_by_role("link", name="Change several").click()
    admin.look()
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text("is empty; choose at least one")).to_be_visible()
    assert admin.troubles.pop().startswith("console: Failed to load resource")

    page.get_by_label("Name, address, server or tag").fill("mail.example.com")
    page.get_by_role("button", name="Show and tick all").click()
    page.get_by_label("Orders").uncheck()
    page.get_by_label("Run every").fill(str(minutes))
    page.get_by_label("Timeout of a run", exact=True).fill("400")
    page.get_by_label("Enabled: runs are made").select_option("no")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("alert")).to_contain_text("2 of 2 monitors can't be changed like that, so none is.")
    expect(page.get_by_text("Timeout of a run: 400 s is out of range")).to_have_count(2)
    assert admin.troubles.pop().startswith("console: Failed to load resource")
    admin.look()
    page.get_by_role("button", name="Back to the choice").click()
    page.get_by_label("Timeout of a run", exact=True).fill("60")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("status")).to_have_text("2 monitors of 2 would change.")
    expect(page.locator(".outcomes")).to_contain_text("Head office")
    admin.look()
    assert stored(service, "Head office").settings.interval != timedelta(minutes=minutes)

    page.get_by_role("button", name="Change 2 monitors").click()
    expect(page.get_by_role("status")).to_have_text("2 monitors changed.")
    for name in ("Head office", "Support desk"):
        settings = stored(service, name).settings
        assert (settings.interval, settings.timeout, settings.enabled) == (
            timedelta(minutes=minutes),
            timedelta(seconds=60),
            False,
        )
    assert stored(service, "Orders").settings.timeout is None
    entries = service.database.read(lambda connection: audit.page(connection, ADMIN, limit=2))
    assert {entry.record_id for entry in entries} == {
        service.monitor_ids[name] for name in ("Head office", "Support desk")
    }
    for name in ("Head office", "Support desk"):
        reset = chosen(service, name) | {"do": "change", "enabled": "yes", "clear-timeout": "yes"}
        assert post(sign_in(service), service, PATH, reset).headers["Location"] == f"{PATH}?changed=1"


def test_one_that_cannot_be_changed_keeps_all_from_it(service: WebService) -> None:
    client = sign_in(service)
    own = chosen(service, "Invoices") | {"do": "change", "timeout": "250", "interval": "5"}
    assert post(client, service, PATH, own).status_code == 303

    form = chosen(service, "Shop", "Invoices") | {"do": "change", "interval": "1"}
    answer = post(client, service, PATH, form)

    assert answer.status_code == 422
    assert "1 of 2 monitors can't be changed like that" in answer.text
    assert "250 s is not below the interval of 1 min" in answer.text
    assert {stored(service, name).settings.interval for name in ("Shop", "Invoices")} == {timedelta(minutes=5)}


def test_what_somebody_else_has_changed_meanwhile_is_looked_at_again(service: WebService) -> None:
    form = chosen(service, "Shop", "Accounting") | {"do": "change", "note": "Mine"}
    service_form = chosen(service, "Shop") | {"do": "change", "note": "Theirs"}
    assert post(sign_in(service), service, PATH, service_form).status_code == 303

    stale = post(sign_in(service), service, PATH, form)

    assert stale.status_code == 422
    assert "Somebody else has changed some of these monitors meanwhile" in stale.text
    assert [stored(service, name).settings.note for name in ("Shop", "Accounting")] == ["Theirs", None]


def test_several_monitors_are_deleted_after_a_question(service: WebService) -> None:
    client, names = sign_in(service), ("Not run yet", "Paused for a move")
    form = chosen(service, *names)

    asked = post(client, service, PATH, form | {"do": "look-removal", "interval": "nonsense"})
    assert asked.status_code == 200
    assert "Delete 2 monitors?" in asked.text
    assert stored(service, names[0]).settings.name == names[0]
    gone = post(client, service, PATH, form | {"do": "remove"})

    assert gone.headers["Location"] == f"{PATH}?removed=2"
    assert "2 monitors removed." in client.get(service.url + gone.headers["Location"], timeout=10).text
    left = service.database.read(lambda connection: monitors.page(connection, ADMIN))[0]
    assert not {each.settings.name for each in left} & {*names}
    assert post(client, service, PATH, form | {"do": "remove"}).status_code == 404


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"do": "change"}, "changes nothing"),
        ({"do": "change", "interval": "soon"}, "is no whole number"),
        ({"do": "look", "note": "x", "clear-note": "yes"}, "do one of both"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_done(service: WebService, form: dict[str, str], fault: str) -> None:
    before = stored(service, "Orders")

    answer = post(sign_in(service), service, PATH, chosen(service, "Orders") | form)

    assert answer.status_code == 422
    assert fault in answer.text
    assert stored(service, "Orders") == before


def test_more_than_are_changed_at_once_come_in_pages(service: WebService) -> None:
    client = sign_in(service)
    for number in range(201):
        make_monitor(service.database, now=service.clock.now(), name=f"One of many {number}", tags=("Many",))

    first, second = (
        client.get(service.url + PATH, params={"tag": "Many", "all": "yes", "page": page}, timeout=10).text
        for page in ("1", "2")
    )

    assert [page.count(" checked>") for page in (first, second)] == [200, 1]
    assert "Page 1 of 2" in first
    assert 'rel="prev" href="/monitors/bulk?tag=Many"' in second
    both = {f"monitor-{number}": "1" for number in range(201)} | {"do": "look", "note": "x"}
    assert "has 201; choose 200 at most" in post(client, service, PATH, both).text


def test_whoever_may_not_change_monitors_is_refused_and_offered_nothing(service: WebService) -> None:
    client = sign_in(service, LIMITED_EMAIL)

    answers = [
        client.get(service.url + PATH, timeout=10),
        *(post(client, service, PATH, chosen(service, "Shop") | {"do": do, "note": "x"}) for do in ("look", "change")),
        post(client, service, PATH, chosen(service, "Shop") | {"do": "remove"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert PATH not in client.get(f"{service.url}/overview", timeout=10).text
    assert requests.get(service.url + PATH, timeout=10).url.startswith(f"{service.url}/sign-in")
