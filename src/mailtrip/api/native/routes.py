"""All routes of `/api/v1`, and the schemas they refer to."""

from typing import Final

from fastapi import APIRouter

from mailtrip.api.native import (
    alert_responses,
    alert_templates,
    alerts,
    audit,
    health,
    incidents,
    objects,
    report_objects,
    reports,
    runs,
    status_page,
    tokens,
)

__all__ = ["COMPONENTS", "MODELS", "router"]

COMPONENTS: Final = (
    tokens.COMPONENTS
    | alert_responses.COMPONENTS
    | alert_templates.COMPONENTS
    | status_page.COMPONENTS
    | incidents.COMPONENTS
)

MODELS: Final = (
    objects.RunList,
    objects.RunObject,
    objects.RunTicket,
    health.HealthObject,
    audit.AuditList,
    alerts.AlertList,
    alerts.AlertObject,
    alerts.AlertTicket,
    alert_templates.AlertPreview,
    report_objects.AvailabilityObject,
    report_objects.ResponseTimeObject,
    report_objects.SLAsObject,
    report_objects.OutagesObject,
)


def router() -> APIRouter:
    """Our own operations."""
    routes = APIRouter()
    for part in (
        runs,
        alerts,
        alert_responses,
        alert_templates,
        tokens,
        audit,
        reports,
        status_page,
        incidents,
        health,
    ):
        routes.include_router(part.router())
    return routes
