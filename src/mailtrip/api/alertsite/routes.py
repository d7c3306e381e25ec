"""All routes of `/api/v3` and `/report-api`, and the schemas they refer to."""

from typing import Final

from fastapi import APIRouter

from mailtrip.api.alertsite import (
    access_tokens,
    blackout_docs,
    blackouts,
    group_fields,
    groups,
    locations,
    monitor_docs,
    monitors,
    recipient_fields,
    recipients,
    report_api,
    site_status,
    sla_fields,
    slas,
    tests_on_demand,
    user_fields,
    users,
)

__all__ = ["COMPONENTS", "report_router", "router"]

COMPONENTS: Final = {
    **access_tokens.COMPONENTS,
    **group_fields.COMPONENTS,
    **locations.COMPONENTS,
    **monitor_docs.COMPONENTS,
    **blackout_docs.COMPONENTS,
    **recipient_fields.COMPONENTS,
    **tests_on_demand.COMPONENTS,
    **site_status.COMPONENTS,
    **sla_fields.COMPONENTS,
    **report_api.COMPONENTS,
    **user_fields.COMPONENTS,
}


def router() -> APIRouter:
    """The vendor's operations that are about mail."""
    routes = APIRouter()
    parts = (  # in the order in which they are tried
        monitors,
        access_tokens,
        users,
        blackouts,
        locations,
        recipients,
        groups,
        slas,
        tests_on_demand,
        site_status,
    )
    for part in parts:
        routes.include_router(part.router())
    return routes


def report_router() -> APIRouter:
    """The vendor's older report API, which has a place of its own."""
    return report_api.router()
