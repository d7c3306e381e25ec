"""The description (OpenAPI) is complete: each operation, parameter and field with its meaning, an example, its limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.api.harness import Server

# Any: OpenAPI objects of many shapes.

CONDITIONS = ("allOf", "anyOf", "oneOf", "not", "if", "then")


@pytest.fixture
def description(server: Server) -> Any:
    return server.get("/api/openapi.json", role=None).json()


def operations(description: Any) -> Iterator[tuple[str, Any]]:
    for path, found in description["paths"].items():
        for method, operation in found.items():
            yield f"{method} {path}", operation


def parameters(description: Any) -> Iterator[tuple[str, Any]]:
    for name, operation in operations(description):
        for parameter in operation.get("parameters", ()):
            yield f"{name} ?{parameter['name']}", parameter


def resolved(description: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def roots(description: Any) -> Iterator[tuple[str, Any]]:
    """Each schema that has a name, or stands in an answer or a body."""
    yield from description["components"]["schemas"].items()
    for name, operation in operations(description):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in part.get("content", {}).values():
                yield name, content["schema"]


def fields(description: Any, schema: Any, where: str, *, is_shown: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """The fields below a schema: where, the field, and whether an example of what holds it shows it.

    What a condition says of a field is no field: that is described where the fields are.
    """
    own = schema.get("properties", {})
    for name, field in own.items():
        place = f"{where}.{name}"
        yield place, field, is_shown
        yield from fields(description, field, place, is_shown=is_shown or "examples" in field)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from fields(description, schema[key], f"{where}[]", is_shown=is_shown)
    if not own:
        for key in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(key, ()):
                yield from fields(description, each, where, is_shown=is_shown)


def every_field(description: Any) -> Iterator[tuple[str, Any, bool]]:
    for where, root in roots(description):
        yield from fields(description, root, where)


def holds_fields(description: Any, schema: Any) -> bool:
    """Whether it is an object, or a list of objects, whose fields have examples of their own."""
    schema = resolved(description, schema)
    parts = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())]
    return "properties" in schema or any(holds_fields(description, part) for part in parts)


def unlimited(description: Any, schema: Any) -> Iterator[str]:
    """What has no limit in a schema of what clients send."""
    schema = resolved(description, schema)
    if "enum" in schema or "const" in schema:
        return
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if "string" in kinds and not {"maxLength", "pattern", "format"} & schema.keys():
        yield "string"
    if kinds & {"integer", "number"} and not {"minimum", "exclusiveMinimum"} & schema.keys():
        yield "minimum"
    if kinds & {"integer", "number"} and "maximum" not in schema:
        yield "maximum"
    if "array" in kinds:
        if "maxItems" not in schema:
            yield "maxItems"
        yield from unlimited(description, schema.get("items", {}))
    for name, field in schema.get("properties", {}).items():
        yield from (f"{name}: {each}" for each in unlimited(description, field))
    if "properties" not in schema:
        for each in schema.get("anyOf", ()):
            yield from unlimited(description, each)


def test_it_is_valid_openapi_3_1(description: Any) -> None:
    assert description["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


def test_each_operation_has_a_summary_a_description_and_a_name_of_its_own(description: Any) -> None:
    found = list(operations(description))
    assert [name for name, operation in found if not (operation.get("summary") and operation.get("description"))] == []
    assert len({operation["operationId"] for _, operation in found}) == len(found)


def test_each_parameter_header_and_body_has_a_description(description: Any) -> None:
    missing = [where for where, parameter in parameters(description) if not parameter.get("description")]
    for name, operation in operations(description):
        body = operation.get("requestBody")
        if body is not None and not body.get("description"):
            missing.append(f"{name} body")
        for status, answer in operation["responses"].items():
            headers = answer.get("headers", {}).items()
            missing += [f"{name} {status} {key}" for key, header in headers if not header.get("description")]
    assert missing == []


def test_each_field_has_a_description(description: Any) -> None:
    missing = {
        where
        for where, field, _ in every_field(description)
        if "description" not in field and "description" not in resolved(description, field)
    }
    assert missing == set()


def test_each_parameter_has_an_example(description: Any) -> None:
    def has_example(schema: Any) -> bool:
        return "examples" in schema or any(map(has_example, schema.get("anyOf", ())))

    assert [where for where, parameter in parameters(description) if not has_example(parameter["schema"])] == []


def test_each_field_has_an_example_or_is_shown_in_one(description: Any) -> None:
    missing = {
        where
        for where, field, is_shown in every_field(description)
        if "examples" not in field and not is_shown and not holds_fields(description, field)
    }
    assert missing == set()


def test_each_parameter_that_means_something_has_its_limits(description: Any) -> None:
    missing = {
        where: found
        for where, parameter in parameters(description)
        if "changes nothing" not in parameter["description"]
        and (found := [*unlimited(description, parameter["schema"])])
    }
    assert missing == {}


def test_each_field_of_a_body_has_its_limits(description: Any) -> None:
    missing = {}
    for name, operation in operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            missing[name] = [*unlimited(description, content["schema"])]
    assert {name: found for name, found in missing.items() if found} == {}


def expected_errors(path: str, operation: Any) -> set[str]:
    """The errors that an operation can give by what it takes: a token, an id, a body, parameters."""
    takes = {parameter["in"] for parameter in operation.get("parameters", ())}
    errors = {"500", "503"}
    if "requestBody" in operation:
        errors |= {"400", "408", "413"}
    if "query" in takes:
        errors |= {"400"}
    if "{" in path:
        errors |= {"404"}
    if operation.get("security"):
        errors |= {"401", "429"}
    if {"AccessToken": []} in operation.get("security", ()):
        errors |= {"403"}  # the role, or the scopes of an API token
    return errors


def test_each_operation_lists_the_errors_that_it_can_give(description: Any) -> None:
    missing = {}
    for name, operation in operations(description):
        told = {status for status in operation["responses"] if status >= "400"}
        missing[name] = expected_errors(name, operation) - told
    assert {name: found for name, found in missing.items() if found} == {}
