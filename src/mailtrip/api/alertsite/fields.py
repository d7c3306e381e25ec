"""What one field of a vendor object is: its name on the wire, how it is read and written, and its documentation."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from mailtrip.api.codecs import JSON, Codec, nullable
from mailtrip.model import Monitor, MonitorSettings, Run

__all__ = ["Field", "MonitorView", "default_of", "given", "shown_only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView:
    """A monitor and what a read of it shows beside its settings."""

    monitor: Monitor
    last_run: Run | None
    location_names: Mapping[int, str]
    may_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the monitor object.

    Attributes:
        about: a sentence for the API's description.
        codec: how it is given; None for a read-only field. (Any: each field has its own type, and the table holds all.)
        setting: the name in `MonitorSettings`; None where it is none of it (passwords, read-only fields).
        required: must be there on create, and is never null.
        show: its value in a read; None for a write-only field.
        returns: JSON Schema of the value in a read.
    """

    name: str
    about: str
    example: JSON
    codec: Codec[Any] | None = None
    setting: str | None = None
    required: bool = False
    show: Callable[[MonitorView], JSON] | None = None
    returns: Mapping[str, JSON] | None = None

    @property
    def request_schema(self) -> dict[str, JSON]:
        """JSON Schema of the field as it is given."""
        if self.codec is None:
            raise ValueError(f"{self.name} is read-only")
        accepts = dict(self.codec.accepts) if self.required else nullable(self.codec.accepts)
        schema: dict[str, JSON] = {**accepts, "description": self.about, "examples": [self.example]}
        default = default_of(self.setting) if self.setting and not self.required else None
        if default is not None:
            schema["default"] = self.codec.write(default)
        if self.show is None:
            schema["writeOnly"] = True
        return schema

    @property
    def response_schema(self) -> dict[str, JSON]:
        """JSON Schema of the field as a read shows it."""
        if self.returns is None:
            raise ValueError(f"{self.name} is write-only")
        schema: dict[str, JSON] = {**self.returns, "description": self.about, "examples": [self.example]}
        if self.codec is None:
            schema["readOnly"] = True
        return schema


_DEFAULTS = {field.name: field.default for field in fields(MonitorSettings) if field.default is not MISSING}


def default_of(setting: str) -> Any:  # Any: settings have many types
    """A setting's default; None where there is none."""
    return _DEFAULTS.get(setting)


def given(
    name: str,
    setting: str,
    codec: Codec[Any],
    about: str,
    *,
    example: JSON,
    required: bool = False,
    show: Callable[[MonitorView], JSON] | None = None,
) -> Field:
    """A field that is given and read. `show` is for one whose default follows from others."""
    has_value = required or show is not None or default_of(setting) is not None
    return Field(
        name=name,
        about=about,
        example=example,
        codec=codec,
        setting=setting,
        required=required,
        show=show or _show_setting(setting, codec),
        returns=codec.returns if has_value else nullable(codec.returns),
    )


def shown_only(
    name: str, show: Callable[[MonitorView], JSON], returns: Mapping[str, JSON], about: str, *, example: JSON
) -> Field:
    """A read-only field."""
    return Field(name=name, about=about, example=example, show=show, returns=returns)


def _show_setting(setting: str, codec: Codec[Any]) -> Callable[[MonitorView], JSON]:
    def show(view: MonitorView) -> JSON:
        value = getattr(view.monitor.settings, setting)
        return None if value is None else codec.write(value)

    return show
