"""What is given for a record's settings, made whole: a None becomes the default, what is missing is named."""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any

from mailtrip.errors import Fault

__all__ = ["missing", "settle", "unset"]

# Any: settings have many types, and a dataclass has no type of its own.


def settle(kind: type[Any], changes: Mapping[str, object], *, required: Collection[str] = ()) -> dict[str, Any]:
    """What was given for settings of this kind, with None replaced by the default, left out where there is none.

    Args:
        kind: a dataclass.
        changes: by name.
        required: further settings that have none, whatever the dataclass says; likewise below.

    Raises:
        TypeError: a name is none of the settings; our own bug.
    """
    defaults = _defaults(kind, required)
    unknown = changes.keys() - {item.name for item in fields(kind)}
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    return {
        name: defaults[name] if value is None else value
        for name, value in changes.items()
        if value is not None or name in defaults
    }


def missing(kind: type[Any], given: Mapping[str, object]) -> list[Fault]:
    """A fault for each setting without a default that is not given."""
    defaults = _defaults(kind)
    return [
        Fault(item.name, "is required") for item in fields(kind) if item.name not in defaults and item.name not in given
    ]


def unset(kind: type[Any], changes: Mapping[str, object], *, required: Collection[str] = ()) -> list[Fault]:
    """A fault for each setting without a default that is given as None."""
    defaults = _defaults(kind, required)
    return [
        Fault(name, "is required; it can't be reset")
        for name, value in changes.items()
        if value is None and name not in defaults
    ]


def _defaults(kind: type[Any], required: Collection[str] = ()) -> dict[str, Any]:
    found = fields(kind)
    return {item.name: item.default for item in found if item.default is not MISSING and item.name not in required}
