"""Blackouts: a calendar of a week or a month, what goes on now, and all of them as a list."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor, Blackout, BlackoutType, OneTimeWindow
from mailtrip.service import blackouts, monitors, recipients
from mailtrip.store import Connection
from mailtrip.web.alert_view import name_of
from mailtrip.web.blackout_view import show_blackout
from mailtrip.web.calendar_view import Query, View, current, days_of
from mailtrip.web.calls import PageCall, page

__all__ = ["named", "routes"]

_DONE: Final = {"made": "The blackout is made.", "changed": "Saved.", "removed": "The blackout is removed."}
_PER_PAGE: Final = 100
_MOST_CURRENT: Final = 20
_FOR_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/alerts/blackouts", read_blackouts)]


async def read_blackouts(call: PageCall) -> Response:
    """The page."""
    return await call.show("blackouts.html", partial(_find, given=call.request.query_params, now=call.now))


def named(connection: Connection, actor: Actor, found: Sequence[Blackout]) -> list[tuple[Blackout, str]]:
    """Each blackout with the name of the monitor or recipient that it is of."""
    monitor_names = monitors.names(
        connection, actor, {each.subject_id for each in found if each.type is not BlackoutType.NOTIFIER}
    )
    names = {}
    if any(each.type is BlackoutType.NOTIFIER for each in found):
        names = {recipient.id: name_of(recipient) for recipient in recipients.page(connection, actor)[0]}
    return [
        (each, (names if each.type is BlackoutType.NOTIFIER else monitor_names).get(each.subject_id, ""))
        for each in found
    ]


def _find(connection: Connection, actor: Actor, *, given: Mapping[str, str], now: datetime) -> Mapping[str, object]:
    query = Query.parse(given, now=now)
    wants_past = given.get("past") == "yes"

    def within(span: tuple[datetime, datetime] | None) -> list[tuple[Blackout, str]]:
        found, _ = blackouts.page(connection, actor, within=span)
        return [(each, subject) for each, subject in named(connection, actor, found) if query.matches(each, subject)]

    is_list = query.view is View.LIST
    span = None if wants_past else (now, _FOR_EVER)
    shown = within(span if is_list else query.span)
    going_on = current(shown if is_list or query.span[0] <= now < query.span[1] else within((now, now)), now=now)
    return {
        "query": query,
        "views": View,
        "now": now.astimezone(UTC),
        "current": going_on[:_MOST_CURRENT],
        "more_current": max(0, len(going_on) - _MOST_CURRENT),
        "days": [] if is_list else days_of(query, shown, now=now),
        "may_edit": actor.role.may_edit,
        "done": _DONE.get(given.get("done", "")),
        "wants_past": wants_past,
        **(_list_of(shown, given.get("page", ""), now=now) if is_list else {}),
    }


def _list_of(found: Sequence[tuple[Blackout, str]], page_text: str, *, now: datetime) -> Mapping[str, object]:
    """A page of the list: what repeats first, then by start, the newest first."""
    pages = max(1, -(-len(found) // _PER_PAGE))
    number = min(int(page_text), pages) if page_text.isascii() and page_text.isdigit() and len(page_text) < 7 else 1
    number = max(1, number)
    listed = sorted(found, key=lambda each: _start(each[0]), reverse=True)
    return {
        "rows": [
            (show_blackout(each, now=now), subject)
            for each, subject in listed[(number - 1) * _PER_PAGE : number * _PER_PAGE]
        ],
        "page": number,
        "pages": pages,
    }


def _start(blackout: Blackout) -> tuple[datetime, int]:
    window = blackout.window
    return (window.start if isinstance(window, OneTimeWindow) else _FOR_EVER), blackout.id
