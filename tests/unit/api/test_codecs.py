"""What the schemas say and what is parsed agree."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.api.alertsite import member_codecs, sla_codecs
from mailtrip.api.alertsite.list_codecs import custom_properties, locations
from mailtrip.api.codecs import (
    LARGEST_ID,
    BadValue,
    Codec,
    Script,
    boolean,
    choice,
    duration,
    identifier,
    integer,
    nullable,
    number_choice,
    shown,
    text,
)
from mailtrip.model import AlertMethod, Mechanism, Mode

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
NUMBERS = st.integers(-10, 2000) | st.integers(-10, 2000).map(str) | st.integers(-10, 2000).map(float)
VALUES = st.recursive(
    SCALARS | NUMBERS | st.sampled_from(["y", "n", "true", "false", "Primary", "auto"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "value", "value_id", "step_number", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)
CODECS: dict[str, Codec[Any]] = {  # Any: codecs of many types
    "line": text(longest=12),
    "empty line": text(shortest=0, longest=12),
    "lines": text(shortest=0, longest=12, script=Script.LINES),
    "credential": text(longest=12, script=Script.CREDENTIAL),
    "small number": integer(1, 7),
    "odd bounds": integer(5, 1234),
    "interval": duration(1, 1440, unit=timedelta(minutes=1)),
    "offset": integer(0, 2**31 - 1),
    "identifier": identifier(),
    "boolean": boolean(),
    "mode": choice(Mode),
    "mechanism": choice(Mechanism, but={Mechanism.APOP}),
    "locations": locations(),
    "custom properties": custom_properties(),
    "method": number_choice(AlertMethod),
    "monitors of a group": member_codecs.monitors(),
    "recipients of a group": member_codecs.recipients(),
    "error types": member_codecs.error_types(),
    "templates": member_codecs.no_templates(),
    "percentage": sla_codecs.percentage(),
    "response time": sla_codecs.response_time(),
    "operating periods": sla_codecs.operating_periods(),
    "monitor numbers": sla_codecs.monitor_numbers(),
}
READS_ADD_TO = {"locations", "monitors of a group", "recipients of a group", "error types"}


def _parses(codec: Codec[Any], value: object) -> bool:
    try:
        codec.parse(value)
    except BadValue:
        return False
    return True


@pytest.mark.parametrize("name", CODECS)
@given(value=VALUES)
def test_a_value_is_parsed_exactly_when_its_schema_accepts_it(name: str, value: object) -> None:
    codec = CODECS[name]
    assert _parses(codec, value) == jsonschema_rs.validator_for(dict(codec.accepts)).is_valid(value)


@pytest.mark.parametrize("name", CODECS)
@given(value=VALUES)
def test_what_was_parsed_is_written_as_the_schema_of_reads_says(name: str, value: object) -> None:
    codec = CODECS[name]
    if name not in READS_ADD_TO and _parses(codec, value):
        assert jsonschema_rs.validator_for(dict(codec.returns)).is_valid(codec.write(codec.parse(value)))


@pytest.mark.parametrize("name", CODECS)
@given(value=VALUES)
def test_what_was_written_is_parsed_to_the_same_value(name: str, value: object) -> None:
    codec = CODECS[name]
    if _parses(codec, value):
        parsed = codec.parse(value)
        assert codec.parse(json.loads(json.dumps(codec.write(parsed)))) == parsed


@given(st.integers(0, 30), st.integers(0, 3000), st.integers(-5, 3100))
def test_the_pattern_of_a_range_matches_the_numbers_in_it(low: int, span: int, number: int) -> None:
    codec = integer(low, low + span)
    schema = jsonschema_rs.validator_for(dict(codec.accepts))
    assert schema.is_valid(str(number)) == (low <= number <= low + span)


@pytest.mark.parametrize("value", ["01", "+1", " 1", "1 ", "1.0", "1e0", "1_0", "١", "", "0x1", 1.5, 1e400, True, None])
def test_a_number_in_an_odd_notation_is_refused(value: object) -> None:
    with pytest.raises(BadValue, match="must be a whole number from 0 to 20"):
        integer(0, 20).parse(value)


@pytest.mark.parametrize("name", ["percentage", "response time"])
@given(value=st.decimals(min_value=0, max_value=400, places=5).map(abs))
def test_a_decimal_is_taken_as_text_exactly_when_it_is_taken_as_a_number(name: str, value: Decimal) -> None:
    codec = CODECS[name]
    assert _parses(codec, str(value)) == _parses(codec, float(value))
    if _parses(codec, str(value)):
        assert codec.parse(str(value)) == codec.parse(float(value))


def test_the_largest_identifier_is_exact_in_every_json_parser() -> None:
    assert identifier().parse(str(LARGEST_ID)) == LARGEST_ID < 2**53
    with pytest.raises(BadValue):
        identifier().parse(LARGEST_ID + 1)


def test_text_above_its_limit_is_cut_only_where_it_should_be() -> None:
    assert text(longest=3, cut=True).parse("abcdef") == "abc"
    with pytest.raises(BadValue, match="has 6 characters; at most 3 are taken"):
        text(longest=3).parse("abcdef")


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(BadValue, match="surrogate"):
        text(longest=9).parse("a\udc80")


def test_a_fault_of_a_text_never_shows_the_text() -> None:
    for value in ("secret\n", "secret" * 10):
        with pytest.raises(BadValue) as caught:
            text(longest=9).parse(value)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\r\n\u20ac", '"a\\r\\n\\u20ac"'),
        ("x" * 100, '"' + "x" * 55 + '..."'),
        ([1], "a list"),
        ({}, "an object"),
        pytest.param(10**5000, "a number", id="huge"),
        (None, "null"),
    ],
)
def test_a_value_in_a_fault_is_short_printable_ascii(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": "integer", "minimum": 1}, {"anyOf": [{"type": "boolean"}]}]
)
def test_a_nullable_schema_accepts_null_and_what_it_accepted_before(schema: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(nullable(schema))
    for value in (None, "x", 5, True):
        assert validator.is_valid(value) == (value is None or jsonschema_rs.validator_for(schema).is_valid(value))
