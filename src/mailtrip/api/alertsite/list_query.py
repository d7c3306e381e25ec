"""What a list without filters of its own is asked for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from mailtrip.api.alertsite.envelope import LimitText, OffsetText, Page, SelectText, parse_select, read_page
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.queries import QueryReader

__all__ = ["ListQuery", "Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which fields of which part of the list; `select` None is all fields."""

    select: frozenset[str] | None
    page: Page


async def _read(
    call: AuthenticatedCall,
    request: Request,
    *,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
) -> Wanted:
    reader = QueryReader(request)
    wanted = Wanted(select=reader.read("select", select, parse_select), page=read_page(reader, limit, offset))
    await reader.check(call)
    return wanted


ListQuery = Annotated[Wanted, Depends(_read)]
"""The request's."""
