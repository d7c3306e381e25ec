"""What a run found beside its verdict (facts, bounce, proof, copies), as JSON: values of the model, field by field.

Fields that a stored value lacks get their defaults, fields that are no longer known are passed over: so that the model may
grow while old runs stay readable.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import NoneType
from typing import Any, Self, get_args, get_origin, get_type_hints

from mailtrip.model import Bounce, Copy, MessageFacts, Proof, Result
from mailtrip.store.codec import storable

__all__ = ["Findings", "Streak", "decode_findings", "encode_findings"]

_LONGEST = 10_000
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Streak:
    """Failures of a monitor at a location in a row, that of the run included; `since` is the first one's slot."""

    failures: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The part of a result that is kept as one JSON value."""

    proof: tuple[Proof, ...] = ()
    facts: MessageFacts | None = None
    bounce: Bounce | None = None
    found: tuple[Copy, ...] = ()
    streak: Streak | None = None

    @classmethod
    def of(cls, result: Result, *, streak: Streak | None = None) -> Self:
        """What of a result belongs here."""
        return cls(proof=result.proof, facts=result.facts, bounce=result.bounce, found=result.found, streak=streak)


def encode_findings(findings: Findings) -> str | None:
    """The findings as ASCII JSON; None when there are none."""
    if findings == Findings():
        return None
    return json.dumps(_encode(findings), separators=(",", ":"))


def decode_findings(text: str | None) -> Findings:
    """What `encode_findings` was given."""
    found: Findings = Findings() if text is None else _decode(Findings, json.loads(text))
    return found


def _encode(value: object) -> object:
    if isinstance(value, str):
        return storable(value, _LONGEST)
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if is_dataclass(value):
        named = ((name, default, getattr(value, name)) for name, default in _defaults(value.__class__))
        return {name: _encode(held) for name, default, held in named if not _goes_without_saying(held, default)}
    return value


@cache
def _defaults(kind: type) -> Sequence[tuple[str, object]]:
    return tuple((item.name, item.default) for item in fields(kind))


def _goes_without_saying(held: object, default: object) -> bool:
    return held == default and (held is None or held == ())


def _decode(kind: Any, value: Any) -> Any:  # Any: types of the model's fields, and what json.loads gives
    if value is None:
        return None
    if members := _members(kind):
        return _decode(members[0], value)
    if get_origin(kind) is tuple:
        return tuple(_decode(get_args(kind)[0], each) for each in value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _decode(hints[name], each) for name, each in value.items() if name in hints})
    return _decode_plain(kind, value)


def _decode_plain(kind: Any, value: Any) -> Any:  # Any: as for _decode
    if kind is datetime:
        return datetime.fromisoformat(value).astimezone(UTC)
    if kind is timedelta:
        return timedelta(microseconds=value)
    return value


def _members(kind: Any) -> Sequence[Any]:  # Any: as for _decode
    """The types of a union but None; empty for other types. The model has only unions of one type with None."""
    arguments = get_args(kind)
    return [member for member in arguments if member is not NoneType] if NoneType in arguments else ()


@cache
def _hints(kind: type) -> Mapping[str, Any]:  # Any: as for _decode
    return get_type_hints(kind)
