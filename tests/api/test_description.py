"""The description (OpenAPI) is whole; that it is true is for schemathesis to find out."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.harness import MONITOR, Server, messages

from mailtrip.api.alertsite.monitor_fields import FIELDS

# Any: OpenAPI objects of many shapes.


@pytest.fixture
def description(server: Server) -> Any:
    response = server.get("/api/openapi.json", role=None)
    assert response.status_code == 200
    return response.json()


def _operations(description: Any) -> Iterator[tuple[str, Any]]:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            yield f"{method} {path}", operation


def test_the_operations_are_those_of_the_contract(description: Any) -> None:
    assert sorted(name for name, _ in _operations(description)) == [
        "delete /api/v1/alerts/{alert_id}/acknowledge",
        "delete /api/v1/alerts/{alert_id}/snooze",
        "delete /api/v1/incidents/{incident_id}",
        "delete /api/v1/tokens/{token_id}",
        "delete /api/v3/access-tokens",
        "delete /api/v3/blackouts/{blackout_id}",
        "delete /api/v3/monitors/{monitor_id}",
        "delete /api/v3/notifier-groups/{group_id}",
        "delete /api/v3/recipients/{recipient_id}",
        "delete /api/v3/slas/{sla_id}",
        "delete /api/v3/users/{guid}",
        "get /api/v1/alerts",
        "get /api/v1/alerts/{alert_id}",
        "get /api/v1/audit",
        "get /api/v1/health",
        "get /api/v1/incidents",
        "get /api/v1/incidents/{incident_id}",
        "get /api/v1/monitors/{monitor_id}/runs",
        "get /api/v1/reports/availability",
        "get /api/v1/reports/outages",
        "get /api/v1/reports/response-time",
        "get /api/v1/reports/sla",
        "get /api/v1/runs/{run_id}",
        "get /api/v1/status-page",
        "get /api/v1/tokens",
        "get /api/v3/blackouts",
        "get /api/v3/blackouts/{blackout_id}",
        "get /api/v3/locations",
        "get /api/v3/monitors",
        "get /api/v3/monitors/{monitor_id}",
        "get /api/v3/notifier-groups",
        "get /api/v3/notifier-groups/{group_id}",
        "get /api/v3/recipients",
        "get /api/v3/recipients/{recipient_id}",
        "get /api/v3/report-sitestatus",
        "get /api/v3/slas",
        "get /api/v3/slas/{sla_id}",
        "get /api/v3/tests",
        "get /api/v3/users",
        "get /api/v3/users/{guid}",
        "get /report-api/detail/{customer}",
        "get /report-api/sitestatus/{customer}",
        "patch /api/v1/incidents/{incident_id}",
        "patch /api/v1/status-page",
        "patch /api/v3/blackouts/{blackout_id}",
        "patch /api/v3/monitors/email-imap/{monitor_id}",
        "patch /api/v3/monitors/email-pop/{monitor_id}",
        "patch /api/v3/monitors/email-round-trip/{monitor_id}",
        "patch /api/v3/monitors/email-smtp/{monitor_id}",
        "patch /api/v3/notifier-groups/{group_id}",
        "patch /api/v3/recipients/{recipient_id}",
        "patch /api/v3/slas/{sla_id}",
        "patch /api/v3/users/{guid}",
        "post /api/v1/alert-templates/preview",
        "post /api/v1/alerts/{alert_id}/acknowledge",
        "post /api/v1/alerts/{alert_id}/snooze",
        "post /api/v1/incidents",
        "post /api/v1/incidents/{incident_id}/updates",
        "post /api/v1/monitors/{monitor_id}/test",
        "post /api/v1/recipients/{recipient_id}/test",
        "post /api/v1/status-page/renew",
        "post /api/v1/tokens",
        "post /api/v3/access-tokens",
        "post /api/v3/blackouts",
        "post /api/v3/blackouts/bulk-edit",
        "post /api/v3/monitors/email-imap",
        "post /api/v3/monitors/email-pop",
        "post /api/v3/monitors/email-round-trip",
        "post /api/v3/monitors/email-smtp",
        "post /api/v3/notifier-groups",
        "post /api/v3/recipients",
        "post /api/v3/slas",
        "post /api/v3/slas/bulk-edit",
        "post /api/v3/users",
    ]


def test_every_operation_and_parameter_is_described(description: Any) -> None:
    for name, operation in _operations(description):
        assert operation["summary"], name
        assert operation["description"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter["name"])


def test_every_field_is_described(description: Any) -> None:
    def undescribed(schema: Any, where: str) -> Iterator[str]:
        for name, field in schema.get("properties", {}).items():
            if "description" not in field and "$ref" not in field and "properties" not in field:
                yield f"{where}.{name}"
            yield from undescribed(field, f"{where}.{name}")
        for part in ("items", "allOf", "anyOf"):
            inner = schema.get(part, [])
            for each in inner if isinstance(inner, list) else [inner]:
                yield from undescribed(each, f"{where}.{part}")

    schemas = description["components"]["schemas"]
    found = [name for key, schema in schemas.items() for name in undescribed(schema, key)]
    assert found == []


def test_every_field_of_a_monitor_has_an_example(description: Any) -> None:
    kinds = ("RoundTrip", "SMTPCheck", "POP3Check", "IMAPCheck")
    for key in ("Monitor", *(f"{kind}{verb}" for kind in kinds for verb in ("Create", "Edit"))):
        for name, field in description["components"]["schemas"][key]["properties"].items():
            assert len(field["examples"]) == 1, (key, name)


def test_the_examples_of_a_monitors_fields_are_taken_and_read_back(server: Server) -> None:
    examples = {field.name: field.example for field in FIELDS if field.codec is not None}
    monitor_id = server.create(**MONITOR | examples | {"imap_hostname": None})
    found = server.get(f"/api/v3/monitors/{monitor_id}").json()
    for field in FIELDS:
        if field.codec is not None and field.show is not None and field.name != "imap_hostname":
            assert found[field.name] == field.example


def test_each_error_is_described_as_a_list_of_errors(description: Any) -> None:
    for name, operation in _operations(description):
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"500", "503"} <= set(failures), name
        assert ("401" in failures) == ("security" in operation), name
        for answer in failures.values():
            assert "Errors" in str(answer["content"]["application/json"]["schema"])


def test_the_frameworks_own_error_shape_is_not_described(description: Any) -> None:
    assert "HTTPValidationError" not in str(description)
    assert "Validation Error" not in str(description)


def test_every_reference_leads_somewhere(description: Any) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (value for key, value in part.items() if key == "$ref")
            part = list(part.values())
        if isinstance(part, list):
            for each in part:
                yield from references(each)

    names = {reference.removeprefix("#/components/schemas/") for reference in references(description)}
    assert names <= set(description["components"]["schemas"])


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api/docs", "/openapi.json"])
def test_there_are_no_pages_that_load_things_from_elsewhere(server: Server, path: str) -> None:
    assert messages(server.get(path)) == ["Record not found"]
