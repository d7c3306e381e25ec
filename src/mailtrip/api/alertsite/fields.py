"""What one field of a vendor object is: its name on the wire, how it is read and written, and its documentation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, Generic, TypeAlias, TypeVar

from mailtrip.api.codecs import JSON, Codec, nullable
from mailtrip.model import Monitor, MonitorSettings
from mailtrip.service.standings import Standing

__all__ = ["Field", "FieldMaker", "MonitorField", "MonitorView", "default_of", "given", "shown_only"]

ViewT = TypeVar("ViewT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Generic[ViewT]):
    """One field of an object whose records are shown from a `ViewT`.

    Attributes:
        about: a sentence for the API's description.
        codec: how it is given; None for a read-only field. (Any: each field has its own type, and the table holds all.)
        setting: the name among the record's settings; None where it is none of them (passwords of monitors, read-only
            fields).
        default: of the setting; None where there is none. (Any: as for `codec`.)
        required: must be there on create, and is never null.
        show: its value in a read; None for a write-only field.
        returns: JSON Schema of the value in a read.
    """

    name: str
    about: str
    example: JSON
    codec: Codec[Any] | None = None
    setting: str | None = None
    default: Any = None
    required: bool = False
    show: Callable[[ViewT], JSON] | None = None
    returns: Mapping[str, JSON] | None = None

    @property
    def request_schema(self) -> dict[str, JSON]:
        """JSON Schema of the field as it is given."""
        if self.codec is None:
            raise ValueError(f"{self.name} is read-only")
        accepts = dict(self.codec.accepts) if self.required else nullable(self.codec.accepts)
        schema: dict[str, JSON] = {**accepts, "description": self.about, "examples": [self.example]}
        if self.default is not None and not self.required:
            schema["default"] = self.codec.write(self.default)
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


class FieldMaker(Generic[ViewT]):
    """Makes the fields of one kind of record."""

    def __init__(self, settings: type[Any], settings_of: Callable[[ViewT], object]) -> None:
        """Take the dataclass of the record's settings (Any: a dataclass has no type), and how to get at them."""
        self._defaults = {item.name: item.default for item in fields(settings) if item.default is not MISSING}
        self._settings_of = settings_of

    def default_of(self, setting: str) -> Any:  # Any: settings have many types
        """A setting's default; None where there is none."""
        return self._defaults.get(setting)

    def given(
        self,
        name: str,
        setting: str,
        codec: Codec[Any],
        about: str,
        *,
        example: JSON,
        required: bool = False,
        show: Callable[[ViewT], JSON] | None = None,
    ) -> Field[ViewT]:
        """A field that is given and read. `show` is for one whose default follows from others."""
        default = self.default_of(setting)
        has_value = required or show is not None or default is not None
        return Field(
            name=name,
            about=about,
            example=example,
            codec=codec,
            setting=setting,
            default=default,
            required=required,
            show=show or self._show_setting(setting, codec),
            returns=codec.returns if has_value else nullable(codec.returns),
        )

    @staticmethod
    def shown_only(
        name: str, show: Callable[[ViewT], JSON], returns: Mapping[str, JSON], about: str, *, example: JSON
    ) -> Field[ViewT]:
        """A read-only field."""
        return Field(name=name, about=about, example=example, show=show, returns=returns)

    def _show_setting(self, setting: str, codec: Codec[Any]) -> Callable[[ViewT], JSON]:
        def show(view: ViewT) -> JSON:
            value = getattr(self._settings_of(view), setting)
            return None if value is None else codec.write(value)

        return show


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView:
    """A monitor and what a read of it shows beside its settings."""

    monitor: Monitor
    standing: Standing | None
    location_names: Mapping[int, str]
    blackout_ids: Sequence[int]
    may_edit: bool


MonitorField: TypeAlias = Field[MonitorView]

_MONITOR: Final = FieldMaker[MonitorView](MonitorSettings, lambda view: view.monitor.settings)
default_of: Final = _MONITOR.default_of
given: Final = _MONITOR.given
shown_only: Final = _MONITOR.shown_only
