"""The page of alerts: trouble that lasts and what to answer to it, and what was told to whom."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput
from mailtrip.model import Actor, Blackout, BlackoutType
from mailtrip.service import alert_log, alert_responses, blackouts, monitors, recipients
from mailtrip.service.alert_log import LoggedAlert
from mailtrip.store import Connection
from mailtrip.web.alert_view import PER_PAGE, SNOOZES, name_of, show_log, show_troubles
from mailtrip.web.blackout_view import show_blackout
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.cursors import parse_id
from mailtrip.web.run import number_in

__all__ = ["routes"]

_MOST_TROUBLES: Final = 200
_MOST_BLACKOUTS: Final = 100


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/alerts", read_alerts),
        action("/alerts/{alert_id:int}/acknowledge", acknowledge_alert),
        action("/alerts/{alert_id:int}/reopen", reopen_alert),
        action("/alerts/{alert_id:int}/snooze", snooze_alert),
        action("/alerts/{alert_id:int}/wake", wake_alert),
    ]


async def read_alerts(call: PageCall) -> Response:
    """The page."""
    before = parse_id(call.request.query_params.get("before", ""))
    return await call.show("alerts.html", partial(_find, before=before, now=call.now))


async def acknowledge_alert(call: PageCall, _form: Form) -> Response:
    """Take on the trouble that an alert is about."""
    return await _answer(call, partial(alert_responses.acknowledge, now=call.now))


async def reopen_alert(call: PageCall, _form: Form) -> Response:
    """Take an acknowledgement back."""
    return await _answer(call, partial(alert_responses.reopen, now=call.now))


async def snooze_alert(call: PageCall, form: Form) -> Response:
    """Put off what the alert's recipient hears of it."""
    minutes = next((each for each in SNOOZES if str(each) == form.get("minutes")), min(SNOOZES))
    return await _answer(
        call, partial(alert_responses.snooze, until=call.now + timedelta(minutes=minutes), now=call.now)
    )


async def wake_alert(call: PageCall, _form: Form) -> Response:
    """End a snooze."""
    return await _answer(call, partial(alert_responses.wake, now=call.now))


async def _answer(call: PageCall, answer: Callable[..., None]) -> Response:
    """Do what was answered, and show how things stand; trouble that is over by now is gone from there."""
    actor, alert_id = await call.actor(), number_in(call, "alert_id")
    try:
        await call.writing(partial(answer, actor=actor, alert_id=alert_id))
    except InvalidInput:
        return see_other("/alerts")
    return see_other("/alerts")


def _monitor_ids(alerts: Iterable[LoggedAlert], shut: Iterable[Blackout]) -> Iterator[int]:
    """All that the page names."""
    for logged in alerts:
        if logged.alert.monitor_id is not None:
            yield logged.alert.monitor_id
    for blackout in shut:
        if blackout.type is not BlackoutType.NOTIFIER:
            yield blackout.subject_id


def _find(connection: Connection, actor: Actor, *, before: int | None, now: datetime) -> Mapping[str, object]:
    found = alert_log.page(connection, actor, now=now, limit=PER_PAGE + 1, before=before)
    lasting = alert_log.lasting(connection, actor, now=now, limit=_MOST_TROUBLES)
    told, _ = recipients.page(connection, actor)
    by_id = {recipient.id: recipient for recipient in told}
    shut, _ = blackouts.page(connection, actor, limit=_MOST_BLACKOUTS)
    shown = found[:PER_PAGE]
    names = monitors.names(connection, actor, _monitor_ids([*shown, *lasting], shut))
    return {
        "troubles": show_troubles(lasting, actor, monitors=names, recipients=by_id, now=now),
        "snoozes": SNOOZES,
        "rows": [show_log(each, monitors=names, recipients=by_id) for each in shown],
        "is_first": before is None,
        "more": shown[-1].alert.id if len(found) > PER_PAGE else None,
        "has_recipients": bool(told),
        "may_edit": actor.role.may_edit,
        "blackouts": [
            (row, name_of(by_id.get(row.subject_id)) if row.is_of_recipient else names.get(row.subject_id, ""))
            for row in (show_blackout(each, now=now) for each in reversed(shut))
        ],
    }
