"""Values of users on the wire: passwords, and what a user may do with which monitors."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.codecs import JSON, BadValue, Codec, Script, choice, identifier, kind_of, nullable, shown, text
from mailtrip.model import Access, MonitorAccess

__all__ = ["NO_ACCESS_SET", "monitor_access", "password"]

T = TypeVar("T")

NO_ACCESS_SET: Final = MonitorAccess()
"""What a user has of whom nothing else was said."""

_SHORTEST: Final = 8
_LONGEST: Final = 1024
_MOST_MONITORS: Final = 1000


def password() -> Codec[str]:
    """A password of 8 to 1024 characters. Its faults never show it."""
    word = text(shortest=_SHORTEST, longest=_LONGEST, script=Script.CREDENTIAL)

    def parse(value: object) -> str:
        given = word.parse(value)
        if len(given) < _SHORTEST:
            raise BadValue(f"has {len(given)} characters; use {_SHORTEST} to {_LONGEST}")
        return given

    return Codec(parse=parse, write=str, accepts=word.accepts, returns=word.returns)


def monitor_access() -> Codec[MonitorAccess]:
    """`{"default": "View", "monitors": [{"id": 100001, "access": "Edit"}]}`; either part may be missing."""
    word, number = choice(Access), identifier()

    def parse(value: object) -> MonitorAccess:
        if not isinstance(value, dict):
            raise BadValue(f"must be an object, not {kind_of(value)}")
        if unknown := value.keys() - {"default", "monitors"}:
            # Not passed over like other fields that mean nothing: a slip must not open what was to be closed.
            raise BadValue(f'has {shown(min(unknown))} in it; it takes "default" and "monitors"')
        default = value.get("default")
        items = [_parse_item(position, item) for position, item in enumerate(_monitors(value.get("monitors")))]
        ids = [id_ for id_, _ in items]
        if len(set(ids)) < len(ids):
            double = next(each for each in ids if ids.count(each) > 1)
            raise BadValue(f"names monitor {double} twice; name each once")
        sets = {access: frozenset(id_ for id_, given in items if given is access) for access in Access}
        return MonitorAccess(
            default=Access.EDIT if default is None else _part("default", word, default),
            edit=sets[Access.EDIT],
            view=sets[Access.VIEW],
            none=sets[Access.NONE],
        )

    def _parse_item(position: int, item: object) -> tuple[int, Access]:
        if not isinstance(item, dict):
            raise BadValue(f"item {position} of monitors must be an object, not {kind_of(item)}")
        id_ = _part(f"item {position} of monitors: id", number, item.get("id"))
        return id_, _part(f"item {position} of monitors: access", word, item.get("access"))

    return Codec(parse=parse, write=_write, accepts=_schema(number.accepts), returns=_schema(number.returns))


def _part(name: str, codec: Codec[T], value: object) -> T:
    try:
        return codec.parse(value)
    except BadValue as error:
        raise BadValue(f"{name} {error}") from None


def _monitors(value: object) -> Sequence[object]:
    try:
        return [] if value is None else items_of(value, most=_MOST_MONITORS)
    except BadValue as error:
        raise BadValue(f"monitors {error}") from None


def _write(access: MonitorAccess) -> JSON:
    sets = {Access.EDIT: access.edit, Access.VIEW: access.view, Access.NONE: access.none}
    pairs = sorted((id_, str(word)) for word, ids in sets.items() for id_ in ids)
    return {"default": str(access.default), "monitors": [{"id": id_, "access": word} for id_, word in pairs]}


def _schema(number: Mapping[str, JSON]) -> dict[str, JSON]:
    words: JSON = [str(word) for word in Access]
    item: dict[str, JSON] = {
        "type": "object",
        "properties": {
            "id": {**number, "description": "The monitor's number."},
            "access": {"type": "string", "enum": words, "description": "What may be done with it."},
        },
        "required": ["id", "access"],
    }
    monitors: dict[str, JSON] = {"type": "array", "maxItems": _MOST_MONITORS, "items": item}
    default: dict[str, JSON] = {"type": "string", "enum": words}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "default": {
                **nullable(default),
                "description": "What may be done with all other monitors; `Edit` unless given.",
            },
            "monitors": {**nullable(monitors), "description": "Monitors with which something else may be done."},
        },
    }
