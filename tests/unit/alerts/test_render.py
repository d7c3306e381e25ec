"""What an alert says: what broke, since when, where, why, the proof, and a link."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.alerts.builders import KEY, make_item, make_package, make_run

from mailtrip.alerts.render import fields_of, is_flapping, servers_of, shown_span, subject_of, text_of
from mailtrip.model import AlertItem, AlertKind, MailProtocol, StatusCode, Step

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("item", "subject"),
    [
        (make_item(), "[Mailtrip] Münster mail: SMTP: login refused"),
        (
            make_item(AlertKind.REMINDER, after=1.5 * HOUR),
            "[Mailtrip] Münster mail: Still failing after 1 h 30 min: SMTP: login refused",
        ),
        (make_item(AlertKind.CLEAR, after=12 * HOUR), "[Mailtrip] Münster mail: Well again after 12 h"),
        (
            make_item(AlertKind.DELAYED, run=make_run(delay=timedelta(minutes=4))),
            "[Mailtrip] Münster mail: Delayed by 4 min, and arrived",
        ),
        (
            make_item(AlertKind.WITHDRAWN),
            "[Mailtrip] Münster mail: Withdrawn: the trouble was our own, not the mail server's",
        ),
        (make_item(AlertKind.TEST), "[Mailtrip] Test alert"),
        (make_item(name="a\r\nBcc: x@probe.test"), "[Mailtrip] a  Bcc: x@probe.test: SMTP: login refused"),
        (make_item(name=None), "[Mailtrip] Monitor 100003: SMTP: login refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_subject_is_one_line_that_says_what_happened(item: AlertItem, subject: str) -> None:
    assert subject_of(make_package(item)) == subject


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (AlertKind.NOTICE, "[Mailtrip] Münster mail: SMTP: login refused"),
        (AlertKind.CLEAR, "[Mailtrip] Münster mail: Over after 12 h: SMTP: login refused"),
    ],
)
def test_an_alert_that_has_a_sentence_of_its_own_says_it(kind: AlertKind, subject: str) -> None:
    item = make_item(kind, after=12 * HOUR)
    package = make_package(replace(item, alert=replace(item.alert, detail="It ends soon."), run=None))

    assert subject_of(package) == subject
    assert "\nIt ends soon.\n" in text_of(package, public_url=None)


def silent(kind: AlertKind = AlertKind.SILENT) -> AlertItem:
    item = make_item(kind, after=12 * HOUR)
    alert = replace(
        item.alert,
        monitor_id=None,
        run_id=None,
        location_id=20,
        status=StatusCode.LOCATION_SILENT,
        detail="Nothing was heard.",
    )
    return replace(item, alert=alert, monitor_name=None, run=None, location_name="Elsewhere")


def test_an_alert_about_a_location_names_it_and_no_monitor() -> None:
    package = make_package(silent())
    fields = fields_of(package, package.items[0])

    assert subject_of(package) == "[Mailtrip] Elsewhere: Location lost contact"
    assert "\nLocation: Elsewhere (20)\n" in text_of(package, public_url=None)
    assert [fields[name] for name in ("device_id", "location", "location_num", "notify_type", "status")] == [
        "",
        "Elsewhere",
        "20",
        "error",
        "4050",
    ]
    assert subject_of(make_package(silent(AlertKind.CLEAR))) == "[Mailtrip] Elsewhere: In contact again after 12 h"
    assert subject_of(make_package(make_item(), silent())).startswith("[Mailtrip] 2 monitors and locations: ")


def test_the_subject_of_many_tells_their_number() -> None:
    package = make_package(make_item(name="a"), make_item(name="b"), count=512)

    assert subject_of(package) == "[Mailtrip] 512 monitors: SMTP: login refused"


@pytest.mark.parametrize(
    ("items", "count", "subject"),
    [
        (
            [make_item(AlertKind.CLEAR, after=HOUR)],
            1,
            "[Mailtrip] Münster mail: Well again after 1 h; flapping, it changed 4 times",
        ),
        (
            [make_item(), make_item(AlertKind.CLEAR, name="b")],
            2,
            "[Mailtrip] 2 monitors: SMTP: login refused; 4 changes in all",
        ),
    ],
)
def test_what_went_to_and_fro_is_said_to_have_done_so(items: list[AlertItem], count: int, subject: str) -> None:
    package = make_package(*items, count=count, alerts=4)

    assert subject_of(package) == subject
    assert "Well again after" in text_of(package, public_url=None)


@pytest.mark.parametrize(("changes", "flaps"), [(1, False), (2, False), (3, True)])
def test_what_fails_and_is_well_again_once_is_not_flapping(changes: int, flaps: bool) -> None:
    package = make_package(make_item(AlertKind.CLEAR, after=HOUR), alerts=changes)

    assert is_flapping(package) is flaps
    assert ("flapping" in text_of(package, public_url=None)) is flaps


def test_the_text_says_what_broke_since_when_where_why_and_where_to_look() -> None:
    text = text_of(make_package(make_item(AlertKind.REMINDER, after=HOUR)), public_url="https://mailtrip.probe.test")

    for part in (
        "Still failing after 1 h: SMTP: login refused.",
        "Monitor: Münster mail (100003)",
        "Status: 104, SMTP: login refused",
        "Since: 2026-03-01 11:00:00 UTC",
        "Step: login",
        "Server: smtps://smtp.probe.test:465",
        "smtps://smtp.probe.test:465 refused the login.",
        "  smtps://smtp.probe.test:465 < 535 5.7.8 Authentication failed",
        "https://mailtrip.probe.test/runs/100007",
        "Account: Stadtwerke.",
        KEY,
    ):
        assert part in text


def test_the_text_of_many_lists_twenty_and_tells_how_many_more_there_are() -> None:
    text = text_of(
        make_package(*(make_item(name=f"name {number}") for number in range(50)), count=10_000), public_url=None
    )

    assert text.count("- name ") == 20
    assert "- and 9980 more" in text
    assert "535 5.7.8" in text


def test_the_text_of_a_test_says_that_nothing_is_wrong() -> None:
    assert "nothing is wrong" in text_of(make_package(make_item(AlertKind.TEST)), public_url=None)


def test_the_vendor_s_fields_are_strings() -> None:
    item = make_item()

    fields = fields_of(make_package(item), item)

    assert {name: value for name, value in fields.items() if not isinstance(value, str)} == {"rotated_locations": []}
    assert {name: fields[name] for name in ("custid", "company", "device_id", "device_name", "errcount", "status")} == {
        "custid": "C1",
        "company": "Stadtwerke",
        "device_id": "100003",
        "device_name": "Münster mail",
        "errcount": "2",
        "status": "104",
    }


@pytest.mark.parametrize("kind", [AlertKind.CLEAR, AlertKind.DELAYED, AlertKind.WITHDRAWN])
def test_the_end_of_an_error_has_status_0_and_no_errors(kind: AlertKind) -> None:
    item = make_item(kind)

    fields = fields_of(make_package(item), item)

    assert (fields["status"], fields["errcount"], fields["notify_type"]) == ("0", "0", "clear")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "1 h"), (5400, "1 h 30 min"), (200_000, "2 days")],
)
def test_spans_are_shown_as_people_say_them(seconds: float, shown: str) -> None:
    assert shown_span(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("step", "servers"),
    [
        (Step.SUBMIT, ("smtp://a",)),
        (Step.MAILBOX_LOGIN, ("imap://b",)),
        (Step.DELETE, ("imap://b",)),
        (Step.WAIT, ("smtp://a", "imap://b")),
        (None, ("smtp://a", "imap://b")),
    ],
)
def test_an_error_is_put_down_to_the_servers_of_its_step(step: Step | None, servers: tuple[str, ...]) -> None:
    run = make_run()
    assert run.result is not None
    (smtp,) = run.result.sessions
    smtp = replace(smtp, server="smtp://a")
    imap = replace(smtp, protocol=MailProtocol.IMAP, server="imap://b")

    found = servers_of(replace(run, result=replace(run.result, step=step, sessions=(smtp, imap, imap))))

    assert found == servers
