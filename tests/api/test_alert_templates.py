"""`/api/v1/alert-templates/preview`, and templates of recipients."""

from tests.api.harness import Server, messages

PREVIEW = "/api/v1/alert-templates/preview"
MAIL = {"method_id": 12, "recipient": "a@example.com"}


def test_templates_are_tried_on_an_example(server: Server) -> None:
    body = {"subject_template": "{{ alert.monitor }} is down", "text_template": "{{ alert.step | upper }}\n"}

    response = server.post(PREVIEW, json=body)

    assert (response.status_code, response.json()) == (200, {"subject": "Example mail is down", "text": "LOGIN\n"})


def test_without_templates_the_usual_words_are_shown(server: Server) -> None:
    shown = server.post(PREVIEW, json={}).json()

    assert shown["subject"] == "[Mailtrip] Example mail: SMTP: login refused"
    assert "535 5.7.8 Authentication failed" in shown["text"]


def test_all_faults_are_told_with_their_lines(server: Server) -> None:
    response = server.post(PREVIEW, json={"subject_template": "{{ x }}", "text_template": "\n{% if %}"})

    assert response.status_code == 400
    subject, text = messages(response)
    assert subject.startswith('invalid_request - subject_template: line 1: there is no "x"; there are account')
    assert text == "invalid_request - text_template: line 2: Expected an expression, got 'end of statement block'"


def test_a_template_has_a_bound(server: Server) -> None:
    response = server.post(PREVIEW, json={"subject_template": "x" * 501})

    assert messages(response) == ["invalid_request - subject_template: has 501 characters; at most 500 are taken"]


def test_a_recipient_keeps_its_templates_and_takes_none_with_a_fault(server: Server) -> None:
    response = server.post("/api/v3/recipients", json=MAIL | {"text_template": "{{ alert.monitor }}\n"})
    path = f"/api/v3/recipients/{response.json()['id']}"

    assert server.get(path).json()["text_template"] == "{{ alert.monitor }}\n"
    refused = server.patch(path, json={"text_template": "{{ 9 ** 9 }}"})
    assert messages(refused) == ['invalid_request - text_template: line 1: "pow" is not allowed in templates of alerts']
    assert server.patch(path, json={"text_template": None}).status_code == 200
    assert server.get(path).json()["text_template"] is None
