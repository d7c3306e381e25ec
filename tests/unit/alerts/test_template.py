"""Templates say where they are wrong, and can neither run for long nor grow large."""

import pytest
from tests.unit.alerts.builders import make_item, make_package, make_recipient, make_run

from mailtrip.alerts.sample import sample_values
from mailtrip.alerts.template import fill, template_fault
from mailtrip.alerts.wording import values_of, wording_of
from mailtrip.model import AlertKind, AlertMethod, Recipient

VALUES = sample_values()


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ alert.monitor }}: {{ alert.status }}", "Example mail: 104"),
        ("{{ alert.delay_seconds }}|{{ alert.delay_seconds | default('none') }}", "|none"),
        ("{% for each in alerts[:5] %}{{ loop.index }}/{{ loop.length }}{% endfor %}", "1/1"),
        ("{% for line in alert.proof %}{{ line | upper | shorten(20) }}{% endfor %}", "SMTPS://SMTP.EXAM..."),
        ("{{ 'x' if alert.kind == 'error' and not alert.url is none else 'y' }}", "x"),
        ("{{ alerts | length }} {{ alert.servers | join }} {{ kind ~ '!' }}", "1 smtps://smtp.example.com:465 error!"),
        ("{{ '<b>' }}", "<b>"),
    ],
)
def test_a_template_is_filled(source: str, made: str) -> None:
    assert template_fault(source, VALUES) is None
    assert fill(source, VALUES) == made


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ alert.step }", "line 1: unexpected '}'"),
        ("\n\n{{ alrt.step }}", 'line 3: there is no "alrt"; there are account,'),
        ("\n{{ alert.stop }}", "line 2: 'dict object' has no attribute 'stop'"),
        ("{{ 'a' * 10 ** 9 }}", 'line 1: "mul" is not allowed'),
        ("{{ 2 ** 99999999 }}", 'line 1: "pow" is not allowed'),
        ("{{ '%999999999d' % 1 }}", 'line 1: "mod" is not allowed'),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "line 1: loops go over"),
        ("{% for a in text %}{% endfor %}", "line 1: loops go over"),
        ("{% for a in alerts | join %}{% endfor %}", "line 1: loops go over"),
        ("{% for a in alerts %}\n{% for b in alerts %}{% endfor %}{% endfor %}", "line 2: in a loop over alerts"),
        ("{% for alerts in alerts %}{% endfor %}", "line 1: a loop has one new name"),
        ("{% for a, b in alerts %}{% endfor %}", "line 1: a loop has one new name"),
        ("{% for a in alerts recursive %}{% endfor %}", "line 1: a loop has one new name"),
        ("{{ alert.items() }}", 'line 1: "call" is not allowed'),
        ("{{ alert.__class__ }}", "line 1: access to attribute '__class__'"),
        ("{{ alerts.append }}", "line 1: access to attribute 'append'"),
        ("{{ text.split }}", "line 1: access to attribute 'split'"),
        ("{{ lipsum }}", 'line 1: there is no "lipsum"'),
        ("{{ text | replace('a', 'b') }}", 'line 1: there is no such filter "replace"; there are default,'),
        ("{{ text | center(10) }}", 'line 1: there is no such filter "center"; there are default,'),
        ("{% set x = text %}", 'line 1: "assign" is not allowed'),
        ("{% include 'x' %}", 'line 1: "include" is not allowed'),
        ("{% macro x() %}{% endmacro %}", 'line 1: "macro" is not allowed'),
        ("{{ 3 | length }}", "line 1: can't be rendered (TypeError)"),
        ("{{" + "(" * 1500 + "1" + ")" * 1500 + "}}", "line 1: can't be rendered (RecursionError)"),
        ("{{ not " + "not " * 900 + "1 }}", "line 1: is nested too deep"),
        ("{{ alert" + ".b" * 1500 + " }}", "line 1: is nested too deep"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, fault: str) -> None:
    told = template_fault(source, VALUES)

    assert told is not None
    assert told.startswith(fault), told


HOSTILE = [
    "{% for a in alerts %}{% for b in a.proof %}{{ text }}{% endfor %}{% endfor %}",
    "{{ " + "text ~ " * 400 + "text }}",
    "{% for a in alerts %}" + "{{ text | upper | lower | upper | lower }}" * 80 + "{% endfor %}",
    "{% for a in alerts %}{{ text | join('" + "x" * 3000 + "') | join(text) }}{% endfor %}",
    "{% for a in alerts %}" + "{% if (text ~ text) | upper == 'q' %}{% endif %}" * 80 + "{% endfor %}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_what_a_template_makes_is_bounded_with_the_largest_of_alerts(source: str) -> None:
    largest = values_of(make_package(*(make_item(name="n" * 255) for _ in range(50))), public_url=None)
    assert template_fault(source, VALUES) is None

    assert len(fill(source, largest)) <= 20_000


def recipient(subject_template: str | None = None, text_template: str | None = None) -> Recipient:
    return make_recipient(subject_template=subject_template, text_template=text_template)


def test_an_alert_is_in_the_words_of_its_recipient() -> None:
    package = make_package(
        recipient=recipient(subject_template="{{ alert.monitor }}\nis down", text_template="{{ text }}Call us.")
    )

    wording = wording_of(package, public_url=None)

    assert wording.subject == "Münster mail is down"
    assert "535 5.7.8 Authentication failed" in wording.text
    assert wording.text.endswith("\nCall us.")


def test_a_template_that_fails_stops_no_alert_and_is_told_of() -> None:
    """Nobody can store one; a later version may refuse what an earlier one took."""
    package = make_package(recipient=recipient(subject_template="{{ nothing }}", text_template="{% set x = 1 %}"))

    wording = wording_of(package, public_url=None)

    assert wording.subject == "[Mailtrip] Münster mail: SMTP: login refused"
    assert "535 5.7.8 Authentication failed" in wording.text
    assert 'The template of the subject has a fault: line 1: there is no "nothing"' in wording.text
    assert 'The template of the text has a fault: line 1: "assign" is not allowed' in wording.text


def test_a_template_that_makes_no_subject_leaves_the_usual_one() -> None:
    wording = wording_of(
        make_package(recipient=recipient(subject_template="{{ alert.delay_seconds }}")), public_url=None
    )

    assert wording.subject == "[Mailtrip] Münster mail: SMTP: login refused"


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_fills_a_template(kind: AlertKind) -> None:
    source = "{{ subject }}{% for each in alerts %}{{ each.step }}{{ each.servers | join }}{% endfor %}"
    package = make_package(make_item(kind, run=make_run()), recipient=recipient(text_template=source))

    assert "has a fault" not in wording_of(package, public_url=None).text


def test_a_wireless_device_gets_one_short_line() -> None:
    package = make_package(recipient=make_recipient(AlertMethod.EMAIL_WIRELESS))

    text = wording_of(package, public_url=None).text

    assert text == "[Mailtrip] Münster mail: SMTP: login refused. smtps://smtp.probe.test:465 refused the login."
