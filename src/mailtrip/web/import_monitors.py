"""The page that makes many monitors of a CSV text: all of them or none."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor
from mailtrip.service.access import require_all_monitors, require_edit
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.csv_import import NotKept, Outcome, make_all
from mailtrip.web.import_view import COLUMNS, MOST_LINES, read_lines

__all__ = ["require_maker", "routes"]


_NO_UTF8: Final = re.compile("[\udc80-\udcff\0]")
"""Of a file: bytes that are not UTF-8, and those of texts in UTF-16."""


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/monitors/import", show_page), action("/monitors/import", import_text, takes_files=True)]


async def show_page(call: PageCall) -> Response:
    """The page with nothing in it."""
    return await _show(call)


async def import_text(call: PageCall, form: Form) -> Response:
    """Make the monitors of the text, or only say what would be made."""
    actor = await call.reading(require_maker)
    try:
        lines = read_lines(_text_of(form))
    except ValueError as error:
        return await _show(call, fault=str(error))
    is_dry = form.get("do") != "import"
    try:
        await call.writing(
            partial(
                make_all,
                actor=actor,
                lines=lines,
                secrets=call.services.secrets,
                now=call.now,
                policy=call.services.policy,
                is_dry=is_dry,
            )
        )
    except NotKept as found:
        return await _show(call, outcomes=found.outcomes)
    return see_other("/overview")


def _text_of(form: Form) -> str:
    """What was written or uploaded; raises ValueError when it is both, or can't be read."""
    written, uploaded = form.get("csv", ""), form.get("file", "")
    if written.strip() and uploaded:
        raise ValueError("There are a file and a text: give one of them.")
    if _NO_UTF8.search(uploaded):
        raise ValueError("The file is not in UTF-8. Save it as CSV in UTF-8, and choose it again.")
    return uploaded or written


def require_maker(_connection: Connection, actor: Actor) -> Actor:
    """Who asks; raises Forbidden for those who may make no monitors."""
    require_edit(actor)
    require_all_monitors(actor)
    return actor


async def _show(call: PageCall, *, fault: str | None = None, outcomes: Sequence[Outcome] = ()) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_maker(connection, actor)
        return {
            "fault": fault,
            "outcomes": outcomes,
            "faulty": sum(1 for each in outcomes if each.faults),
            "columns": COLUMNS,
            "most": MOST_LINES,
        }

    return await call.show("import.html", find)
