"""The page of a run, as somebody reads it who looks for the cause; and what hostile servers make of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import requests
from playwright.sync_api import Dialog, expect
from tests.api.harness import OPERATOR
from tests.contract.store.builders import full_facts, full_result
from tests.contract.store.builders import result as make_result
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, PASSWORD, WebService, add_runs

from mailtrip.model import (
    AuthenticationResult,
    Direction,
    Hop,
    Leg,
    MailProtocol,
    Proof,
    Result,
    Route,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    StatusCode,
    Step,
    Timing,
    TLSFacts,
    TranscriptLine,
    Verdict,
)
from mailtrip.service import runs
from mailtrip.service.runs import FinishedRun

HOSTILE = "<img src=x onerror=\"alert('1')\"></code></script><script>alert(2)</script>\u202e\u2066\x1b[31m\x00'\" & {{ 7 * 7 }}"
SHOWN = "<img src=x onerror=\"alert('1')\"></code></script><script>alert(2)</script>"


def session(*lines: str, tls: TLSFacts | None = None) -> SessionRecord:
    said = tuple(TranscriptLine(timedelta(seconds=at), Direction(line[0]), line[2:]) for at, line in enumerate(lines))
    return SessionRecord(
        protocol=MailProtocol.SMTP, server="smtps://mail.example.com", address=None, tls=tls, transcript=said
    )


def failed() -> Result:
    return replace(
        make_result(StatusCode.SMTP_LOGIN, Verdict.UNSENT),
        step=Step.LOGIN,
        summary="Nothing was sent: smtps://mail.example.com refused the login.",
        timings=(Timing(step=Step.CONNECT, offset=timedelta(0), duration=timedelta(milliseconds=20)),),
        sessions=(session("* connected", "> AUTH PLAIN (hidden)", "< 535 5.7.8 Authentication failed"),),
        proof=(Proof(0, 2),),
    )


def hostile() -> Result:
    tls = TLSFacts(
        version=HOSTILE,
        cipher=HOSTILE,
        subject=HOSTILE,
        issuer=HOSTILE,
        not_before=None,
        not_after=None,
        names=(HOSTILE,),
    )
    leg = Leg(hop=Hop(by=HOSTILE, claimed_name=HOSTILE, protocol=HOSTILE), note=HOSTILE)
    facts = full_facts()
    told = AuthenticationResult(result=HOSTILE, domain=HOSTILE, reason=HOSTILE)
    return replace(
        failed(),
        summary=HOSTILE,
        message_id=HOSTILE,
        queued_as=HOSTILE,
        facts=replace(
            facts,
            folder=HOSTILE,
            route=Route(legs=(leg,)),
            authentication=replace(facts.authentication, spf=told, written_by=HOSTILE),
        ),
        sessions=(replace(session(f"< {HOSTILE}", *["< x"] * 60, tls=tls), server=HOSTILE),),
        proof=(Proof(0, 0),),
    )


def add_run(service: WebService, result: Result, monitor: str = "Shop") -> int:
    """A planned run of the monitor, newer than all others; its id."""
    monitor_id = service.monitor_ids[monitor]
    service.clock.move(60)
    token = f"t0ken of {service.clock.monotonic()}"
    add_runs(service, monitor_id, [replace(result, token=token)], end=service.clock.now())
    read = partial(runs.page, actor=OPERATOR, monitor_id=monitor_id, limit=1)
    [run] = service.database.read(read)
    return run.id


def order_test(service: WebService) -> Run:
    """A test of a monitor, not yet begun."""
    service.clock.move(60)
    order = partial(
        runs.order_test,
        actor=OPERATOR,
        monitor_id=service.monitor_ids["Shop"],
        token=f"t0ken{service.clock.monotonic()}",
        now=service.clock.now(),
    )
    return service.database.write(order)


def finish(service: WebService, run: Run, result: Result) -> None:
    done = [FinishedRun(run_id=run.id, result=result)]
    service.database.write(partial(runs.finish, finished=done))


def test_a_run_shows_its_verdict_steps_way_servers_and_what_was_said(admin: Visitor, service: WebService) -> None:
    admin.goto(f"/runs/{add_run(service, full_result())}")
    page = admin.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Delivered slowly in 30.00 s")
    expect(page.get_by_role("row", name="Wait for the message")).to_contain_text("30.00 s")
    for heading in ("Steps", "The message's way", "Deliverability", "What the bounce says", "Servers", "Transcripts"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text("self-signed certificate")).to_be_visible()
    expect(page.get_by_text("220 Grüße").last).to_be_visible()


def test_the_lines_that_prove_an_error_stand_at_the_top_and_are_marked(admin: Visitor, service: WebService) -> None:
    admin.goto(f"/runs/{add_run(service, failed())}")
    expect(admin.page.locator(".verdict")).to_contain_text("said 535 5.7.8 Authentication failed")
    expect(admin.page.locator(".line-proof")).to_have_text("2.000<received:535 5.7.8 Authentication failedproof")
    expect(admin.page.get_by_role("row", name="SMTP: log in")).to_contain_text("not completed")


def test_what_a_hostile_server_says_is_shown_and_does_nothing(admin: Visitor, service: WebService) -> None:
    alerts: list[str] = []

    def note(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    admin.page.on("dialog", note)
    admin.goto(f"/runs/{add_run(service, hostile())}")
    expect(admin.page.locator(".explanation")).to_contain_text(SHOWN)
    expect(admin.page.locator("main img, main script")).to_have_count(0)
    content = admin.page.content()
    assert alerts == []
    assert not any(sign in content for sign in ("\u202e", "\u2066", "\x1b", "\x00"))
    assert "49" not in admin.page.locator(".explanation").inner_text()


def test_long_transcripts_are_folded_around_the_proof(admin: Visitor, service: WebService) -> None:
    admin.goto(f"/runs/{add_run(service, hostile())}")
    folded = admin.page.locator(".fold-inner")
    expect(folded.locator(".line").first).to_be_hidden()
    folded.get_by_text("57 more lines").click()
    expect(folded.locator(".line").first).to_be_visible()


def test_the_whole_run_is_there_as_json(admin: Visitor, service: WebService) -> None:
    run_id = add_run(service, full_result())
    cookies = {cookie["name"]: cookie["value"] for cookie in admin.context.cookies()}
    answer = requests.get(f"{service.url}/runs/{run_id}.json", cookies=cookies, timeout=10)
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.json()["id"], answer.json()["facts"]["size"]) == (run_id, full_facts().size)


@pytest.mark.parametrize("path", ["/runs/{id}", "/runs/{id}.json", "/runs/{id}/events"])
def test_runs_are_shown_to_those_only_who_may_see_their_monitor(
    stranger: Visitor, service: WebService, path: str
) -> None:
    seen, unseen = add_run(service, failed()), add_run(service, failed(), "Orders")
    assert requests.get(service.url + path.format(id=seen), timeout=10, allow_redirects=False).status_code == 303
    stranger.sign_in(LIMITED_EMAIL, PASSWORD)
    expect(stranger.page).to_have_url(f"{stranger.url}/overview")
    cookies = {cookie["name"]: cookie["value"] for cookie in stranger.context.cookies()}
    answers = [
        requests.get(service.url + path.format(id=number), cookies=cookies, timeout=10).status_code
        for number in (seen, unseen, 2**63)
    ]
    assert answers == [200, 404, 404]


def test_a_run_that_was_not_made_says_why(admin: Visitor, service: WebService) -> None:
    monitor_id = service.monitor_ids["Shop"]
    service.clock.move(60)
    planned = [
        runs.PlannedRun(
            account_id=1, monitor_id=monitor_id, location_id=10, slot=service.clock.now(), kind=RunKind.SCHEDULED
        )
    ]
    skip = partial(
        runs.skip,
        planned=planned,
        note="the run before was still under way",
        state=RunState.SKIPPED,
        now=service.clock.now(),
    )
    service.database.write(skip)
    [run] = service.database.read(partial(runs.page, actor=OPERATOR, monitor_id=monitor_id, limit=1))
    admin.goto(f"/runs/{run.id}")
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Skipped")
    expect(admin.page.locator(".explanation")).to_have_text("the run before was still under way")


def test_a_test_is_shown_step_by_step_until_its_verdict(visit: Callable[..., Visitor], service: WebService) -> None:
    admin = visit(service)
    admin.sign_in("admin@example.com", PASSWORD)
    run = order_test(service)
    with service.live_runs.watched(run) as observe:
        assert observe is not None
        begun = service.clock.monotonic()
        observe(Step.CONNECT, begun, begun + 0.02)
        admin.goto(f"/runs/{run.id}")
        expect(admin.page.get_by_role("row", name="SMTP: connect")).to_contain_text("20 ms")
        observe(Step.TLS, begun + 0.02, None)
        expect(admin.page.get_by_role("row", name="SMTP: TLS")).to_contain_text("now")
    finish(service, run, failed())
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Not sent – SMTP: login refused")
    admin.look()


def test_without_script_the_page_of_a_test_loads_itself_again(
    visit: Callable[..., Visitor], service: WebService
) -> None:
    admin = visit(service, has_script=False)
    admin.sign_in("admin@example.com", PASSWORD)
    run = order_test(service)
    admin.goto(f"/runs/{run.id}")
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Under way")
    finish(service, run, failed())
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("Not sent – SMTP: login refused")
