"""The page that links in alerts lead to: nobody has to sign in, and nothing happens before its button is pressed."""

from datetime import timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput
from mailtrip.service import alert_links
from mailtrip.service.alert_links import Answer, Question
from mailtrip.store import Connection
from mailtrip.web.calls import frame_of, origin_of, services_of, templates_of
from mailtrip.web.forms import read_form

__all__ = ["routes"]

_SPANS: Final = {"30": "30 minutes", "60": "1 hour", "240": "4 hours", "1440": "1 day"}


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        Route(alert_links.PATH, _ask, methods=["GET"]),
        Route(alert_links.PATH, _answer, methods=["POST"]),
    ]


async def _ask(request: Request) -> Response:
    services, token = services_of(request), request.query_params.get("token", "")
    work = partial(alert_links.ask, secrets=services.secrets, token=token, now=services.clock.now())
    return _page(request, await services.database.reading(work), token=token)


async def _answer(request: Request) -> Response:
    """Do what the link is for. The token is the proof: no page of another site can know it."""
    services = services_of(request)
    form = await read_form(request, seconds=services.body_seconds)
    token, now = form.get("token", ""), services.clock.now()
    minutes = form.get("minutes")
    span = timedelta(minutes=int(minutes)) if minutes in _SPANS and minutes is not None else timedelta(hours=1)

    def answered(connection: Connection) -> Question:
        alert_links.answer(connection, services.secrets, token, snooze_for=span, now=now, origin=origin_of(request))
        return alert_links.ask(connection, services.secrets, token, now=now)

    try:
        return _page(request, await services.database.writing(answered), token=token, is_done=True)
    except InvalidInput:
        work = partial(alert_links.ask, secrets=services.secrets, token=token, now=now)
        return _page(request, await services.database.reading(work), token=token, is_over=True)


def _page(
    request: Request, question: Question, *, token: str, is_done: bool = False, is_over: bool = False
) -> Response:
    values = {
        "item": question.item,
        "is_acknowledging": question.answer is Answer.ACKNOWLEDGE,
        "is_done": is_done,
        "is_over": is_over,
        "path": alert_links.PATH,
        "spans": _SPANS,
        "token": token,
    }
    return templates_of(request).show("alert_answer.html", frame_of(request), values)
