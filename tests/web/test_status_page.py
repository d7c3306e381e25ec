"""The public status page: what it shows, what it never shows, and that a flood of visitors does not reach the database."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.contract.store.builders import full_result, make_monitor
from tests.web.browser import Visitor
from tests.web.service import INTERVAL, WebService, add_runs, serve
from tests.web.status_seed import PUBLISHER, make_png, page_of, publish, seed_status

from mailtrip.model import CustomProperty, MailProtocol, StatusCode, Step, TranscriptLine, Verdict
from mailtrip.model.status_page import StatusEntry
from mailtrip.service import incidents, monitors, status_pages
from mailtrip.service.monitors import Passwords
from mailtrip.web.status_cache import FRESH

ATOM = "{http://www.w3.org/2005/Atom}"
MARK = "zebra"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[WebService]:
    """Without monitors."""
    with serve(tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def whole_page(service: WebService) -> str:
    """Its path."""
    return seed_status(service)


def get(service: WebService, path: str, **headers: str) -> requests.Response:
    return requests.get(service.url + path, headers=headers, timeout=10)


def items(feed: str) -> list[ET.Element]:
    return ET.fromstring(feed).findall(f"{ATOM}entry")


def marked_monitor(service: WebService) -> int:
    """A monitor with the mark in whatever is text of it, that fails with the mark in all that servers said."""
    result = full_result()
    line = result.sessions[0].transcript[0]
    assert isinstance(line, TranscriptLine)
    told = line._replace(text=f"535 {MARK} {MARK}-login refused")
    session = replace(result.sessions[0], server=f"{MARK}.example.com:54321", address="192.0.2.77", transcript=(told,))
    found = replace(
        result,
        token=None,
        status=StatusCode.MAILBOX_LOGIN,
        verdict=Verdict.UNSENT,
        step=Step.MAILBOX_LOGIN,
        summary=f"{MARK}.example.com refused the login of {MARK}: -ERR {MARK}",
        sessions=(session,),
    )
    monitor_id = make_monitor(
        service.database,
        Passwords(mailbox=f"{MARK}-password", smtp=f"{MARK}-secret"),
        now=service.clock.now(),
        name=f"{MARK} monitor",
        plan_code=f"{MARK} plan",
        email=f"{MARK}@{MARK}.example.com",
        smtp_server=f"smtps://{MARK}-smtp.example.com:54321",
        smtp_username=f"{MARK}-smtp-user",
        mailbox_protocol=MailProtocol.IMAP,
        mailbox_server=f"imaps://{MARK}-imap.example.com:54322",
        username=f"{MARK}-user",
        sender=f"{MARK}-sender@example.com",
        folders=(f"{MARK} folder",),
        tags=(f"{MARK}-tag",),
        note=f"{MARK} note",
        alert_note=f"{MARK} alert note",
        custom_properties=(CustomProperty(id=77001, name=f"{MARK} property", value=f"{MARK} value", value_id=77002),),
        interval=INTERVAL,
    )
    good = replace(full_result(), token=None, summary=f"{MARK} delivered")
    add_runs(service, monitor_id, [good, found, good, *([found] * 5)])
    return monitor_id


def test_nothing_of_a_monitor_but_its_public_name_and_how_it_stands_is_shown(bare: WebService) -> None:
    monitor_id = marked_monitor(bare)
    settings = bare.database.read(partial(monitors.get, actor=PUBLISHER, monitor_id=monitor_id)).settings
    unmarked = {
        item.name
        for item in fields(settings)
        if type(getattr(settings, item.name)) in {str, tuple} and MARK not in str(getattr(settings, item.name))
    }
    assert unmarked <= {"location_ids", "capabilities"}, "give it the mark, so that this test looks for it"
    tell = partial(incidents.create, actor=PUBLISHER, title="Login fails", text="We look into it.")
    bare.database.write(partial(tell, monitor_ids=[monitor_id], now=bare.clock.now()))
    path = publish(bare, StatusEntry(monitor_id=monitor_id, name="Public mail"), logo=make_png())

    for place in ("", "/feed", "/logo"):
        answer = get(bare, path + place)
        whole = f"{answer.headers} {answer.content!r}"
        assert answer.status_code == 200
        for word in (MARK, "192.0.2.77", "5432", "7700", "535", "ERR", "example.com", str(monitor_id), "1000", "Local"):
            assert word not in whole, (place, word)
        assert StatusCode.MAILBOX_LOGIN.text not in whole
        assert "1.2.3" not in whole, "the version"
    shown = get(bare, path).text
    assert "Public mail" in shown
    assert "Not working" in shown


def test_a_page_is_found_by_its_random_address_only_and_only_while_it_is_published(bare: WebService) -> None:
    path = publish(bare)
    assert re.match(r"/status/[A-Za-z0-9_-]{32}\Z", path)
    assert get(bare, path).status_code == 200

    publish(bare, is_published=False)
    bare.clock.move(FRESH.total_seconds())
    places = [path, f"{path}/feed", f"{path}/logo", "/status/1", "/status/", f"/status/{'x' * 32}"]
    assert {get(bare, place).status_code for place in places} == {404}

    publish(bare)
    bare.database.write(partial(status_pages.renew, actor=PUBLISHER, now=bare.clock.now()))
    bare.clock.move(FRESH.total_seconds())
    assert get(bare, path).status_code == 404
    assert get(bare, f"/status/{page_of(bare).slug}").status_code == 200


def test_without_data_nothing_is_green(bare: WebService) -> None:
    monitor_id = make_monitor(bare.database, now=bare.clock.now())
    text = get(bare, publish(bare, StatusEntry(monitor_id=monitor_id, name="Mail"))).text

    assert '<p class="status-now status-no-data" role="status"><strong>No data</strong>' in text
    assert "Last 90 days: 90 days without data" in text
    assert "<span>no data</span>" in text
    assert 'day-whole" d=' not in text
    assert "tone-ok" not in text


def test_a_monitor_that_is_removed_leaves_the_page(bare: WebService) -> None:
    monitor_id = make_monitor(bare.database, now=bare.clock.now())
    path = publish(bare, StatusEntry(monitor_id=monitor_id, name="Soon gone"))
    assert "Soon gone" in get(bare, path).text

    bare.database.write(partial(monitors.remove, actor=OPERATOR, monitor_id=monitor_id, now=bare.clock.now()))
    bare.clock.move(FRESH.total_seconds())

    assert "Soon gone" not in get(bare, path).text


def test_the_feed_names_each_entry_for_ever_and_stays_the_same_while_nothing_happens(bare: WebService) -> None:
    monitor_id = marked_monitor(bare)
    create = partial(incidents.create, actor=PUBLISHER, title="Slow", text="A & B <c>", monitor_ids=[monitor_id])
    bare.database.write(partial(create, now=bare.clock.now()))
    path = publish(bare, StatusEntry(monitor_id=monitor_id, name="Mail"))
    first = get(bare, f"{path}/feed")

    bare.clock.move(FRESH.total_seconds() * 2)
    publish(bare, StatusEntry(monitor_id=monitor_id, name="Mail", group="Renamed"))
    again = get(bare, f"{path}/feed")

    assert first.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert again.content == first.content
    found = items(first.text)
    ids = [item.findtext(f"{ATOM}id") for item in found]
    assert len(set(ids)) == len(ids) == 3
    assert [
        item.findtext(f"{ATOM}content") for item in found if item.findtext(f"{ATOM}title") == "Investigating: Slow"
    ] == ["A & B <c>\n\nAffected: Mail"]


@pytest.mark.parametrize("part", ["", "/feed", "/logo"])
def test_an_answer_is_kept_for_a_moment_and_not_sent_twice(bare: WebService, part: str) -> None:
    path = publish(bare, logo=make_png()) + part
    answer = get(bare, path)
    again = get(bare, path, **{"If-None-Match": f'"other", {answer.headers["ETag"]}'})

    assert answer.headers["Cache-Control"] == "public, max-age=20"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    plain = get(bare, path, **{"Accept-Encoding": "identity"})
    assert (plain.content, "Content-Encoding" in plain.headers) == (answer.content, False)


def test_a_flood_of_visitors_asks_the_database_once(bare: WebService) -> None:
    path = publish(bare)
    assert get(bare, path).status_code == 200
    bare.database.close()  # whoever asked it from now on would get an error

    assert {get(bare, path + part).status_code for part in ("", "/feed", "", "/feed")} == {200}


def test_a_logo_is_served_as_what_it_is_and_nothing_else(bare: WebService) -> None:
    path = publish(bare, logo=make_png())
    answer = get(bare, f"{path}/logo")

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    publish(bare, logo=None)
    bare.clock.move(FRESH.total_seconds())
    assert get(bare, f"{path}/logo").status_code == 404


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
def test_anybody_reads_how_things_stand(
    service: WebService, visit: Callable[..., Visitor], whole_page: str, *, has_script: bool
) -> None:
    visitor = visit(service, has_script=has_script)
    visitor.goto(whole_page)

    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mail of Example Ltd.")
    expect(visitor.page.get_by_role("status")).to_contain_text("2 of 6 not working")
    row = visitor.page.get_by_role("listitem").filter(
        has=visitor.page.get_by_role("heading", name="Incoming mail", exact=True)
    )
    expect(row).to_contain_text("Not working")
    expect(visitor.page.get_by_role("region", name="Open incidents")).to_contain_text("Mail is not lost.")
    expect(visitor.page.get_by_role("heading", name="Newsletter arrived late")).to_be_visible()
    refresh = visitor.page.locator('meta[http-equiv="refresh"]')
    expect(refresh).to_have_count(0 if has_script else 1)


def test_a_page_that_stays_open_shows_what_is_new(bare: WebService, visit: Callable[..., Visitor]) -> None:
    path = publish(bare, title="Before")
    visitor = visit(bare)
    network = visitor.context.new_cdp_session(visitor.page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})  # its hours don't pass with the clock below
    visitor.page.clock.install()
    visitor.goto(path)
    heading = visitor.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Before")

    publish(bare, title="After")
    bare.clock.move(FRESH.total_seconds())
    visitor.page.clock.fast_forward(61_000)

    expect(heading).to_have_text("After")
    visitor.look()
