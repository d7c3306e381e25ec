"""All routes of `/api/v3`, and the schemas they refer to."""

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
    site_status,
    sla_fields,
    slas,
    tests_on_demand,
)

__all__ = ["COMPONENTS", "router"]

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
}


def router() -> APIRouter:
    """The vendor's operations that are about mail."""
    routes = APIRouter()
    for part in (access_tokens, monitors, blackouts, locations, recipients, groups, slas, tests_on_demand, site_status):
        routes.include_router(part.router())
    return routes
