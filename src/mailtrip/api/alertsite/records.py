"""Records by their table of fields: bodies read, objects written, schemas made, and all faults told at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mailtrip.api.alertsite.envelope import list_schema
from mailtrip.api.alertsite.fields import Field
from mailtrip.api.codecs import JSON, BadValue
from mailtrip.api.openapi import referring
from mailtrip.errors import Fault, InvalidInput
from mailtrip.store import Connection

__all__ = ["Changes", "RecordTable", "components_of"]

T = TypeVar("T")
ViewT = TypeVar("ViewT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a body asks for.

    Attributes:
        settings: typed, by the fields' `setting`; a null is None.
        faults: in wire names; each of these fields is left out of `settings`.
        ignored: names of fields that mean nothing here.
    """

    settings: Mapping[str, Any]  # Any: settings have many types
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]


class RecordTable(Generic[ViewT]):
    """The fields of one kind of record."""

    def __init__(
        self,
        fields: Sequence[Field[ViewT]],
        *,
        tolerated: Collection[str] = (),
        judged_by: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Take the fields in the order of a read.

        Args:
            fields: read-only ones are taken in a body, and mean nothing; one that has a codec and no setting is checked.
            tolerated: names of further fields that are taken and mean nothing.
            judged_by: which fields can't be judged when the one named could not be read.
        """
        self.fields = tuple(fields)
        self._by_name = {field.name: field for field in fields}
        self._wire_names = {field.setting: field.name for field in fields if field.setting is not None}
        self._tolerated = frozenset(tolerated)
        self._judged_by = judged_by or {}

    def parse(self, body: Mapping[str, object]) -> Changes:
        """Read the body of a create or edit; never raises. Whether anything is missing is for `service` to say."""
        settings: dict[str, Any] = {}
        faults = []
        ignored = []
        for name, value in body.items():
            field = self._by_name.get(name)
            if field is None:
                if name not in self._tolerated:
                    ignored.append(name)
            elif field.codec is not None:
                try:
                    parsed = _parse(field, value)
                except BadValue as error:
                    faults.append(Fault(name, str(error)))
                else:
                    if field.setting is not None:
                        settings[field.setting] = parsed
        return Changes(settings=settings, faults=tuple(faults), ignored=tuple(ignored))

    def show(self, view: ViewT, select: Collection[str] | None = None) -> dict[str, JSON]:
        """The record as the vendor's object; with `select` only those fields, names of no field being ignored."""
        return {
            field.name: field.show(view)
            for field in self.fields
            if field.show is not None and (select is None or field.name in select)
        }

    def attempt(self, work: Callable[[Connection], T], changes: Changes, connection: Connection) -> T:
        """Create or edit, and tell all faults of the body at once.

        Faults that were found in reading the body don't keep `service` from looking at the other fields; they do keep
        the transaction from being kept.

        Args:
            work: what `service` does with `changes.settings`.
            changes: what the body asks for.
            connection: of a writing transaction.

        Raises:
            InvalidInput: with all faults, in wire names.
        """
        try:
            done = work(connection)
        except InvalidInput as error:
            raise InvalidInput((*changes.faults, *self._faults_beside(changes.faults, error.faults))) from error
        if changes.faults:
            raise InvalidInput(changes.faults)
        return done

    def request_schema(self, *, create: bool) -> dict[str, JSON]:
        """JSON Schema of the body of a create or an edit."""
        properties = {field.name: field.request_schema for field in self.fields if field.codec is not None}
        required = [field.name for field in self.fields if field.required]
        schema: dict[str, JSON] = {"type": "object", "properties": properties}
        return schema | {"required": required} if create else schema

    def response_schema(self, about: str) -> dict[str, JSON]:
        """JSON Schema of a read. Nothing is required, as `select` leaves fields out."""
        properties = {field.name: field.response_schema for field in self.fields if field.returns is not None}
        return {"type": "object", "description": about, "properties": properties}

    def _faults_beside(self, known: Sequence[Fault], others: Sequence[Fault]) -> list[Fault]:
        """The other faults in wire names, without those of fields that could not be read or judged."""
        blind = {fault.field for fault in known}
        for name in tuple(blind):
            blind |= set(self._judged_by.get(name, ()))
        named = [Fault(self._wire_names.get(fault.field, fault.field), fault.text) for fault in others]
        return [fault for fault in named if fault.field not in blind]


def components_of(
    name: str, about: str, table: RecordTable[ViewT], new: RecordTable[ViewT] | None = None
) -> dict[str, dict[str, JSON]]:
    """The schemas of a kind of record.

    Args:
        name: of the schema of a read; those of the bodies and of the list begin with it.
        about: what a record is.
        table: the fields.
        new: the fields of a create, where they are others.
    """
    return {
        f"{name}Create": (new or table).request_schema(create=True),
        f"{name}Edit": table.request_schema(create=False),
        name: table.response_schema(about),
        f"{name}List": list_schema(referring(name)),
    }


def _parse(field: Field[ViewT], value: object) -> Any:  # Any: settings have many types
    if field.codec is None:
        raise ValueError(f"{field.name} is read-only")
    if value is not None:
        return field.codec.parse(value)
    if field.required:
        raise BadValue("must not be null; leave it out to keep it")
    return None
