"""Query and path parameters: read with the same codecs as bodies, all faults told at once.

Parameters are declared as text, for the description; their schemas say what is taken. A request is authenticated
before it is told what is wrong with it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from fastapi import HTTPException, Request
from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from mailtrip.api.codecs import JSON, LARGEST_ID, BadValue, identifier
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor

__all__ = ["IDS_SCHEMA", "ID_SCHEMA", "QueryReader", "documented", "parse_ids", "path_id"]

T = TypeVar("T")

ID_SCHEMA: Final[dict[str, JSON]] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}

IDS_SCHEMA: Final[dict[str, JSON]] = {
    "type": "string",
    "pattern": "^[1-9][0-9]{0,14}(?:,[1-9][0-9]{0,14}){0,999}$",
    "examples": ["100001,100002"],
}

_ID: Final = identifier()
_MOST_IDS: Final = 1000


@dataclass(frozen=True, slots=True)
class documented:  # noqa: N801 (reads as what it does to the declaration it stands in)
    """How a parameter that is declared as text is described: its schema; the examples are those of the declaration."""

    schema: Mapping[str, JSON]

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:  # Any: what pydantic declares
        declared = handler(core_schema)
        examples = {"examples": declared["examples"]} if "examples" in declared else {}
        return {**self.schema, **examples}


class Asker(Protocol):
    """Whose parameters are read."""

    async def actor(self) -> Actor:
        """Who asks; raises when that is nobody."""
        ...


class QueryReader:
    """Reads the query parameters of one request and collects their faults."""

    def __init__(self, request: Request) -> None:
        given = Counter(name for name, _ in request.query_params.multi_items())
        self._twice = {name for name, count in given.items() if count > 1}
        self._faults: list[Fault] = []

    def read(self, name: str, value: str | None, parse: Callable[[str], T]) -> T | None:
        """The parsed value; None when it is absent or faulty.

        Args:
            name: for the fault.
            value: as it was given; None when it was not.
            parse: raises BadValue with what is wrong.
        """
        if value is None:
            return None
        if name in self._twice:
            self._faults.append(Fault(name, "is given more than once; give it once"))
            return None
        try:
            return parse(value)
        except BadValue as error:
            self._faults.append(Fault(name, str(error)))
            return None

    def miss(self, name: str, text: str) -> None:
        """Note a fault that is not in a value."""
        self._faults.append(Fault(name, text))

    async def check(self, call: Asker) -> None:
        """Raise InvalidInput when there were faults; before that TokenRejected, when the token is no good."""
        if self._faults:
            await call.actor()
            raise InvalidInput(self._faults)


def parse_ids(text: str) -> frozenset[int]:
    """Records' numbers separated by commas; raises BadValue."""
    words = text.split(",")
    if len(words) > _MOST_IDS:
        raise BadValue(f"names {len(words)} numbers; at most {_MOST_IDS} are taken")
    return frozenset(_ID.parse(word) for word in words)


def path_id(text: str) -> int:
    """A record's number in a path; raises a 404 for what is no number, as such a path is nobody's."""
    try:
        return _ID.parse(text)
    except BadValue:
        raise HTTPException(404) from None
