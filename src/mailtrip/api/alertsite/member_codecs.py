"""Lists of what belongs to a recipient group: objects with an `id`, as the vendor writes them."""

from collections.abc import Callable, Mapping
from typing import Final

from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.codecs import JSON, BadValue, Codec, identifier, integer, nullable
from mailtrip.model import StatusCode

__all__ = ["error_types", "groups", "monitors", "no_templates", "recipients", "status_text"]

_MOST_MEMBERS: Final = 10_000
_MOST_CODES: Final = 999
_ID: Final = identifier()
_SHORT_CODE: Final = integer(1, _MOST_CODES)
_SILENT: Final = integer(StatusCode.LOCATION_SILENT, StatusCode.LOCATION_SILENT)
_STEP: Final = integer(0, 0)
_WORD: Final[dict[str, JSON]] = {"type": "string"}


def monitors() -> Codec[tuple[int, ...]]:
    """`[{"id": 100001, "step_number": 0}]`, with other keys ignored; bare numbers are taken too."""
    step: dict[str, JSON] = {"description": "0, for the whole monitor: mail monitors have no steps of their own."}

    def check(item: Mapping[str, object]) -> None:
        if (number := item.get("step_number")) is not None:
            try:
                _STEP.parse(number)
            except BadValue:
                raise BadValue("names a step, which mail monitors don't have; give step_number 0 or none") from None

    return _members(
        "monitor",
        _ID,
        check=check,
        takes={"step_number": nullable(_STEP.accepts) | step},
        shows={
            "name": {**_WORD, "description": "The monitor's name."},
            "step_name": {"type": "null", "description": "Always null: the whole monitor."},
            "step_number": {**_STEP.returns, **step},
        },
        least=1,
    )


def recipients(*, least: int = 1) -> Codec[tuple[int, ...]]:
    """`[{"id": 100001}]`, with other keys ignored; bare numbers are taken too."""
    return _members(
        "recipient",
        _ID,
        shows={
            "name": {**_WORD, "description": "The recipient's name."},
            "recipient": {**_WORD, "description": "Where alerts go."},
        },
        least=least,
    )


def groups() -> Codec[tuple[int, ...]]:
    """`[{"id": 100001}]`, with other keys ignored; bare numbers are taken too."""
    return _members("recipient group", _ID, shows={})


def error_types() -> Codec[tuple[int, ...]]:
    """`[{"id": 1}]` with status codes, other keys being ignored; bare numbers are taken too."""
    return _members(
        "status code",
        _code(),
        shows={"description": {**_WORD, "description": "The status in words."}},
        most=_MOST_CODES,
    )


def _code() -> Codec[int]:
    """The vendor takes up to three digits (alertsite-v3.md, 4.3); the status of silent locations has four."""

    def parse(value: object) -> int:
        try:
            return _SILENT.parse(value)
        except BadValue:
            pass
        try:
            return _SHORT_CODE.parse(value)
        except BadValue as error:
            raise BadValue(f"{error}; {int(StatusCode.LOCATION_SILENT)} is taken too") from None

    return Codec(
        parse=parse,
        write=int,
        accepts={"anyOf": [_SHORT_CODE.accepts, _SILENT.accepts]},
        returns={"anyOf": [_SHORT_CODE.returns, _SILENT.returns]},
    )


def no_templates() -> Codec[tuple[()]]:
    """An empty list: there are no templates that a group could name."""

    def parse(value: object) -> tuple[()]:
        if value != []:
            raise BadValue("there are no templates of alerts; give an empty list or none")
        return ()

    schema: dict[str, JSON] = {"type": "array", "maxItems": 0}
    return Codec(parse=parse, write=list, accepts=schema, returns=schema)


def status_text(code: int) -> str:
    """A status code in words."""
    try:
        return StatusCode(code).text
    except ValueError:
        return "No status of mail monitors"


def _members(
    kind: str,
    number: Codec[int],
    *,
    shows: Mapping[str, JSON],
    takes: Mapping[str, JSON] | None = None,
    check: Callable[[Mapping[str, object]], None] = lambda _: None,
    least: int = 0,
    most: int = _MOST_MEMBERS,
) -> Codec[tuple[int, ...]]:
    """Objects that are known by their `id`.

    Args:
        kind: what each is.
        number: reads its id.
        shows: JSON Schemas of what reads show beside the id.
        takes: JSON Schemas of what else is looked at in what is given.
        check: raises BadValue for what is wrong in these.
        least: fewest of them.
        most: most of them.
    """

    def parse(value: object) -> tuple[int, ...]:
        return tuple(
            parse_item(position, item) for position, item in enumerate(items_of(value, least=least, most=most))
        )

    def parse_item(position: int, item: object) -> int:
        try:
            if isinstance(item, dict):
                check(item)
                return number.parse(item.get("id"))
            return number.parse(item)
        except BadValue as error:
            raise BadValue(f'item {position} {error}; write [{{"id": 1}}]') from None

    about: dict[str, JSON] = {"description": f"The {kind}'s number."}
    bounds: dict[str, JSON] = {"type": "array", "minItems": least, "maxItems": most}
    given: dict[str, JSON] = {
        "type": "object",
        "properties": {"id": {**number.accepts, **about}, **(takes or {})},
        "required": ["id"],
    }
    shown: dict[str, JSON] = {
        "type": "object",
        "properties": {"id": {**number.returns, **about}, **shows},
        "required": ["id", *shows],
    }
    return Codec(
        parse=parse,
        write=lambda ids: [{"id": each} for each in ids],
        accepts=bounds | {"items": {"anyOf": [given, number.accepts]}},
        returns={"type": "array", "items": shown},
    )
