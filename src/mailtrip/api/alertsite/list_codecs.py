"""Fields of a monitor that are lists: its locations, its custom properties, names of folders and capabilities."""

from collections.abc import Mapping
from typing import TypeVar

from mailtrip.api.codecs import JSON, BadValue, Codec, identifier, kind_of, nullable, text
from mailtrip.model import CustomProperty

__all__ = ["custom_properties", "items_of", "locations", "names"]

T = TypeVar("T")

_MOST = 100


def locations() -> Codec[tuple[int, ...]]:
    """`[{"id": 10}]`, with other keys ignored; bare numbers are taken too. Reads carry each one's name."""
    number = identifier()
    about: dict[str, JSON] = {"description": "The location's number."}
    name: dict[str, JSON] = {"type": ["string", "null"], "description": "The location's name."}

    def parse(value: object) -> tuple[int, ...]:
        return tuple(_parse_item(position, item) for position, item in enumerate(items_of(value)))

    def _parse_item(position: int, item: object) -> int:
        found = item.get("id") if isinstance(item, dict) else item
        try:
            return number.parse(found)
        except BadValue as error:
            raise BadValue(f'item {position} {error}; write [{{"id": 10}}]') from None

    return Codec(
        parse=parse,
        write=lambda ids: [{"id": each} for each in ids],
        accepts=_array({"anyOf": [_object({"id": {**number.accepts, **about}}), number.accepts]}),
        returns=_array(_object({"id": {**number.returns, **about}, "name": name})),
    )


def names(*, longest: int, most: int = _MOST) -> Codec[tuple[str, ...]]:
    """`["Lists", "Archive/2026"]`: at most so many names as people write them, each of 1 to `longest` characters."""
    word = text(longest=longest)

    def parse(value: object) -> tuple[str, ...]:
        return tuple(_parse_item(position, item) for position, item in enumerate(items_of(value, most=most)))

    def _parse_item(position: int, item: object) -> str:
        try:
            return word.parse(item)
        except BadValue as error:
            raise BadValue(f"item {position} {error}") from None

    return Codec(parse=parse, write=list, accepts=_array(word.accepts, most), returns=_array(word.returns, most))


def custom_properties() -> Codec[tuple[CustomProperty, ...]]:
    """`[{"id": 228, "name": ..., "value": ..., "value_id": 550}]`; only `id` must be there."""
    number = identifier()
    word = text(shortest=0, longest=255)

    def parse(value: object) -> tuple[CustomProperty, ...]:
        return tuple(_parse_item(position, item) for position, item in enumerate(items_of(value)))

    def _parse_item(position: int, item: object) -> CustomProperty:
        if not isinstance(item, dict):
            raise BadValue(f"item {position} must be an object, not {kind_of(item)}")
        try:
            return CustomProperty(
                id=number.parse(item.get("id")),
                name=_optional(word, item.get("name")),
                value=_optional(word, item.get("value")),
                value_id=_optional(number, item.get("value_id")),
            )
        except BadValue as error:
            raise BadValue(f"item {position}: a part of it {error}") from None

    return Codec(
        parse=parse,
        write=lambda properties: [
            {"id": each.id, "name": each.name, "value": each.value, "value_id": each.value_id} for each in properties
        ],
        accepts=_array(_property(number.accepts, word.accepts)),
        returns=_array(_property(number.returns, word.returns)),
    )


def _property(number: Mapping[str, JSON], word: Mapping[str, JSON]) -> dict[str, JSON]:
    return _object(
        {
            "id": {**number, "description": "The property's number."},
            "name": {**nullable(word), "description": "The property's name."},
            "value": {**nullable(word), "description": "Its value in words."},
            "value_id": {**nullable(number), "description": "Its value's number."},
        }
    )


def items_of(value: object, *, least: int = 0, most: int = _MOST) -> list[object]:
    """The items of a list; raises BadValue for what is none, or has too few or too many."""
    if not isinstance(value, list):
        raise BadValue(f"must be a list, not {kind_of(value)}")
    if not least <= len(value) <= most:
        allowed = f"at most {most} are" if least == 0 else f"{least} to {most} are"
        raise BadValue(f"has {len(value)} items; {allowed} allowed")
    return value


def _optional(codec: Codec[T], value: object) -> T | None:
    return None if value is None else codec.parse(value)


def _array(items: Mapping[str, JSON], most: int = _MOST) -> dict[str, JSON]:
    return {"type": "array", "maxItems": most, "items": items}


def _object(properties: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"type": "object", "properties": properties, "required": ["id"]}
