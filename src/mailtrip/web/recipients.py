"""The pages of recipients: all of them, and one with its log, its test and its end."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import NotFound
from mailtrip.model import Actor, AlertMethod, Recipient
from mailtrip.service import alert_log, groups, monitors, recipients, relay_watch
from mailtrip.service.access import require_edit
from mailtrip.store import Connection
from mailtrip.web.alert_view import PER_PAGE, name_of, show_log
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.cursors import parse_id
from mailtrip.web.recipient_view import MAIL, TestView, facts_of, show_recipient
from mailtrip.web.run import number_in

__all__ = ["mail_warning", "routes"]

_HOME: Final = "/alerts/recipients"
_DONE: Final = {"added": "The recipient is added. Send it a test.", "changed": "Saved.", "removed": "It is removed."}
_MOST_NAMED: Final = 5


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(_HOME, read_recipients),
        page(f"{_HOME}/{{recipient_id:int}}", read_recipient),
        action(f"{_HOME}/{{recipient_id:int}}/test", order_test_alert),
        page(f"{_HOME}/{{recipient_id:int}}/delete", ask_to_delete),
        action(f"{_HOME}/{{recipient_id:int}}/delete", delete),
    ]


async def read_recipients(call: PageCall) -> Response:
    """All recipients, with what became of the last alert to each."""

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        found, _ = recipients.page(connection, actor)
        listed, _ = groups.page(connection, actor)
        return {
            "rows": [
                show_recipient(
                    each,
                    groups=[group.settings.name for group in listed if each.id in group.settings.recipient_ids],
                    last=next(
                        iter(alert_log.page(connection, actor, now=call.now, recipient_id=each.id, limit=1)), None
                    ),
                )
                for each in found
            ],
            "warning": mail_warning(call, connection, actor, {each.settings.method for each in found}),
            "may_edit": actor.role.may_edit,
            "done": _DONE.get(call.request.query_params.get("done", "")),
        }

    return await call.show("recipients.html", find)


async def read_recipient(call: PageCall) -> Response:
    """One recipient: what is set, a test with the far end's answer, and the log of what was sent."""
    return await call.show("recipient.html", partial(_find, call=call))


async def order_test_alert(call: PageCall, _form: Form) -> Response:
    """Send a test alert; the page that follows tells what becomes of it."""
    recipient_id, actor = number_in(call, "recipient_id"), await call.actor()
    alert_id = await call.writing(partial(alert_log.order_test, actor=actor, recipient_id=recipient_id, now=call.now))
    return see_other(f"{_HOME}/{recipient_id}?test={alert_id}")


async def ask_to_delete(call: PageCall) -> Response:
    """What would be lost, and the button that does it."""

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_edit(actor)
        recipient = recipients.get(connection, actor, number_in(call, "recipient_id"))
        return {"id": recipient.id, "name": name_of(recipient)}

    return await call.show("recipient_delete.html", find)


async def delete(call: PageCall, _form: Form) -> Response:
    """Remove a recipient."""
    recipient_id, actor = number_in(call, "recipient_id"), await call.actor()
    await call.writing(partial(recipients.remove, actor=actor, recipient_id=recipient_id, now=call.now))
    return see_other(f"{_HOME}?done=removed")


def mail_warning(call: PageCall, connection: Connection, actor: Actor, methods: Collection[AlertMethod]) -> str | None:
    """Why what is told by these methods may not get there; None where nothing is known of that."""
    if MAIL.isdisjoint(methods):
        return None
    relay = call.services.alert_relay
    if relay is None:
        return "Nothing can be sent by email: no relay is set for alerts. The operator names one in the setting alert_relay."
    watching = relay_watch.watching(connection, relay, account_id=actor.account_id)
    names = sorted(monitors.names(connection, actor, watching).values())
    if not names:
        return None
    others = len(names) - _MOST_NAMED
    shown = ", ".join([*names[:_MOST_NAMED], *([f"{others} more"] if others > 0 else [])])
    return (
        f"Alerts by email go through a server that is watched here ({shown}). When it is down, they can't say so: add a "
        "recipient that is told in another way, or a fall-back."
    )


def _find(connection: Connection, actor: Actor, *, call: PageCall) -> Mapping[str, object]:
    recipient = recipients.get(connection, actor, number_in(call, "recipient_id"))
    query = call.request.query_params
    before = parse_id(query.get("before", ""))
    found = alert_log.page(
        connection, actor, now=call.now, recipient_id=recipient.id, limit=PER_PAGE + 1, before=before
    )
    shown = found[:PER_PAGE]
    ids = {each.alert.monitor_id for each in shown if each.alert.monitor_id is not None}
    names = monitors.names(connection, actor, ids)
    to = recipient.settings.fallback_id
    listed, _ = groups.page(connection, actor, recipient_id=recipient.id)
    return {
        "recipient": recipient,
        "name": name_of(recipient),
        "facts": facts_of(recipient, fallback=None if to is None else recipients.get(connection, actor, to)),
        "groups": [group.settings.name for group in listed],
        "test": _test(connection, actor, recipient, call),
        "rows": [show_log(each, monitors=names, recipients={recipient.id: recipient}) for each in shown],
        "is_first": before is None,
        "more": shown[-1].alert.id if len(found) > PER_PAGE else None,
        "warning": mail_warning(call, connection, actor, [recipient.settings.method]),
        "may_edit": actor.role.may_edit,
        "done": _DONE.get(query.get("done", "")),
    }


def _test(connection: Connection, actor: Actor, recipient: Recipient, call: PageCall) -> TestView | None:
    """The test that was ordered just before, if it is one of this recipient."""
    alert_id = parse_id(call.request.query_params.get("test", ""))
    if alert_id is None:
        return None
    try:
        logged = alert_log.get(connection, actor, alert_id, now=call.now)
    except NotFound:
        return None
    if logged.alert.recipient_id != recipient.id:
        return None
    return TestView.of(logged, recipient, age=call.now - logged.alert.created_at)
