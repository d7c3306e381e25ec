"""`/api/v1/alert-templates`: templates of alerts, tried before they are kept."""

import asyncio
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from mailtrip.alerts.template import LONGEST_SUBJECT, LONGEST_TEXT
from mailtrip.api.alertsite import fields
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, Script, text
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.responses import json_response
from mailtrip.errors import InvalidInput
from mailtrip.service import alert_templates

__all__ = ["COMPONENTS", "AlertPreview", "router"]

_TEMPLATES: Final = RecordTable[None](
    (
        fields.Field(
            name="subject_template",
            setting="subject_template",
            codec=text(longest=LONGEST_SUBJECT, script=Script.LINES),
            about="A template of the subject; null for the usual one.",
            example="{{ alert.monitor }}: {{ alert.headline }}",
        ),
        fields.Field(
            name="text_template",
            setting="text_template",
            codec=text(longest=LONGEST_TEXT, script=Script.LINES),
            about="A template of the text; null for the usual one.",
            example="{{ text }}Call +1 202 555 0100.",
        ),
    )
)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {"AlertTemplates": _TEMPLATES.request_schema(create=True)}


class AlertPreview(BaseModel):
    """An example of an alert, in the words of templates."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(description="The subject, in one line.", examples=["Example mail: SMTP: login refused"])
    text: str = Field(description="The text.", examples=["Call +1 202 555 0100."])


async def preview(call: AuthenticatedCall, request: Request) -> Response:
    """What templates make of an example, an alert about a login that is refused. Nothing is kept.

    A template that has a fault is refused, with its line.
    """
    await call.actor()
    changes = _TEMPLATES.parse(await read_object(request))
    if changes.faults:
        raise InvalidInput(changes.faults)
    wanted = {name: changes.settings.get(name) for name in ("subject_template", "text_template")}
    made = await asyncio.to_thread(partial(alert_templates.preview, **wanted))
    shown = AlertPreview(subject=made.subject, text=made.text)
    return json_response(shown.model_dump_json().encode(), ignored=changes.ignored)


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["recipients"])
    routes.add_api_route(
        "/alert-templates/preview",
        preview,
        methods=["POST"],
        name="preview_alert",
        summary="Try templates of alerts",
        responses=answers(
            referring("AlertPreview"), "What they make of an example.", 400, 401, 408, 413, names_ignored=True
        ),
        openapi_extra=json_body(referring("AlertTemplates"), "The templates.", required=False),
    )
    return routes
