"""Entity tags and `If-Match` (RFC 9110, 8.8.3 and 13.1.1): a change is made only where the record is as it was read.

The tag is the record's revision. It leaves out what changes without anybody changing the record, such as the last
status of a monitor: so it serves to guard changes, and not to tell whether a copy is fresh.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, BadValue
from mailtrip.api.queries import documented
from mailtrip.errors import Fault, InvalidInput

__all__ = ["IfMatch", "parse_if_match", "tagged"]

_NAME: Final = "If-Match"
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST: Final = re.compile(rf"[ \t]*(?:{_TAG}[ \t]*)?(?:,[ \t]*(?:{_TAG}[ \t]*)?)*")
_REVISION: Final = re.compile(r'(?<!W/)"([1-9][0-9]{0,14})"')
_SHOWN_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'
_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "pattern": rf"^(?:\*|(?:{_SHOWN_TAG}(?:, {_SHOWN_TAG})*)?)$"}


def tagged(revision: int) -> dict[str, str]:
    """The header that tells a record's tag."""
    return {"ETag": f'"{revision}"'}


def parse_if_match(values: Sequence[str]) -> frozenset[int] | None:
    """Read all `If-Match` headers of a request.

    Returns:
        The revisions that are named: strong tags only, as weak ones never match. None where any will do, as no header
        or `*` says.

    Raises:
        BadValue: this is no list of tags.
    """
    text = ",".join(values)
    if not values or text.strip(" \t") == "*":
        return None
    if not _LIST.fullmatch(text):
        raise BadValue('must be * or tags in quotes, such as "3", separated by commas')
    return frozenset(int(found) for found in _REVISION.findall(text))


async def _if_match(
    call: AuthenticatedCall,
    request: Request,
    if_match: Annotated[
        str | None,
        documented(_SCHEMA),
        Header(
            alias=_NAME,
            description="Do it only if the record's `ETag` is one of these, else answer with 412; `*` is any.",
            examples=['"3"'],
        ),
    ] = None,
) -> frozenset[int] | None:
    del if_match  # declared for the description; there may be several
    try:
        return parse_if_match(request.headers.getlist(_NAME))
    except BadValue as error:
        await call.actor()
        raise InvalidInput([Fault(_NAME, str(error))]) from None


IfMatch = Annotated[frozenset[int] | None, Depends(_if_match)]
"""The revisions that a change is for; None for any."""
