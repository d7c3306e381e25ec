"""How single JSON values become typed ones and back, each with the JSON Schema that says what is taken and given.

Numbers and booleans are also taken as strings (alertsite-v3.md, section 9). A schema and its `parse` agree: what the
schema lets through is parsed, what it does not is refused.
"""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import Generic, TypeAlias, TypeVar

__all__ = [
    "JSON",
    "LARGEST_ID",
    "BadValue",
    "Codec",
    "Script",
    "boolean",
    "choice",
    "duration",
    "identifier",
    "integer",
    "kind_of",
    "nullable",
    "number_choice",
    "shown",
    "text",
]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", bound=IntEnum)

LARGEST_ID = 10**15 - 1
"""Exact in every JSON parser; larger numbers name nothing."""


class BadValue(ValueError):
    """A value is not of the kind it should be; the text says what is wrong and what would be right."""


class Script(StrEnum):
    """Which characters a text may not hold, as the inside of a character class."""

    LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
    """No control characters and no line breaks, and something to be seen where the text must not be empty."""
    LINES = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    """No control characters but line breaks and tabs."""
    CREDENTIAL = r"\x00\r\n"
    """What a mail server's login can't carry."""


_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,18})\Z")
_BOOLEANS = {"true": True, "y": True, "false": False, "n": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec(Generic[T]):
    """One kind of value on the wire.

    Attributes:
        parse: from parsed JSON; raises BadValue with what is wrong and what would be right, without the field's name.
        write: to JSON.
        accepts: JSON Schema of what `parse` takes.
        returns: JSON Schema of what `write` gives.
    """

    parse: Callable[[object], T]
    write: Callable[[T], JSON]
    accepts: Mapping[str, JSON]
    returns: Mapping[str, JSON]


def kind_of(value: object) -> str:
    """What a JSON value is, for error texts."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def shown(value: object) -> str:
    """A value as it can stand in an error text: JSON, printable ASCII, at most 60 characters."""
    if isinstance(value, list | dict):
        return kind_of(value)
    try:
        written = json.dumps(value)
    except ValueError:  # an integer beyond the interpreter's limit of digits
        return kind_of(value)
    return written if len(written) <= 60 else f"{written[:56]}...{written[-1]}"


def text(
    *,
    longest: int,
    shortest: int = 1,
    script: Script = Script.LINE,
    cut: bool = False,
    format: str | None = None,  # noqa: A002  # JSON Schema's own word
) -> Codec[str]:
    """Text of `shortest` to `longest` characters. Its faults never show the text.

    Args:
        longest: most characters.
        shortest: fewest characters.
        script: which characters it may not hold.
        cut: whether longer text is cut, not refused.
        format: the schema's word for rules that are checked later, by `service`; None where there are none.
    """
    forbidden = re.compile(f"[{script}]")

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise BadValue(f"must be text, not {kind_of(value)}")
        if _SURROGATE.search(value):
            raise BadValue("has half of a surrogate pair in it; write valid Unicode")
        if forbidden.search(value):
            raise BadValue("has a line break or another control character in it; write it without")
        if shortest and not (value if script is Script.CREDENTIAL else value.strip()):
            raise BadValue("is blank; write something")
        if len(value) > longest and not cut:
            raise BadValue(f"has {len(value)} characters; at most {longest} are taken")
        return value[:longest]

    schema: dict[str, JSON] = {"type": "string"} if format is None else {"type": "string", "format": format}
    accepts = schema | {"minLength": shortest}
    if not cut:
        accepts["maxLength"] = longest
    if format is None:
        accepts["pattern"] = _text_pattern(script, needs_mark=shortest > 0 and script is not Script.CREDENTIAL)
    return Codec(parse=parse, write=str, accepts=accepts, returns=schema)


def integer(low: int, high: int) -> Codec[int]:
    """A whole number in `low..high`, also as a string in plain decimal notation."""

    def parse(value: object) -> int:
        number = _whole_number(value)
        if number is None or not low <= number <= high:
            raise BadValue(f"must be a whole number from {low} to {high}, not {shown(value)}")
        return number

    numeric: dict[str, JSON] = {"type": "integer", "minimum": low, "maximum": high}
    accepts: dict[str, JSON] = {"anyOf": [numeric, {"type": "string", "pattern": _decimal_pattern(low, high)}]}
    return Codec(parse=parse, write=int, accepts=accepts, returns=numeric)


def identifier() -> Codec[int]:
    """A record's number, at least 1, also as a string."""
    return integer(1, LARGEST_ID)


def duration(low: int, high: int, *, unit: timedelta) -> Codec[timedelta]:
    """A whole number of `unit`, `low..high` of them, also as a string."""
    whole = integer(low, high)
    return Codec(
        parse=lambda value: whole.parse(value) * unit,
        write=lambda length: length // unit,
        accepts=whole.accepts,
        returns=whole.returns,
    )


def boolean() -> Codec[bool]:
    """A boolean, or one of the strings `true`, `false`, `y`, `n`."""

    def parse(value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in _BOOLEANS:
            return _BOOLEANS[value]
        raise BadValue(f"must be true or false, not {shown(value)}")

    accepts: dict[str, JSON] = {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": list(_BOOLEANS)}]}
    return Codec(parse=parse, write=bool, accepts=accepts, returns={"type": "boolean"})


def choice(words: type[E], *, but: Collection[E] = ()) -> Codec[E]:
    """One of the words of a closed set, in exactly that spelling; none of those in `but`."""
    allowed = {str(word): word for word in words if word not in but}

    def parse(value: object) -> E:
        if not isinstance(value, str) or value not in allowed:
            raise BadValue(f"must be one of {', '.join(allowed)}, not {shown(value)}")
        return allowed[value]

    schema: dict[str, JSON] = {"type": "string", "enum": list(allowed)}
    return Codec(parse=parse, write=str, accepts=schema, returns=schema)


def number_choice(numbers: type[N]) -> Codec[N]:
    """One of the numbers of a closed set, also as a string."""
    allowed = {int(number): number for number in numbers}

    def parse(value: object) -> N:
        number = _whole_number(value)
        if number not in allowed:
            raise BadValue(f"must be one of {', '.join(map(str, allowed))}, not {shown(value)}")
        return allowed[number]

    schema: dict[str, JSON] = {"type": "integer", "enum": list(allowed)}
    accepts: dict[str, JSON] = {"anyOf": [schema, {"type": "string", "enum": [str(number) for number in allowed]}]}
    return Codec(parse=parse, write=int, accepts=accepts, returns=schema)


def nullable(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The schema, or null."""
    inner = schema.get("anyOf")
    if isinstance(inner, list):
        return {**schema, "anyOf": [*inner, {"type": "null"}]}
    if set(schema) == {"type"}:
        return {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _whole_number(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float():
            return int(value) if math.isfinite(value) and value.is_integer() else None
        case str():
            return int(value) if _DECIMAL.match(value) else None
        case _:
            return None


def _text_pattern(script: Script, *, needs_mark: bool) -> str:
    """A regular expression for texts without the script's forbidden characters, with a visible one if need be."""
    return rf"^[^{script}]*[^\s{script}][^{script}]*$" if needs_mark else f"^[^{script}]*$"


def _decimal_pattern(low: int, high: int) -> str:
    """A regular expression for the decimal notation of `low..high`, both at least 0."""
    if low == 1 and high == LARGEST_ID:
        return "^[1-9][0-9]{0,14}$"
    return f"^(?:{'|'.join(_decimal_ranges(low, high))})$"


def _decimal_ranges(low: int, high: int) -> list[str]:
    """Alternatives that together match `low..high`: split where the number of digits or the leading digits change."""
    ranges = []
    while low <= high:
        end = low
        step = 1
        while low % (step * 10) == 0 and low + step * 10 - 1 <= high and low > 0:
            step *= 10
        while end + step - 1 < high and (end + step) % (step * 10) != 0 and end + 2 * step - 1 <= high:
            end += step
        ranges.append(_digits(low, end + step - 1))
        low = end + step
    return ranges


def _digits(low: int, high: int) -> str:
    pairs = zip(str(low), str(high), strict=True)
    return "".join(first if first == last else f"[{first}-{last}]" for first, last in pairs)
